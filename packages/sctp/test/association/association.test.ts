import { describe, expect, it } from 'vitest';
import { encodeAbort } from '../../src/chunks/abort.ts';
import { CHUNK } from '../../src/chunks/chunk.ts';
import { encodeForwardTsn } from '../../src/chunks/forward-tsn.ts';
import { encodeHeartbeat } from '../../src/chunks/heartbeat.ts';
import { encodeReConfig, RESULT } from '../../src/chunks/re-config.ts';
import { encodeShutdownAck, encodeShutdownComplete } from '../../src/chunks/shutdown.ts';
import { type Association, SctpError } from '../../src/index.ts';
import { packet } from '../captures.ts';
import { Pair, pattern } from '../pair.ts';

/** Tag of packets to a side: the other side puts it into each of its packets. */
const tagTo = (pair: Pair, side: 'a' | 'b'): number => {
  const bytes = pair.packets[side === 'a' ? 'b' : 'a'].findLast((one) => one[12] !== CHUNK.Init)!;
  return new DataView(bytes.buffer).getUint32(4);
};
const chunksFrom = (pair: Pair, side: 'a' | 'b', type: number): Uint8Array[] =>
  pair.packets[side].filter((bytes) => bytes[12] === type);
/** A DATA chunk, or I-DATA with `fsn`. */
function data(tsn: number, stream: number, flags: number, payload: Uint8Array, ssn = 0): Uint8Array {
  const bytes = Buffer.alloc((16 + payload.length + 3) & ~3);
  bytes[1] = flags;
  bytes.writeUInt16BE(16 + payload.length, 2);
  bytes.writeUInt32BE(tsn >>> 0, 4);
  bytes.writeUInt16BE(stream, 8);
  bytes.writeUInt16BE(ssn, 10);
  bytes.writeUInt32BE(51, 12);
  Buffer.from(payload).copy(bytes, 16);
  return new Uint8Array(bytes);
}
/** The next TSN that a side expects, from the last SACK or its peer's INIT. */
const nextTsn = (pair: Pair, from: 'a' | 'b'): number => {
  const init = pair.packets[from].find((bytes) => bytes[12] === CHUNK.Init)!;
  return new DataView(init.buffer).getUint32(12 + 16);
};
const plain = { interleaving: false };

describe('wrong use', () => {
  const codeOf = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      expect(error).toBeInstanceOf(SctpError);
      return (error as SctpError).code;
    }
    return 'none';
  };

  it('throws at once', () => {
    const pair = Pair.connected({ maxMessageSize: 1000, outboundStreams: 10 });
    const { a, now } = pair;
    expect(codeOf(() => a.write(10, 51, pattern(1), now))).toBe('SCTP_BAD_STREAM');
    expect(codeOf(() => a.write(-1, 51, pattern(1), now))).toBe('SCTP_BAD_STREAM');
    expect(codeOf(() => a.write(1.5, 51, pattern(1), now))).toBe('SCTP_BAD_STREAM');
    expect(codeOf(() => a.write(1, 51, new Uint8Array(0), now))).toBe('SCTP_EMPTY_MESSAGE');
    expect(codeOf(() => a.write(1, 51, pattern(1001), now))).toBe('SCTP_MESSAGE_TOO_LARGE');
    expect(codeOf(() => a.write(1, 51, pattern(1), now, { maxRetransmits: -1 }))).toBe('SCTP_BAD_ARGUMENT');
    expect(codeOf(() => a.write(1, 51, pattern(1), now, { maxPacketLifeTime: Number.NaN }))).toBe('SCTP_BAD_ARGUMENT');
    expect(codeOf(() => a.setPriority(1, 0))).toBe('SCTP_BAD_ARGUMENT');
    expect(codeOf(() => a.setBufferedAmountLowThreshold(1, -1))).toBe('SCTP_BAD_ARGUMENT');
    expect(codeOf(() => a.resetStreams([1, 10], now))).toBe('SCTP_BAD_STREAM');
    pair.link.loss = 1;
    a.write(1, 51, pattern(100), now);
    a.shutdown(now);
    expect(codeOf(() => a.write(1, 51, pattern(1), now))).toBe('SCTP_CLOSING');
    a.abort(now);
    expect(a.write(1, 51, pattern(1), now)).toBe(false);
    expect(a.state).toBe('closed');
  });
});

