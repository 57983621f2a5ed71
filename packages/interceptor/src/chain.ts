import type { EcnCodepoint, Instant } from '@kaon/interface/core/v1';
import type { Interceptor, InterceptorEvent, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import { type RtcpPacket, rtcpLength } from '@kaon/rtp/rtcp';
import { Deque } from '@kaon/wire';
import { countOption, InterceptorError } from './errors.ts';
import { RtcpOutbox } from './rtcp-outbox.ts';

/** How a chain behaves. */
export interface InterceptorChainOptions {
  /** Canonical name for SDES (RFC 3550 §6.5.1). Default: that of the local stream that reports, else our SSRC in hex. */
  readonly cname?: string | undefined;
  /** Whether RTCP may leave without a report in front (RFC 5506). Default false: each datagram begins with SR or RR and SDES. */
  readonly reducedSize?: boolean | undefined;
  /** Our SSRC on RTCP as long as no local stream is bound. Default 1. */
  readonly ssrc?: number | undefined;
  /** Largest RTCP datagram in bytes, without SRTCP's overhead. Default 1150. */
  readonly maxRtcpSize?: number | undefined;
  /** How many packets wait in each direction for being polled; beyond it the oldest is dropped. Default 4096. */
  readonly maxQueuedPackets?: number | undefined;
}

/** What a chain threw away. */
export interface ChainCounters {
  /** Outgoing packets that nobody polled. */
  readonly outgoingDropped: number;
  /** Incoming packets that nobody polled. */
  readonly incomingDropped: number;
  /** RTCP packets that nobody polled, or that are larger than a datagram. */
  readonly rtcpDropped: number;
}

/**
 * The stages between the streams of one transport and its wire, flat and in order: `stages[0]` is nearest the wire.
 *
 * What goes out passes the stages from the last to the first, what comes in from the first to the last. A packet that a stage
 * keeps stops there; what the stage releases goes on at the next one. Nothing is called back: everything is drained by `poll*`,
 * to be called until it answers undefined after each input.
 *
 * @example
 * const chain = new InterceptorChain(stages, { cname: 'peer' });
 * chain.bindLocalStream(info, now);
 * chain.sendRtp(packet, now);
 * for (let out = chain.pollOutgoingRtp(now); out !== undefined; out = chain.pollOutgoingRtp(now)) transmit(out.bytes);
 */
export class InterceptorChain {
  /** Nearest the wire first. */
  readonly stages: readonly Interceptor[];
  // Per method, those stages that have it, in the order in which packets pass: the packet path asks nobody in vain.
  readonly #outgoing: readonly Interceptor[];
  readonly #incoming: readonly Interceptor[];
  readonly #outgoingSources: readonly Source[];
  readonly #incomingSources: readonly Source[];
  readonly #toWire: readonly Interceptor[];
  readonly #timed: readonly Interceptor[];
  readonly #outQueue: Deque<RtpPacketView> = new Deque(64);
  readonly #inQueue: Deque<RtpPacketView> = new Deque(64);
  readonly #rtcp: RtcpOutbox;
  readonly #limit: number;
  #now: Instant = Number.NEGATIVE_INFINITY;
  #handledAt: Instant = Number.NEGATIVE_INFINITY;
  #outgoingDropped = 0;
  #incomingDropped = 0;

  /** Throws `INTERCEPTOR_BAD_OPTION` for a stage of another interface version or a stage that stands there twice. */
  constructor(stages: readonly Interceptor[], options: InterceptorChainOptions = {}) {
    for (const stage of stages) {
      if (stage.interface !== 'kaon:interceptor/1')
        throw new InterceptorError('INTERCEPTOR_BAD_OPTION', `${stage.interface} is no kaon:interceptor/1`);
    }
    if (new Set(stages).size !== stages.length)
      throw new InterceptorError('INTERCEPTOR_BAD_OPTION', 'a stage stands in the chain twice');
    this.stages = [...stages];
    this.#limit = countOption('maxQueuedPackets', options.maxQueuedPackets, 4096, 1);
    const toWire = [...stages].reverse();
    this.#toWire = toWire;
    this.#outgoing = toWire.filter(({ handleOutgoingRtp }) => handleOutgoingRtp !== undefined);
    this.#incoming = stages.filter(({ handleIncomingRtp }) => handleIncomingRtp !== undefined);
    // What stages further in release is asked for first: it has further to go.
    this.#outgoingSources = toWire
      .filter(({ pollOutgoingRtp }) => pollOutgoingRtp !== undefined)
      .map((stage) => ({ stage, next: countBefore(toWire, stage, this.#outgoing) }));
    this.#incomingSources = stages
      .filter(({ pollIncomingRtp }) => pollIncomingRtp !== undefined)
      .map((stage) => ({ stage, next: countBefore(stages, stage, this.#incoming) }));
    this.#timed = stages.filter(
      ({ handleTimeout, pollTimeout }) => handleTimeout !== undefined || pollTimeout !== undefined,
    );
    this.#rtcp = new RtcpOutbox(
      toWire.filter(({ pollOutgoingRtcp }) => pollOutgoingRtcp !== undefined),
      options,
    );
  }

  get counters(): ChainCounters {
    return {
      outgoingDropped: this.#outgoingDropped,
      incomingDropped: this.#incomingDropped,
      rtcpDropped: this.#rtcp.dropped,
    };
  }

  /** A stream that we send begins, or what was agreed on for it changed. */
  bindLocalStream(stream: StreamInfo, now: Instant): void {
    const time = this.#at(now);
    this.#rtcp.bindLocalStream(stream);
    for (const stage of this.stages) stage.bindLocalStream?.(stream, time);
  }

  /** It ends; unknown SSRCs are fine. */
  unbindLocalStream(ssrc: number, now: Instant): void {
    const time = this.#at(now);
    for (const stage of this.stages) stage.unbindLocalStream?.(ssrc, time);
    this.#rtcp.unbindLocalStream(ssrc);
  }

  /** A stream that we receive begins, or what was agreed on for it changed. */
  bindRemoteStream(stream: StreamInfo, now: Instant): void {
    const time = this.#at(now);
    for (const stage of this.stages) stage.bindRemoteStream?.(stream, time);
  }

  /** It ends; unknown SSRCs are fine. */
  unbindRemoteStream(ssrc: number, now: Instant): void {
    const time = this.#at(now);
    for (const stage of this.stages) stage.unbindRemoteStream?.(ssrc, time);
  }

  /** Takes a packet of the application. Its bytes belong to the chain from here. */
  sendRtp(packet: RtpPacketView, now: Instant): void {
    this.#out(packet, 0, this.#at(now));
  }

  /** Takes a packet off the wire, after SRTP. Its bytes belong to the chain from here. */
  receiveRtp(packet: RtpPacketView, now: Instant, ecn: EcnCodepoint = 0): void {
    this.#in(packet, 0, this.#at(now), ecn);
  }

  /** Takes the RTCP packets of one datagram. */
  receiveRtcp(packets: readonly RtcpPacketLike[], now: Instant): void {
    const time = this.#at(now);
    for (const stage of this.stages) stage.handleIncomingRtcp?.(packets, time);
  }

  /** Sends an RTCP packet of the application's own. Throws RtpError (`RTP_BAD_RTCP`) on fields that do not fit. */
  sendRtcp(packet: RtcpPacket, now: Instant): void {
    rtcpLength([packet]);
    this.#at(now);
    this.#rtcp.push(packet);
  }

  /** The next packet for the wire, ready for SRTP; undefined when there is none now. */
  pollOutgoingRtp(now: Instant): RtpPacketView | undefined {
    const queue = this.#outQueue;
    if (queue.length > 0) return queue.shift();
    const time = this.#at(now);
    for (const { stage, next } of this.#outgoingSources) {
      for (let packet = stage.pollOutgoingRtp!(time); packet !== undefined; packet = stage.pollOutgoingRtp!(time)) {
        this.#out(packet, next, time);
        if (queue.length > 0) return queue.shift();
      }
    }
    return undefined;
  }

  /** The next packet for the application; undefined when there is none now. */
  pollIncomingRtp(now: Instant): RtpPacketView | undefined {
    const queue = this.#inQueue;
    if (queue.length > 0) return queue.shift();
    const time = this.#at(now);
    for (const { stage, next } of this.#incomingSources) {
      for (let packet = stage.pollIncomingRtp!(time); packet !== undefined; packet = stage.pollIncomingRtp!(time)) {
        this.#in(packet, next, time, 0);
        if (queue.length > 0) return queue.shift();
      }
    }
    return undefined;
  }

  /**
   * The RTCP packets of the next datagram, ready for `encodeRtcp`; undefined when there are none now. Behind a report stands
   * SDES with our canonical name (RFC 3550 §6.1), and without reduced size a report stands in front of everything else.
   */
  pollOutgoingRtcp(now: Instant): readonly RtcpPacket[] | undefined {
    const time = this.#at(now);
    const packets = this.#rtcp.poll(time);
    if (packets === undefined) return undefined;
    for (const stage of this.#toWire) stage.handleOutgoingRtcp?.(packets, time);
    return packets;
  }

  /** The next event of any stage. */
  pollEvent(): InterceptorEvent | undefined {
    for (const stage of this.stages) {
      const event = stage.pollEvent?.();
      if (event !== undefined) return event;
    }
    return undefined;
  }

  /** Acts on every deadline at or before `now`. */
  handleTimeout(now: Instant): void {
    const time = this.#at(now);
    this.#handledAt = time;
    for (const stage of this.#timed) stage.handleTimeout?.(time);
  }

  /** When `handleTimeout` wants to be called next; `Infinity` for never. Right after it, always later than then. */
  pollTimeout(): Instant {
    let earliest = Number.POSITIVE_INFINITY;
    for (const stage of this.#timed) {
      const at = stage.pollTimeout?.() ?? Number.POSITIVE_INFINITY;
      if (at < earliest) earliest = at;
    }
    // A deadline that stays is output that waits to be polled: nothing is to be handled, but a later look does no harm.
    return earliest <= this.#handledAt ? this.#handledAt + 1 : earliest;
  }

  #out(packet: RtpPacketView, from: number, now: Instant): void {
    const stages = this.#outgoing;
    for (let i = from; i < stages.length; i++) {
      if (!stages[i]!.handleOutgoingRtp!(packet, now)) return;
    }
    if (this.#outQueue.length >= this.#limit) {
      this.#outQueue.shift();
      this.#outgoingDropped++;
    }
    this.#outQueue.push(packet);
  }

  #in(packet: RtpPacketView, from: number, now: Instant, ecn: EcnCodepoint): void {
    const stages = this.#incoming;
    for (let i = from; i < stages.length; i++) {
      if (!stages[i]!.handleIncomingRtp!(packet, now, ecn)) return;
    }
    if (this.#inQueue.length >= this.#limit) {
      this.#inQueue.shift();
      this.#incomingDropped++;
    }
    this.#inQueue.push(packet);
  }

  /** Time never goes back: a smaller value counts as the last one. */
  #at(now: Instant): Instant {
    if (now > this.#now) this.#now = now;
    return this.#now;
  }
}

/** A stage that makes packets, and the place among the handlers at which they go on. */
interface Source {
  readonly stage: Interceptor;
  readonly next: number;
}

/** How many of `handlers` stand at or before `stage` in `order`. */
function countBefore(order: readonly Interceptor[], stage: Interceptor, handlers: readonly Interceptor[]): number {
  const at = order.indexOf(stage);
  return handlers.filter((each) => order.indexOf(each) <= at).length;
}
