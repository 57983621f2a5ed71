import { describe, expect, it } from 'vitest';
import { type AddressRewrite, checkAddressRewrites, rewriteAddress } from '../src/address-rewrite.ts';

const EXTERNAL = '203.0.113.9';

/** External addresses that the rules give a base, and whether they replace its own. */
function rewritten(rules: readonly AddressRewrite[], address: string, networkName?: string, type?: 'host' | 'srflx') {
  const result = rewriteAddress(checkAddressRewrites(rules), type ?? 'host', { address, networkName });
  return result === undefined ? undefined : [result.replace, ...result.external.map((each) => each.address)];
}

describe('address rewriting', () => {
  it('does nothing without rules', () => {
    expect(rewritten([], '10.0.0.1')).toBeUndefined();
  });

  it('is for every base of the family of the external address unless the rule says more', () => {
    expect(rewritten([{ external: EXTERNAL }], '10.0.0.1')).toEqual([true, EXTERNAL]);
    expect(rewritten([{ external: EXTERNAL }], 'fd00::1')).toBeUndefined();
    expect(rewritten([{ external: '2001:DB8::0001' }], 'fd00::1')).toEqual([true, '2001:db8::1']);
  });

  it('is for one address', () => {
    const rules = [{ external: EXTERNAL, local: '10.0.0.1' }];
    expect(rewritten(rules, '10.0.0.1')).toEqual([true, EXTERNAL]);
    expect(rewritten(rules, '10.0.0.2')).toBeUndefined();
  });

  it('is for a range, to the bit', () => {
    const rules = [{ external: EXTERNAL, local: '10.0.0.128/25' }];
    expect(rewritten(rules, '10.0.0.128')).toEqual([true, EXTERNAL]);
    expect(rewritten(rules, '10.0.0.255')).toEqual([true, EXTERNAL]);
    expect(rewritten(rules, '10.0.0.127')).toBeUndefined();
    expect(rewritten([{ external: EXTERNAL, local: '0.0.0.0/0' }], '192.0.2.1')).toEqual([true, EXTERNAL]);
    const six = [{ external: '2001:db8::1', local: 'fd00::/12' }];
    expect(rewritten(six, 'fd0f::1%eth0')).toEqual([true, '2001:db8::1']);
    expect(rewritten(six, 'fe80::1')).toBeUndefined();
  });

  it('is for one interface', () => {
    const rules = [{ external: EXTERNAL, networkName: 'eth1' }];
    expect(rewritten(rules, '10.0.0.1', 'eth1')).toEqual([true, EXTERNAL]);
    expect(rewritten(rules, '10.0.0.1', 'eth0')).toBeUndefined();
    expect(rewritten(rules, '10.0.0.1')).toBeUndefined();
  });

  it('is for one type of candidate', () => {
    const rules: AddressRewrite[] = [{ external: EXTERNAL, type: 'srflx' }];
    expect(rewritten(rules, '10.0.0.1')).toBeUndefined();
    expect(rewritten(rules, '10.0.0.1', undefined, 'srflx')).toEqual([false, EXTERNAL]);
  });

  it('replaces host candidates and adds to srflx ones unless the mode says otherwise', () => {
    expect(rewritten([{ external: EXTERNAL, mode: 'append' }], '10.0.0.1')).toEqual([false, EXTERNAL]);
    expect(rewritten([{ external: EXTERNAL, type: 'srflx', mode: 'replace' }], '10.0.0.1', undefined, 'srflx')).toEqual(
      [true, EXTERNAL],
    );
  });

  it('crosses families where the rule says so, as behind a 464XLAT', () => {
    expect(rewritten([{ external: EXTERNAL, local: 'fd00::1' }], 'fd00::1')).toEqual([true, EXTERNAL]);
    expect(rewritten([{ external: EXTERNAL, families: ['IPv6'] }], 'fd00::2')).toEqual([true, EXTERNAL]);
    expect(rewritten([{ external: EXTERNAL, families: ['IPv6'] }], '10.0.0.1')).toBeUndefined();
  });

  it('prefers the rule that names the base most closely, whatever the order', () => {
    const all = { external: '203.0.113.1' };
    const range = { external: '203.0.113.2', local: '10.0.0.0/8' };
    const one = { external: '203.0.113.3', local: '10.0.0.1', mode: 'append' as const };
    for (const rules of [
      [all, range, one],
      [one, range, all],
    ]) {
      expect(rewritten(rules, '10.0.0.1')).toEqual([false, '203.0.113.3']);
      expect(rewritten(rules, '10.0.0.2')).toEqual([true, '203.0.113.2']);
      expect(rewritten(rules, '192.0.2.1')).toEqual([true, '203.0.113.1']);
    }
  });

  it('applies all rules that name it equally closely, in their order', () => {
    const rules: AddressRewrite[] = [{ external: '203.0.113.2' }, { external: '203.0.113.1', mode: 'append' }];
    expect(rewritten(rules, '10.0.0.1')).toEqual([true, '203.0.113.2', '203.0.113.1']);
  });

  it('says the port of a forwarding', () => {
    const rules = checkAddressRewrites([{ external: EXTERNAL, externalPort: 40000 }]);
    expect(rewriteAddress(rules, 'host', { address: '10.0.0.1' })?.external).toEqual([
      { address: EXTERNAL, port: 40000 },
    ]);
  });

  it('refuses what cannot work', () => {
    const wrong: unknown[] = [
      { external: 'example.com' },
      { external: '' },
      { external: '0.0.0.0' },
      { external: 'fe80::1%eth0' },
      { external: EXTERNAL, externalPort: 0 },
      { external: EXTERNAL, externalPort: 65536 },
      { external: EXTERNAL, local: 'eth0' },
      { external: EXTERNAL, local: '10.0.0.0/33' },
      { external: EXTERNAL, local: '10.0.0.0/' },
      { external: EXTERNAL, local: '10.0.0.0/-1' },
      { external: EXTERNAL, type: 'relay' },
      { external: EXTERNAL, mode: 'prepend' },
    ];
    for (const rule of wrong) {
      expect(() => checkAddressRewrites([rule as AddressRewrite]), JSON.stringify(rule)).toThrow(
        expect.objectContaining({ code: 'ICE_BAD_OPTION' }),
      );
    }
  });
});
