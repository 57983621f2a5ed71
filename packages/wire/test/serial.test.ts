import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add16, add32, before16, before32, distance16, distance32 } from '../src/index.ts';

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

describe('serial number arithmetic (RFC 1982)', () => {
  it('§5.1 in spirit: with 16 and 32 bits, a number is before those up to half the space ahead', () => {
    expect(before16(0, 1)).toBe(true);
    expect(before16(0, 0x7fff)).toBe(true);
    expect(before16(0, 0x8001)).toBe(false);
    expect(before16(0xffff, 0)).toBe(true);
    expect(before16(0, 0xffff)).toBe(false);
    expect(before32(0, 1)).toBe(true);
    expect(before32(0xffff_ffff, 0)).toBe(true);
    expect(before32(0, 0x7fff_ffff)).toBe(true);
    expect(before32(0, 0x8000_0001)).toBe(false);
  });

  it('nothing is before itself', () => {
    for (const n of [0, 1, 0x7fff, 0x8000, 0xffff]) expect(before16(n, n)).toBe(false);
    for (const n of [0, 0x8000_0000, 0xffff_ffff]) expect(before32(n, n)).toBe(false);
  });

  it('the undefined distance counts as before, in both directions', () => {
    expect([before16(0, 0x8000), before16(0x8000, 0)]).toEqual([true, true]);
    expect([before32(5, 0x8000_0005), before32(0x8000_0005, 5)]).toEqual([true, true]);
  });

  it('adding wraps', () => {
    expect(add16(0xffff, 1)).toBe(0);
    expect(add16(0, -1)).toBe(0xffff);
    expect(add32(0xffff_ffff, 2)).toBe(1);
    expect(add32(0, -1)).toBe(0xffff_ffff);
  });

  it('distance is signed and undoes add', () => {
    fc.assert(
      fc.property(u16, fc.integer({ min: -0x7fff, max: 0x7fff }), (a, n) => {
        expect(distance16(a, add16(a, n))).toBe(n);
        expect(before16(a, add16(a, n))).toBe(n > 0);
      }),
    );
    fc.assert(
      fc.property(u32, fc.integer({ min: -0x7fff_ffff, max: 0x7fff_ffff }), (a, n) => {
        expect(distance32(a, add32(a, n))).toBe(n);
        expect(before32(a, add32(a, n))).toBe(n > 0);
      }),
    );
  });
});
