import type { Instant } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { Interceptor, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import { EXTENSION_URI, RtpPacket } from '@kaon/rtp';
import { unwrapRed } from '@kaon/rtp/payload/red';
import { writeRtx } from '@kaon/rtp/payload/rtx';
import type { GenericNack } from '@kaon/rtp/rtcp';
import { Deque, isMalformed, MALFORMED } from '@kaon/wire';
import { countOption, InterceptorError, numberOption } from '../errors.ts';
import { Remembered } from '../remembered.ts';
import { ASSUMED_ROUND_TRIP, extensionId, hasFeedback, payloadOf, type RoundTripTime } from '../stream.ts';
import { RetransmissionBuffer, type RetransmissionBufferOptions } from './retransmission-buffer.ts';

/** How lost packets are sent again. */
export interface NackResponderOptions extends RetransmissionBufferOptions {
  /** For the first sequence number of each retransmission stream. */
  readonly random: RandomSource;
  /** Where the round trip time comes from: nothing is sent twice within one. Default: 100 ms is assumed. */
  readonly roundTripTime?: RoundTripTime | undefined;
  /** Bit/s that retransmissions may take over all streams; a quarter of a second's worth may leave at once. Default 20 Mbit/s. */
  readonly maxBitrate?: number | undefined;
}

/** What was sent again. */
export interface NackResponderCounters {
  /** Packets that were asked for. */
  readonly requested: number;
  readonly resent: number;
  readonly resentBytes: number;
  /** Asked for, but not kept (any more). */
  readonly unknown: number;
  /** Asked for again within one round trip. */
  readonly tooSoon: number;
  /** Not sent for lack of bitrate. */
  readonly overBitrate: number;
  /** Not sent because no RTX was agreed on and nothing may go out twice. */
  readonly unrepeatable: number;
}

/** The stage that sends lost packets again. */
export interface NackResponder extends Interceptor {
  readonly counters: NackResponderCounters;
  /**
   * Whether packets may be sent again as they were, where no RTX was agreed on. Default true. An AEAD cannot (RFC 7714 §8.1): the
   * header is stamped anew, and two packets under one nonce give the key away.
   */
  setRepeats(allowed: boolean): void;
  /** Whether this packet, of those that were given, goes out a second time under its sequence number. */
  isRepeat(packet: RtpPacketView): boolean;
}

/**
 * Sends packets again for which a NACK came (RFC 4585 §6.2.1), of the local streams with `nack` feedback: in the stream for
 * retransmissions (RFC 4588) where one was agreed on, else as they were. Throws `INTERCEPTOR_BAD_OPTION`.
 */
export function nackResponder(options: NackResponderOptions): NackResponder {
  return new Responder(options);
}

interface Sent {
  info: StreamInfo;
  readonly buffer: RetransmissionBuffer;
  rtxSequence: number;
  rid: number;
  repairedRid: number;
}

class Responder implements NackResponder {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'retransmission';
  readonly #options: NackResponderOptions;
  readonly #streams: Map<number, Sent> = new Map();
  readonly #ready: Deque<RtpPacketView> = new Deque();
  /** Numbers of retransmission streams, by their SSRC. */
  readonly #numbers: Remembered<number> = new Remembered();
  readonly #repeats: WeakSet<RtpPacketView> = new WeakSet();
  readonly #maxBitrate: number;
  #budget: number;
  #filledAt: Instant = Number.NEGATIVE_INFINITY;
  #requested = 0;
  #resent = 0;
  #resentBytes = 0;
  #unknown = 0;
  #tooSoon = 0;
  #overBitrate = 0;
  #unrepeatable = 0;
  #mayRepeat = true;

  constructor(options: NackResponderOptions) {
    const size = countOption('maxPackets', options.maxPackets, 1024, 2);
    if (size > 32_768 || (size & (size - 1)) !== 0)
      throw new InterceptorError(
        'INTERCEPTOR_BAD_OPTION',
        `maxPackets must be a power of two up to 32768, not ${size}`,
      );
    countOption('maxBytes', options.maxBytes, 2 ** 20, 1);
    numberOption('maxAge', options.maxAge, 3000);
    this.#options = options;
    this.#maxBitrate = numberOption('maxBitrate', options.maxBitrate, 20_000_000);
    this.#budget = this.#burst;
  }

  get counters(): NackResponderCounters {
    return {
      requested: this.#requested,
      resent: this.#resent,
      resentBytes: this.#resentBytes,
      unknown: this.#unknown,
      tooSoon: this.#tooSoon,
      overBitrate: this.#overBitrate,
      unrepeatable: this.#unrepeatable,
    };
  }

  setRepeats(allowed: boolean): void {
    this.#mayRepeat = allowed;
  }

  isRepeat(packet: RtpPacketView): boolean {
    return this.#repeats.has(packet);
  }

  bindLocalStream(info: StreamInfo): void {
    const known = this.#streams.get(info.ssrc);
    const rid = extensionId(info, EXTENSION_URI.rid);
    const repairedRid = extensionId(info, EXTENSION_URI.repairedRid);
    if (!hasFeedback(info, 'nack')) this.unbindLocalStream(info.ssrc);
    else if (known !== undefined) Object.assign(known, { info, rid, repairedRid });
    else {
      const buffer = new RetransmissionBuffer(this.#options);
      const before = info.rtxSsrc === undefined ? undefined : this.#numbers.take(info.rtxSsrc);
      const rtxSequence = before ?? this.#randomSequence();
      this.#streams.set(info.ssrc, { info, buffer, rtxSequence, rid, repairedRid });
    }
  }

  unbindLocalStream(ssrc: number): void {
    const stream = this.#streams.get(ssrc);
    if (stream === undefined) return;
    const { rtxSsrc } = stream.info;
    if (rtxSsrc !== undefined) this.#numbers.set(rtxSsrc, stream.rtxSequence);
    this.#streams.delete(ssrc);
    for (let count = this.#ready.length; count > 0; count--) {
      const packet = this.#ready.shift()!;
      if (packet.ssrc !== ssrc && packet.ssrc !== rtxSsrc) this.#ready.push(packet);
    }
  }

  handleOutgoingRtp(packet: RtpPacketView, now: Instant): boolean {
    this.#streams.get(packet.ssrc)?.buffer.add(packet.sequenceNumber, packet.bytes, now);
    return true;
  }

  handleIncomingRtcp(packets: readonly RtcpPacketLike[], now: Instant): void {
    for (const packet of packets) {
      if (packet.type !== 'nack') continue;
      const { mediaSsrc, lost } = packet as GenericNack;
      const stream = this.#streams.get(mediaSsrc);
      if (stream === undefined) continue;
      for (const sequence of lost) this.#resend(stream, sequence, now);
    }
  }

  pollOutgoingRtp(_now: Instant): RtpPacketView | undefined {
    return this.#ready.shift();
  }

  #resend(stream: Sent, sequence: number, now: Instant): void {
    this.#requested++;
    const kept = stream.buffer.get(sequence, now);
    if (kept === undefined) {
      this.#unknown++;
      return;
    }
    if (now - kept.resentAt < (this.#options.roundTripTime?.() ?? ASSUMED_ROUND_TRIP)) {
      this.#tooSoon++;
      return;
    }
    const wrapped = wrappable(stream.info, kept.bytes);
    if (wrapped === undefined && !this.#mayRepeat) {
      this.#unrepeatable++;
      return;
    }
    if (!this.#pay(kept.bytes.length, now) || this.#ready.length >= MAX_READY) {
      this.#overBitrate++;
      return;
    }
    const packet = wrapped === undefined ? this.#repeat(kept.bytes) : this.#wrap(stream, wrapped);
    if (packet === undefined) return;
    stream.buffer.markResent(sequence, now);
    this.#resent++;
    this.#resentBytes += packet.bytes.length;
    this.#ready.push(packet);
  }

  /** A packet that is kept, as it was. */
  #repeat(bytes: Uint8Array): RtpPacketView | undefined {
    const again = new RtpPacket();
    if (!again.reset(bytes.slice())) return undefined;
    this.#repeats.add(again);
    return again;
  }

  /** A packet of the stream for retransmissions. */
  #wrap(stream: Sent, { packet, ssrc, payloadType }: Wrappable): RtpPacketView | undefined {
    const out = new Uint8Array(packet.bytes.length + OSN_SIZE);
    const sequenceNumber = stream.rtxSequence;
    stream.rtxSequence = (sequenceNumber + 1) & 0xffff;
    const length = writeRtx(packet, { ssrc, payloadType, sequenceNumber }, out, 0);
    const again = new RtpPacket();
    if (!again.reset(length === out.length ? out : out.subarray(0, length))) return undefined;
    retag(again, stream.rid, stream.repairedRid);
    return again;
  }

  /** Takes from what the bitrate has filled up since. */
  #pay(bytes: number, now: Instant): boolean {
    const filled = this.#budget + ((now - this.#filledAt) * this.#maxBitrate) / 8000;
    this.#budget = Math.min(this.#burst, filled);
    this.#filledAt = now;
    if (this.#budget < bytes) return false;
    this.#budget -= bytes;
    return true;
  }

  get #burst(): number {
    return this.#maxBitrate / 8 / 4;
  }

  #randomSequence(): number {
    const bytes = new Uint8Array(2);
    this.#options.random(bytes);
    return (bytes[0]! << 8) | bytes[1]!;
  }
}

