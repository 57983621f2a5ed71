/** What interceptor/v1 promises of a stage, whatever it does. */
import type { EcnCodepoint, Instant } from '@kaon/interface/core/v1';
import type { Interceptor, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike } from '@kaon/interface/rtp/v1';
import { readU16, readU32, writeU16, writeU32 } from '@kaon/wire';
import { type SeededRandom, seededRandom } from '../random.ts';
import { withSeed } from '../seed.ts';
import { withoutAmbient } from './forbidden.ts';
import { check, checkEqual, type Framework, show } from './framework.ts';

/** Makes a stage anew, from the seed alone. */
export type MakeInterceptor = (seed: number) => Interceptor;

/** What differs between stages. */
export interface InterceptorConformanceOptions {
  /** What is bound. Default: an audio and a video stream with all kinds of feedback. */
  readonly streams?: readonly StreamInfo[] | undefined;
  /** Most packets of one kind that the stage may hold for someone who never polls. Default 8192. */
  readonly maxHeld?: number | undefined;
}

/**
 * Tests a stage for the contract of interceptor/v1.
 *
 * @example
 * import { describe, it } from 'vitest';
 * interceptorConformance({ describe, it }, 'nackGenerator', () => nackGenerator());
 */
export function interceptorConformance(
  { describe, it }: Framework,
  name: string,
  make: MakeInterceptor,
  options: InterceptorConformanceOptions = {},
): void {
  const streams = options.streams ?? STREAMS;
  const maxHeld = options.maxHeld ?? 8192;

  describe(`${name}: interceptor/v1`, () => {
    it('carries its tag and a name', () => {
      const stage = make(1);
      checkEqual(stage.interface, 'kaon:interceptor/1', 'interface');
      check(stage.name.length > 0, 'the name is empty');
    });

    it('reads no clock, timer or randomness of the platform', () => {
      const random = seededRandom(1);
      withoutAmbient([], () => live(make(1), streams, random, 300));
    });

    it('gives the same outputs for the same inputs', () =>
      withSeed((seed) => {
        const tell = (): string => live(make(seed), streams, seededRandom(seed), 500).join('\n');
        checkEqual(tell(), tell(), 'the second run');
      }));

    it('takes packets, feedback and time before anything is bound, and after everything is unbound', () =>
      withSeed((seed) => {
        const stage = make(seed);
        const random = seededRandom(seed);
        feed(stage, streams, random, 200, 1000);
        for (const { ssrc } of streams) unbind(stage, ssrc, 1500);
        live(stage, streams, random, 200);
        for (const { ssrc } of streams) unbind(stage, ssrc, 100_000);
        feed(stage, streams, random, 200, 100_000);
        drain(stage, 200_000);
      }));

    it('takes a stream that is bound again', () => {
      const stage = make(1);
      const random = seededRandom(2);
      for (let i = 0; i < 3; i++) live(stage, streams, random, 50, 1000 + i * 10_000);
    });

    it('never throws for what a peer can send', () =>
      withSeed((seed) => {
        const stage = make(seed);
        const random = seededRandom(seed);
        bind(stage, streams, 1000);
        for (let i = 0; i < 2000; i++) {
          const now = 1000 + i * 5;
          stage.handleIncomingRtp?.(hostilePacket(streams, random), now, random.integer(0, 3) as EcnCodepoint);
          stage.handleIncomingRtcp?.([hostileFeedback(streams, random), hostileFeedback(streams, random)], now);
          stage.handleTimeout?.(now);
          drain(stage, now);
        }
      }));

    it('lets packets of incoming streams that are not bound pass as they are', () => {
      const stage = make(1);
      const random = seededRandom(3);
      bind(stage, streams, 1000);
      const packet = makePacket({ ssrc: 0x5eed, payloadType: 96, sequence: 7, timestamp: 9 }, random.bytes(50));
      const before = packet.bytes.slice();
      check(stage.handleIncomingRtp?.(packet, 1001, 0) !== false, 'the packet was kept');
      checkEqual(packet.bytes, before, 'bytes');
    });

    it('resizes no packet', () =>
      withSeed((seed) => {
        const stage = make(seed);
        const random = seededRandom(seed);
        bind(stage, streams, 1000);
        for (let i = 0; i < 500; i++) {
          const packet = streamPacket(streams, random, i);
          const { length } = packet.bytes;
          if (i % 2 === 0) stage.handleIncomingRtp?.(packet, 1000 + i, 0);
          else stage.handleOutgoingRtp?.(packet, 1000 + i);
          checkEqual(packet.bytes.length, length, 'length');
        }
      }));

    it('pollTimeout() is later than now right after handleTimeout(now)', () =>
      withSeed((seed) => {
        const stage = make(seed);
        const random = seededRandom(seed);
        bind(stage, streams, 1000);
        for (let i = 0; i < 1000; i++) {
          const now = 1000 + i * 7;
          feed(stage, streams, random, 3, now);
          stage.handleTimeout?.(now);
          const next = stage.pollTimeout?.() ?? Number.POSITIVE_INFINITY;
          check(next > now, `pollTimeout() is ${next} right after handleTimeout(${now})`);
          if (i % 5 === 0) drain(stage, now);
        }
      }));

    it('holds a bounded number of packets for someone who never polls', () => {
      const stage = make(1);
      const random = seededRandom(5);
      bind(stage, streams, 1000);
      feed(stage, streams, random, 30_000, 1000);
      stage.handleTimeout?.(500_000);
      const held = drain(stage, 500_000);
      for (const [kind, count] of Object.entries(held)) check(count <= maxHeld, `${count} ${kind} were held`);
    });
  });
}

