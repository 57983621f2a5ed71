import fc from 'fast-check';
import { expect, it } from 'vitest';
import { xorInto } from '../../src/fec/parity.ts';

it('parity is taken byte by byte, wherever the bytes stand in their buffers', () => {
  const place = fc.nat(7);
  fc.assert(
    fc.property(fc.nat(200), place, place, place, place, (length, view, at, otherView, start) => {
      const target = Uint8Array.from({ length: 240 }, (_, i) => i * 7).subarray(view);
      const bytes = Uint8Array.from({ length: 240 }, (_, i) => i * 13 + 5).subarray(otherView);
      const expected = target.slice();
      for (let i = 0; i < length; i++) expected[at + i] = expected[at + i]! ^ bytes[start + i]!;
      xorInto(target, at, bytes, start, start + length);
      expect(target).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
