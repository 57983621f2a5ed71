import { describe, expect, it } from 'vitest';
import { type Link, Pair, pattern } from '../pair.ts';

/** Sends messages both ways over a bad link and checks that each arrives once, whole and in order. */
function transfer(link: Link, seed: number, options: object, bytes: number, size: number): Pair {
  const pair = Pair.connected(options, { ...link }, seed);
  pair.keep = false;
  const count = Math.ceil(bytes / size);
  let sentA = 0;
  let sentB = 0;
  const feed = (): void => {
    while (sentA < count && pair.a.bufferedAmount(1) < 1_000_000) pair.a.write(1, 53, pattern(size, sentA++), pair.now);
    while (sentB < count / 4 && pair.b.bufferedAmount(2) < 1_000_000)
      pair.b.write(2, 53, pattern(size, sentB++), pair.now);
  };
  let seenA = 0;
  let seenB = 0;
  const done = pair.drive(() => {
    feed();
    for (const event of pair.events.b.splice(0)) {
      if (event.type !== 'message') continue;
      if (!same(event.data, pattern(size, seenB))) throw new Error(`message ${seenB} differs (seed ${seed})`);
      seenB++;
    }
    for (const event of pair.events.a.splice(0)) {
      if (event.type !== 'message') continue;
      if (!same(event.data, pattern(size, seenA))) throw new Error(`message ${seenA} differs (seed ${seed})`);
      seenA++;
    }
    return seenB === count && seenA === Math.ceil(count / 4);
  }, 3_600_000);
  expect({ done, seed, seenA, seenB }).toMatchObject({ done: true });
  return pair;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

describe('10 MB arrive whole over a network', () => {
  const bad: [string, Link, number][] = [
    ['without loss', { delay: 10 }, 10_000_000],
    ['that loses 1 %', { delay: 10, loss: 0.01 }, 10_000_000],
    ['that loses 5 %', { delay: 10, loss: 0.05 }, 10_000_000],
    ['that loses 20 %', { delay: 5, loss: 0.2 }, 2_000_000],
    ['that reorders', { delay: 10, reordering: 0.3, reorderingDelay: 8 }, 10_000_000],
    ['that duplicates', { delay: 10, duplication: 0.3 }, 10_000_000],
    ['that is far away', { delay: 300 }, 10_000_000],
    ['with a rate and a short queue', { delay: 10, rate: 1250, queueLimit: 60_000 }, 10_000_000],
    [
      'that does all of it',
      { delay: 20, loss: 0.02, reordering: 0.1, duplication: 0.05, rate: 2500, queueLimit: 200_000 },
      5_000_000,
    ],
  ];
  for (const [name, link, bytes] of bad) {
    for (const interleaving of [true, false]) {
      it(`${name}, interleaving ${interleaving}`, () => {
        transfer(link, 42, { interleaving }, bytes, 60_000);
      });
    }
  }

  it('in messages of 1 KiB', () => {
    transfer({ delay: 10, loss: 0.02 }, 7, {}, 3_000_000, 1024);
  });

  it('with CRC-32C', () => {
    transfer({ delay: 10, loss: 0.02 }, 9, { zeroChecksum: false }, 1_000_000, 10_000);
  });
});
