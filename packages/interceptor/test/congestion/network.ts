/** Senders that follow their target bitrate over one simulated bottleneck, in virtual time. */
import type { EcnCodepoint } from '@kaon/interface/core/v1';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import { decodeRtp, EXTENSION_URI, encodeRtp } from '@kaon/rtp';
import { decodeRtcp, encodeRtcp, type RtcpPacket } from '@kaon/rtp/rtcp';
import { Netem, type NetemOptions, type SeededRandom, seededRandom } from '@kaon/testing';
import { isMalformed } from '@kaon/wire';
import { InterceptorChain } from '../../src/chain.ts';
import {
  type CongestionController,
  type CongestionControlOptions,
  congestionControl,
} from '../../src/congestion/index.ts';
import { inSlotOrder } from '../../src/slots.ts';

export type FeedbackKind = 'twcc' | 'ccfb' | 'remb';

export interface FlowOptions {
  readonly feedback?: FeedbackKind;
  /** ms after the beginning at which it starts. */
  readonly startAt?: number;
  /** Codepoint on its packets. */
  readonly ecn?: EcnCodepoint;
  readonly rtx?: boolean;
  readonly control?: Partial<CongestionControlOptions>;
  /** Audio beside it: 50 packets of 80 bytes a second. */
  readonly audio?: boolean;
}

export interface NetworkOptions {
  readonly seed: number;
  /** bit/s. */
  readonly capacity: number;
  /** There and back, in ms. Default 50. */
  readonly roundTrip?: number;
  /** Of the bottleneck, in ms at its capacity. Default 150. */
  readonly queue?: number;
  readonly line?: NetemOptions;
  readonly back?: NetemOptions;
  readonly flows?: readonly FlowOptions[];
  /** Hosts notice things only at multiples of so many ms, as their timers and sockets have it. Default 0: at once. */
  readonly granularity?: number;
}

/** What one flow does in a step of 100 ms. */
export interface Sample {
  readonly at: number;
  readonly target: number;
  /** bit/s that came out of the bottleneck. */
  readonly arrived: number;
  /** Longest time in the bottleneck's queue, ms. */
  readonly queueDelay: number;
}

export class Flow {
  readonly controller: CongestionController;
  readonly sender: InterceptorChain;
  readonly receiver: InterceptorChain;
  readonly samples: Sample[] = [];
  readonly options: FlowOptions;
  /** What the source sends at most, in bit/s. */
  limit = Number.POSITIVE_INFINITY;
  arrivedBytes = 0;
  worstDelay = 0;
  nextFrame: number;
  nextAudio: number;
  readonly index: number;
  readonly #random: SeededRandom;
  #sequence = 65_500;
  #audioSequence = 10;
  #timestamp = 1000;

  constructor(index: number, options: FlowOptions, random: SeededRandom) {
    this.index = index;
    this.options = options;
    this.#random = random;
    const sending = congestionControl({ random, ...options.control });
    this.controller = sending.controller;
    this.sender = new InterceptorChain(inSlotOrder(sending.placed), { reducedSize: true });
    this.receiver = new InterceptorChain(inSlotOrder(congestionControl({ random }).placed), { reducedSize: true });
    this.nextFrame = START + (options.startAt ?? 0) + index * 7;
    this.nextAudio = options.audio === true ? this.nextFrame : Number.POSITIVE_INFINITY;
    for (const stream of streams(options)) {
      this.sender.bindLocalStream(stream, START);
      this.receiver.bindRemoteStream(stream, START);
    }
  }

