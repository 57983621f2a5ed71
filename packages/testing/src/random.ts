import type { RandomSource } from '@kaon/interface/crypto/v1';

/** A deterministic stream of numbers. It is itself a `RandomSource`: call it to fill bytes. Never for real keys. */
export interface SeededRandom extends RandomSource {
  /** What it was made from: print it, and the story can be told again. */
  readonly seed: number;
  /** A number in [0, 1) with 53 random bits. */
  float(): number;
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** True with this probability: never at 0, always at 1. */
  chance(probability: number): boolean;
  /** `length` random bytes in a new array. */
  bytes(length: number): Uint8Array;
  /** One of the items. Throws RangeError when there are none. */
  pick<T>(items: readonly T[]): T;
  /** An independent stream that depends only on this one's seed and `label`, not on what was drawn before. */
  fork(label: string): SeededRandom;
}

/**
 * The random source of a story: xoshiro128** seeded by splitmix32. The same seed gives the same bytes on every platform.
 *
 * @example
 * const random = seededRandom(7);
 * random(new Uint8Array(16));
 * random.integer(1, 6);
 */
export function seededRandom(seed: number): SeededRandom {
  const state = expand(seed);
  const next = (): number => draw(state);
  const fill = (out: Uint8Array): void => {
    for (let i = 0; i < out.length; i += 4) {
      let word = next();
      for (let j = i; j < i + 4 && j < out.length; j++) {
        out[j] = word;
        word >>>= 8;
      }
    }
  };
  const float = (): number => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
  return Object.assign(fill, {
    seed,
    float,
    integer: (min: number, max: number): number => min + Math.floor(float() * (max - min + 1)),
    chance: (probability: number): boolean => probability > 0 && float() < probability,
    bytes: (length: number): Uint8Array => {
      const out = new Uint8Array(length);
      fill(out);
      return out;
    },
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new RangeError('nothing to pick from');
      return items[Math.floor(float() * items.length)] as T;
    },
    fork: (label: string): SeededRandom => {
      let mixed = seed >>> 0;
      for (let i = 0; i < label.length; i++) mixed = Math.imul(mixed ^ label.charCodeAt(i), 0x01000193) >>> 0;
      return seededRandom(mixed);
    },
  });
}

function expand(seed: number): Uint32Array {
  const state = new Uint32Array(4);
  let word = (seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32) >>> 0, 0x9e3779b1);
  for (let i = 0; i < 4; i++) {
    word = (word + 0x9e3779b9) | 0;
    let mixed = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    state[i] = mixed ^ (mixed >>> 15);
  }
  return state;
}

/** One step of xoshiro128** 1.1 (Blackman, Vigna). */
function draw(state: Uint32Array): number {
  const s1 = state[1]!;
  const scaled = Math.imul(s1, 5);
  const result = Math.imul((scaled << 7) | (scaled >>> 25), 9) >>> 0;
  state[2]! ^= state[0]!;
  state[3]! ^= s1;
  state[1]! ^= state[2]!;
  state[0]! ^= state[3]!;
  state[2]! ^= s1 << 9;
  const s3 = state[3]!;
  state[3] = (s3 << 11) | (s3 >>> 21);
  return result;
}