describe('packets that do not belong', () => {
  it('with a forged tag are dropped, an ABORT too', () => {
    const pair = Pair.connected();
    const before = pair.a.stats().droppedPackets;
    for (const chunk of [encodeAbort({ reflected: false, causes: [] }), encodeAbort({ reflected: true, causes: [] })]) {
      pair.a.handlePacket(packet(0x12345678, 0, [chunk]), pair.now);
    }
    pair.a.handlePacket(packet(tagTo(pair, 'b'), 0, [encodeShutdownComplete(false)]), pair.now);
    expect(pair.a.state).toBe('established');
    expect(pair.a.stats().droppedPackets).toBe(before + 3);
  });

  it('an ABORT with our own tag turned around is believed', () => {
    const pair = Pair.connected();
    pair.a.handlePacket(packet(tagTo(pair, 'b'), 0, [encodeAbort({ reflected: true, causes: [] })]), pair.now);
    pair.pump();
    expect(pair.of('a', 'failed')[0]!.error.code).toBe('SCTP_PEER_ABORTED');
  });

  it('out of the blue are answered as RFC 9260 §8.4 says', () => {
    const answer = (chunk: Uint8Array): number[] => {
      const pair = new Pair();
      pair.a.handlePacket(packet(7, 0, [chunk]), pair.now);
      pair.pump();
      return pair.packets.a.map((bytes) => bytes[12]! * 1000 + bytes[13]! * 100 + bytes[7]!);
    };
    expect(answer(data(1, 1, 3, pattern(4)))).toEqual([CHUNK.Abort * 1000 + 107]);
    expect(answer(encodeShutdownAck())).toEqual([CHUNK.ShutdownComplete * 1000 + 107]);
    expect(answer(encodeAbort({ reflected: false, causes: [] }))).toEqual([]);
    expect(answer(encodeShutdownComplete(false))).toEqual([]);
  });

  it('with other ports, a wrong checksum, or cut short are dropped', () => {
    const pair = Pair.connected({ zeroChecksum: false, ...plain });
    const good = packet(tagTo(pair, 'a'), 0, [data(nextTsn(pair, 'b'), 1, 3, pattern(4))]);
    const port = good.slice();
    port[0] = 1;
    for (const bytes of [good, port, good.subarray(0, 14), new Uint8Array(0)])
      pair.a.handlePacket(bytes.slice(), pair.now);
    pair.pump();
    expect(pair.a.stats().droppedPackets).toBe(4);
    expect(pair.messages('a')).toHaveLength(0);
  });

  it('a flood of garbage costs no memory and ends nothing', () => {
    const pair = Pair.connected(plain);
    const tag = tagTo(pair, 'a');
    for (let n = 0; n < 5000; n++) {
      const chunk = pattern(4 + (n % 100), n);
      // Types above 14 and below 64 stop the packet; from 64 on they ask for an ERROR.
      chunk[0] = 65 + (n % 60);
      new DataView(chunk.buffer).setUint16(2, chunk.length);
      pair.a.handlePacket(packet(tag, 0, [chunk]), pair.now);
    }
    pair.pump();
    expect(pair.packets.a.length).toBeLessThan(80);
    expect(pair.a.state).toBe('established');
  });
});