  /** One frame of what the target allows, 30 a second. */
  frame(now: number): void {
    const rate = Math.min(this.controller.targetBitrate * 0.98, this.limit);
    let left = Math.max(100, (rate / 8 / FRAME_RATE) * (0.9 + 0.2 * this.#random.float()));
    this.#timestamp += 3000;
    const count = Math.ceil(left / PAYLOAD);
    left /= count;
    for (let i = 0; i < count; i++) {
      this.#send(VIDEO, 96, this.#sequence++, Math.round(left), i === count - 1, now);
    }
    this.nextFrame += 1000 / FRAME_RATE;
  }

  audio(now: number): void {
    this.#send(AUDIO, 111, this.#audioSequence++, 80, false, now);
    this.nextAudio += 20;
  }

  #send(ssrc: number, payloadType: number, sequence: number, size: number, marker: boolean, now: number): void {
    const extensions = [
      { id: 3, data: new Uint8Array(3) },
      { id: 5, data: new Uint8Array(2) },
    ];
    const bytes = encodeRtp({
      payloadType,
      sequenceNumber: sequence & 0xffff,
      timestamp: this.#timestamp,
      ssrc,
      marker,
      extensions,
      payload: new Uint8Array(size),
    });
    const packet = decodeRtp(bytes);
    if (!isMalformed(packet)) this.sender.sendRtp(packet, now);
  }

  get pollTimeout(): number {
    return Math.min(this.nextFrame, this.nextAudio, this.sender.pollTimeout(), this.receiver.pollTimeout());
  }
}

export class Network {
  readonly flows: readonly Flow[];
  readonly line: Netem<Carried>;
  readonly back: Netem<number>;
  now = START;
  capacity: number;
  #samplesAt = START + SAMPLE_MS;
  readonly #options: NetworkOptions;
  /** Largest REMB that the peer would send; for flows with `remb`. */
  #rembAt = START;

