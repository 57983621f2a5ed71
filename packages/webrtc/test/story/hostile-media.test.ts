/** A peer that has the keys and means no good, or an outsider who has none, sends what it likes; the call goes on. */

import { encodeRtp, type RtpHeader } from '@kaon/rtp';
import type { RtcpPacket } from '@kaon/rtp/rtcp';
import { encodeRtcp, TWCC_MAX_PACKETS } from '@kaon/rtp/rtcp';
import { nodeCrypto } from '@kaon/runtime/node';
import { exporterLength, keysFromExporter, SRTP_PROFILES, SrtpSession } from '@kaon/srtp';
import { seededRandom, withSeed } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { receiverInternals } from '../../src/media/receiver.ts';
import { senderInternals } from '../../src/media/sender.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { agreed, MediaPair, MID_ID, OPUS, opusFrame, RTX, VP8, vp8Frame } from '../media/helpers.ts';

/** A call of audio and video in both directions, and what side `a` may send beside it. */
class Call {
  readonly pair = new MediaPair({ delay: 5 }, { b: { maxStreams: 32 } });
  readonly cameras = [this.pair.a, this.pair.b].map((side) => {
    const source = new FrameSource({ kind: 'video' });
    side.sender(agreed('video', { codecs: CODECS }), source.track);
    return source;
  });
  readonly microphone = new FrameSource({ kind: 'audio' });
  frames = 0;
  heard = 0;
  requests = 0;
  /** SRTP of side `a`, as the attacker has it: SSRCs apart from those of the call. */
  readonly #session: SrtpSession;

  constructor() {
    const { a, b } = this.pair;
    a.sender(agreed('audio'), this.microphone.track);
    b.receiver(agreed('video', { codecs: CODECS })).onframe = () => this.frames++;
    b.receiver(agreed('audio')).onframe = () => this.heard++;
    a.receiver(agreed('video', { codecs: CODECS }));
    this.cameras[1]!.onkeyframerequest = () => this.requests++;
    const profile = SRTP_PROFILES.AEAD_AES_128_GCM;
    const material = seededRandom(7).bytes(exporterLength(profile));
    this.#session = new SrtpSession({
      profile,
      crypto: nodeCrypto,
      ...keysFromExporter(profile, material, 'client'),
      maxStreams: 2 ** 20,
    });
  }

  get target(): Call['pair']['b']['transport'] {
    return this.pair.b.transport;
  }

  /** Video and audio of `seconds`. */
  talk(seconds: number): void {
    const { pair, cameras, microphone } = this;
    const data = [vp8Frame(true), vp8Frame(false)];
    pair.a.every(40, seconds * 25, (index) => {
      const keyFrame = index % 25 === 0;
      const frame = { data: data[keyFrame ? 0 : 1] as Uint8Array, time: pair.line.now, keyFrame };
      for (const camera of cameras) camera.write(frame);
    });
    pair.a.every(20, seconds * 50, () => microphone.write({ data: opusFrame(), time: pair.line.now }));
    pair.line.advance(seconds * 1000);
  }

  rtp(header: Partial<RtpHeader> & { payload?: Uint8Array; paddingLength?: number }): void {
    const base = { ssrc: 66, payloadType: VP8.payloadType, sequenceNumber: 0, timestamp: 0, payload: PAYLOAD };
    this.raw(encodeRtp({ ...base, ...header }), false);
  }

  rtcp(...packets: readonly RtcpPacket[]): void {
    this.raw(encodeRtcp(packets), true);
  }

  /** Protects any bytes that have a header and hands them to side `b`; false: SRTP has no number for them. */
  raw(packet: Uint8Array, isRtcp: boolean): boolean {
    const buffer = new Uint8Array(packet.length + 64);
    buffer.set(packet);
    try {
      const { length } = packet;
      const end = isRtcp ? this.#session.protectRtcp(buffer, 0, length) : this.#session.protectRtp(buffer, 0, length);
      this.target.handleDatagram(buffer.slice(0, end), this.pair.line.now);
      return true;
    } catch {
      return false;
    }
  }

  /** SSRC of the video that side `b` sends. */
  get ssrc(): number {
    return this.target.stages!.counters.localStreams[0]!.ssrc;
  }

  /** Frames of the last second come through as if nothing had been, and nothing is left that wakes without end. */
  expectWell(): void {
    this.pair.line.advance(3000);
    this.frames = 0;
    this.heard = 0;
    this.talk(2);
    this.pair.line.advance(3000);
    expect(this.frames).toBeGreaterThan(45);
    expect(this.heard).toBeGreaterThan(95);
    expect(this.target.remoteStreams.length).toBeLessThanOrEqual(32);
    expect(this.target.pollTimeout()).toBeGreaterThan(this.pair.line.now);
  }
}

