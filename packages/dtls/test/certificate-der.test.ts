import { describe, expect, it } from 'vitest';
import { bitString, ecdsaSignature, sequence } from '../src/certificate/der.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('DER around a signature', () => {
  it('writes r and s as the shortest integers that are not negative', () => {
    const rs = new Uint8Array([0, 0, 0, 1, 0x80, 0, 0, 0]);
    // r: 00000001 is 1; s: 80000000 would be negative without a zero in front.
    expect(hex(ecdsaSignature(rs))).toBe('300a02010102050080000000');
    expect(hex(ecdsaSignature(new Uint8Array([0, 0])))).toBe('3006020100020100');
  });

  it('writes lengths in their shortest form', () => {
    expect(hex(sequence(new Uint8Array(127)).subarray(0, 2))).toBe('307f');
    expect(hex(sequence(new Uint8Array(128)).subarray(0, 3))).toBe('308180');
    expect(hex(sequence(new Uint8Array(255), new Uint8Array(1)).subarray(0, 4))).toBe('30820100');
    expect(hex(bitString(new Uint8Array([0xff])))).toBe('030200ff');
  });
});
