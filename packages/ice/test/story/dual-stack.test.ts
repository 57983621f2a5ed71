import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { A4, A6, B4, B6, connect, story } from '../helpers.ts';

describe('dual stack', () => {
  it('prefers IPv6 when both work, and takes turns (RFC 8421 §4)', () => {
    const second6 = transportAddress('2001:db8:1::a', 5001);
    const second4 = transportAddress('192.0.2.129', 5001);
    const s = story({ aBases: [A4, second4, A6, second6], bBases: [B4, B6] });
    const order = s.a
      .stats()
      .localCandidates.map(({ candidate }) => candidate)
      .sort((x, y) => y.priority - x.priority)
      .map(({ address }) => address);
    expect(order).toEqual([A6.address, A4.address, second6.address, second4.address]);
    connect(s);
    expect(s.a.selectedPair!.path).toEqual({ protocol: 'udp', local: A6, remote: B6 });
  });

  it('connects over IPv4 at once when IPv6 is broken', () => {
    const s = story({
      aBases: [A4, A6],
      bBases: [B4, B6],
      netem: { delay: 10 },
      route: (path) =>
        path.local.family === 'IPv6' ? undefined : { protocol: 'udp', local: path.remote, remote: path.local },
    });
    const start = s.pair.now;
    connect(s);
    expect(s.pair.now - start).toBeLessThanOrEqual(50);
    expect(s.a.selectedPair!.path.local).toEqual(A4);
  });

  it('connects with IPv6 alone', () => {
    const s = story({ aBases: [A6], bBases: [B6] });
    connect(s);
    s.pair.run({ until: s.settled });
    expect(s.b.selectedPair!.path.local).toEqual(B6);
  });

  it('pairs link-local addresses with each other only, through their link', () => {
    const linkA = transportAddress('fe80::a%eth0', 5001);
    const linkB = transportAddress('fe80::b%eth1', 5002);
    const s = story({
      aBases: [A6, linkA],
      bBases: [linkB],
      // Zones are local to each host.
      route: (path) => ({
        protocol: 'udp',
        local: {
          ...path.remote,
          address: path.remote.address.replace('%eth0', '%eth1').replace('::a%eth1', '::a%eth0'),
        },
        remote: {
          ...path.local,
          address: `${path.local.address.split('%')[0]}%${path.local.address.includes('::a') ? 'eth1' : 'eth0'}`,
        },
      }),
    });
    expect(s.pair.a.of('candidate')).toEqual([]);
    connect(s);
    expect(s.pair.a.of('candidate').map(({ candidate }) => candidate.address)).toEqual([A6.address, 'fe80::a']);
    expect(s.a.selectedPair!.path).toEqual({
      protocol: 'udp',
      local: linkA,
      remote: { ...linkB, address: 'fe80::b%eth0' },
    });
    expect(s.a.stats().pairs).toHaveLength(1);
  });

  it('does without one family when asked', () => {
    const s = story({ aBases: [A4, A6], bBases: [B4, B6], a: { families: ['IPv4'] } });
    connect(s);
    expect(s.a.selectedPair!.path.local).toEqual(A4);
    expect(s.a.stats().localCandidates).toHaveLength(1);
    expect(s.a.stats().remoteCandidates).toHaveLength(1);
  });
});
