import { describe, expect, it } from 'vitest';
import { HeldMessages } from '../src/held-messages.ts';
import { Overhead } from '../src/overhead.ts';
import { PartialMessages } from '../src/partial-messages.ts';
import { StreamIds } from '../src/stream-ids.ts';
import { bytes } from './helpers/pair.ts';

describe('StreamIds', () => {
  it('gives the lowest free id of the parity', () => {
    const ids = new StreamIds();
    expect([ids.hasRole, ids.takeNext(10)]).toEqual([false, undefined]);
    ids.setRole('server');
    ids.take(3);
    expect([ids.takeNext(10), ids.takeNext(10), ids.takeNext(10)]).toEqual([1, 5, 7]);
    ids.giveBack(5);
    ids.giveBack(1);
    expect([ids.takeNext(10), ids.takeNext(10)]).toEqual([1, 5]);
    expect([ids.isPeers(2), ids.isPeers(3), ids.isTaken(3), ids.isTaken(2)]).toEqual([true, false, true, false]);
  });

  it('ends at the limit', () => {
    const ids = new StreamIds();
    ids.setRole('client');
    expect([ids.takeNext(3), ids.takeNext(3), ids.takeNext(3)]).toEqual([0, 2, undefined]);
    ids.giveBack(4);
    expect(ids.takeNext(3)).toBe(undefined);
    expect(ids.takeNext(5)).toBe(4);
  });
});

describe('HeldMessages', () => {
  it('keeps messages by their streams, within bounds', () => {
    const held = new HeldMessages();
    expect(held.hold(1, 53, bytes(1))).toBe(true);
    expect(held.hold(2, 51, bytes(2))).toBe(true);
    expect(held.hold(1, 53, new Uint8Array(262_143))).toBe(false);
    expect(held.hold(1, 53, bytes(3))).toBe(true);
    expect(held.take(1).map(({ data }) => [...data])).toEqual([[1], [3]]);
    expect(held.take(1)).toEqual([]);
    expect(held.hold(1, 53, new Uint8Array(262_143))).toBe(true);
    held.clear();
    expect([held.take(1), held.take(2)]).toEqual([[], []]);
    for (let i = 0; i < 256; i++) expect(held.hold(i, 53, bytes(0))).toBe(true);
    expect(held.hold(7, 53, bytes(0))).toBe(false);
  });
});

describe('PartialMessages', () => {
  it('puts parts of one kind together', () => {
    const partial = new PartialMessages(5);
    expect(partial.pending).toBe(false);
    expect(partial.add(bytes(1, 2), true)).toBe(true);
    expect(partial.pending).toBe(true);
    expect(partial.finish(bytes(3), true)).toEqual(bytes(1, 2, 3));
    expect(partial.pending).toBe(false);
    expect(partial.add(bytes(1), true)).toBe(true);
    expect(partial.add(bytes(2), false)).toBe(false);
    expect(partial.add(bytes(1, 2, 3), true)).toBe(true);
    expect(partial.finish(bytes(4, 5, 6), true)).toBe(undefined);
    expect(partial.finish(bytes(7), false)).toEqual(bytes(7));
  });
});

describe('Overhead', () => {
  it('takes what is not the user’s off the queue, also when half of it was sent', () => {
    const overhead = new Overhead();
    overhead.own(10);
    overhead.user(5);
    overhead.own(1);
    overhead.user(4);
    expect([20, 15, 10, 8, 5, 4, 0].map((buffered) => overhead.userBytes(buffered))).toEqual([9, 9, 9, 7, 4, 4, 0]);
    overhead.user(3);
    expect(overhead.userBytes(3)).toBe(3);
  });
});
