import { describe, expect, it } from 'vitest';
import { fillSlot, Slot } from '../src/index.ts';

describe('Slot', () => {
  it('keeps headroom in front of the datagram', () => {
    const slot = new Slot(1200, 21);
    expect([slot.start, slot.end, slot.limit, slot.buffer.length]).toEqual([21, 21, 1221, 1221]);
    expect(slot.bytes).toHaveLength(0);
  });

  it('reset empties it for the next datagram', () => {
    const slot = new Slot(100, 10);
    fillSlot(slot, Uint8Array.of(1, 2, 3));
    slot.start -= 5;
    slot.limit = 50;
    slot.ecn = 3;
    slot.path = {
      protocol: 'udp',
      local: { address: '::1', family: 'IPv6', port: 1 },
      remote: { address: '::1', family: 'IPv6', port: 2 },
    };
    slot.reset();
    expect([slot.start, slot.end, slot.limit, slot.ecn, slot.path]).toEqual([10, 10, 110, 0, undefined]);
  });
});

describe('fillSlot', () => {
  it('copies a datagram in', () => {
    const slot = new Slot(4, 2);
    expect(fillSlot(slot, Uint8Array.of(1, 2, 3, 4))).toBe(true);
    expect([...slot.bytes]).toEqual([1, 2, 3, 4]);
    expect(slot.start).toBe(2);
  });

  it('refuses what does not fit and changes nothing', () => {
    const slot = new Slot(4, 2);
    slot.limit = 5;
    expect(fillSlot(slot, new Uint8Array(4).fill(9))).toBe(false);
    expect([slot.start, slot.end, slot.buffer.every((byte) => byte === 0)]).toEqual([2, 2, true]);
  });
});