describe('unknown chunks', () => {
  it('are skipped or end the packet, reported or not, by the two highest bits of their type', () => {
    for (const [type, goesOn, reports] of [
      [0x3f, false, false],
      [0x7f, false, true],
      [0xbf, true, false],
      [0xff, true, true],
    ] as const) {
      const pair = Pair.connected(plain);
      const unknown = Uint8Array.of(type, 0, 0, 6, 1, 2, 0, 0);
      pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, [unknown, data(nextTsn(pair, 'b'), 1, 3, pattern(4))]), pair.now);
      pair.pump();
      expect([type, pair.messages('a').length === 1]).toEqual([type, goesOn]);
      expect([type, chunksFrom(pair, 'a', CHUNK.Error).length === 1]).toEqual([type, reports]);
    }
  });
});

describe('DATA that breaks the rules', () => {
  const endsWith = (chunk: (pair: Pair) => Uint8Array, options: object = plain): SctpError | undefined => {
    const pair = Pair.connected(options);
    pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, [chunk(pair)]), pair.now);
    pair.pump();
    return pair.of('a', 'failed')[0]?.error as SctpError | undefined;
  };

  it('without user data aborts with cause 9', () => {
    expect(endsWith((pair) => data(nextTsn(pair, 'b'), 1, 3, new Uint8Array(0)))).toMatchObject({ causeCode: 9 });
  });

  it('of the kind that was not agreed on aborts with cause 13', () => {
    expect(endsWith((pair) => data(nextTsn(pair, 'b'), 1, 3, pattern(9)), {})).toMatchObject({ causeCode: 13 });
    expect(
      endsWith(() => encodeForwardTsn({ type: 'forward-tsn', newCumulativeTsn: 1, skipped: [] }), {}),
    ).toMatchObject({ causeCode: 13 });
  });

  it('on a stream that does not exist is told so in an ERROR, and acknowledged', () => {
    const pair = Pair.connected({ ...plain, inboundStreams: 4 });
    const tsn = nextTsn(pair, 'b');
    pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, [data(tsn, 9, 3, pattern(4))]), pair.now);
    pair.pump();
    const error = chunksFrom(pair, 'a', CHUNK.Error)[0]!;
    expect([...error.subarray(16, 24)]).toEqual([0, 1, 0, 8, 0, 9, 0, 0]);
    expect(new DataView(error.buffer).getUint32(12 + 12 + 4)).toBe(tsn);
  });
});

describe('maxReceiveMessageSize', () => {
  for (const interleaving of [true, false]) {
    it(`ends the association on a message above it, in one piece or many, interleaving ${interleaving}`, () => {
      for (const [limit, size] of [
        [500, 600],
        [5000, 6000],
      ] as const) {
        const pair = Pair.connected({ interleaving }, {}, 1, { interleaving, maxReceiveMessageSize: limit });
        pair.a.write(1, 51, pattern(limit), pair.now);
        pair.drive(() => pair.messages('b').length === 1);
        pair.a.write(1, 51, pattern(size), pair.now);
        pair.drive(() => pair.of('a', 'failed').length === 1);
        expect(pair.of('b', 'failed')[0]!.error).toMatchObject({ code: 'SCTP_PROTOCOL_VIOLATION', causeCode: 13 });
        expect(pair.of('a', 'failed')[0]!.error).toMatchObject({ code: 'SCTP_PEER_ABORTED', causeCode: 13 });
      }
    });
  }
});

