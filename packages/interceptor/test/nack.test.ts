import { EXTENSION_URI, type RtpPacket } from '@kaon/rtp';
import { seededRandom } from '@kaon/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type NackResponderOptions,
  NackSchedule,
  nackGenerator,
  nackResponder,
  ReceiveLog,
  RetransmissionBuffer,
} from '../src/index.ts';
import { all, audio, packet, range, video } from './helpers.ts';

const bad = expect.objectContaining({ code: 'INTERCEPTOR_BAD_OPTION' });

describe('ReceiveLog', () => {
  it('knows what is missing, over the wrap', () => {
    const log = new ReceiveLog(64);
    expect([65_533, 65_535, 2].map((each) => log.add(each))).toEqual(['new', 'new', 'new']);
    expect(log.missing).toBe(3);
    expect([log.oldest, log.nextMissing(65_535), log.nextMissing(1), log.nextMissing(2)]).toEqual([65_534, 0, 1, -1]);
    expect(log.add(0)).toBe('recovered');
    expect(log.add(0)).toBe('duplicate');
    expect([0, 1, 3].map((each) => log.isMissing(each))).toEqual([false, true, false]);
    log.giveUp(1);
    expect(log.missing).toBe(1);
    expect(log.add(65_000)).toBe('old');
  });

  it('begins anew after a jump, and after two packets far behind', () => {
    const log = new ReceiveLog(64);
    log.add(1000);
    log.add(1002);
    expect(log.add(1002 + 64)).toBe('restart');
    expect(log.missing).toBe(0);
    expect(log.add(10)).toBe('old');
    expect(log.add(11)).toBe('restart');
    expect(log.highest).toBe(11);
  });

  it('counts as missing exactly what a set would', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_535 }), fc.array(fc.integer({ min: 0, max: 200 })), (first, steps) => {
        const log = new ReceiveLog(256);
        log.add(first);
        const seen = new Set([0]);
        for (const step of steps) {
          log.add((first + step) & 0xffff);
          seen.add(step);
        }
        const expected = range(0, Math.max(...seen)).filter((each) => !seen.has(each));
        const found: number[] = [];
        for (let at = log.oldest; at >= 0; at = log.nextMissing((at + 1) & 0xffff)) found.push((at - first) & 0xffff);
        expect(found).toEqual(expected);
        expect(log.missing).toBe(expected.length);
      }),
    );
  });

  it('refuses windows that are no power of two', () => {
    for (const size of [0, 63, 100, 65_536]) expect(() => new ReceiveLog(size)).toThrow(RangeError);
  });
});

describe('NackSchedule', () => {
  const due = (schedule: NackSchedule, now: number, trip = 50): number[] => {
    const out: number[] = [];
    schedule.due(now, trip, out);
    return out;
  };

  it('asks after the tolerance, then once in each round trip, up to maxTries', () => {
    const schedule = new NackSchedule({ reorderTolerance: 15, maxTries: 3 });
    schedule.receive(1, 0);
    schedule.receive(3, 0);
    expect(schedule.next).toBe(15);
    expect(due(schedule, 14)).toEqual([]);
    expect(due(schedule, 15)).toEqual([2]);
    expect(schedule.next).toBe(65);
    expect(due(schedule, 64)).toEqual([]);
    expect([due(schedule, 65), due(schedule, 115), due(schedule, 165)]).toEqual([[2], [2], []]);
    expect(schedule.givenUp).toBe(1);
    expect(schedule.next).toBe(Number.POSITIVE_INFINITY);
  });

  it('asks at most every 20 ms, however short the round trip', () => {
    const schedule = new NackSchedule({ reorderTolerance: 0 });
    schedule.receive(1, 0);
    schedule.receive(3, 0);
    due(schedule, 0, 1);
    expect(schedule.next).toBe(20);
  });

  it('does not ask for what came in the meantime', () => {
    const schedule = new NackSchedule();
    schedule.receive(1, 0);
    schedule.receive(4, 0);
    schedule.receive(2, 5);
    expect(due(schedule, 10)).toEqual([3]);
  });

  it('gives all up when more than maxMissing are missing', () => {
    const schedule = new NackSchedule({ maxMissing: 20 });
    schedule.receive(1, 0);
    schedule.receive(23, 0);
    expect(schedule.takeOverflow()).toBe(true);
    expect(schedule.takeOverflow()).toBe(false);
    expect(due(schedule, 100)).toEqual([]);
    expect(schedule.givenUp).toBe(21);
  });

  it('a window bounds how far back is asked', () => {
    const schedule = new NackSchedule({ window: 64, reorderTolerance: 0 });
    schedule.receive(1, 0);
    for (const each of range(3, 80)) schedule.receive(each, 0);
    expect(due(schedule, 10)).toEqual([]);
  });
});