  constructor(options: NetworkOptions) {
    const random = seededRandom(options.seed);
    const oneWay = (options.roundTrip ?? 50) / 2;
    this.#options = options;
    this.capacity = options.capacity;
    this.line = new Netem<Carried>(
      { delay: oneWay, ...this.#rate(options.capacity), ...options.line },
      random.fork('line'),
    );
    this.back = new Netem<number>({ delay: oneWay, ...options.back }, random.fork('back'));
    this.flows = (options.flows ?? [{}]).map((flow, i) => new Flow(i, flow, random.fork(`flow ${i}`)));
  }

  /** Changes the bottleneck; its queue keeps its size in bytes, as a router's does. */
  setCapacity(capacity: number): void {
    this.capacity = capacity;
    this.line.set({ rate: capacity / 8 });
  }

  #rate(capacity: number): NetemOptions {
    return { rate: capacity / 8, queue: Math.max(3000, ((capacity / 8) * (this.#options.queue ?? 150)) / 1000) };
  }

  /** Runs for `duration` ms. */
  run(duration: number): void {
    const end = this.now + duration;
    for (;;) {
      let next = Math.min(this.line.pollTimeout(), this.back.pollTimeout(), this.#samplesAt, this.#rembAt);
      for (const flow of this.flows) next = Math.min(next, flow.pollTimeout);
      if (next > end) break;
      // Rounding must not make time stand still.
      const { granularity = 0 } = this.#options;
      this.now = Math.max(this.now, granularity === 0 ? next : Math.ceil(next / granularity) * granularity);
      this.#step(this.now);
    }
    this.now = end;
  }

  #step(now: number): void {
    for (const flow of this.flows) {
      while (flow.nextFrame <= now) flow.frame(now);
      while (flow.nextAudio <= now) flow.audio(now);
      flow.sender.handleTimeout(now);
      flow.receiver.handleTimeout(now);
    }
    for (let each = this.line.poll(now); each !== undefined; each = this.line.poll(now)) this.#arrive(each, now);
    for (let each = this.back.poll(now); each !== undefined; each = this.back.poll(now)) {
      const packets = decodeRtcp(each.bytes);
      if (!isMalformed(packets)) this.flows[each.meta]!.sender.receiveRtcp(packets, now);
    }
    for (const flow of this.flows) this.#drain(flow, now);
    if (now >= this.#rembAt) this.#sendRemb(now);
    if (now >= this.#samplesAt) this.#sample(now);
  }

  #arrive(
    each: { readonly bytes: Uint8Array; readonly meta: Carried; readonly ecn: EcnCodepoint; readonly sentAt: number },
    now: number,
  ): void {
    const flow = this.flows[each.meta]!;
    flow.arrivedBytes += each.bytes.length;
    flow.worstDelay = Math.max(flow.worstDelay, now - each.sentAt - (this.#options.roundTrip ?? 50) / 2);
    const packet = decodeRtp(each.bytes);
    if (isMalformed(packet)) throw new Error('a packet broke');
    flow.receiver.receiveRtp(packet, now, each.ecn);
    while (flow.receiver.pollIncomingRtp(now) !== undefined);
  }

  #drain(flow: Flow, now: number): void {
    for (let out = flow.sender.pollOutgoingRtp(now); out !== undefined; out = flow.sender.pollOutgoingRtp(now)) {
      this.line.push(out.bytes, now, flow.index, flow.options.ecn ?? 0);
    }
    for (let out = flow.receiver.pollOutgoingRtcp(now); out !== undefined; out = flow.receiver.pollOutgoingRtcp(now)) {
      this.back.push(encodeRtcp(out as readonly RtcpPacket[]), now, flow.index);
    }
    while (flow.sender.pollOutgoingRtcp(now) !== undefined);
    while (flow.sender.pollEvent() !== undefined);
  }

  /** A peer that measures by itself, as old ones do: it reports 95 % of the capacity twice a second. */
  #sendRemb(now: number): void {
    this.#rembAt = Number.POSITIVE_INFINITY;
    for (const flow of this.flows) {
      if (flow.options.feedback !== 'remb') continue;
      this.#rembAt = now + 500;
      const { loss = 0 } = this.line.options;
      const block = {
        ssrc: VIDEO,
        fractionLost: Math.round(loss * 256),
        cumulativeLost: 0,
        highestSequence: 0,
        jitter: 0,
        lastSenderReport: 0,
        delaySinceLastSenderReport: 0,
      };
      const packets: RtcpPacket[] = [
        { type: 'rr', ssrc: 9, reports: [block] },
        { type: 'remb', senderSsrc: 9, bitrate: this.capacity * 0.95, ssrcs: [VIDEO] },
      ];
      this.back.push(encodeRtcp(packets), now, flow.index);
    }
  }

  #sample(now: number): void {
    this.#samplesAt += SAMPLE_MS;
    for (const flow of this.flows) {
      flow.samples.push({
        at: now - START,
        target: flow.controller.targetBitrate,
        arrived: (flow.arrivedBytes * 8000) / SAMPLE_MS,
        queueDelay: flow.worstDelay,
      });
      flow.arrivedBytes = 0;
      flow.worstDelay = 0;
    }
  }
}

/** Mean of a column over [from, to) ms. */
export function mean(flow: Flow, column: 'target' | 'arrived' | 'queueDelay', from: number, to: number): number {
  const chosen = flow.samples.filter(({ at }) => at > from && at <= to);
  return chosen.reduce((sum, sample) => sum + sample[column], 0) / chosen.length;
}

export function largest(flow: Flow, column: 'target' | 'arrived' | 'queueDelay', from: number, to: number): number {
  return Math.max(...flow.samples.filter(({ at }) => at > from && at <= to).map((sample) => sample[column]));
}

type Carried = number;

export const VIDEO = 0x1111_1111;
const AUDIO = 0x3333_3333;
const START = 1000;
const SAMPLE_MS = 100;
const FRAME_RATE = 30;
const PAYLOAD = 1150;

function streams(options: FlowOptions): StreamInfo[] {
  const { feedback: kind = 'twcc', rtx = true } = options;
  const feedback =
    kind === 'twcc'
      ? [{ type: 'transport-cc' }]
      : kind === 'ccfb'
        ? [{ type: 'ack', parameter: 'ccfb' }]
        : [{ type: 'goog-remb' }];
  const extensions = [
    { id: 3, uri: EXTENSION_URI.absSendTime },
    { id: 5, uri: EXTENSION_URI.transportSequenceNumber },
  ];
  const video: StreamInfo = {
    ssrc: VIDEO,
    kind: 'video',
    payloads: [{ payloadType: 96, mimeType: 'video/VP8', clockRate: 90_000, rtxPayloadType: rtx ? 97 : undefined }],
    rtxSsrc: rtx ? 0x2222_2222 : undefined,
    feedback,
    extensions,
  };
  const audio: StreamInfo = {
    ssrc: AUDIO,
    kind: 'audio',
    payloads: [{ payloadType: 111, mimeType: 'audio/opus', clockRate: 48_000 }],
    feedback,
    extensions,
  };
  return [video, audio];
}