describe('SACKs', () => {
  const sacks = (pair: Pair, side: 'a' | 'b'): number => chunksFrom(pair, side, CHUNK.Sack).length;

  it('one answers many packets that came before the pump', () => {
    const pair = Pair.connected();
    pair.a.write(1, 51, pattern(9000), pair.now);
    pair.pump();
    expect(pair.messages('b')).toHaveLength(1);
    expect(sacks(pair, 'b')).toBe(1);
  });

  it('wait for the delay when a lone packet does not ask for one', () => {
    const pair = Pair.connected({ ...plain, sackDelay: 150 });
    let tsn = nextTsn(pair, 'b');
    const give = (): void => {
      pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, [data(tsn++, 1, 7, pattern(4))]), pair.now);
      pair.pump();
    };
    // The first one is answered at once.
    give();
    expect(sacks(pair, 'a')).toBe(1);
    give();
    expect(sacks(pair, 'a')).toBe(1);
    expect(pair.a.pollTimeout()).toBe(pair.now + 150);
    pair.wait(149);
    expect(sacks(pair, 'a')).toBe(1);
    pair.wait(1);
    expect(sacks(pair, 'a')).toBe(2);
    give();
    give();
    expect(sacks(pair, 'a')).toBe(3);
  });

  it('leave at once for a gap, a duplicate and the I bit, and report gap and duplicate', () => {
    const pair = Pair.connected(plain);
    const tsn = nextTsn(pair, 'b');
    const give = (number: number, flags = 7): DataView => {
      pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, [data(number, 1, flags, pattern(4))]), pair.now);
      pair.pump();
      return new DataView(chunksFrom(pair, 'a', CHUNK.Sack).at(-1)!.buffer, 12);
    };
    give(tsn);
    const gap = give(tsn + 2);
    expect([gap.getUint32(4), gap.getUint16(12), gap.getUint16(16), gap.getUint16(18)]).toEqual([tsn, 1, 2, 2]);
    const duplicate = give(tsn + 2);
    expect([duplicate.getUint16(14), duplicate.getUint32(20)]).toEqual([1, tsn + 2]);
    give(tsn + 1);
    const before = sacks(pair, 'a');
    give(tsn + 3, 15);
    expect(sacks(pair, 'a')).toBe(before + 1);
  });

  it('ride along with DATA', () => {
    const pair = Pair.connected();
    pair.a.write(1, 51, pattern(5), pair.now);
    pair.drive(() => pair.messages('b').length === 1);
    pair.packets.a.length = 0;
    pair.b.write(1, 51, pattern(5), pair.now);
    pair.a.write(1, 51, pattern(5), pair.now);
    pair.pump();
    const kinds = pair.packets.b.at(-1)!;
    expect(kinds[12]).toBe(CHUNK.Sack);
  });
});

describe('heartbeats', () => {
  it('are sent when idle, measured and answered', () => {
    const pair = Pair.connected({ heartbeatInterval: 5000 }, { delay: 30 });
    const before = pair.a.stats().roundTripTimeMeasurements;
    pair.wait(5100);
    expect(pair.a.stats().heartbeatsSent).toBe(1);
    expect(pair.a.stats().roundTripTimeMeasurements).toBe(before + 1);
    expect(pair.a.stats().latestRoundTripTime).toBe(60);
  });

  it('find out that the peer vanished', () => {
    const pair = Pair.connected({ heartbeatInterval: 5000, maxRetransmissions: 3, rto: { max: 1000 } });
    pair.link.loss = 1;
    expect(pair.drive(() => pair.of('a', 'failed').length === 1, 60_000)).toBe(true);
    expect(pair.of('a', 'failed')[0]!.error.code).toBe('SCTP_PEER_UNREACHABLE');
    expect(pair.now).toBeLessThan(1000 + 15_000);
  });

  it('with an answer that was made up change nothing', () => {
    const pair = Pair.connected({ heartbeatInterval: 5000 });
    const before = pair.a.stats().roundTripTimeMeasurements;
    pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, [encodeHeartbeat('heartbeat-ack', pattern(8))]), pair.now);
    expect(pair.a.stats().roundTripTimeMeasurements).toBe(before);
  });
});

