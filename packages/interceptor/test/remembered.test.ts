import { describe, expect, it } from 'vitest';
import { Remembered } from '../src/remembered.ts';

describe('Remembered', () => {
  it('gives each value once, and forgets the oldest beyond 1024', () => {
    const remembered = new Remembered<string>();
    for (let ssrc = 0; ssrc < 1024; ssrc++) remembered.set(ssrc, `${ssrc}`);
    remembered.set(0, 'again');
    remembered.set(5000, 'new');
    expect(remembered.take(1)).toBeUndefined();
    expect(remembered.take(0)).toBe('again');
    expect(remembered.take(0)).toBeUndefined();
    expect(remembered.take(5000)).toBe('new');
  });
});
