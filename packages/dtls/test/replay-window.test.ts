import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplayWindow } from '../src/record/replay-window.ts';

describe('ReplayWindow', () => {
  it('takes each number once', () => {
    const window = new ReplayWindow();
    for (const sequence of [0, 1, 5, 3, 2, 4]) {
      expect(window.isFresh(sequence)).toBe(true);
      window.mark(sequence);
      expect(window.isFresh(sequence)).toBe(false);
    }
  });

  it('refuses what is left of the window', () => {
    const window = new ReplayWindow(64);
    window.mark(100);
    expect(window.isFresh(100 - 63)).toBe(true);
    expect(window.isFresh(100 - 64)).toBe(false);
  });

  it('is rounded up to a power of two, at least 64', () => {
    expect(new ReplayWindow(1).size).toBe(64);
    expect(new ReplayWindow(100).size).toBe(128);
  });

  it('works up to the last of 48 bits', () => {
    const window = new ReplayWindow(128);
    const last = 2 ** 48 - 1;
    window.mark(last - 100);
    window.mark(last);
    expect(window.isFresh(last)).toBe(false);
    expect(window.isFresh(last - 100)).toBe(false);
    expect(window.isFresh(last - 99)).toBe(true);
  });

  it('agrees with a set that remembers everything', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: -80, max: 5 }), fc.integer({ min: 1, max: 300 })), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(steps, (deltas) => {
        const window = new ReplayWindow(64);
        const seen = new Set<number>();
        let highest = 0;
        for (const delta of deltas) {
          const sequence = Math.max(0, highest + delta);
          const fresh = !seen.has(sequence) && (seen.size === 0 || sequence > highest - 64);
          expect(window.isFresh(sequence)).toBe(fresh);
          if (!fresh) continue;
          window.mark(sequence);
          seen.add(sequence);
          highest = Math.max(highest, sequence);
        }
      }),
    );
  });
});
