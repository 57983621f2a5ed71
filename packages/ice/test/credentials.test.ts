import { seededRandom } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { randomFraction, randomTieBreaker, sameCredentials } from '../src/credentials.ts';
import { checkCredentials, generateCredentials } from '../src/index.ts';

describe('credentials (RFC 8445 §5.3)', () => {
  it('are ice-chars of enough randomness, and new each time', () => {
    const random = seededRandom(1);
    const one = generateCredentials(random);
    const other = generateCredentials(random);
    expect(one.usernameFragment).toMatch(/^[A-Za-z0-9+/]{8}$/);
    expect(one.password).toMatch(/^[A-Za-z0-9+/]{24}$/);
    expect(sameCredentials(one, other)).toBe(false);
    expect(sameCredentials(one, { ...one })).toBe(true);
    expect(() => checkCredentials(one)).not.toThrow();
  });

  it.each([
    ['abc', 'a'.repeat(22)],
    ['a'.repeat(257), 'a'.repeat(22)],
    ['abcd', 'a'.repeat(21)],
    ['abcd', 'a'.repeat(257)],
    ['ab:d', 'a'.repeat(22)],
    ['abcd', `${'a'.repeat(21)}é`],
    ['abcd\n', 'a'.repeat(22)],
    ['', ''],
  ])('are refused outside of RFC 8839 §5.4: %j %j', (usernameFragment, password) => {
    expect(() => checkCredentials({ usernameFragment, password })).toThrowError(
      expect.objectContaining({ code: 'ICE_BAD_CREDENTIALS' }),
    );
  });

  it('never show the password in an error', () => {
    const password = 'not-allowed-because-of-dashes';
    expect(() => checkCredentials({ usernameFragment: 'abcd', password })).toThrowError(
      expect.objectContaining({ message: expect.not.stringContaining(password) }),
    );
  });
});

describe('random numbers', () => {
  it('are 64 bits and fractions', () => {
    const ones = (out: Uint8Array): void => void out.fill(0xff);
    expect(randomTieBreaker(ones)).toBe(0xffff_ffff_ffff_ffffn);
    expect(randomFraction(ones)).toBeLessThan(1);
    expect(randomFraction((out) => void out.fill(0))).toBe(0);
  });
});