/** Binds the streams in both directions. */
function bind(stage: Interceptor, streams: readonly StreamInfo[], now: Instant): void {
  for (const stream of streams) {
    stage.bindLocalStream?.(stream, now);
    stage.bindRemoteStream?.(stream, now);
  }
}

function unbind(stage: Interceptor, ssrc: number, now: Instant): void {
  stage.unbindLocalStream?.(ssrc, now);
  stage.unbindRemoteStream?.(ssrc, now);
}

/** A story with losses, feedback and time; what the stage made of it, as text. */
function live(
  stage: Interceptor,
  streams: readonly StreamInfo[],
  random: SeededRandom,
  steps: number,
  start = 1000,
): string[] {
  const told: string[] = [];
  bind(stage, streams, start);
  for (let i = 0; i < steps; i++) {
    const now = start + i * 10;
    if (!random.chance(0.1)) told.push(`in ${stage.handleIncomingRtp?.(streamPacket(streams, random, i), now, 0)}`);
    told.push(`out ${stage.handleOutgoingRtp?.(streamPacket(streams, random, i), now)}`);
    if (random.chance(0.1)) stage.handleIncomingRtcp?.([hostileFeedback(streams, random)], now);
    stage.handleTimeout?.(now);
    drain(stage, now, told);
  }
  return told;
}

/** Packets and feedback in both directions, nothing polled. */
function feed(
  stage: Interceptor,
  streams: readonly StreamInfo[],
  random: SeededRandom,
  count: number,
  now: Instant,
): void {
  for (let i = 0; i < count; i++) {
    const at = now + i / 10;
    stage.handleIncomingRtp?.(streamPacket(streams, random, i), at, 0);
    stage.handleOutgoingRtp?.(streamPacket(streams, random, i), at);
    if (i % 10 === 0) {
      const feedback = [hostileFeedback(streams, random)];
      stage.handleIncomingRtcp?.(feedback, at);
      stage.handleOutgoingRtcp?.(feedback, at);
    }
  }
}

/** Polls everything; fails where there is no end. */
function drain(stage: Interceptor, now: Instant, told: string[] = []): Record<string, number> {
  const count = (what: string, poll: () => unknown): number => {
    for (let i = 0; i < 100_000; i++) {
      const given = poll();
      if (given === undefined) return i;
      const bytes = (given as { readonly bytes?: Uint8Array }).bytes;
      told.push(`${what} ${show(bytes instanceof Uint8Array ? bytes : given)}`);
    }
    throw new Error(`polling for ${what} does not end`);
  };
  return {
    'outgoing packets': count('outgoing packets', () => stage.pollOutgoingRtp?.(now)),
    'incoming packets': count('incoming packets', () => stage.pollIncomingRtp?.(now)),
    'RTCP packets': count('RTCP packets', () => stage.pollOutgoingRtcp?.(now)),
    events: count('events', () => stage.pollEvent?.()),
  };
}

/** A packet of one of the streams, in sequence. */
function streamPacket(streams: readonly StreamInfo[], random: SeededRandom, index: number): View {
  const stream = streams[index % streams.length]!;
  const { payloadType } = stream.payloads[0]!;
  const sequence = Math.floor(index / streams.length) & 0xffff;
  const header = { ssrc: stream.ssrc, payloadType, sequence, timestamp: (sequence * 960) >>> 0 };
  return makePacket(header, random.bytes(random.integer(1, 200)), random.chance(0.3));
}

/** A packet that a hostile peer might send: anything that is RTP. */
function hostilePacket(streams: readonly StreamInfo[], random: SeededRandom): View {
  const stream = random.pick(streams);
  const { rtxSsrc = stream.ssrc, fec } = stream;
  const payload = random.pick(stream.payloads);
  const header = {
    ssrc: random.pick([stream.ssrc, rtxSsrc, fec?.ssrc ?? stream.ssrc, random.integer(0, 0xffff_ffff)]),
    payloadType: random.pick([
      payload.payloadType,
      payload.rtxPayloadType ?? 0,
      fec?.payloadType ?? 0,
      fec?.redPayloadType ?? 0,
      random.integer(0, 127),
    ]),
    sequence: random.integer(0, 0xffff),
    timestamp: random.integer(0, 0xffff_ffff),
  };
  return makePacket(header, random.bytes(random.integer(0, 60)), random.chance(0.5));
}

