import { describe, expect, it } from 'vitest';
import { defaultSeed, seededRandom, withSeed } from '../src/index.ts';

describe('seededRandom', () => {
  it('gives the same bytes for the same seed, whatever the lengths asked for', () => {
    expect(seededRandom(5).bytes(100)).toEqual(seededRandom(5).bytes(100));
    expect(seededRandom(5).bytes(100)).not.toEqual(seededRandom(6).bytes(100));
    expect(seededRandom(2 ** 40 + 5).bytes(8)).not.toEqual(seededRandom(5).bytes(8));
  });

  it('is a RandomSource', () => {
    const out = new Uint8Array(1000);
    seededRandom(1)(out);
    expect(new Set(out).size).toBeGreaterThan(200);
  });

  it('keeps its first bytes for ever', () => {
    expect([...seededRandom(1).bytes(8)]).toMatchInlineSnapshot(`
      [
        212,
        25,
        113,
        23,
        229,
        45,
        150,
        129,
      ]
    `);
  });

  it('draws floats evenly from [0, 1)', () => {
    const random = seededRandom(3);
    const counts = new Array(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[Math.floor(random.float() * 10)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('draws integers from both ends of the range', () => {
    const random = seededRandom(3);
    const seen = new Set(Array.from({ length: 200 }, () => random.integer(2, 5)));
    expect([...seen].sort()).toEqual([2, 3, 4, 5]);
  });

  it('chance is never at 0 and always at 1', () => {
    const random = seededRandom(3);
    for (let i = 0; i < 100; i++) {
      expect(random.chance(0)).toBe(false);
      expect(random.chance(1)).toBe(true);
    }
  });

  it('picks an item, and refuses an empty list', () => {
    expect(['x', 'y']).toContain(seededRandom(1).pick(['x', 'y']));
    expect(() => seededRandom(1).pick([])).toThrow(RangeError);
  });

  it('forks depend on the label and not on what was drawn', () => {
    const random = seededRandom(9);
    const before = random.fork('x').bytes(8);
    random.bytes(100);
    expect(random.fork('x').bytes(8)).toEqual(before);
    expect(random.fork('y').bytes(8)).not.toEqual(before);
  });
});

describe('withSeed', () => {
  it('puts the seed into what is thrown, also by a promise', async () => {
    const body = (): never => {
      throw new Error('lost');
    };
    expect(() => withSeed(body, 42)).toThrow('lost (KAON_SEED=42)');
    await expect(withSeed(async () => body(), 43)).rejects.toThrow('lost (KAON_SEED=43)');
    expect(withSeed((seed) => seed + 1, 1)).toBe(2);
  });

  it('takes the seed from KAON_SEED', () => {
    const { KAON_SEED } = process.env;
    try {
      process.env['KAON_SEED'] = '99';
      expect(defaultSeed()).toBe(99);
      process.env['KAON_SEED'] = 'soup';
      expect(() => defaultSeed()).toThrow(RangeError);
      process.env['KAON_SEED'] = 'random';
      expect(Number.isInteger(defaultSeed())).toBe(true);
      delete process.env['KAON_SEED'];
      expect(defaultSeed()).toBe(1);
    } finally {
      if (KAON_SEED === undefined) delete process.env['KAON_SEED'];
      else process.env['KAON_SEED'] = KAON_SEED;
    }
  });
});
