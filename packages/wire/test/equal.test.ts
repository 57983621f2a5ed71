import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, equalConstantTime, isMalformed, MALFORMED } from '../src/index.ts';

describe('equalBytes and equalConstantTime', () => {
  it('agree with comparing one by one', () => {
    const some = fc.uint8Array({ maxLength: 6, max: 2 });
    fc.assert(
      fc.property(some, some, (a, b) => {
        const same = a.length === b.length && a.every((byte, i) => byte === b[i]);
        expect([equalBytes(a, b), equalConstantTime(a, b)]).toEqual([same, same]);
        expect([equalBytes(a, a.slice()), equalConstantTime(a, a.slice())]).toEqual([true, true]);
      }),
    );
  });

  it('see a difference in any bit', () => {
    const bytes = new Uint8Array(20);
    for (let bit = 0; bit < 160; bit++) {
      const other = bytes.slice();
      other[bit >> 3]! ^= 1 << (bit & 7);
      expect([equalBytes(bytes, other), equalConstantTime(bytes, other)]).toEqual([false, false]);
    }
  });
});

describe('concatBytes', () => {
  it('joins all parts in a new array', () => {
    const part = Uint8Array.of(1, 2);
    expect([...concatBytes(part, new Uint8Array(0), Uint8Array.of(3))]).toEqual([1, 2, 3]);
    expect(concatBytes(part).buffer).not.toBe(part.buffer);
    expect(concatBytes()).toHaveLength(0);
  });
});

describe('isMalformed', () => {
  it('knows a refusal by its shape, of any copy of the package', () => {
    expect(isMalformed(MALFORMED)).toBe(true);
    expect(isMalformed({ malformed: true })).toBe(true);
    for (const other of [undefined, null, true, 'malformed', {}, { malformed: false }, []]) {
      expect(isMalformed(other)).toBe(false);
    }
    expect(Object.isFrozen(MALFORMED)).toBe(true);
  });
});