/** What can go out in the stream for retransmissions, and as what. */
interface Wrappable {
  readonly packet: RtpPacket;
  readonly ssrc: number;
  readonly payloadType: number;
}

/** Undefined: the packet can only go out as it was. Media in RED goes without it where RED itself has no retransmissions. */
function wrappable(info: StreamInfo, bytes: Uint8Array): Wrappable | undefined {
  const { rtxSsrc: ssrc, fec } = info;
  const packet = new RtpPacket();
  if (ssrc === undefined || !packet.reset(bytes)) return undefined;
  const payloadType = payloadOf(info, packet.payloadType)?.rtxPayloadType;
  if (payloadType !== undefined) return { packet, ssrc, payloadType };
  const inner = packet.payloadType === fec?.redPayloadType ? unwrapRed(packet) : MALFORMED;
  if (isMalformed(inner)) return undefined;
  const innerType = payloadOf(info, inner.payloadType)?.rtxPayloadType;
  return innerType === undefined ? undefined : { packet: inner, ssrc, payloadType: innerType };
}

/** In a retransmission the stream's rid goes by another header extension (RFC 8852 §3.3): the element gets its id. */
function retag(packet: RtpPacket, rid: number, repairedRid: number): void {
  if (rid === 0 || repairedRid === 0) return;
  const offset = packet.extensionOffset(rid);
  if (offset < 0) return;
  if (packet.extensionForm === 'two-byte') packet.bytes[offset - 2] = repairedRid;
  else if (repairedRid < 15) packet.bytes[offset - 1] = (repairedRid << 4) | (packet.bytes[offset - 1]! & 0x0f);
}

/** The original sequence number in front of the payload of a retransmission (RFC 4588 §4). */
const OSN_SIZE = 2;
/** Retransmissions that wait for being polled. */
const MAX_READY = 1024;
