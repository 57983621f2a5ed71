import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reassembler } from '../src/handshake/reassembly.ts';
import type { HandshakeFragment } from '../src/messages/handshake-fragment.ts';

const BODY = Uint8Array.from({ length: 100 }, (_, i) => i);

function piece(offset: number, count: number, sequence = 0, length = BODY.length): HandshakeFragment {
  return { type: 11, length, sequence, offset, body: BODY.slice(offset, offset + count) };
}

describe('Reassembler', () => {
  it('takes a whole message', () => {
    const reassembler = new Reassembler();
    expect(reassembler.insert(piece(0, 100), 0)).toBe('taken');
    expect(reassembler.take()).toEqual({ type: 11, sequence: 0, epoch: 0, body: BODY });
    expect(reassembler.take()).toBeUndefined();
    expect(reassembler.nextSequence).toBe(1);
  });

  it('takes a message without a body', () => {
    const reassembler = new Reassembler();
    expect(reassembler.insert({ type: 14, length: 0, sequence: 0, offset: 0, body: new Uint8Array(0) }, 0)).toBe(
      'taken',
    );
    expect(reassembler.take()?.body).toEqual(new Uint8Array(0));
  });

  it('puts fragments together in any order, overlapping and repeated', () => {
    const cut = fc.tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 1, max: 60 }));
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (cuts, order) => {
        const pieces = cuts.map(([offset, count]) => piece(offset, count));
        // Whatever the cuts cover, ten more fragments cover everything.
        for (let offset = 0; offset < 100; offset += 10) pieces.push(piece(offset, 10));
        const shuffled = pieces
          .map((fragment) => ({ fragment, key: order.next().value as number }))
          .sort((a, b) => a.key - b.key);
        const reassembler = new Reassembler();
        for (const { fragment } of shuffled) reassembler.insert(fragment, 0);
        expect(reassembler.take()?.body).toEqual(BODY);
      }),
    );
  });

  it('gives out messages in order and holds back those ahead', () => {
    const reassembler = new Reassembler();
    reassembler.insert(piece(0, 100, 2), 0);
    reassembler.insert(piece(0, 100, 1), 0);
    expect(reassembler.take()).toBeUndefined();
    reassembler.insert(piece(0, 100, 0), 0);
    expect([reassembler.take(), reassembler.take(), reassembler.take()].map((m) => m?.sequence)).toEqual([0, 1, 2]);
  });

  it('says so when a message is old', () => {
    const reassembler = new Reassembler();
    reassembler.insert(piece(0, 100), 0);
    reassembler.take();
    expect(reassembler.insert(piece(0, 100), 0)).toBe('old');
  });

  it('buffers eight messages ahead and no more', () => {
    const reassembler = new Reassembler();
    expect(reassembler.insert(piece(0, 10, 7), 0)).toBe('taken');
    expect(reassembler.insert(piece(0, 10, 8), 0)).toBe('dropped');
    expect(reassembler.insert(piece(0, 10, 0xffff), 0)).toBe('dropped');
  });

  it('refuses messages above 32 KiB', () => {
    const reassembler = new Reassembler();
    expect(reassembler.insert(piece(0, 10, 0, 32 * 1024), 0)).toBe('taken');
    expect(reassembler.insert(piece(0, 10, 1, 32 * 1024 + 1), 0)).toBe('dropped');
  });

  it('refuses fragments that contradict the first one', () => {
    const reassembler = new Reassembler();
    reassembler.insert(piece(0, 10), 0);
    expect(reassembler.insert({ ...piece(10, 10), type: 12 }, 0)).toBe('dropped');
    expect(reassembler.insert(piece(10, 10, 0, 99), 0)).toBe('dropped');
    expect(reassembler.insert(piece(10, 10), 1)).toBe('dropped');
    expect(reassembler.insert(piece(0, 10), 0)).toBe('dropped');
    expect(reassembler.insert(piece(10, 10), 0)).toBe('taken');
  });

  it('holds a bounded number of pieces of one message, and an empty fragment is none', () => {
    const reassembler = new Reassembler();
    const tiny = (offset: number): HandshakeFragment => ({
      type: 11,
      length: 32768,
      sequence: 0,
      offset,
      body: Uint8Array.of(1),
    });
    let taken = 0;
    for (let offset = 0; offset < 2000; offset += 2) if (reassembler.insert(tiny(offset), 0) === 'taken') taken++;
    expect(taken).toBe(160);
    expect(reassembler.insert({ ...tiny(5), body: new Uint8Array(0), sequence: 1 }, 0)).toBe('dropped');
  });

  it('forgets everything on clear', () => {
    const reassembler = new Reassembler();
    reassembler.insert(piece(0, 50), 0);
    reassembler.clear();
    reassembler.insert(piece(50, 50), 0);
    expect(reassembler.take()).toBeUndefined();
  });
});
