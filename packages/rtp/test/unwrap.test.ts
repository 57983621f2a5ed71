import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateSsrc, SequenceUnwrapper, TimestampUnwrapper } from '../src/index.ts';

describe('SequenceUnwrapper', () => {
  it('counts on over the end of 16 bits', () => {
    const unwrapper = new SequenceUnwrapper();
    expect([65_534, 65_535, 0, 1].map((n) => unwrapper.unwrap(n))).toEqual([131_070, 131_071, 131_072, 131_073]);
  });

  it('puts late packets behind, also over the end, and is not led astray by them', () => {
    const unwrapper = new SequenceUnwrapper();
    expect(unwrapper.unwrap(2)).toBe(65_538);
    expect(unwrapper.unwrap(65_533)).toBe(65_533);
    expect(unwrapper.unwrap(40_000)).toBe(40_000);
    expect(unwrapper.unwrap(3)).toBe(65_539);
  });

  it('is never negative, however old packets come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 0xffff }), { minLength: 1, maxLength: 50 }), (numbers) => {
        const unwrapper = new SequenceUnwrapper();
        for (const number of numbers) {
          const peeked = unwrapper.peek(number);
          const unwrapped = unwrapper.unwrap(number);
          expect(unwrapped).toBe(peeked);
          expect(unwrapped).toBeGreaterThanOrEqual(0);
          expect(unwrapped % 65_536).toBe(number);
        }
      }),
    );
  });

  it('gives each number of a reordered stream its place', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 0xffff }),
        fc.array(fc.integer({ min: -300, max: 30_000 }), { maxLength: 50 }),
        (first, steps) => {
          const unwrapper = new SequenceUnwrapper();
          let expected = unwrapper.unwrap(first);
          let highest = expected;
          for (const step of steps) {
            expected = highest + step;
            expect(unwrapper.unwrap(expected % 65_536)).toBe(expected);
            highest = Math.max(highest, expected);
          }
        },
      ),
    );
  });

  it('begins anew', () => {
    const unwrapper = new SequenceUnwrapper();
    unwrapper.unwrap(60_000);
    unwrapper.unwrap(10_000);
    unwrapper.reset();
    expect(unwrapper.unwrap(10_000)).toBe(75_536);
  });
});

describe('TimestampUnwrapper', () => {
  it('counts on over the end of 32 bits, many times', () => {
    const unwrapper = new TimestampUnwrapper();
    const first = unwrapper.unwrap(0xffff_ff00);
    let expected = first;
    for (let i = 0; i < 20; i++) {
      expected += 0x7000_0000;
      expect(unwrapper.unwrap(expected % 2 ** 32)).toBe(expected);
    }
    expect(unwrapper.peek((expected - 90_000) % 2 ** 32)).toBe(expected - 90_000);
    expect(unwrapper.unwrap((expected - 90_000) % 2 ** 32)).toBe(expected - 90_000);
    expect(unwrapper.unwrap((expected + 1) % 2 ** 32)).toBe(expected + 1);
  });

  it('has a place for what comes before the first', () => {
    const unwrapper = new TimestampUnwrapper();
    expect(unwrapper.unwrap(100)).toBe(2 ** 32 + 100);
    expect(unwrapper.unwrap(0xffff_ff00)).toBe(0xffff_ff00);
    unwrapper.reset();
    expect(unwrapper.unwrap(0)).toBe(2 ** 32);
  });
});

describe('generateSsrc', () => {
  it('gives neither 0 nor one that is taken', () => {
    const answers = [
      [0, 0, 0, 0],
      [0, 0, 0, 1],
      [0x80, 0, 0, 2],
    ];
    const random = (out: Uint8Array): void => out.set(answers.shift()!);
    expect(generateSsrc(random, (ssrc) => ssrc === 1)).toBe(0x8000_0002);
    expect(generateSsrc((out) => out.fill(7))).toBe(0x0707_0707);
  });
});
