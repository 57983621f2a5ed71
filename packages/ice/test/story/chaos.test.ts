import { reversed, seededRandom } from '@kaon/testing';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { describeAnew, type Story, story } from '../helpers.ts';

/** Bases of one host: some of each family. */
function bases(random: ReturnType<typeof seededRandom>, host: number) {
  const v4 = random.integer(0, 3);
  const v6 = random.integer(v4 === 0 ? 1 : 0, 2);
  return [
    ...Array.from({ length: v4 }, (_, i) => transportAddress(`192.0.${host}.${i + 1}`, 5000 + i)),
    ...Array.from({ length: v6 }, (_, i) => transportAddress(`2001:db8:${host}::${i + 1}`, 6000 + i)),
  ];
}

function mutual(s: Story): boolean {
  const [a, b] = [s.a.selectedPair, s.b.selectedPair];
  if (a === undefined || b === undefined) return false;
  return s.a.isKnownPath(reversed(b.path)) && s.b.isKnownPath(reversed(a.path));
}

describe('whatever the network does', () => {
  it.each(Array.from({ length: 40 }, (_, i) => i + 1))(
    'agents connect, restart and connect again (seed %i)',
    (seed) => {
      const random = seededRandom(seed);
      const aBases = bases(random, 2);
      const shared = aBases[0]!.family;
      let bBases = bases(random, 3);
      if (!bBases.some(({ family }) => family === shared)) {
        bBases = [...bBases, transportAddress(shared === 'IPv4' ? '192.0.3.99' : '2001:db8:3::99', 7000)];
      }
      const working = `${aBases[0]!.address} ${bBases.find(({ family }) => family === shared)!.address}`;
      const dead = new Set<string>();
      for (const a of aBases) {
        for (const b of bBases) {
          const link = `${a.address} ${b.address}`;
          if (link !== working && random.chance(0.4)) dead.add(link);
        }
      }
      const roles = ['controlling', 'controlled'] as const;
      const s = story({
        seed,
        aBases,
        bBases,
        a: { role: random.pick(roles) },
        b: { role: random.pick(roles) },
        netem: {
          delay: random.integer(0, 150),
          jitter: random.integer(0, 50),
          loss: random.float() * 0.2,
          reorder: random.float() * 0.2,
          duplicate: random.float() * 0.2,
          corrupt: random.float() * 0.05,
        },
        route: (path, from) => {
          const link =
            from === 'a'
              ? `${path.local.address} ${path.remote.address}`
              : `${path.remote.address} ${path.local.address}`;
          return dead.has(link) ? undefined : reversed(path);
        },
      });
      s.exchangeCredentials();
      s.a.endOfLocalCandidates(s.pair.now);
      s.b.endOfLocalCandidates(s.pair.now);
      s.pair.run({ until: () => mutual(s) && s.a.role !== s.b.role, timeout: 90_000 });
      const before = [s.a.stats().selectedPairChanges, s.b.stats().selectedPairChanges] as const;
      s.pair.advance(random.integer(0, 20_000));
      s.a.restart(s.pair.now);
      s.b.restart(s.pair.now);
      describeAnew(s);
      const renewed = (): boolean =>
        s.a.stats().selectedPairChanges > before[0] && s.b.stats().selectedPairChanges > before[1] && mutual(s);
      s.pair.run({ until: renewed, timeout: 90_000 });
      s.pair.setNetem({ loss: 0, corrupt: 0 });
      s.pair.run({ until: s.settled, timeout: 60_000 });
      expect(s.a.stats().pairs.length).toBeLessThanOrEqual(100);
    },
  );
});
