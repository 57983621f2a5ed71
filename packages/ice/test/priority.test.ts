import { describe, expect, it } from 'vitest';
import { candidatePriority, localPreference, pairPriority, TYPE_PREFERENCE, tcpLocalPreference } from '../src/index.ts';
import { localPreferenceOf } from '../src/priority.ts';

describe('candidate priority (RFC 8445 §5.1.2.1)', () => {
  it('of the best host candidate is the number everybody knows', () => {
    expect(candidatePriority('host', 65535, 1)).toBe(2130706431);
    expect(candidatePriority('srflx', 65535, 1)).toBe(1694498815);
    expect(candidatePriority('relay', 65535, 1)).toBe(16777215);
  });

  it('orders types before preferences before components', () => {
    expect(candidatePriority('host', 0, 2)).toBeGreaterThan(candidatePriority('prflx', 65535, 1));
    expect(candidatePriority('prflx', 0)).toBeGreaterThan(candidatePriority('srflx', 65535));
    expect(candidatePriority('host', 7, 1)).toBeGreaterThan(candidatePriority('host', 7, 2));
    expect(TYPE_PREFERENCE.host).toBe(126);
  });

  it('has its local preference inside', () => {
    for (const preference of [0, 1, 255, 256, 40000, 65535]) {
      expect(localPreferenceOf(candidatePriority('relay', preference))).toBe(preference);
      expect(localPreferenceOf(candidatePriority('host', preference, 256))).toBe(preference);
    }
  });
});

describe('pair priority (RFC 8445 §6.1.2.3)', () => {
  it('is 2^32 MIN + 2 MAX + (G > D)', () => {
    expect(pairPriority(2, 1)).toBe((1n << 32n) + 4n + 1n);
    expect(pairPriority(1, 2)).toBe((1n << 32n) + 4n);
    expect(pairPriority(2130706431, 2130706431)).toBe((2130706431n << 32n) + 2n * 2130706431n);
  });

  it('is the same on both sides', () => {
    const [g, d] = [candidatePriority('host', 1), candidatePriority('srflx', 2)];
    expect(pairPriority(g, d)).toBe(pairPriority(g, d));
    expect(pairPriority(g, d)).not.toBe(pairPriority(d, g));
  });
});

describe('local preference (RFC 8421 §4)', () => {
  it('interleaves the families, IPv6 first', () => {
    const bases = [
      { family: 'IPv4', index: 0 },
      { family: 'IPv4', index: 1 },
      { family: 'IPv6', index: 0 },
      { family: 'IPv6', index: 1 },
      { family: 'IPv6', index: 2 },
    ] as const;
    const order = [...bases].sort((x, y) => localPreference(y) - localPreference(x));
    expect(order.map(({ family, index }) => `${family} ${index}`)).toEqual([
      'IPv6 0',
      'IPv4 0',
      'IPv6 1',
      'IPv4 1',
      'IPv6 2',
    ]);
  });

  it('puts dear networks and small scopes last, and stays in 16 bits', () => {
    const plain = localPreference({ family: 'IPv4', index: 30 });
    expect(localPreference({ family: 'IPv6', index: 0, cost: 10 })).toBeLessThan(plain);
    expect(localPreference({ family: 'IPv6', index: 0, limitedScope: true })).toBeLessThan(plain);
    expect(localPreference({ family: 'IPv6', index: 0 })).toBe(65535);
    expect(localPreference({ family: 'IPv4', index: 1e9, cost: 1e9, limitedScope: true })).toBeGreaterThanOrEqual(0);
  });
});

describe('TCP candidates (RFC 6544 §4.2)', () => {
  const best = { family: 'IPv6', index: 0 } as const;

  it('carry their direction in the top three bits of the local preference', () => {
    const directions = (type: 'host' | 'srflx') =>
      (['active', 'passive', 'so'] as const).map((tcpType) => tcpLocalPreference(best, type, tcpType) >> 13);
    expect(directions('host')).toEqual([6, 4, 2]);
    expect(directions('srflx')).toEqual([4, 2, 6]);
  });

  it('keep the order of bases below it, and never reach into it', () => {
    const worst = { family: 'IPv4', index: 5000, cost: 5000, limitedScope: true } as const;
    expect(tcpLocalPreference(worst, 'host', 'active')).toBeGreaterThan(tcpLocalPreference(best, 'host', 'passive'));
    const bases = [best, { ...best, family: 'IPv4' }, { ...best, index: 1 }, { ...best, cost: 10 }, worst] as const;
    const preferences = bases.map((base) => tcpLocalPreference(base, 'host', 'active'));
    expect(preferences).toEqual([...preferences].sort((a, b) => b - a));
    expect(new Set(preferences).size).toBe(bases.length);
  });

  it('go behind UDP of every direct type, and before relays', () => {
    const tcp = candidatePriority('host', 65535, 1, { protocol: 'tcp' });
    expect(tcp).toBeLessThan(candidatePriority('srflx', 0));
    expect(candidatePriority('srflx', 0, 1, { protocol: 'tcp' })).toBeGreaterThan(
      candidatePriority('relay', 65535, 1, { relayProtocol: 'udp' }),
    );
  });

  it('order relays by what carries them, an unknown one last', () => {
    const order = (['udp', 'dtls', 'tcp', 'tls'] as const).map((relayProtocol) =>
      candidatePriority('relay', 5, 1, { relayProtocol }),
    );
    expect(order).toEqual([...order].sort((a, b) => b - a));
    expect(candidatePriority('relay', 5)).toBe(order.at(-1));
  });
});
