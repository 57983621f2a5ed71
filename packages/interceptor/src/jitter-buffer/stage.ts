import type { EcnCodepoint, Instant } from '@kaon/interface/core/v1';
import type { Interceptor, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { Deque } from '@kaon/wire';
import { clockRateOf, hasFeedback, type RoundTripTime } from '../stream.ts';
import { JitterBuffer, type JitterBufferOptions, type JitterBufferStatistics } from './jitter-buffer.ts';

/** How streams are put in order. */
export interface JitterBufferStageOptions extends JitterBufferOptions {
  /** Where the round trip time comes from: how long gaps are waited for. Default: 100 ms is assumed. */
  readonly roundTripTime?: RoundTripTime | undefined;
}

/** The stage that puts streams in order. */
export interface JitterBufferStage extends Interceptor {
  /** What the buffer of a remote stream did, or undefined where it is not bound. */
  statistics(ssrc: number): JitterBufferStatistics | undefined;
  /** How long packets of a remote stream are held at present, in ms. */
  targetDelay(ssrc: number): number | undefined;
  /** The delay that the application wants at least, in ms (`jitterBufferTarget`, `playoutDelayHint`); undefined: as the network asks. */
  setWantedDelay(ssrc: number, delay: number | undefined): void;
  /** Bounds of the delay of one stream in ms, such as those of the playout-delay header extension. */
  setDelayLimits(ssrc: number, min: number, max: number): void;
}

/** A jitter buffer for each bound remote stream. Throws `INTERCEPTOR_BAD_OPTION`. */
export function jitterBuffer(options: JitterBufferStageOptions = {}): JitterBufferStage {
  return new Stage(options);
}

interface Remote {
  info: StreamInfo;
  /** Whether lost packets are asked for. */
  nack: boolean;
  /** Payload type of the last packet and its clock rate. */
  payloadType: number;
  clockRate: number;
  readonly buffer: JitterBuffer;
}

class Stage implements JitterBufferStage {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'jitter-buffer';
  readonly #options: JitterBufferStageOptions;
  readonly #streams: Map<number, Remote> = new Map();
  /** What a deadline or the end of a stream has released. */
  readonly #ready: Deque<RtpPacketView> = new Deque();

  constructor(options: JitterBufferStageOptions) {
    // Options that are wrong shall throw now, not when a stream comes.
    new JitterBuffer('video', options);
    this.#options = options;
  }

  statistics(ssrc: number): JitterBufferStatistics | undefined {
    return this.#streams.get(ssrc)?.buffer.statistics;
  }

  targetDelay(ssrc: number): number | undefined {
    return this.#streams.get(ssrc)?.buffer.targetDelay;
  }

  setWantedDelay(ssrc: number, delay: number | undefined): void {
    const stream = this.#streams.get(ssrc);
    if (stream !== undefined) stream.buffer.wantedDelay = delay;
  }

  setDelayLimits(ssrc: number, min: number, max: number): void {
    this.#streams.get(ssrc)?.buffer.setDelayLimits(min, max);
  }

  bindRemoteStream(info: StreamInfo): void {
    const buffer = this.#streams.get(info.ssrc)?.buffer ?? new JitterBuffer(info.kind, this.#options);
    this.#streams.set(info.ssrc, { info, nack: hasFeedback(info, 'nack'), payloadType: -1, clockRate: 0, buffer });
  }

  unbindRemoteStream(ssrc: number): void {
    this.#streams.delete(ssrc);
  }

  handleIncomingRtp(packet: RtpPacketView, now: Instant, _ecn: EcnCodepoint): boolean {
    const stream = this.#streams.get(packet.ssrc);
    if (stream === undefined) return true;
    const { buffer } = stream;
    const { payloadType } = packet;
    if (payloadType !== stream.payloadType) {
      stream.payloadType = payloadType;
      stream.clockRate = clockRateOf(stream.info, payloadType);
    }
    buffer.setRetransmission(stream.nack, this.#options.roundTripTime?.());
    const fate = buffer.insert(packet, stream.clockRate, now);
    return fate === 'late' && this.#options.mode === 'immediate';
  }

  pollIncomingRtp(now: Instant): RtpPacketView | undefined {
    if (this.#ready.length > 0) return this.#ready.shift();
    for (const { buffer } of this.#streams.values()) {
      const packet = buffer.poll(now);
      if (packet !== undefined) return packet;
    }
    return undefined;
  }

  handleTimeout(now: Instant): void {
    for (const { buffer } of this.#streams.values()) {
      for (let packet = buffer.poll(now); packet !== undefined; packet = buffer.poll(now)) {
        if (this.#ready.length >= MAX_READY) this.#ready.shift();
        this.#ready.push(packet);
      }
    }
  }

  pollTimeout(): Instant {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { buffer } of this.#streams.values()) {
      const at = buffer.pollTimeout();
      if (at < earliest) earliest = at;
    }
    return earliest;
  }
}

/** Packets that wait for being polled; the oldest goes. */
const MAX_READY = 4096;
