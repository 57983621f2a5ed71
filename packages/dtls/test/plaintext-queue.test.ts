import { describe, expect, it } from 'vitest';
import { PlaintextQueue } from '../src/plaintext-queue.ts';

describe('PlaintextQueue', () => {
  it('holds everything back until it is opened', () => {
    const queue = new PlaintextQueue();
    expect(queue.push(Uint8Array.of(1))).toBe(true);
    expect(queue.shift()).toBeUndefined();
    queue.open();
    expect(queue.shift()).toEqual(Uint8Array.of(1));
    expect(queue.shift()).toBeUndefined();
  });

  it('is bounded in datagrams and in bytes, and has room again when read', () => {
    const many = new PlaintextQueue();
    many.open();
    let count = 0;
    while (many.push(new Uint8Array(1))) count++;
    expect(count).toBe(8192);
    many.shift();
    expect(many.push(new Uint8Array(1))).toBe(true);
    const large = new PlaintextQueue();
    large.open();
    for (let i = 0; i < 256; i++) expect(large.push(new Uint8Array(16384))).toBe(true);
    expect(large.push(new Uint8Array(1))).toBe(false);
    large.shift();
    expect(large.push(new Uint8Array(16384))).toBe(true);
  });

  it('takes and gives nothing after discard', () => {
    const queue = new PlaintextQueue();
    queue.open();
    queue.push(Uint8Array.of(1));
    queue.discard();
    expect(queue.shift()).toBeUndefined();
    expect(queue.push(Uint8Array.of(2))).toBe(false);
    queue.open();
    expect(queue.shift()).toBeUndefined();
  });
});