const CODECS = [VP8, RTX];
const PAYLOAD = new Uint8Array(100).fill(0x10);
const MID = { id: MID_ID, data: Uint8Array.of('1'.charCodeAt(0)) };

describe('a call goes on under', () => {
  it('100,000 datagrams of forged SSRCs, which leave nothing behind', () => {
    const call = new Call();
    call.talk(1);
    const before = call.target.counters.droppedBySrtp;
    const forged = encodeRtp({ ssrc: 0, payloadType: 96, sequenceNumber: 1, timestamp: 0, payload: PAYLOAD });
    for (let i = 0; i < 100_000; i++) {
      const bytes = forged.slice();
      new DataView(bytes.buffer).setUint32(8, i * 40_503);
      if (i % 10 === 0) bytes[1] = 200;
      call.target.handleDatagram(bytes, call.pair.line.now);
    }
    expect(call.target.counters.droppedBySrtp - before).toBe(100_000);
    expect(call.target.remoteStreams).toHaveLength(2);
    call.expectWell();
  });

  it('thousands of SSRCs that are authentic: the oldest give way, and streams in use stay', () => {
    const call = new Call();
    call.talk(1);
    for (let ssrc = 1000; ssrc < 6000; ssrc++) {
      call.rtp({ ssrc, sequenceNumber: ssrc & 0x7fff, extensions: [MID] });
      if (ssrc % 10 === 0) call.talk(0.04);
    }
    expect(call.target.routing.evicted).toBeGreaterThan(4900);
    expect(call.target.remoteStreams.length).toBeLessThanOrEqual(32);
    expect(call.target.stages!.statistics().inbound.length).toBeLessThanOrEqual(32);
    expect(call.pair.b.receivers[0]!.counters.packets).toBeGreaterThan(5000);
    call.expectWell();
  });

  it('storms of PLI, FIR and NACK, which cost the encoder and the network no more than is reasonable', () => {
    const call = new Call();
    call.talk(1);
    const { ssrc } = call;
    const sentBefore = call.target.counters.bytesSent;
    const requestsBefore = call.requests;
    const everything = Array.from({ length: 1000 }, (_, i) => i);
    call.pair.a.every(1, 2000, (i) => {
      call.rtcp(
        { type: 'pli', senderSsrc: 1, mediaSsrc: ssrc },
        { type: 'fir', senderSsrc: i, entries: [{ ssrc, sequenceNumber: i & 255 }] },
      );
      if (i % 4 === 0) {
        const lost = everything.map((each) => (each + 37 * i) & 0xffff);
        call.rtcp({ type: 'nack', senderSsrc: 1, mediaSsrc: ssrc, lost });
      }
    });
    call.talk(2);
    expect(call.requests - requestsBefore).toBeGreaterThanOrEqual(6);
    expect(call.requests - requestsBefore).toBeLessThanOrEqual(8);
    expect(call.target.stages!.retransmission!.counters.requested).toBeGreaterThan(400_000);
    // 20 Mbit/s is what retransmissions may take.
    expect(call.target.counters.bytesSent - sentBefore).toBeLessThan(6_000_000);
    call.expectWell();
  });

  it('feedback on packets that were never sent, in the largest numbers', () => {
    const call = new Call();
    call.talk(1);
    const random = seededRandom(3);
    for (let i = 0; i < 300; i++) {
      const packets = new Array<number | undefined>(TWCC_MAX_PACKETS).fill(undefined);
      packets[TWCC_MAX_PACKETS - 1] = random.integer(-8000, 8000);
      call.rtcp({
        type: 'twcc',
        senderSsrc: 1,
        mediaSsrc: 2,
        baseSequence: random.integer(0, 0xffff),
        feedbackCount: i & 255,
        referenceTime: 64 * random.integer(-(2 ** 22), 2 ** 22),
        packets,
      });
      call.rtcp({
        type: 'ccfb',
        senderSsrc: 1,
        reportTimestamp: random.integer(0, 0xffff_ffff),
        streams: [
          { ssrc: call.ssrc, beginSequence: random.integer(0, 0xffff), packets: new Array(500).fill(undefined) },
        ],
      });
      call.rtcp({ type: 'remb', senderSsrc: 1, bitrate: random.chance(0.5) ? 0 : 2 ** 50, ssrcs: [call.ssrc] });
    }
    const target = call.target.targetBitrate as number;
    expect(target).toBeGreaterThanOrEqual(30_000);
    call.rtcp({ type: 'remb', senderSsrc: 1, bitrate: 2 ** 50, ssrcs: [call.ssrc] });
    call.expectWell();
  });

  it('sequence numbers and timestamps that jump', () => {
    withSeed((seed) => {
      const call = new Call();
      call.talk(1);
      const random = seededRandom(seed);
      for (let i = 0; i < 2000; i++) {
        call.rtp({
          ssrc: 70 + (i & 3),
          payloadType: random.chance(0.7) ? VP8.payloadType : RTX.payloadType,
          sequenceNumber: random.chance(0.5) ? (i * 20_000) & 0xffff : random.integer(0, 0xffff),
          timestamp: random.integer(0, 0xffff_ffff),
          marker: random.chance(0.5),
          extensions: [MID],
          payload: random.bytes(random.integer(0, 200)),
        });
        if (i % 50 === 0) call.talk(0.04);
      }
      call.expectWell();
    });
  });

  it('sender reports, goodbyes and extended reports of anything', () => {
    withSeed((seed) => {
      const call = new Call();
      call.talk(1);
      const random = seededRandom(seed);
      const u32 = (): number => random.integer(0, 0xffff_ffff);
      for (let i = 0; i < 2000; i++) {
        const ssrc = random.chance(0.5) ? call.ssrc : u32();
        const block = {
          ssrc,
          fractionLost: random.integer(0, 255),
          cumulativeLost: random.integer(-(2 ** 23), 2 ** 23 - 1),
          highestSequence: u32(),
          jitter: u32(),
          lastSenderReport: u32(),
          delaySinceLastSenderReport: u32(),
        };
        const time = { ntpSeconds: u32(), ntpFraction: u32() };
        call.rtcp(
          {
            type: 'sr',
            ssrc: u32(),
            ...time,
            rtpTimestamp: u32(),
            packetCount: u32(),
            octetCount: u32(),
            reports: [block],
          },
          { type: 'bye', ssrcs: [u32(), u32()] },
          {
            type: 'xr',
            ssrc: u32(),
            blocks: [
              { block: 'receiver-reference-time', ...time },
              {
                block: 'dlrr',
                reports: [{ ssrc, lastReceiverReport: u32(), delaySinceLastReceiverReport: u32() }],
              },
            ],
          },
        );
        if (i % 100 === 0) call.talk(0.04);
      }
      call.expectWell();
    });
  });

  it('packets of all kinds that are cut off, padded, grown and changed', () => {
    withSeed((seed) => {
      const call = new Call();
      call.talk(1);
      const random = seededRandom(seed);
      const samples = [
        encodeRtp({
          ssrc: 80,
          payloadType: 96,
          sequenceNumber: 0,
          timestamp: 9,
          payload: vp8Frame(true, 300),
          extensions: [MID],
        }),
        encodeRtp({
          ssrc: 81,
          payloadType: 97,
          sequenceNumber: 0,
          timestamp: 9,
          payload: vp8Frame(false, 300),
          extensions: [MID],
        }),
        encodeRtp({
          ssrc: 82,
          payloadType: OPUS.payloadType,
          sequenceNumber: 0,
          timestamp: 9,
          payload: opusFrame(),
          csrcs: [1, 2],
        }),
        encodeRtcp([{ type: 'nack', senderSsrc: 1, mediaSsrc: call.ssrc, lost: [1, 2, 3, 500] }]),
        encodeRtcp([{ type: 'sdes', chunks: [{ ssrc: 1, items: [{ type: 'cname', text: 'x' }] }] } as never]),
        encodeRtcp([
          {
            type: 'twcc',
            senderSsrc: 1,
            mediaSsrc: 2,
            baseSequence: 1,
            feedbackCount: 0,
            referenceTime: 64,
            packets: [1, undefined, 3],
          },
        ]),
      ];
      let accepted = 0;
      for (let i = 0; i < 6000; i++) {
        const sample = samples[i % samples.length] as Uint8Array;
        const isRtcp = i % samples.length >= 3;
        const grown = random.chance(0.1) ? new Uint8Array(random.integer(1200, 3000)) : sample.slice();
        grown.set(sample);
        const bytes = grown.slice(0, random.chance(0.3) ? random.integer(12, grown.length) : grown.length);
        for (let changes = random.integer(0, 6); changes > 0; changes--)
          bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
        bytes[0] = 0x80 | ((bytes[0] as number) & 0x3f);
        if (!isRtcp) {
          bytes[2] = (i >> 8) & 0x7f;
          bytes[3] = i & 255;
        }
        if (call.raw(bytes, isRtcp)) accepted++;
        if (i % 200 === 0) call.talk(0.04);
      }
      expect(accepted).toBeGreaterThan(3000);
      const { counters, routing } = call.target;
      expect(counters.malformed + routing.unknownPayloadType + routing.unknownStream).toBeGreaterThan(100);
      call.expectWell();
    });
  });

  it('everything twice', () => {
    const call = new Call();
    const { transport } = call.pair.b;
    const once = transport.handleDatagram.bind(transport);
    transport.handleDatagram = (bytes, now, ecn) => {
      const again = bytes.slice();
      once(bytes, now, ecn);
      once(again, now, ecn);
    };
    call.talk(2);
    expect(transport.counters.droppedBySrtp).toBe(transport.counters.packetsReceived / 2);
    expect(call.frames).toBeGreaterThan(45);
    call.expectWell();
  });
});

it('rests when nothing is bound any more, and wakes seldom when nothing is sent', () => {
  const call = new Call();
  call.talk(2);
  const { pair } = call;
  pair.line.advance(10_000);
  for (const { transport } of [pair.a, pair.b]) {
    let wakes = 0;
    const handle = transport.handleTimeout.bind(transport);
    transport.handleTimeout = (now) => {
      wakes++;
      handle(now);
    };
    const before = transport.counters.packetsSent;
    pair.line.advance(60_000);
    // The clock of the test is one of all timers of a side: reports and little else.
    expect(wakes).toBeLessThan(300);
    expect(transport.counters.packetsSent - before).toBeLessThan(200);
  }
  for (const side of [pair.a, pair.b]) {
    for (const sender of side.senders) senderInternals.agree(sender, undefined, undefined, null);
    for (const receiver of side.receivers) receiverInternals.agree(receiver, undefined, undefined, null);
  }
  pair.line.advance(10_000);
  for (const { transport } of [pair.a, pair.b]) {
    expect(transport.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(transport.remoteStreams).toEqual([]);
    const { inbound, outbound } = transport.stages!.statistics();
    expect([inbound, outbound]).toEqual([[], []]);
  }
});
