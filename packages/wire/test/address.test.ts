import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressFamily,
  addressFromBytes,
  addressToBytes,
  canonicalAddress,
  formatAddress,
  isLinkLocal,
  isLoopback,
  isUnspecified,
  sameAddress,
  samePath,
  transportAddress,
} from '../src/index.ts';

describe('addresses in text', () => {
  it.each([
    // RFC 4291 §2.2
    ['ABCD:EF01:2345:6789:ABCD:EF01:2345:6789', 'abcd:ef01:2345:6789:abcd:ef01:2345:6789'],
    ['2001:DB8:0:0:8:800:200C:417A', '2001:db8::8:800:200c:417a'],
    ['FF01:0:0:0:0:0:0:101', 'ff01::101'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::', '::'],
    ['0:0:0:0:0:FFFF:129.144.52.38', '::ffff:129.144.52.38'],
    ['::FFFF:129.144.52.38', '::ffff:129.144.52.38'],
    ['::13.1.68.3', '::d01:4403'],
    // RFC 5952 §4
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['1::', '1::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
    expect(addressFamily(text)).toBe(text.includes(':') ? 'IPv6' : 'IPv4');
  });

  it.each([
    '',
    'example.com',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.-4',
    '1.2.3.4%eth0',
    '0x1.2.3.4',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1::2::3',
    '12345::',
    'g::',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::1.2.3',
    '::1.2.3.256',
    '1:2:3:4:5:6:7:1.2.3.4',
    '[::1]',
    '::1 ',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
  ])('%j is no address', (text) => {
    expect(addressToBytes(text)).toBeUndefined();
    expect(addressFamily(text)).toBeUndefined();
    expect(canonicalAddress(text)).toBeUndefined();
  });

  it('come back from bytes, IPv4 and IPv6', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      // Many zero groups, where the shortening is.
      fc.array(fc.constantFrom(0, 0, 1, 255), { minLength: 16, maxLength: 16 }).map((list) => Uint8Array.from(list)),
    );
    fc.assert(
      fc.property(bytes, (each) => {
        const text = addressFromBytes(each)!;
        expect(addressToBytes(text)).toEqual(each);
        expect(canonicalAddress(text)).toBe(text);
      }),
    );
  });

  it('the platform agrees with our canonical text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        // ::ffff:a.b.c.d is the one form that URL writes in hex.
        if (bytes.subarray(0, 10).every((byte) => byte === 0)) return;
        const text = addressFromBytes(bytes)!;
        expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
      }),
    );
  });

  it('any text is answered, never thrown at', () => {
    fc.assert(
      fc.property(fc.string(), (text) => addressToBytes(text) === undefined || addressFamily(text) !== undefined),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f:.%]{0,45}$/), (text) => {
        const bytes = addressToBytes(text);
        if (bytes !== undefined) expect([4, 16]).toContain(bytes.length);
      }),
    );
  });

  it('bytes of another length are no address', () => {
    for (const length of [0, 3, 5, 15, 17]) expect(addressFromBytes(new Uint8Array(length))).toBeUndefined();
  });
});

describe('kinds of addresses', () => {
  it('loopback', () => {
    for (const text of ['127.0.0.1', '127.9.9.9', '::1']) expect(isLoopback(text)).toBe(true);
    for (const text of ['128.0.0.1', '::2', '1::1', 'localhost', '::']) expect(isLoopback(text)).toBe(false);
  });

  it('link-local', () => {
    for (const text of ['169.254.0.1', 'fe80::1', 'febf::1', 'fe80::1%eth0']) expect(isLinkLocal(text)).toBe(true);
    for (const text of ['169.255.0.1', 'fec0::1', '2001:db8::1', 'x']) expect(isLinkLocal(text)).toBe(false);
  });

  it('unspecified', () => {
    for (const text of ['0.0.0.0', '::', '0:0::0']) expect(isUnspecified(text)).toBe(true);
    for (const text of ['0.0.0.1', '::1', '']) expect(isUnspecified(text)).toBe(false);
  });
});

describe('transport addresses and paths', () => {
  const a = transportAddress('192.0.2.1', 1);
  const b = transportAddress('192.0.2.1', 2);

  it('are made from text with their family', () => {
    expect(transportAddress('2001:db8::1', 3478)).toEqual({ address: '2001:db8::1', family: 'IPv6', port: 3478 });
    expect(() => transportAddress('nowhere', 1)).toThrow(RangeError);
    for (const port of [-1, 65_536, 1.5, Number.NaN]) expect(() => transportAddress('::', port)).toThrow(RangeError);
  });

  it('compare by address and port; paths also by protocol', () => {
    expect(sameAddress(a, { ...a })).toBe(true);
    expect(sameAddress(a, b)).toBe(false);
    const path = { protocol: 'udp', local: a, remote: b } as const;
    expect(samePath(path, path)).toBe(true);
    expect(samePath(path, { protocol: 'udp', local: { ...a }, remote: { ...b } })).toBe(true);
    expect(samePath(path, { protocol: 'udp', local: b, remote: a })).toBe(false);
    expect(samePath(path, { ...path, protocol: 'tcp' })).toBe(false);
  });

  it('are written with their port', () => {
    expect(formatAddress(a)).toBe('192.0.2.1:1');
    expect(formatAddress(transportAddress('::1', 80))).toBe('[::1]:80');
  });
});
