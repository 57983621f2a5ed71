import { encodeMessage, METHOD } from '@kaon/stun';
import { concatBytes } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeChannelData, StreamFramer } from '../src/index.ts';

const stun = encodeMessage({
  class: 'request',
  method: METHOD.Allocate,
  transactionId: new Uint8Array(12),
  attributes: [{ type: 'lifetime', seconds: 5 }],
});
const data = (length: number): Uint8Array => encodeChannelData(0x4003, new Uint8Array(length).fill(7));

function all(framer: StreamFramer): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let next = framer.poll(); next !== undefined; next = framer.poll()) messages.push(next);
  return messages;
}

describe('StreamFramer', () => {
  it('takes apart what came in one piece, without copying', () => {
    const framer = new StreamFramer();
    const stream = concatBytes(stun, encodeChannelData(0x4003, new Uint8Array(5).fill(7), true), stun);
    framer.push(stream);
    const messages = all(framer);
    expect(messages.map((each) => [...each])).toEqual([[...stun], [...data(5)], [...stun]]);
    expect(messages.every((each) => each.buffer === stream.buffer)).toBe(true);
    expect(framer.waiting).toBe(0);
  });

  it('gives the same messages however the stream is cut', () => {
    const message = fc.oneof(fc.constant(stun), fc.nat({ max: 40 }).map(data));
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.nat({ max: 30 })), (messages, cuts) => {
        const stream = concatBytes(...messages.flatMap((each) => [each, new Uint8Array(-each.length & 3)]));
        const framer = new StreamFramer();
        const got: Uint8Array[] = [];
        let at = 0;
        for (const length of [...cuts, stream.length]) {
          framer.push(stream.slice(at, at + length));
          at = Math.min(stream.length, at + length);
          got.push(...all(framer));
        }
        expect(got.map((each) => [...each])).toEqual(messages.map((each) => [...each]));
        expect([framer.broken, framer.waiting]).toEqual([false, 0]);
      }),
    );
  });

  it('gives messages that later pieces do not change', () => {
    const framer = new StreamFramer();
    const [head, tail] = [data(8).slice(0, 6), concatBytes(data(8).slice(6), stun.slice(0, 9))];
    framer.push(head);
    framer.push(tail);
    const first = framer.poll()!;
    const before = [...first];
    framer.push(stun.slice(9));
    framer.push(data(100));
    expect([...framer.poll()!]).toEqual([...stun]);
    expect([...first]).toEqual(before);
  });

  it('does not wait for the padding of a message', () => {
    const framer = new StreamFramer();
    framer.push(data(5));
    expect(framer.poll()).toEqual(data(5));
    framer.push(Uint8Array.of(0));
    framer.push(Uint8Array.of(0, 0));
    framer.push(stun.slice());
    expect(framer.poll()).toEqual(stun);
  });

  it('takes channel numbers up to 0x7fff, as clients of RFC 5766 choose them', () => {
    const framer = new StreamFramer();
    framer.push(Uint8Array.of(0x7f, 0xff, 0, 1, 9, 0, 0, 0));
    expect(framer.poll()).toEqual(Uint8Array.of(0x7f, 0xff, 0, 1, 9));
    framer.push(Uint8Array.of(0x80, 0, 0, 0));
    expect([framer.poll(), framer.broken]).toEqual([undefined, true]);
  });

  it.each([
    ['TLS instead', Uint8Array.of(22, 3, 1, 0, 5)],
    ['HTTP instead', Uint8Array.of(0x48, 0x54, 0x54, 0x50)],
    ['a wrong cookie', stun.map((byte, i) => (i === 5 ? byte ^ 1 : byte))],
    ['a length that is no multiple of four', stun.map((byte, i) => (i === 3 ? byte ^ 1 : byte))],
  ])('breaks over %s and stays so', (_, bytes) => {
    const framer = new StreamFramer();
    framer.push(bytes);
    // 0x48 begins ChannelData as well: there the announced length is what never comes.
    const broken = bytes[0] !== 0x48;
    expect([framer.poll(), framer.broken]).toEqual([undefined, broken]);
    if (!broken) return;
    framer.push(stun.slice());
    expect([framer.poll(), framer.waiting]).toEqual([undefined, 0]);
  });

  it('reads any bytes without throwing, and keeps no more than its limit', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (pieces) => {
        const framer = new StreamFramer(100);
        for (const piece of pieces) {
          framer.push(piece);
          expect(framer.waiting).toBeLessThanOrEqual(100);
          all(framer);
        }
      }),
    );
  });

  it('breaks when more waits than its limit', () => {
    const framer = new StreamFramer(10);
    framer.push(data(60).slice(0, 10));
    framer.poll();
    expect(framer.broken).toBe(false);
    framer.push(Uint8Array.of(1));
    expect(framer.broken).toBe(true);
  });

  it('gives up the rest', () => {
    const framer = new StreamFramer();
    framer.push(concatBytes(stun, Uint8Array.of(1, 2, 3)));
    framer.poll();
    expect([...framer.takeRest()]).toEqual([1, 2, 3]);
    expect(framer.waiting).toBe(0);
  });
});