describe('stream resets', () => {
  const responses = (pair: Pair): number[] =>
    chunksFrom(pair, 'a', CHUNK.ReConfig).map((bytes) => new DataView(bytes.buffer).getUint32(12 + 12));

  function request(pair: Pair, number: number, lastTsn: number, streams: number[]): void {
    const chunk = encodeReConfig([
      { type: 'outgoing-reset', request: number >>> 0, response: 0, lastTsn: lastTsn >>> 0, streams },
    ]);
    pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, [chunk]), pair.now);
    pair.pump();
  }

  it('wait for data on its way, then are carried out once', () => {
    const pair = Pair.connected(plain);
    const tsn = nextTsn(pair, 'b');
    request(pair, tsn, tsn, [5]);
    expect(responses(pair)).toEqual([RESULT.InProgress]);
    request(pair, tsn, tsn, [5]);
    expect(responses(pair)).toEqual([RESULT.InProgress, RESULT.InProgress]);
    expect(pair.of('a', 'incoming-reset')).toHaveLength(0);
    pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, [data(tsn, 5, 3, pattern(4))]), pair.now);
    pair.pump();
    expect(pair.events.a.slice(1).map((event) => event.type)).toEqual(['message', 'incoming-reset']);
    // The peer asks again, under the same number or the next one: the same answer, no second event.
    request(pair, tsn, tsn, [5]);
    request(pair, tsn + 1, tsn, [5]);
    expect(responses(pair).slice(2)).toEqual([RESULT.Performed, RESULT.Performed, RESULT.Performed]);
    expect(pair.of('a', 'incoming-reset')).toEqual([{ type: 'incoming-reset', streams: [5] }]);
  });

  it('with a number out of order, for streams that do not exist, or of other kinds are refused', () => {
    const pair = Pair.connected({ ...plain, inboundStreams: 10 });
    const tsn = nextTsn(pair, 'b');
    request(pair, tsn + 5, tsn - 1, [1]);
    request(pair, tsn, tsn - 1, [10]);
    expect(responses(pair)).toEqual([RESULT.BadSequenceNumber, RESULT.WrongSsn]);
    for (const [n, type] of (['add-outgoing', 'add-incoming'] as const).entries()) {
      const chunk = encodeReConfig([{ type, request: (tsn + 1 + n) >>> 0, count: 5 }]);
      pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, [chunk]), pair.now);
    }
    const tsnReset = encodeReConfig([{ type: 'tsn-reset', request: (tsn + 3) >>> 0 }]);
    pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, [tsnReset]), pair.now);
    pair.pump();
    expect(pair.of('a', 'incoming-reset')).toHaveLength(0);
    expect(pair.a.state).toBe('established');
  });

  it('of all streams reset those that were used', () => {
    const pair = Pair.connected(plain);
    const tsn = nextTsn(pair, 'b');
    const both = [data(tsn, 5, 3, pattern(4)), data(tsn + 1, 9, 3, pattern(4))];
    pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, both), pair.now);
    request(pair, tsn, tsn + 1, []);
    expect(pair.of('a', 'incoming-reset')).toEqual([{ type: 'incoming-reset', streams: [5, 9] }]);
  });

  it('that the peer asks of us are done', () => {
    const pair = Pair.connected(plain);
    const chunk = encodeReConfig([{ type: 'incoming-reset', request: nextTsn(pair, 'b'), streams: [3] }]);
    pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, [chunk]), pair.now);
    pair.drive(() => pair.of('b', 'incoming-reset').length === 1);
    expect(pair.of('a', 'outgoing-reset')).toEqual([{ type: 'outgoing-reset', streams: [3] }]);
  });

  it('are sent again until answered, and hold what is written meanwhile', () => {
    let block = true;
    const filter = (bytes: Uint8Array): boolean => !(block && bytes[12] === CHUNK.ReConfig);
    const pair = Pair.connected({}, { filter });
    pair.a.resetStreams([1, 2], pair.now);
    pair.a.resetStreams([2], pair.now);
    pair.a.write(1, 51, pattern(7), pair.now);
    pair.wait(1000);
    expect(chunksFrom(pair, 'a', CHUNK.ReConfig).length).toBeGreaterThan(2);
    expect(pair.a.bufferedAmount(1)).toBe(7);
    block = false;
    pair.drive(() => pair.messages('b').length === 1);
    expect(pair.of('b', 'incoming-reset')).toEqual([{ type: 'incoming-reset', streams: [1, 2] }]);
    expect(pair.events.b.at(-1)).toMatchObject({ type: 'message', stream: 1 });
  });

  it('fail when the peer does not have them, or refuses', () => {
    const pair = Pair.connected(plain);
    pair.link.filter = (bytes, from): boolean => {
      if (from === 'a' && bytes[12] === CHUNK.ReConfig) {
        const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(12 + 8);
        const answer = encodeReConfig([{ type: 'response', response: number, result: RESULT.Denied }]);
        pair.a.handlePacket(packet(tagTo(pair, 'a'), 0, [answer]), pair.now);
        return false;
      }
      return true;
    };
    pair.a.resetStreams([4], pair.now);
    pair.drive(() => pair.of('a', 'reset-failed').length === 1, 1000);
    expect(pair.of('a', 'reset-failed')).toEqual([{ type: 'reset-failed', streams: [4] }]);
    pair.a.write(4, 51, pattern(3), pair.now);
    pair.drive(() => pair.messages('b').length === 1);
  });
});

