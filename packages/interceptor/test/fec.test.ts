import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import { EXTENSION_URI, type RtpPacket } from '@kaon/rtp';
import { seededRandom, withSeed } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { type FecEncoderStageOptions, fecEncoder, fecRecovery } from '../src/index.ts';
import { all, packet, range, video } from './helpers.ts';
import { Line } from './story/line.ts';

const flexfec: StreamInfo = video({ fec: { scheme: 'flexfec-03', payloadType: 98, ssrc: 0x4444 }, feedback: [] });
const ulpfec: StreamInfo = video({ fec: { scheme: 'ulpfec', payloadType: 98, redPayloadType: 99 }, feedback: [] });

/** What leaves for these frames of three packets. */
function encode(info: StreamInfo, options: Partial<FecEncoderStageOptions>, count: number): RtpPacket[] {
  const stage = fecEncoder({ random: seededRandom(1), ...options });
  stage.bindLocalStream!(info, 0);
  const out: RtpPacket[] = [];
  for (const i of range(0, count)) {
    const media = packet(i, { timestamp: Math.floor(i / 3) * 3000, marker: i % 3 === 2 });
    if (stage.handleOutgoingRtp!(media, i)) out.push(media);
    out.push(...(all(() => stage.pollOutgoingRtp!(i)) as RtpPacket[]));
  }
  return out;
}

const isRepair = ({ ssrc }: RtpPacket): boolean => ssrc === 0x4444;

describe('fecEncoder', () => {
  it('rate says how many repair packets there are', () => {
    for (const rate of [0, 0.1, 1 / 3, 0.5, 1]) {
      const repair = encode(flexfec, { rate }, 300).filter(isRepair).length;
      expect(Math.abs(repair - 300 * rate)).toBeLessThanOrEqual(60 * (rate === 0 ? 0 : 1));
    }
  });

  it('maxGroup bounds how many are protected together', () => {
    const first = (maxGroup: number): number => encode(flexfec, { rate: 0.05, maxGroup }, 100).findIndex(isRepair);
    expect(first(4)).toBe(4);
    expect(first(24)).toBeGreaterThan(4);
  });

  it('without a rate protects by what the peer says is lost, at most maxRate', () => {
    const repair = (fractionLost: number, maxRate?: number): number => {
      const stage = fecEncoder({ random: seededRandom(1), maxRate });
      stage.bindLocalStream!(flexfec, 0);
      stage.handleIncomingRtcp!([{ type: 'rr', ssrc: 1, reports: [{ ssrc: 0x2222, fractionLost }] } as never], 0);
      for (const i of range(0, 300)) stage.handleOutgoingRtp!(packet(i, { marker: i % 6 === 5 }), i);
      return all(() => stage.pollOutgoingRtp!(0)).length;
    };
    expect(repair(0)).toBe(0);
    expect(repair(26)).toBeGreaterThan(20);
    expect(repair(128)).toBe(150);
    expect(repair(128, 0.2)).toBeLessThan(80);
  });

  it('setRate changes it, and sent counts', () => {
    const stage = fecEncoder({ random: seededRandom(1), rate: 0 });
    stage.bindLocalStream!(flexfec, 0);
    stage.handleOutgoingRtp!(packet(1, { marker: true }), 0);
    expect(stage.sent(0x2222)).toEqual({ fecPacketsSent: 0, fecBytesSent: 0 });
    stage.setRate(1);
    stage.handleOutgoingRtp!(packet(2, { marker: true }), 0);
    expect(stage.sent(0x2222).fecPacketsSent).toBe(1);
    expect(stage.sent(0x2222).fecBytesSent).toBeGreaterThan(100);
  });

  it('ULPFEC: media and repair are in RED and in one sequence without gaps', () => {
    const out = encode(ulpfec, { rate: 0.5 }, 60);
    expect(new Set(out.map(({ payloadType }) => payloadType))).toEqual(new Set([99]));
    expect(out.map(({ sequenceNumber }) => sequenceNumber)).toEqual(range(0, out.length));
    expect(out.length).toBeGreaterThanOrEqual(80);
  });

  it('numbers go on when a stream was unbound in between, as by a hold', () => {
    for (const [info, between] of [
      [ulpfec, undefined],
      [ulpfec, video({ feedback: [] })],
      [flexfec, undefined],
      [flexfec, video({ feedback: [] })],
    ] as const) {
      const stage = fecEncoder({ random: seededRandom(1), rate: 1 });
      const used = new Set<string>();
      let sent = 0;
      const send = (sequence: number): void => {
        const media = packet(sequence, { marker: true });
        const goesOn = stage.handleOutgoingRtp!(media, 0);
        for (const each of [...(goesOn ? [media] : []), ...all(() => stage.pollOutgoingRtp!(0))]) {
          used.add(`${each.ssrc} ${each.sequenceNumber}`);
          sent++;
        }
      };
      stage.bindLocalStream!(info, 0);
      for (const i of range(0, 20)) send(i);
      stage.unbindLocalStream!(0x2222, 0);
      if (between !== undefined) {
        stage.bindLocalStream!(between, 0);
        for (const i of range(20, 20)) send(i);
        expect(sent).toBe(60);
      }
      stage.bindLocalStream!(info, 0);
      for (const i of range(40, 20)) send(i);
      expect(used.size).toBe(sent);
      expect(sent).toBeGreaterThanOrEqual(80);
    }
  });

  it('leaves streams without agreement, and other payload types, alone', () => {
    const stage = fecEncoder({ random: seededRandom(1), rate: 1 });
    stage.bindLocalStream!(ulpfec, 0);
    expect(stage.handleOutgoingRtp!(packet(1, { ssrc: 9 }), 0)).toBe(true);
    expect(stage.handleOutgoingRtp!(packet(1, { payloadType: 50 }), 0)).toBe(true);
    stage.bindLocalStream!(video(), 0);
    expect(stage.handleOutgoingRtp!(packet(1, { marker: true }), 0)).toBe(true);
    expect(stage.pollOutgoingRtp!(0)).toBeUndefined();
  });

  it('refuses rates and groups that are none', () => {
    const bad = expect.objectContaining({ code: 'INTERCEPTOR_BAD_OPTION' });
    const random = seededRandom(1);
    for (const options of [{ rate: 1.5 }, { rate: -1 }, { maxRate: 2 }, { maxGroup: 1 }, { maxGroup: 49 }])
      expect(() => fecEncoder({ random, ...options })).toThrow(bad);
  });
});