/** Feedback as decoders give it, with numbers from nowhere. */
function hostileFeedback(streams: readonly StreamInfo[], random: SeededRandom): RtcpPacketLike {
  const number = (): number => random.integer(0, 0xffff_ffff);
  const { ssrc } = random.pick(streams);
  const sender = { senderSsrc: number(), mediaSsrc: random.pick([ssrc, number()]) };
  const block = {
    ssrc: random.pick([ssrc, number()]),
    fractionLost: random.integer(0, 255),
    cumulativeLost: random.integer(-(2 ** 23), 2 ** 23 - 1),
    highestSequence: number(),
    jitter: number(),
    lastSenderReport: number(),
    delaySinceLastSenderReport: number(),
  };
  const time = { ntpSeconds: number(), ntpFraction: number() };
  const dlrr = { ssrc, lastReceiverReport: number(), delaySinceLastReceiverReport: number() };
  const lost = Array.from({ length: random.integer(1, 300) }, () => random.integer(0, 0xffff));
  const packets: readonly RtcpPacketLike[] = [
    {
      type: 'sr',
      ssrc,
      ...time,
      rtpTimestamp: number(),
      packetCount: number(),
      octetCount: number(),
      reports: [block],
    },
    { type: 'rr', ssrc: number(), reports: [block, block] },
    { type: 'sdes', chunks: [{ ssrc, items: [{ name: 'cname', text: '\u{1f431}' }] }] },
    { type: 'bye', ssrcs: [ssrc, number()], reason: undefined },
    { type: 'nack', ...sender, lost },
    { type: 'pli', ...sender },
    { type: 'fir', senderSsrc: number(), entries: [{ ssrc, sequenceNumber: random.integer(0, 255) }] },
    { type: 'remb', senderSsrc: number(), bitrate: number(), ssrcs: [ssrc] },
    {
      type: 'xr',
      ssrc: number(),
      blocks: [
        { block: 'receiver-reference-time', ...time },
        { block: 'dlrr', reports: [dlrr] },
      ],
    },
    { type: 'unknown', packetType: 192, count: 3, body: random.bytes(8) },
    { type: 'malformed', packetType: undefined, bytes: random.bytes(3) },
    { type: 'something of the future' },
  ] as readonly RtcpPacketLike[];
  return random.pick(packets);
}

interface PacketHeader {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
}

/** A packet without header extensions: the suite knows no other package. */
function makePacket(header: PacketHeader, payload: Uint8Array, marker = false): View {
  const bytes = new Uint8Array(12 + payload.length);
  bytes[0] = 0x80;
  bytes[1] = header.payloadType | (marker ? 0x80 : 0);
  writeU16(bytes, 2, header.sequence);
  writeU32(bytes, 4, header.timestamp);
  writeU32(bytes, 8, header.ssrc);
  bytes.set(payload, 12);
  return new View(bytes);
}

class View {
  readonly bytes: Uint8Array;
  readonly payloadOffset = 12;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get marker(): boolean {
    return this.bytes[1]! >>> 7 === 1;
  }

  get payloadType(): number {
    return this.bytes[1]! & 0x7f;
  }

  get sequenceNumber(): number {
    return readU16(this.bytes, 2);
  }

  get timestamp(): number {
    return readU32(this.bytes, 4);
  }

  get ssrc(): number {
    return readU32(this.bytes, 8);
  }

  get payloadEnd(): number {
    return this.bytes.length;
  }

  extensionOffset(): number {
    return -1;
  }

  extensionLength(): number {
    return -1;
  }
}

const FEEDBACK: StreamInfo['feedback'] = [
  { type: 'nack' },
  { type: 'nack', parameter: 'pli' },
  { type: 'ccm', parameter: 'fir' },
  { type: 'transport-cc' },
  { type: 'goog-remb' },
  { type: 'rrtr' },
];

const STREAMS: readonly StreamInfo[] = [
  {
    ssrc: 0x1111,
    kind: 'audio',
    mid: '0',
    cname: 'someone',
    payloads: [{ payloadType: 111, mimeType: 'audio/opus', clockRate: 48_000 }],
    feedback: FEEDBACK,
    extensions: [],
  },
  {
    ssrc: 0x2222,
    kind: 'video',
    mid: '1',
    rid: 'h',
    cname: 'someone',
    payloads: [{ payloadType: 96, mimeType: 'video/VP8', clockRate: 90_000, rtxPayloadType: 97 }],
    rtxSsrc: 0x3333,
    fec: { scheme: 'flexfec-03', payloadType: 98, ssrc: 0x4444 },
    feedback: FEEDBACK,
    extensions: [],
  },
];
