import { seededRandom, withSeed } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { flip, PROFILES, pair, protectRtp, rtp, unprotectRtp } from './helpers.ts';
import { nodeReference } from './node-reference.ts';

describe('streams side by side', () => {
  it.each(PROFILES)(
    '$name: lost, late, forged and repeated packets of four streams over the end of their numbers',
    (profile) => {
      withSeed((seed) => {
        const random = seededRandom(seed);
        const [sender] = pair(profile);
        const [, receiver] = pair(profile, { crypto: nodeReference });
        const next = [65_400, 10, 30_000, 65_300];
        const underway: { plain: Uint8Array; sealed: Uint8Array }[] = [];
        for (let i = 0; i < 1200; i++) {
          const ssrc = random.integer(0, 3);
          const sequenceNumber = next[ssrc]!++ & 0xffff;
          const plain = rtp({ ssrc, sequenceNumber, payload: random.bytes(random.integer(0, 300)) });
          const sealed = protectRtp(sender, plain);
          if (random.chance(0.05)) continue;
          underway.push({ plain, sealed });
          if (underway.length <= random.integer(0, 10)) continue;
          const [came] = underway.splice(random.integer(0, underway.length - 1), 1);
          const forged = flip(came!.sealed, random.integer(0, came!.sealed.length * 8 - 1));
          expect(unprotectRtp(receiver, forged)).toBeLessThan(0);
          expect(unprotectRtp(receiver, came!.sealed)).toEqual(came!.plain);
          expect(unprotectRtp(receiver, came!.sealed)).toBeLessThan(0);
        }
        expect([0, 1, 2, 3].map((ssrc) => receiver.rolloverCounter(ssrc, 'remote'))).toEqual([1, 0, 0, 1]);
      });
    },
  );
});
