import { describe, expect, it } from 'vitest';
import { random } from '../src/node/crypto/random.ts';

describe('random bytes', () => {
  it.each([0, 1, 8, 255, 256, 257, 5000])('fills %i bytes and none around them', (length) => {
    const buffer = new Uint8Array(length + 2);
    random(buffer.subarray(1, length + 1));
    expect([buffer[0], buffer[length + 1]]).toEqual([0, 0]);
    if (length >= 255) expect(new Set(buffer).size).toBeGreaterThan(100);
  });

  it('never gives the same bytes twice, across many refills of its pool', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 5000; i++) {
      const bytes = new Uint8Array(12);
      random(bytes);
      seen.add(bytes.join());
    }
    expect(seen.size).toBe(5000);
  });
});