describe('fecRecovery', () => {
  for (const info of [flexfec, ulpfec]) {
    const { scheme } = info.fec!;

    it(`${scheme}: any one packet of a frame that is lost comes back as it was`, () => {
      for (const lost of range(0, 3)) {
        const stage = fecRecovery();
        stage.bindRemoteStream!(info, 0);
        const got: RtpPacket[] = [];
        for (const each of encode(info, { rate: 1 / 3 }, 3)) {
          if (each.sequenceNumber === lost && !isRepair(each)) continue;
          if (stage.handleIncomingRtp!(each, 0, 0)) got.push(each);
          got.push(...(all(() => stage.pollIncomingRtp!(0)) as RtpPacket[]));
        }
        const media = got.filter(({ payload }) => payload.length > 0);
        expect(media.map(({ sequenceNumber }) => sequenceNumber).sort()).toEqual([0, 1, 2]);
        for (const each of media)
          expect(each.bytes).toEqual(
            packet(each.sequenceNumber, { timestamp: 0, marker: each.sequenceNumber === 2 }).bytes,
          );
        expect(stage.received(0x2222)).toMatchObject({ recovered: 1, fecPacketsReceived: 1, fecPacketsDiscarded: 0 });
      }
    });
  }

  it('keeps media outside of RED once ULPFEC is in use, and not before', () => {
    const stage = fecRecovery();
    stage.bindRemoteStream!(ulpfec, 0);
    const repairs = encode(ulpfec, { rate: 1 / 3 }, 6).filter(({ payload }) => payload[0] === 98);
    expect(repairs.map(({ sequenceNumber }) => sequenceNumber)).toEqual([3, 7]);
    const recovered = [0, 4].map((first, frame) => {
      for (const i of [0, 1]) {
        const plain = packet(first + i, { timestamp: 3000 * frame, payload: packet(3 * frame + i).payload.slice() });
        expect(stage.handleIncomingRtp!(plain, 0, 0)).toBe(true);
      }
      stage.handleIncomingRtp!(repairs[frame]!, 0, 0);
      all(() => stage.pollIncomingRtp!(0));
      return stage.received(0x2222).recovered;
    });
    expect(recovered).toEqual([0, 1]);
  });

  it('takes video out of RED where no repair was agreed on', () => {
    const payloads = [
      { payloadType: 96, mimeType: 'video/VP8', clockRate: 90_000 },
      { payloadType: 99, mimeType: 'video/red', clockRate: 90_000 },
    ];
    for (const info of [video({ payloads }), video({ payloads, fec: flexfec.fec })]) {
      const stage = fecRecovery();
      stage.bindRemoteStream!(info, 0);
      for (const each of encode(ulpfec, { rate: 0.001, maxGroup: 48 }, 3))
        expect(stage.handleIncomingRtp!(each, 0, 0)).toBe(false);
      const got = all(() => stage.pollIncomingRtp!(0)) as RtpPacket[];
      expect(got.map(({ payloadType, sequenceNumber }) => [payloadType, sequenceNumber])).toEqual([
        [96, 0],
        [96, 1],
        [96, 2],
      ]);
      expect(got[1]!.bytes).toEqual(packet(1, { timestamp: 0 }).bytes);
    }
  });

  it('what stands in RED without agreement is counted, and its sequence number is not missing', () => {
    for (const inner of [50, 98, 99, 127]) {
      const info = video({
        payloads: [...video().payloads, { payloadType: 99, mimeType: 'video/RED', clockRate: 90_000 }],
      });
      const stage = fecRecovery();
      stage.bindRemoteStream!(info, 0);
      const payload = Uint8Array.of(inner, 1, 2, 3);
      expect(stage.handleIncomingRtp!(packet(7, { payloadType: 99, payload }), 0, 0)).toBe(false);
      const [empty, ...rest] = all(() => stage.pollIncomingRtp!(0)) as RtpPacket[];
      expect(rest).toEqual([]);
      expect([empty!.sequenceNumber, empty!.payload.length, empty!.payloadType]).toEqual([7, 0, 96]);
      expect(stage.received(0x2222).fecPacketsDiscarded).toBe(1);
    }
  });

  it('a packet that parity makes of a payload type without agreement is counted and goes no further', () => {
    const stage = fecRecovery();
    stage.bindRemoteStream!(flexfec, 0);
    const encoder = fecEncoder({ random: seededRandom(1), rate: 1 });
    encoder.bindLocalStream!({ ...flexfec, payloads: [{ ...flexfec.payloads[0]!, payloadType: 50 }] }, 0);
    encoder.handleOutgoingRtp!(packet(7, { payloadType: 50, marker: true }), 0);
    for (const repair of all(() => encoder.pollOutgoingRtp!(0))) stage.handleIncomingRtp!(repair, 0, 0);
    expect(all(() => stage.pollIncomingRtp!(0))).toEqual([]);
    expect(stage.received(0x2222)).toMatchObject({ recovered: 1, fecPacketsDiscarded: 1 });
  });

  it('header extensions that are written on the way do not disturb it', () => {
    const info = { ...flexfec, extensions: [{ id: 4, uri: EXTENSION_URI.absSendTime }] };
    const encoder = fecEncoder({ random: seededRandom(1), rate: 0.5 });
    const decoder = fecRecovery();
    encoder.bindLocalStream!(info, 0);
    decoder.bindRemoteStream!(info, 0);
    const extensions = [{ id: 4, data: new Uint8Array(3) }];
    const sent = [packet(1, { extensions }), packet(2, { extensions, marker: true })];
    for (const each of sent) encoder.handleOutgoingRtp!(each, 0);
    const repair = all(() => encoder.pollOutgoingRtp!(0)) as RtpPacket[];
    expect(repair).toHaveLength(1);
    for (const [i, each] of [...sent, ...repair].entries())
      each.bytes.fill(i + 1, each.extensionOffset(4), each.extensionOffset(4) + 3);
    for (const each of [sent[0]!, ...repair]) decoder.handleIncomingRtp!(each, 0, 0);
    const recovered = all(() => decoder.pollIncomingRtp!(0)) as RtpPacket[];
    expect(recovered.map(({ bytes }) => bytes)).toEqual([packet(2, { extensions, marker: true }).bytes]);
  });

  it('ULPFEC: an empty packet stands where repair was, so that nothing is missing', () => {
    const stage = fecRecovery();
    stage.bindRemoteStream!(ulpfec, 0);
    for (const each of encode(ulpfec, { rate: 1 / 3 }, 9)) stage.handleIncomingRtp!(each, 0, 0);
    const got = all(() => stage.pollIncomingRtp!(0)) as RtpPacket[];
    expect(got.map(({ sequenceNumber }) => sequenceNumber)).toEqual(range(0, 12));
    expect(got.filter(({ payload }) => payload.length === 0).map(({ sequenceNumber }) => sequenceNumber)).toEqual([
      3, 7, 11,
    ]);
    expect(new Set(got.map(({ payloadType }) => payloadType))).toEqual(new Set([96]));
  });

  it('counts what is malformed, and drops it', () => {
    const stage = fecRecovery();
    stage.bindRemoteStream!(flexfec, 0);
    expect(stage.handleIncomingRtp!(packet(1, { ssrc: 0x4444, payloadType: 98 }), 0, 0)).toBe(false);
    expect(stage.handleIncomingRtp!(packet(2, { ssrc: 0x4444, payloadType: 50 }), 0, 0)).toBe(false);
    expect(stage.received(0x2222)).toMatchObject({ fecPacketsReceived: 1, fecPacketsDiscarded: 2, recovered: 0 });
    stage.bindRemoteStream!(ulpfec, 0);
    expect(stage.handleIncomingRtp!(packet(1, { payloadType: 99, payload: Uint8Array.of(0x80) }), 0, 0)).toBe(false);
    expect(stage.received(0x2222).fecPacketsDiscarded).toBe(1);
    stage.unbindRemoteStream!(0x2222, 0);
    expect(stage.handleIncomingRtp!(packet(2, { ssrc: 0x4444, payloadType: 98 }), 0, 0)).toBe(true);
  });
});