describe('nackGenerator', () => {
  it('asks for streams with nack feedback only, in the name of our first stream', () => {
    const stage = nackGenerator({ ssrc: 5 });
    stage.bindRemoteStream!(video(), 0);
    stage.bindRemoteStream!(audio(), 0);
    for (const each of [1, 3]) {
      stage.handleIncomingRtp!(packet(each), 0, 0);
      stage.handleIncomingRtp!(packet(each, { ssrc: 0x1111 }), 0, 0);
    }
    stage.handleTimeout!(10);
    expect(all(() => stage.pollOutgoingRtcp!(10))).toEqual([
      { type: 'nack', senderSsrc: 5, mediaSsrc: 0x2222, lost: [2] },
    ]);
    stage.bindLocalStream!(audio({ ssrc: 77 }), 0);
    stage.handleTimeout!(110);
    expect(stage.pollOutgoingRtcp!(110)).toMatchObject({ senderSsrc: 77 });
    stage.bindRemoteStream!(video({ feedback: [] }), 0);
    expect(stage.pollTimeout!()).toBe(Number.POSITIVE_INFINITY);
  });

  it('roundTripTime paces it', () => {
    const stage = nackGenerator({ roundTripTime: () => 333, reorderTolerance: 0 });
    stage.bindRemoteStream!(video(), 0);
    stage.handleIncomingRtp!(packet(1), 0, 0);
    stage.handleIncomingRtp!(packet(3), 0, 0);
    stage.handleTimeout!(0);
    expect(stage.pollTimeout!()).toBe(333);
  });

  it('needs a key frame after a long gap in video, not in audio', () => {
    const needed: number[] = [];
    const stage = nackGenerator({ needKeyFrame: (ssrc) => needed.push(ssrc) });
    stage.bindRemoteStream!(video(), 0);
    stage.bindRemoteStream!(audio({ feedback: [{ type: 'nack' }] }), 0);
    for (const each of [1, 5000]) {
      stage.handleIncomingRtp!(packet(each), 0, 0);
      stage.handleIncomingRtp!(packet(each, { ssrc: 0x1111 }), 0, 0);
    }
    expect(needed).toEqual([0x2222]);
  });

  it('drops what comes twice', () => {
    const stage = nackGenerator();
    stage.bindRemoteStream!(video(), 0);
    expect([1, 1].map((each) => stage.handleIncomingRtp!(packet(each), 0, 0))).toEqual([true, false]);
    expect(stage.counters.duplicates).toBe(1);
  });

  it('refuses options that are not what they should be', () => {
    for (const options of [{ window: 100 }, { maxTries: 0 }, { maxMissing: 1.5 }, { reorderTolerance: -1 }])
      expect(() => nackGenerator(options)).toThrow(bad);
  });
});

describe('RetransmissionBuffer', () => {
  const bytes = (size: number, fill: number): Uint8Array => new Uint8Array(size).fill(fill);

  it('keeps copies, which are forgotten by number and by age', () => {
    const buffer = new RetransmissionBuffer({ maxPackets: 4, maxAge: 100 });
    const first = bytes(20, 1);
    buffer.add(1, first, 0);
    first.fill(9);
    expect(buffer.get(1, 50)?.bytes).toEqual(bytes(20, 1));
    expect(buffer.get(1, 101)).toBeUndefined();
    for (const each of [2, 3, 4, 5]) buffer.add(each, bytes(20, each), 50);
    expect([1, 2, 5].map((each) => buffer.get(each, 60)?.bytes[0])).toEqual([undefined, 2, 5]);
    expect(buffer.get(2 + 4, 60)).toBeUndefined();
    buffer.markResent(5, 70);
    expect(buffer.get(5, 70)?.resentAt).toBe(70);
  });

  it('maxBytes bounds its memory; the oldest make room', () => {
    const buffer = new RetransmissionBuffer({ maxBytes: 50_000 });
    for (const each of range(0, 500)) buffer.add(each, bytes(1000, each & 0xff), 0);
    expect(buffer.capacity).toBe(50_000);
    expect(buffer.count).toBe(50);
    expect(buffer.get(449, 0)).toBeUndefined();
    for (const each of range(450, 50)) expect(buffer.get(each, 0)!.bytes).toEqual(bytes(1000, each & 0xff));
    buffer.add(600, bytes(60_000, 1), 0);
    expect(buffer.get(600, 0)).toBeUndefined();
  });

  it('gives back what was put in, whatever sizes and gaps', () => {
    const step = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 12, max: 3000 }));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_535 }), fc.array(step, { maxLength: 200 }), (first, steps) => {
        const buffer = new RetransmissionBuffer({ maxPackets: 64, maxBytes: 40_000 });
        const sizes = new Map<number, number>();
        let sequence = first;
        for (const [gap, size] of steps) {
          sequence = (sequence + gap) & 0xffff;
          buffer.add(sequence, bytes(size, sequence & 0xff), 0);
          sizes.set(sequence, size);
        }
        let found = 0;
        for (const [each, size] of sizes) {
          const kept = buffer.get(each, 0);
          if (kept === undefined) continue;
          found++;
          expect(kept.bytes).toEqual(bytes(size, each & 0xff));
        }
        expect(found).toBe(buffer.count);
        expect(found).toBeLessThanOrEqual(64);
        if (steps.length > 0) expect(buffer.get(sequence, 0)).toBeDefined();
      }),
    );
  });
});

