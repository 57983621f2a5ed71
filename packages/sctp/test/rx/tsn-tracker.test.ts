import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DUPLICATE, NEW, TOO_FAR, TsnTracker } from '../../src/rx/tsn-tracker.ts';

function blocks(tracker: TsnTracker, room = 400): [number, number][] {
  const buffer = new Uint8Array(room);
  const count = tracker.writeGapBlocks(buffer, 0, room);
  const view = new DataView(buffer.buffer);
  return Array.from({ length: count }, (_, n) => [view.getUint16(4 * n), view.getUint16(4 * n + 2)]);
}

describe('TsnTracker', () => {
  it('moves on in order without gaps', () => {
    const tracker = new TsnTracker(10);
    for (let tsn = 10; tsn < 2000; tsn++) {
      expect(tracker.check(tsn)).toBe(NEW);
      tracker.add(tsn);
    }
    expect(tracker.cumulative).toBe(1999);
    expect(tracker.hasGaps).toBe(false);
  });

  it('knows duplicates and what lies too far ahead', () => {
    const tracker = new TsnTracker(0xffff_fff0);
    tracker.add(0xffff_fff0);
    tracker.add(5);
    expect(tracker.check(0xffff_fff0)).toBe(DUPLICATE);
    expect(tracker.check(0xffff_ff00)).toBe(DUPLICATE);
    expect(tracker.check(5)).toBe(DUPLICATE);
    expect(tracker.check(4)).toBe(NEW);
    expect(tracker.check((0xffff_fff0 + 65535) >>> 0)).toBe(NEW);
    expect(tracker.check((0xffff_fff0 + 65536) >>> 0)).toBe(TOO_FAR);
  });

  it('writes gap blocks across the wrap of TSNs and stops where the room ends', () => {
    const tracker = new TsnTracker(0xffff_fffe);
    for (const tsn of [0xffff_ffff, 0, 2, 5, 6, 7, 100]) tracker.add(tsn);
    expect(blocks(tracker)).toEqual([
      [2, 3],
      [5, 5],
      [8, 10],
      [103, 103],
    ]);
    expect(blocks(tracker, 11)).toHaveLength(2);
    tracker.add(0xffff_fffe);
    expect(tracker.cumulative).toBe(0);
    expect(blocks(tracker)).toEqual([
      [2, 2],
      [5, 7],
      [100, 100],
    ]);
  });

  it('agrees with a set of numbers, whatever the order, with skips', () => {
    const step = fc.oneof(
      { weight: 9, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 300 }) }) },
      { weight: 1, arbitrary: fc.record({ skip: fc.integer({ min: 0, max: 400 }) }) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.array(step, { maxLength: 200 }), (first, steps) => {
        const tracker = new TsnTracker(first);
        // The model counts from the first TSN without wrapping.
        const seen = new Set<number>();
        let cumulative = -1;
        const absorb = (): void => {
          while (seen.has(cumulative + 1)) cumulative++;
        };
        for (const one of steps) {
          if ('add' in one) {
            const position = cumulative + one.add;
            const tsn = (first + position) >>> 0;
            expect(tracker.check(tsn)).toBe(seen.has(position) ? DUPLICATE : NEW);
            if (!seen.has(position)) tracker.add(tsn);
            seen.add(position);
          } else {
            cumulative += one.skip;
            for (let n = 0; n <= cumulative; n++) seen.add(n);
            tracker.skip((first + cumulative) >>> 0);
          }
          absorb();
          expect(tracker.cumulative).toBe((first + cumulative) >>> 0);
        }
        const covered = new Set<number>();
        for (const [start, end] of blocks(tracker, 4000))
          for (let n = start; n <= end; n++) covered.add(cumulative + n);
        expect([...covered].sort((a, b) => a - b)).toEqual(
          [...seen].filter((n) => n > cumulative).sort((a, b) => a - b),
        );
      }),
    );
  });

  it('skips two thousand million TSNs at once', () => {
    const tracker = new TsnTracker(1);
    for (let tsn = 3; tsn < 60_000; tsn += 2) tracker.add(tsn);
    tracker.skip(2_000_000_000);
    expect(tracker.cumulative).toBe(2_000_000_000);
    expect(tracker.hasGaps).toBe(false);
    tracker.skip(5);
    expect(tracker.cumulative).toBe(2_000_000_000);
  });
});
