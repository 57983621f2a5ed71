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

  it('goes on behind a packet: everything up to it came, nothing behind it', () => {
    for (const newest of [0, 1, 31, 32, 63, 1000, 65_535, 2 ** 32 + 7]) {
      const window = new ReplayWindow(64);
      window.resume(newest);
      expect(window.newest).toBe(newest);
      for (let index = Math.max(0, newest - 70); index <= newest; index++) expect(window.isNew(index)).toBe(false);
      window.accept(newest + 40);
      for (let index = newest + 1; index < newest + 40; index++) expect(window.isNew(index)).toBe(true);
      expect(window.isNew(newest)).toBe(false);
    }
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
