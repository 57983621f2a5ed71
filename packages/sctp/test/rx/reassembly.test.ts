import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_OVERHEAD, Events } from '../../src/association/events.ts';
import { FLAG_BEGIN, FLAG_END, FLAG_UNORDERED } from '../../src/chunks/data.ts';
import { Fragments } from '../../src/rx/fragments.ts';
import { InStream } from '../../src/rx/in-stream.ts';
import { Partial } from '../../src/rx/interleaved.ts';

const part = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
const SSNS = 0x1_0000;

function polled(events: Events): number[] {
  const seen: number[] = [];
  for (let event = events.shift(); event !== undefined; event = events.shift()) {
    if (event.type === 'message') seen.push(event.data[0]!);
  }
  return seen;
}

describe('Fragments of DATA', () => {
  it('come together in any order, several messages at once, and leave nothing behind', () => {
    const messages = [
      { stream: 1, ssn: 0, unordered: false, fragments: 4 },
      { stream: 1, ssn: 1, unordered: false, fragments: 2 },
      { stream: 2, ssn: 7, unordered: true, fragments: 3 },
      { stream: 2, ssn: 9, unordered: true, fragments: 5 },
    ];
    const chunks: { tsn: number; flags: number; stream: number; ssn: number; message: number; n: number }[] = [];
    let tsn = 0xffff_fffa;
    for (const [index, message] of messages.entries()) {
      for (let n = 0; n < message.fragments; n++) {
        const flags =
          (n === 0 ? FLAG_BEGIN : 0) |
          (n === message.fragments - 1 ? FLAG_END : 0) |
          (message.unordered ? FLAG_UNORDERED : 0);
        chunks.push({ tsn, flags, stream: message.stream, ssn: message.ssn, message: index, n });
        tsn = (tsn + 1) >>> 0;
      }
    }
    fc.assert(
      fc.property(fc.shuffledSubarray(chunks, { minLength: chunks.length }), (shuffled) => {
        const fragments = new Fragments();
        const whole: number[][] = [];
        for (const chunk of shuffled) {
          const run = fragments.add(chunk.tsn, chunk.flags, chunk.stream, chunk.ssn, 50, part(chunk.message, chunk.n));
          if (run.isWhole) whole.push(run.parts.flatMap((bytes) => [...bytes]));
        }
        expect(fragments.cost).toBe(0);
        expect(whole.sort((a, b) => a[0]! - b[0]!)).toEqual(
          messages.map((message, index) => Array.from({ length: message.fragments }, (_, n) => [index, n]).flat()),
        );
      }),
    );
  });

  it('of different messages are never joined, though their TSNs are neighbours', () => {
    const fragments = new Fragments();
    fragments.add(1, FLAG_BEGIN, 1, 0, 50, part(1));
    expect(fragments.add(2, FLAG_END, 2, 0, 50, part(2)).isWhole).toBe(false);
    const again = new Fragments();
    again.add(1, FLAG_BEGIN, 1, 0, 50, part(1));
    expect(again.add(2, FLAG_END, 1, 1, 50, part(2)).isWhole).toBe(false);
  });

  it('that the peer gave up are dropped', () => {
    const fragments = new Fragments();
    fragments.add(5, FLAG_BEGIN, 1, 0, 50, part(1, 2, 3));
    fragments.add(8, FLAG_BEGIN, 1, 1, 50, part(4));
    fragments.skip(6);
    expect(fragments.cost).toBe(1 + CHUNK_OVERHEAD);
    expect(fragments.add(9, FLAG_END, 1, 1, 50, part(5)).isWhole).toBe(true);
  });
});

describe('Partial I-DATA messages', () => {
  it('come together in any order of fragments', () => {
    const numbers = Array.from({ length: 8 }, (_, n) => n);
    fc.assert(
      fc.property(fc.shuffledSubarray(numbers, { minLength: 8 }), (shuffled) => {
        const partial = new Partial(3, false);
        for (const n of shuffled) {
          expect(partial.isWhole).toBe(false);
          const flags = (n === 0 ? FLAG_BEGIN : 0) | (n === 7 ? FLAG_END : 0);
          expect(partial.add(flags, n === 0 ? 51 : n, part(n))).toBe(true);
        }
        expect(partial.isWhole).toBe(true);
        expect(partial.ppid).toBe(51);
        expect(partial.parts.map((bytes) => bytes[0])).toEqual(numbers);
      }),
    );
  });

  it('refuse a number twice, two ends, and anything behind the end', () => {
    const partial = new Partial(0, true);
    expect(partial.add(0, 2, part(2))).toBe(true);
    expect(partial.add(0, 2, part(2))).toBe(false);
    expect(partial.add(FLAG_END, 1, part(1))).toBe(false);
    expect(partial.add(FLAG_END, 3, part(3))).toBe(true);
    expect(partial.add(0, 4, part(4))).toBe(false);
    expect(partial.add(FLAG_END, 5, part(5))).toBe(false);
  });
});

describe('InStream', () => {
  it('delivers in order, across the wrap of SSNs, each once', () => {
    const events = new Events();
    const stream = new InStream(4);
    stream.next = 65534;
    for (const ssn of [0, 65535, 1, 65535, 65534, 65534, 2]) stream.deliver(ssn, 50, part(ssn & 0xff), SSNS, events);
    expect(polled(events)).toEqual([254, 255, 0, 1, 2]);
    expect(stream.cost).toBe(0);
  });

  it('delivers around what the peer gave up', () => {
    const events = new Events();
    const stream = new InStream(4);
    for (const ssn of [1, 3, 5, 6]) stream.deliver(ssn, 50, part(ssn), SSNS, events);
    stream.skip(4, SSNS, events);
    expect(polled(events)).toEqual([1, 3, 5, 6]);
    expect(stream.next).toBe(7);
    stream.skip(4, SSNS, events);
    expect(stream.next).toBe(7);
  });

  it('skips far with little waiting, and a little with much waiting, alike', () => {
    const few = new InStream(1);
    const events = new Events();
    few.deliver(30_000, 50, part(1), SSNS, events);
    few.deliver(5, 50, part(2), SSNS, events);
    few.skip(30_000, SSNS, events);
    expect(polled(events)).toEqual([2, 1]);
    expect(few.next).toBe(30_001);
    const many = new InStream(1);
    for (let ssn = 2; ssn < 200; ssn++) many.deliver(ssn, 50, part(ssn), SSNS, events);
    many.skip(1, SSNS, events);
    expect(polled(events)).toHaveLength(198);
    expect(many.cost).toBe(0);
  });

  it('drops begun messages that the peer gave up, and forgets everything when it is reset', () => {
    const stream = new InStream(2);
    for (const mid of [1, 2, 3]) {
      const partial = stream.partial(mid, false);
      partial.add(FLAG_BEGIN, 50, part(1));
      stream.cost += partial.cost;
    }
    stream.skipPartials(2, false);
    expect(stream.cost).toBe(1 + CHUNK_OVERHEAD);
    expect(stream.partial(3, false).parts).toHaveLength(1);
    expect(stream.partial(2, false).parts).toHaveLength(0);
    stream.skipPartials(2, true);
    expect(stream.partial(3, false).parts).toHaveLength(1);
    stream.next = 9;
    stream.reset();
    expect(stream).toMatchObject({ next: 0, cost: 0, touched: false });
    expect(stream.partial(3, false).parts).toHaveLength(0);
  });
});