describe('ending', () => {
  it('by both sides at once is in order', () => {
    const pair = Pair.connected({}, { delay: 10 });
    pair.a.write(1, 51, pattern(5000), pair.now);
    pair.b.write(1, 51, pattern(5000), pair.now);
    pair.a.shutdown(pair.now);
    pair.b.shutdown(pair.now);
    pair.drive(() => pair.a.state === 'closed' && pair.b.state === 'closed');
    for (const side of ['a', 'b'] as const) {
      expect(pair.messages(side)).toHaveLength(1);
      expect(pair.events[side].at(-1)).toEqual({ type: 'closed' });
    }
  });

  it('survives loss of every kind of its chunks', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const pair = Pair.connected({}, { delay: 5 }, seed);
      pair.link.loss = 0.25;
      pair.a.write(1, 51, pattern(20_000), pair.now);
      pair.a.shutdown(pair.now);
      const over = pair.drive(() => pair.a.state === 'closed' && pair.messages('b').length === 1, 600_000);
      expect({ over, seed, b: pair.events.b, a: pair.events.a, s: pair.a.state }).toMatchObject({ over: true, seed });
    }
  });

  it('before the handshake is through is immediate', () => {
    const pair = new Pair();
    pair.a.connect(pair.now);
    pair.a.shutdown(pair.now);
    expect(pair.a.pollEvent()).toEqual({ type: 'closed' });
    expect(pair.a.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    pair.a.connect(pair.now);
    expect(pair.a.state).toBe('closed');
  });

  it('tells the reason in an ABORT, whatever its length', () => {
    const pair = Pair.connected();
    pair.a.abort(pair.now, 'x'.repeat(5000));
    pair.pump();
    expect(pair.of('b', 'failed')[0]!.error.message).toContain('xxx');
  });
});

describe('stats()', () => {
  it('counts', () => {
    const pair = Pair.connected({}, { delay: 5 });
    pair.a.write(1, 51, pattern(1000), pair.now);
    pair.pump();
    expect(pair.a.stats()).toMatchObject({ unackData: 1, bytesInFlight: 1020, messagesSent: 1, mtu: 1160 });
    pair.drive(() => pair.a.stats().unackData === 0);
    expect(pair.b.stats()).toMatchObject({ messagesReceived: 1 });
    const total = (side: 'a' | 'b'): number => pair.packets[side].reduce((sum, bytes) => sum + bytes.length, 0);
    const expectTraffic = (core: Association, out: 'a' | 'b', inward: 'a' | 'b'): void => {
      expect(core.stats()).toMatchObject({
        bytesSent: total(out),
        packetsSent: pair.packets[out].length,
        bytesReceived: total(inward),
      });
    };
    expectTraffic(pair.a, 'a', 'b');
    expectTraffic(pair.b, 'b', 'a');
  });
});
