import type { Instant } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { Interceptor, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import type { RtcpPacket } from '@kaon/rtp/rtcp';
import { Deque } from '@kaon/wire';
import { countOption, InterceptorError, numberOption } from '../errors.ts';
import { Remembered } from '../remembered.ts';
import { payloadOf } from '../stream.ts';
import { type FecStream, makeFecStream } from './streams.ts';

/** How streams are protected. */
export interface FecEncoderStageOptions {
  /** For the first sequence number of repair streams. */
  readonly random: RandomSource;
  /** Repair packets per media packet, 0 to 1, or `loss` (default): one and a half times what the peer's reports say is lost. */
  readonly rate?: number | 'loss' | undefined;
  /** Bound of the rate by loss. Default 0.5. */
  readonly maxRate?: number | undefined;
  /** Packets that are protected together at most, 2 to 48. Default 24. */
  readonly maxGroup?: number | undefined;
}

/** What was made for repair of one stream. */
export interface FecSentCounters {
  readonly fecPacketsSent: number;
  readonly fecBytesSent: number;
}

/** The stage that protects streams. */
export interface FecEncoderStage extends Interceptor {
  /** Sets the rate from now on; see the option. Throws `INTERCEPTOR_BAD_OPTION`. */
  setRate(rate: number | 'loss'): void;
  /** Repair made for a local stream. */
  sent(ssrc: number): FecSentCounters;
}

/**
 * Makes repair packets for the local streams that agreed on it: FlexFEC-03 in a stream of its own, or ULPFEC inside RED in the
 * stream itself (RFC 5109, RFC 2198), whose packets are then numbered anew. Throws `INTERCEPTOR_BAD_OPTION`.
 */
export function fecEncoder(options: FecEncoderStageOptions): FecEncoderStage {
  return new Encoder(options);
}

class Encoder implements FecEncoderStage {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'fec-encoder';
  readonly #random: RandomSource;
  readonly #maxRate: number;
  readonly #maxGroup: number;
  readonly #streams: Map<number, FecStream> = new Map();
  /** Streams that ended, with the numbers that they used. */
  readonly #ended: Remembered<FecStream> = new Remembered();
  readonly #ready: Deque<RtpPacketView> = new Deque();
  #rate: number | 'loss';

  constructor(options: FecEncoderStageOptions) {
    this.#random = options.random;
    this.#rate = checkedRate(options.rate ?? 'loss');
    this.#maxRate = checkedRate(numberOption('maxRate', options.maxRate, 0.5)) as number;
    this.#maxGroup = countOption('maxGroup', options.maxGroup, 24, 2);
    if (this.#maxGroup > MAX_GROUP) throw new InterceptorError('INTERCEPTOR_BAD_OPTION', 'maxGroup must be at most 48');
  }

  setRate(rate: number | 'loss'): void {
    this.#rate = checkedRate(rate);
  }

  sent(ssrc: number): FecSentCounters {
    const { packets = 0, bytes = 0 } = this.#streams.get(ssrc)?.sent ?? {};
    return { fecPacketsSent: packets, fecBytesSent: bytes };
  }

  bindLocalStream(info: StreamInfo): void {
    const known = this.#streams.get(info.ssrc) ?? this.#ended.take(info.ssrc);
    const stream = known?.rebind(info) === true ? known : makeFecStream(info, this.#random);
    if (stream === undefined) this.#streams.delete(info.ssrc);
    else this.#streams.set(info.ssrc, stream);
  }

  unbindLocalStream(ssrc: number): void {
    const stream = this.#streams.get(ssrc);
    if (stream !== undefined) this.#ended.set(ssrc, stream);
    this.#streams.delete(ssrc);
  }

  handleOutgoingRtp(packet: RtpPacketView, _now: Instant): boolean {
    const stream = this.#streams.get(packet.ssrc);
    if (stream === undefined || payloadOf(stream.info, packet.payloadType) === undefined) return true;
    const rate = this.#rate === 'loss' ? Math.min(this.#maxRate, stream.loss * LOSS_FACTOR) : this.#rate;
    const goesOn = stream.send(packet, rate, this.#maxGroup, this.#ready);
    while (this.#ready.length > MAX_READY) this.#ready.shift();
    return goesOn;
  }

  handleIncomingRtcp(packets: readonly RtcpPacketLike[]): void {
    for (const packet of packets as readonly RtcpPacket[]) {
      if (packet.type !== 'sr' && packet.type !== 'rr') continue;
      for (const { ssrc, fractionLost } of packet.reports) {
        const stream = this.#streams.get(ssrc);
        // Up at once, down slowly: a burst is seldom alone.
        if (stream !== undefined) stream.loss = Math.max(fractionLost / 256, stream.loss * LOSS_DECAY);
      }
    }
  }

  pollOutgoingRtp(_now: Instant): RtpPacketView | undefined {
    return this.#ready.shift();
  }
}

function checkedRate(rate: number | 'loss'): number | 'loss' {
  if (rate === 'loss' || (typeof rate === 'number' && rate >= 0 && rate <= 1)) return rate;
  throw new InterceptorError('INTERCEPTOR_BAD_OPTION', `a rate is 0 to 1 or loss, not ${rate}`);
}

/** The mask of ULPFEC has 48 bits. */
const MAX_GROUP = 48;
const LOSS_FACTOR = 1.5;
const LOSS_DECAY = 0.8;
const MAX_READY = 1024;
