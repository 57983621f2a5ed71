import { expect, it } from 'vitest';
import { Memory } from '../src/memory.ts';

it('gives zeros that nobody else holds, several to a block', () => {
  const memory = new Memory();
  const pieces = Array.from({ length: 100 }, (_, index) => memory.allocate(700).fill(index + 1));
  for (const [index, piece] of pieces.entries()) expect([...new Set(piece)]).toEqual([index + 1]);
  expect([...new Set(memory.allocate(700))]).toEqual([0]);
  expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBeLessThan(5);
});

it('gives large pieces buffers of their own', () => {
  const memory = new Memory();
  const large = memory.allocate(5000);
  expect([large.length, large.buffer.byteLength]).toEqual([5000, 5000]);
  expect(memory.allocate(0).length).toBe(0);
});
