import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplayWindow } from '../src/replay-window.ts';

describe('a replay window', () => {
  it('knows every packet of the window and refuses all older ones', () => {
    const step = fc.oneof(
      fc.integer({ min: -300, max: 40 }),
      fc.integer({ min: -3000, max: 3000 }),
      fc.constantFrom(2 ** 33),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(64, 65, 100, 128, 1000, 1024),
        fc.nat(2 ** 40),
        fc.array(step, { maxLength: 300 }),
        (size, base, steps) => {
          const window = new ReplayWindow(size);
          const seen = new Set<number>();
          let newest = base;
          let any = false;
          for (const distance of steps) {
            const index = Math.max(0, newest + distance);
            const isNew = !any || (index > newest ? true : newest - index < size && !seen.has(index));
            expect(window.isNew(index)).toBe(isNew);
            if (!isNew) continue;
            window.accept(index);
            seen.add(index);
            newest = any ? Math.max(newest, index) : index;
            any = true;
            expect(window.newest).toBe(newest);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('starts over after a reset', () => {
    const window = new ReplayWindow(64);
    window.accept(1000);
    expect(window.isNew(1000)).toBe(false);
    expect(window.isNew(1)).toBe(false);
    window.reset();
    expect(window.newest).toBe(-1);
    expect(window.isNew(1)).toBe(true);
  });
});
