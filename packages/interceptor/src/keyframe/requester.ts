import type { EcnCodepoint, Instant } from '@kaon/interface/core/v1';
import type { Interceptor, InterceptorEvent, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import type { FullIntraRequest, PictureLossIndication, RtcpPacket } from '@kaon/rtp/rtcp';
import { Deque } from '@kaon/wire';
import { countOption, numberOption } from '../errors.ts';
import { ASSUMED_ROUND_TRIP, hasFeedback, payloadOf, type RoundTripTime, SenderSsrc } from '../stream.ts';

/** How key frames are asked for. Times in ms. */
export interface KeyFrameRequesterOptions {
  /** Least time between two requests for one stream, and between two events of requests of the peer. Default 300. */
  readonly minInterval?: number | undefined;
  /** How often a request that stays without a key frame is sent in all. Default 10. */
  readonly maxTries?: number | undefined;
  /** Which of the two is sent where both were agreed on. Default `pli`. */
  readonly prefer?: 'pli' | 'fir' | undefined;
  /** Where the round trip time comes from: a request is repeated after two of them at the earliest. Default: 100 ms is assumed. */
  readonly roundTripTime?: RoundTripTime | undefined;
  /**
   * Whether a packet begins a key frame, such as `startsKeyFrame` of `@kaon/rtp/payload`. Default: nobody looks, and
   * `keyFrameReceived` ends a request.
   */
  readonly startsKeyFrame?: ((mimeType: string, packet: RtpPacketView) => boolean) | undefined;
  /** Our SSRC as long as no local stream is bound. Default 1. */
  readonly ssrc?: number | undefined;
}

/** Requests for key frames, by stream. */
export interface KeyFrameCounters {
  readonly pliCount: number;
  readonly firCount: number;
}

/** The stage that asks for key frames, and tells of requests for ours. */
export interface KeyFrameRequester extends Interceptor {
  /**
   * Asks for a key frame of a remote stream: at once, or as soon as `minInterval` allows; repeats it until one came. False where
   * the stream is not bound or neither `nack pli` nor `ccm fir` was agreed on.
   */
  requestKeyFrame(ssrc: number, now: Instant): boolean;
  /** Tells that a key frame came, where the chain cannot see it (encrypted frames, for instance). */
  keyFrameReceived(ssrc: number): void;
  /** Whether a request is under way. */
  isPending(ssrc: number): boolean;
  /** Requests sent for a remote stream. */
  sent(ssrc: number): KeyFrameCounters;
}

/**
 * Asks for key frames by PLI (RFC 4585 §6.3.1) or FIR (RFC 5104 §4.3.1), whichever was agreed on, and makes `key-frame-request`
 * events of those of the peer; a FIR that is repeated makes one, and so does a storm of requests within `minInterval`. Throws `INTERCEPTOR_BAD_OPTION`.
 */
export function keyFrameRequester(options: KeyFrameRequesterOptions = {}): KeyFrameRequester {
  return new Requester(options);
}

interface Remote {
  info: StreamInfo;
  tries: number;
  /** When the next request is due; Infinity: none is under way. */
  dueAt: Instant;
  sentAt: Instant;
  firSequence: number;
  pliCount: number;
  firCount: number;
}

/** A stream of ours. */
interface Local {
  /** The number of the last FIR from each SSRC. */
  readonly heard: Map<number, number>;
  toldAt: Instant;
  /** When the request that waits is told; Infinity: none does. */
  dueAt: Instant;
  reason: 'pli' | 'fir';
}

class Requester implements KeyFrameRequester {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'key-frames';
  readonly #remote: Map<number, Remote> = new Map();
  readonly #local: Map<number, Local> = new Map();
  readonly #ssrc: SenderSsrc;
  readonly #ready: Deque<FullIntraRequest | PictureLossIndication> = new Deque();
  readonly #events: Deque<InterceptorEvent & { readonly type: 'key-frame-request' }> = new Deque();
  readonly #minInterval: number;
  readonly #maxTries: number;
  readonly #options: KeyFrameRequesterOptions;

  constructor(options: KeyFrameRequesterOptions) {
    this.#options = options;
    this.#minInterval = numberOption('minInterval', options.minInterval, 300, 1);
    this.#maxTries = countOption('maxTries', options.maxTries, 10, 1);
    this.#ssrc = new SenderSsrc(options.ssrc);
  }

  requestKeyFrame(ssrc: number, now: Instant): boolean {
    const stream = this.#remote.get(ssrc);
    if (stream === undefined || methodOf(stream.info, this.#options.prefer) === undefined) return false;
    stream.tries = 0;
    if (stream.dueAt !== Number.POSITIVE_INFINITY) return true;
    // A request of our own, so a new number, unless it only repeats one that is under way (RFC 5104 §4.3.1.2).
    stream.firSequence = (stream.firSequence + 1) & 0xff;
    stream.dueAt = stream.sentAt + this.#minInterval;
    if (stream.dueAt <= now) this.#send(stream, now);
    return true;
  }

  keyFrameReceived(ssrc: number): void {
    const stream = this.#remote.get(ssrc);
    if (stream !== undefined) stream.dueAt = Number.POSITIVE_INFINITY;
  }

  isPending(ssrc: number): boolean {
    return (this.#remote.get(ssrc)?.dueAt ?? Number.POSITIVE_INFINITY) !== Number.POSITIVE_INFINITY;
  }

  sent(ssrc: number): KeyFrameCounters {
    const { pliCount = 0, firCount = 0 } = this.#remote.get(ssrc) ?? {};
    return { pliCount, firCount };
  }

  bindLocalStream({ ssrc }: StreamInfo): void {
    this.#ssrc.bind(ssrc);
    if (this.#local.has(ssrc)) return;
    const never = { toldAt: Number.NEGATIVE_INFINITY, dueAt: Number.POSITIVE_INFINITY };
    this.#local.set(ssrc, { heard: new Map(), ...never, reason: 'pli' });
  }

  unbindLocalStream(ssrc: number): void {
    this.#ssrc.unbind(ssrc);
    this.#local.delete(ssrc);
  }

  bindRemoteStream(info: StreamInfo): void {
    const known = this.#remote.get(info.ssrc);
    if (known !== undefined) known.info = info;
    else
      this.#remote.set(info.ssrc, {
        info,
        tries: 0,
        dueAt: Number.POSITIVE_INFINITY,
        sentAt: Number.NEGATIVE_INFINITY,
        firSequence: 0xff,
        pliCount: 0,
        firCount: 0,
      });
  }

  unbindRemoteStream(ssrc: number): void {
    this.#remote.delete(ssrc);
  }

  handleIncomingRtp(packet: RtpPacketView, _now: Instant, _ecn: EcnCodepoint): boolean {
    const stream = this.#remote.get(packet.ssrc);
    if (stream === undefined || stream.dueAt === Number.POSITIVE_INFINITY) return true;
    const payload = payloadOf(stream.info, packet.payloadType);
    if (payload !== undefined && this.#options.startsKeyFrame?.(payload.mimeType, packet) === true)
      stream.dueAt = Number.POSITIVE_INFINITY;
    return true;
  }

  handleIncomingRtcp(packets: readonly RtcpPacketLike[], now: Instant): void {
    for (const packet of packets as readonly RtcpPacket[]) {
      if (packet.type === 'pli') this.#requested(packet.mediaSsrc, 'pli', now);
      else if (packet.type === 'fir') {
        for (const { ssrc, sequenceNumber } of packet.entries)
          if (this.#isNewFir(ssrc, packet.senderSsrc, sequenceNumber)) this.#requested(ssrc, 'fir', now);
      }
    }
  }

  pollOutgoingRtcp(_now: Instant): RtcpPacketLike | undefined {
    return this.#ready.shift();
  }

  pollEvent(): InterceptorEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: Instant): void {
    for (const stream of this.#remote.values()) if (stream.dueAt <= now) this.#send(stream, now);
    for (const [ssrc, local] of this.#local) if (local.dueAt <= now) this.#tell(ssrc, local, now);
  }

  pollTimeout(): Instant {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#remote.values()) if (dueAt < earliest) earliest = dueAt;
    for (const { dueAt } of this.#local.values()) if (dueAt < earliest) earliest = dueAt;
    return earliest;
  }

  #send(stream: Remote, now: Instant): void {
    const method = methodOf(stream.info, this.#options.prefer);
    if (method === undefined || stream.tries >= this.#maxTries) {
      stream.dueAt = Number.POSITIVE_INFINITY;
      return;
    }
    stream.tries++;
    stream.sentAt = now;
    const roundTrips = 2 * (this.#options.roundTripTime?.() ?? ASSUMED_ROUND_TRIP);
    stream.dueAt = now + Math.max(this.#minInterval, roundTrips);
    const { ssrc } = stream.info;
    const senderSsrc = this.#ssrc.value;
    if (this.#ready.length >= MAX_READY) this.#ready.shift();
    if (method === 'pli') {
      stream.pliCount++;
      this.#ready.push({ type: 'pli', senderSsrc, mediaSsrc: ssrc });
    } else {
      stream.firCount++;
      this.#ready.push({ type: 'fir', senderSsrc, entries: [{ ssrc, sequenceNumber: stream.firSequence }] });
    }
  }

  #isNewFir(ssrc: number, sender: number, sequenceNumber: number): boolean {
    const heard = this.#local.get(ssrc)?.heard;
    if (heard === undefined || heard.get(sender) === sequenceNumber) return false;
    if (heard.size >= MAX_SENDERS && !heard.has(sender)) heard.clear();
    heard.set(sender, sequenceNumber);
    return true;
  }

  /** The peer asks. A key frame is dear: what it asks for again within `minInterval` is told at its end, once. */
  #requested(ssrc: number, reason: 'pli' | 'fir', now: Instant): void {
    const local = this.#local.get(ssrc);
    if (local === undefined) return;
    local.reason = reason;
    if (now - local.toldAt >= this.#minInterval) this.#tell(ssrc, local, now);
    else local.dueAt = local.toldAt + this.#minInterval;
  }

  #tell(ssrc: number, local: Local, now: Instant): void {
    local.toldAt = now;
    local.dueAt = Number.POSITIVE_INFINITY;
    // An event that nobody took yet says it already.
    for (const event of this.#events) if (event.ssrc === ssrc) return;
    this.#events.push({ type: 'key-frame-request', ssrc, reason: local.reason });
  }
}

/** How to ask, or undefined where neither was agreed on. */
function methodOf(stream: StreamInfo, prefer: 'pli' | 'fir' = 'pli'): 'pli' | 'fir' | undefined {
  const pli = hasFeedback(stream, 'nack', 'pli');
  const fir = hasFeedback(stream, 'ccm', 'fir');
  if (pli && fir) return prefer;
  return pli ? 'pli' : fir ? 'fir' : undefined;
}

const MAX_READY = 256;
/** SSRCs of one transport that ask for key frames of one stream. */
const MAX_SENDERS = 16;
