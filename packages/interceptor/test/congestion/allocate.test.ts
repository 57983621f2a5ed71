import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocateBitrate } from '../../src/congestion/allocate.ts';

describe('allocateBitrate', () => {
  it('shares by weight up to each maximum', () => {
    expect(allocateBitrate(1000, [{}, {}])).toEqual([500, 500]);
    expect(allocateBitrate(1000, [{ weight: 3 }, {}])).toEqual([750, 250]);
    expect(allocateBitrate(1000, [{ max: 100 }, {}])).toEqual([100, 900]);
    expect(allocateBitrate(1000, [{ max: 100 }, { max: 200 }])).toEqual([100, 200]);
  });

  it('pauses who cannot get the minimum, the lighter and later ones first', () => {
    expect(allocateBitrate(500, [{ min: 300 }, { min: 300 }])).toEqual([500, 0]);
    expect(allocateBitrate(500, [{ min: 300 }, { min: 300, weight: 2 }])).toEqual([0, 500]);
    expect(allocateBitrate(0, [{ min: 1 }])).toEqual([0]);
    expect(allocateBitrate(-5, [])).toEqual([]);
  });

  it('refuses nonsense', () => {
    expect(() => allocateBitrate(1, [{ weight: 0 }])).toThrow(RangeError);
    expect(() => allocateBitrate(1, [{ min: -1 }])).toThrow(RangeError);
    expect(() => allocateBitrate(1, [{ min: 2, max: 1 }])).toThrow(RangeError);
  });

  it('never gives more than there is, nor less than a minimum, nor more than a maximum', () => {
    const bitrate = fc.integer({ min: 0, max: 5_000_000 });
    const stream = fc
      .record({ min: bitrate, more: bitrate, weight: fc.constantFrom(0.5, 1, 2, 4) })
      .map(({ min, more, weight }) => ({ min, max: min + more, weight }));
    fc.assert(
      fc.property(bitrate, fc.array(stream, { maxLength: 8 }), (target, streams) => {
        const given = allocateBitrate(target, streams);
        expect(given.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(target);
        given.forEach((each, i) => {
          expect(each).toBeLessThanOrEqual(streams[i]!.max);
          if (each > 0) expect(each).toBeGreaterThanOrEqual(streams[i]!.min);
        });
      }),
    );
  });
});
