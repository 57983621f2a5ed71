import { describe, expect, it } from 'vitest';
import { Slab } from '../src/index.ts';

describe('Slab', () => {
  it('gives zeroed bytes that do not overlap, many to a block', () => {
    const slab = new Slab(1024);
    const views = Array.from({ length: 100 }, (_, i) => slab.allocate(i).fill(i));
    views.forEach((view, i) => {
      expect(view.length).toBe(i);
      expect(view.every((byte) => byte === i)).toBe(true);
      expect(view.byteOffset % 8).toBe(0);
    });
    const blocks = new Set(views.map((view) => view.buffer)).size;
    expect(blocks).toBeGreaterThan(4);
    expect(blocks).toBeLessThan(10);
    expect(slab.allocate(200).every((byte) => byte === 0)).toBe(true);
  });

  it('gives large arrays a buffer of their own', () => {
    const slab = new Slab(1024);
    const small = slab.allocate(10);
    const large = slab.allocate(257);
    expect(large.buffer.byteLength).toBe(257);
    expect(slab.allocate(10).buffer).toBe(small.buffer);
  });

  it('copies', () => {
    const original = Uint8Array.of(1, 2, 3);
    const copy = new Slab().copy(original);
    original.fill(0);
    expect([...copy]).toEqual([1, 2, 3]);
    expect(copy.buffer.byteLength).toBe(65536);
  });

  it('refuses a block that is too small and a negative length', () => {
    expect(() => new Slab(1023)).toThrow(RangeError);
    expect(() => new Slab(1024.5)).toThrow(RangeError);
    expect(() => new Slab().allocate(-1)).toThrow(RangeError);
  });
});