describe('nackResponder', () => {
  const make = (options: Partial<NackResponderOptions> = {}, info = video()): ReturnType<typeof nackResponder> => {
    const stage = nackResponder({ random: seededRandom(1), ...options });
    stage.bindLocalStream!(info, 0);
    return stage;
  };
  const ask = (stage: ReturnType<typeof nackResponder>, lost: number[], now: number): RtpPacket[] => {
    stage.handleIncomingRtcp!([{ type: 'nack', senderSsrc: 1, mediaSsrc: 0x2222, lost } as never], now);
    return all(() => stage.pollOutgoingRtp!(now)) as RtpPacket[];
  };

  it('sends in the retransmission stream, with numbers of its own (RFC 4588 §4)', () => {
    const stage = make();
    for (const each of [10, 11]) stage.handleOutgoingRtp!(packet(each, { marker: each === 11 }), 0);
    const [a, b] = ask(stage, [10, 11], 5);
    expect([a, b].map((each) => [each!.ssrc, each!.payloadType, each!.marker])).toEqual([
      [0x3333, 97, false],
      [0x3333, 97, true],
    ]);
    expect(b!.sequenceNumber).toBe((a!.sequenceNumber + 1) & 0xffff);
    expect([...a!.payload.subarray(0, 3)]).toEqual([0, 10, 10]);
    expect(a!.timestamp).toBe(30_000);
  });

  it('begins at a random number', () => {
    const first = (seed: number): number => {
      const stage = make({ random: seededRandom(seed) });
      stage.handleOutgoingRtp!(packet(1), 0);
      return ask(stage, [1], 1)[0]!.sequenceNumber;
    };
    expect(new Set(range(1, 10).map(first)).size).toBeGreaterThan(5);
  });

  it('gives the rid by the header extension of repaired streams (RFC 8852)', () => {
    const stage = make();
    const extensions = [
      { id: 1, data: Uint8Array.of(0x31) },
      { id: 2, data: Uint8Array.of(0x68) },
    ];
    stage.handleOutgoingRtp!(packet(1, { extensions }), 0);
    stage.handleOutgoingRtp!(packet(2, { extensions: [...extensions, { id: 20, data: new Uint8Array(20) }] }), 0);
    for (const each of ask(stage, [1, 2], 1)) {
      expect(each.extension(2)).toBeUndefined();
      expect(each.extension(3)).toEqual(Uint8Array.of(0x68));
      expect(each.extension(1)).toEqual(Uint8Array.of(0x31));
    }
    expect(EXTENSION_URI.rid).toContain('rtp-stream-id');
  });

  it('sends again as it was where no RTX was agreed on', () => {
    const stage = make({}, video({ rtxSsrc: undefined }));
    stage.handleOutgoingRtp!(packet(10), 0);
    const again = ask(stage, [10], 1)[0]!;
    expect(again.bytes).toEqual(packet(10).bytes);
    expect([again, packet(10)].map((each) => stage.isRepeat(each))).toEqual([true, false]);
  });

  it('setRepeats: where nothing may go out twice, only what has RTX is sent again', () => {
    const plain = make({}, video({ rtxSsrc: undefined }));
    plain.setRepeats(false);
    plain.handleOutgoingRtp!(packet(10), 0);
    expect(ask(plain, [10], 1)).toEqual([]);
    expect(plain.counters).toMatchObject({ requested: 1, resent: 0, unrepeatable: 1 });
    plain.setRepeats(true);
    expect(ask(plain, [10], 2)).toHaveLength(1);
    const rtx = make();
    rtx.setRepeats(false);
    rtx.handleOutgoingRtp!(packet(10), 0);
    const [again] = ask(rtx, [10], 1);
    expect(rtx.isRepeat(again!)).toBe(false);
    expect(again!.ssrc).toBe(0x3333);
  });

  it('drops what waits of a stream that ends, and nothing of others', () => {
    const stage = make();
    stage.bindLocalStream!(video({ ssrc: 0x5555, rtxSsrc: undefined }), 0);
    for (const ssrc of [0x2222, 0x5555]) {
      stage.handleOutgoingRtp!(packet(10, { ssrc }), 0);
      stage.handleIncomingRtcp!([{ type: 'nack', senderSsrc: 1, mediaSsrc: ssrc, lost: [10] } as never], 1);
    }
    stage.unbindLocalStream!(0x2222, 2);
    expect(all(() => stage.pollOutgoingRtp!(2)).map(({ ssrc }) => ssrc)).toEqual([0x5555]);
  });

  it('takes media out of RED where RED has no retransmissions of its own', () => {
    const fec = { scheme: 'ulpfec', payloadType: 98, redPayloadType: 99 } as const;
    const red = { payloadType: 99, mimeType: 'video/red', clockRate: 90_000 };
    const wrapped = (inner: number): RtpPacket =>
      packet(10, { payloadType: 99, payload: Uint8Array.of(inner, 1, 2, 3) });
    const stage = make({}, video({ fec, payloads: [...video().payloads, red] }));
    stage.setRepeats(false);
    stage.handleOutgoingRtp!(wrapped(96), 0);
    const [again] = ask(stage, [10], 1);
    expect([again!.payloadType, ...again!.payload]).toEqual([97, 0, 10, 1, 2, 3]);
    // Repair itself, and what is no RED, goes out as it was or not at all.
    for (const payload of [Uint8Array.of(98, 1), Uint8Array.of(0xff, 1)]) {
      const other = make({}, video({ fec, payloads: [...video().payloads, red] }));
      other.setRepeats(false);
      other.handleOutgoingRtp!(packet(10, { payloadType: 99, payload }), 0);
      expect(ask(other, [10], 1)).toEqual([]);
      expect(other.counters.unrepeatable).toBe(1);
    }
    const own = make({}, video({ fec, payloads: [...video().payloads, { ...red, rtxPayloadType: 100 }] }));
    own.handleOutgoingRtp!(wrapped(96), 0);
    const [whole] = ask(own, [10], 1);
    expect([whole!.payloadType, ...whole!.payload]).toEqual([100, 0, 10, 96, 1, 2, 3]);
  });

  it('numbers of the retransmission stream go on when the stream was unbound in between, as by a hold', () => {
    const stage = make();
    stage.handleOutgoingRtp!(packet(10), 0);
    const [before] = ask(stage, [10], 1);
    stage.unbindLocalStream!(0x2222, 2);
    stage.bindLocalStream!(video(), 3);
    stage.handleOutgoingRtp!(packet(11), 4);
    expect(ask(stage, [11], 5)[0]!.sequenceNumber).toBe((before!.sequenceNumber + 1) & 0xffff);
  });

  it('maxAge, maxPackets and maxBytes bound what is kept', () => {
    const aged = make({ maxAge: 100 });
    aged.handleOutgoingRtp!(packet(1), 0);
    expect(ask(aged, [1], 101)).toEqual([]);
    expect(aged.counters.unknown).toBe(1);
    const few = make({ maxPackets: 2 });
    for (const each of [1, 2, 3]) few.handleOutgoingRtp!(packet(each), 0);
    expect(ask(few, [1, 2, 3], 1)).toHaveLength(2);
    const small = make({ maxBytes: 16_384 });
    for (const each of range(0, 200)) small.handleOutgoingRtp!(packet(each), 0);
    expect(ask(small, range(0, 200), 1)).toHaveLength(Math.floor(16_384 / 112));
  });

  it('maxBitrate bounds it, a quarter of a second at once', () => {
    const stage = make({ maxBitrate: 8 * 4 * 1120 });
    for (const each of range(0, 40)) stage.handleOutgoingRtp!(packet(each), 0);
    expect(ask(stage, range(0, 40), 1)).toHaveLength(10);
    expect(stage.counters.overBitrate).toBe(30);
    expect(ask(stage, range(20, 20), 126)).toHaveLength(5);
  });

  it('nothing is sent twice within roundTripTime', () => {
    const stage = make({ roundTripTime: () => 200 });
    stage.handleOutgoingRtp!(packet(1), 0);
    expect([1, 200, 201].map((now) => ask(stage, [1], now).length)).toEqual([1, 0, 1]);
    expect(stage.counters.tooSoon).toBe(1);
  });

  it('keeps nothing of streams without nack feedback, and forgets what is unbound', () => {
    const stage = make({}, video({ feedback: [] }));
    stage.handleOutgoingRtp!(packet(1), 0);
    expect(ask(stage, [1], 1)).toEqual([]);
    const other = make();
    other.handleOutgoingRtp!(packet(1), 0);
    other.unbindLocalStream!(0x2222, 0);
    expect(ask(other, [1], 1)).toEqual([]);
  });

  it('refuses options that are not what they should be', () => {
    for (const options of [{ maxPackets: 3 }, { maxBytes: 0 }, { maxAge: -1 }, { maxBitrate: Number.NaN }])
      expect(() => make(options)).toThrow(bad);
  });
});