describe('a stream with forward error correction and without NACK', () => {
  for (const info of [flexfec, ulpfec]) {
    it(`${info.fec!.scheme}: loses far less than the line`, () =>
      withSeed((seed) => {
        const line = new Line(seed, {
          netem: { delay: 30, loss: 0.05 },
          back: { delay: 30 },
          a: { fec: { rate: 0.5 } },
        });
        line.a.chain.bindLocalStream(info, line.now);
        line.b.chain.bindRemoteStream(info, line.now);
        let sent = 0;
        line.run(6000, (ms) => {
          if (ms % 3 !== 0) return;
          line.a.chain.sendRtp(
            packet(sent, { timestamp: Math.floor(sent / 4) * 1080, marker: sent % 4 === 3 }),
            line.now,
          );
          sent++;
        });
        line.run(500);
        const media = line.b.got.filter(({ packet: each }) => each.payloadEnd > each.payloadOffset);
        expect(line.toB.stats.lost).toBeGreaterThan(80);
        expect(2000 - media.length).toBeLessThan(30);
        const [inbound] = line.b.parts.statistics().inbound;
        const [outbound] = line.a.parts.statistics().outbound;
        expect(outbound!.fecPacketsSent).toBe(1000);
        expect(inbound!.packetsRecovered).toBeGreaterThan(50);
        expect(inbound!.fecPacketsReceived).toBeGreaterThan(900);
        expect(inbound!.fecBytesReceived).toBeGreaterThan(90_000);
      }));
  }
});
