/** Defects that other stacks shipped, each as the behaviour that we have instead. */
import { describe, expect, it } from 'vitest';
import { CHUNK } from '../src/chunks/chunk.ts';
import { encodeForwardTsn } from '../src/chunks/forward-tsn.ts';
import { packet } from './captures.ts';
import { Pair, pattern } from './pair.ts';

const tagOf = (bytes: Uint8Array): number => new DataView(bytes.buffer).getUint32(4);
const tagToB = (pair: Pair): number => tagOf(pair.packets.a.at(-1)!);

describe('data channels and SCTP', () => {
  it('an empty message is refused and does not wedge its stream', () => {
    const pair = Pair.connected();
    expect(() => pair.a.write(1, 56, new Uint8Array(0), pair.now)).toThrow('empty');
    pair.a.write(1, 56, new Uint8Array(1), pair.now);
    pair.drive(() => pair.messages('b').length === 1);
    expect(pair.messages('b')[0]).toMatchObject({ ppid: 56 });
  });

  it('both ends reset a stream at once without a deadlock', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const pair = Pair.connected({}, { delay: 15, loss: 0.2, reordering: 0.3, reorderingDelay: 30 }, seed);
      for (const id of [1, 2, 3]) {
        pair.a.write(id, 51, pattern(3000), pair.now);
        pair.b.write(id, 51, pattern(3000), pair.now);
      }
      pair.a.resetStreams([1, 2, 3], pair.now);
      pair.b.resetStreams([3, 2, 1], pair.now);
      const streams = (side: 'a' | 'b', type: 'outgoing-reset' | 'incoming-reset'): number[] =>
        pair
          .of(side, type)
          .flatMap((event) => [...event.streams])
          .sort();
      const done = pair.drive(
        () =>
          (['a', 'b'] as const).every(
            (side) => streams(side, 'outgoing-reset').length >= 3 && streams(side, 'incoming-reset').length >= 3,
          ),
        120_000,
      );
      expect({ done, seed }).toEqual({ done: true, seed });
      for (const side of ['a', 'b'] as const) {
        expect(streams(side, 'outgoing-reset')).toEqual([1, 2, 3]);
        expect(streams(side, 'incoming-reset')).toEqual([1, 2, 3]);
        expect(pair.messages(side)).toHaveLength(3);
      }
    }
  });

  it('a huge FORWARD TSN jump costs nothing, however often it comes', () => {
    const pair = Pair.connected({ interleaving: false });
    const init = pair.packets.a.find((bytes) => bytes[12] === CHUNK.Init)!;
    let tsn = new DataView(init.buffer).getUint32(12 + 16);
    const skipped = Array.from({ length: 200 }, (_, n) => ({
      stream: n,
      unordered: false,
      number: (n * 331) & 0xffff,
    }));
    for (let n = 0; n < 2000; n++) {
      tsn = (tsn + 2_000_000_000) >>> 0;
      const chunk = encodeForwardTsn({ type: 'forward-tsn', newCumulativeTsn: tsn, skipped });
      pair.b.handlePacket(packet(tagToB(pair), 0, [chunk]), pair.now);
    }
    pair.pump();
    const sack = pair.packets.b.findLast((bytes) => bytes[12] === CHUNK.Sack)!;
    expect(new DataView(sack.buffer).getUint32(16)).toBe(tsn);
    expect(pair.b.state).toBe('established');
  });

  it('SACKs do not answer SACKs', () => {
    const pair = Pair.connected();
    pair.a.write(1, 51, pattern(100), pair.now);
    pair.b.write(1, 51, pattern(100), pair.now);
    pair.pump();
    const before = pair.packets.a.length + pair.packets.b.length;
    pair.wait(20_000);
    expect(pair.packets.a.length + pair.packets.b.length - before).toBeLessThanOrEqual(2);
  });

  it('TSNs, SSNs and stream numbers wrap', () => {
    for (const interleaving of [true, false]) {
      // All random numbers are 0xff: the first TSN is 2^32 - 1.
      const pair = Pair.connected({ interleaving, random: (out) => out.fill(0xff) }, { delay: 1, loss: 0.02 }, 3);
      pair.keep = false;
      let sent = 0;
      const total = 70_000;
      let seen = 0;
      const done = pair.drive(() => {
        while (sent < total && pair.a.bufferedAmount(9) < 100_000) {
          pair.a.write(9, 51, Uint8Array.of(sent >> 16, sent >> 8, sent), pair.now);
          sent++;
        }
        for (const event of pair.events.b.splice(0)) {
          if (event.type !== 'message') continue;
          if (((event.data[0]! << 16) | (event.data[1]! << 8) | event.data[2]!) !== seen++) throw new Error(`${seen}`);
        }
        return seen === total;
      }, 600_000);
      expect(done).toBe(true);
    }
  });

  it('the slow start threshold begins high on both sides', () => {
    const pair = Pair.connected();
    expect(pair.a.stats().slowStartThreshold).toBe(0xffff_ffff);
    expect(pair.b.stats().slowStartThreshold).toBe(0xffff_ffff);
  });

  it('the first lost message does not wait a second', () => {
    for (const options of [{}, { interleaving: false }]) {
      const pair = Pair.connected(options, { delay: 5 });
      let dropped = false;
      pair.link.filter = (bytes, from) => {
        if (from !== 'a' || dropped || (bytes[12] !== CHUNK.Data && bytes[12] !== CHUNK.IData)) return true;
        dropped = true;
        return false;
      };
      const start = pair.now;
      pair.a.write(1, 51, pattern(100), pair.now);
      pair.drive(() => pair.messages('b').length === 1);
      expect(dropped).toBe(true);
      expect(pair.now - start).toBeLessThan(100);
    }
  });

  it('one big message does not block the other streams', () => {
    const pair = Pair.connected({}, { delay: 5, rate: 100 });
    pair.a.write(1, 53, pattern(200_000), pair.now);
    pair.wait(50);
    pair.a.write(2, 51, pattern(10), pair.now);
    pair.drive(() => pair.messages('b').length === 1);
    expect(pair.messages('b')[0]!.stream).toBe(2);
    pair.drive(() => pair.messages('b').length === 2);
  });

  it('reassembly has a memory cap', () => {
    // A peer that begins message after message and ends none: 1000 bytes each, first fragments only.
    const pair = Pair.connected({ interleaving: false }, {}, 1, {
      interleaving: false,
      receiveWindow: 100_000,
      maxReceiveMessageSize: 50_000,
    });
    const init = pair.packets.a.find((bytes) => bytes[12] === CHUNK.Init)!;
    const first = new DataView(init.buffer).getUint32(12 + 16);
    const tag = tagToB(pair);
    let taken = 0;
    for (let n = 0; n < 2000 && pair.b.state === 'established'; n++, taken += 1000) {
      const chunk = new Uint8Array(1016);
      const view = new DataView(chunk.buffer);
      chunk[1] = 6;
      view.setUint16(2, 1016);
      view.setUint32(4, (first + n) >>> 0);
      view.setUint16(8, n);
      pair.b.handlePacket(packet(tag, 0, [chunk]), pair.now);
    }
    pair.pump();
    expect(pair.of('b', 'failed')[0]!.error).toMatchObject({ code: 'SCTP_OUT_OF_RESOURCE', causeCode: 4 });
    expect(taken).toBeLessThan(2 * 100_000 + 50_000);
  });

  it('packets below DTLS carry no CRC-32C unless a side insists', () => {
    const checksums = (options: object): number[] => {
      const pair = Pair.connected();
      const own = Pair.connected({}, {}, 1, options);
      for (const each of [pair, own]) {
        each.packets.a.length = 0;
        each.a.write(1, 51, pattern(1000), each.now);
        each.pump();
      }
      return [pair, own].map(({ packets }) => new DataView(packets.a[0]!.buffer).getUint32(8));
    };
    const [agreed, insisted] = checksums({ zeroChecksum: false });
    expect(agreed).toBe(0);
    expect(insisted).not.toBe(0);
  });

  it('FORWARD TSN names each stream once, however much of it is given up, and is not sent per packet', () => {
    const pair = Pair.connected({}, { delay: 10 });
    pair.link = { delay: 10, filter: (_, from) => from !== 'a' };
    for (let n = 0; n < 300; n++) pair.a.write(n % 3, 51, pattern(1000), pair.now, { maxRetransmits: 0 });
    pair.wait(50);
    pair.packets.a.length = 0;
    pair.link = { delay: 10 };
    pair.wait(5000);
    for (let n = 0; n < 50; n++) pair.a.write(n % 3, 51, pattern(1000), pair.now);
    pair.drive(() => pair.messages('b').length >= 50);
    const forwards = pair.packets.a.filter((bytes) => bytes[12] === CHUNK.IForwardTsn);
    expect(forwards.length).toBeGreaterThan(0);
    expect(forwards.length).toBeLessThan(20);
    for (const bytes of forwards) expect(new DataView(bytes.buffer).getUint16(14)).toBeLessThanOrEqual(8 + 3 * 8);
    pair.wait(1000);
    expect(pair.a.stats().unackData).toBe(0);
  });

  it('the ABORT leaves after the end', () => {
    const pair = Pair.connected();
    pair.a.abort(pair.now, 'bye');
    expect(pair.a.state).toBe('closed');
    pair.pump();
    expect(pair.b.state).toBe('closed');
  });
});
