import type { EcnCodepoint, Instant } from '@kaon/interface/core/v1';
import type { Interceptor, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import type { GenericNack } from '@kaon/rtp/rtcp';
import { countOption, InterceptorError, numberOption } from '../errors.ts';
import { ASSUMED_ROUND_TRIP, hasFeedback, type RoundTripTime, SenderSsrc } from '../stream.ts';
import { NackSchedule, type NackScheduleOptions } from './schedule.ts';

/** How lost packets are asked for. */
export interface NackGeneratorOptions extends NackScheduleOptions {
  /** Where the round trip time comes from, such as `reports`. Default: 100 ms is assumed. */
  readonly roundTripTime?: RoundTripTime | undefined;
  /** Called when so much of a video stream is lost that only a key frame helps. */
  readonly needKeyFrame?: ((ssrc: number, now: Instant) => void) | undefined;
  /** Our SSRC as long as no local stream is bound. Default 1. */
  readonly ssrc?: number | undefined;
}

/** What was asked for. */
export interface NackGeneratorCounters {
  /** NACK packets made. */
  readonly nacks: number;
  /** Sequence numbers in them. */
  readonly requested: number;
  /** Packets that came after they were missing. */
  readonly recovered: number;
  readonly givenUp: number;
  /** Packets that came a second time, which were dropped. */
  readonly duplicates: number;
}

/** The stage that asks for lost packets. */
export interface NackGenerator extends Interceptor {
  readonly counters: NackGeneratorCounters;
}

/**
 * Asks for lost packets (generic NACK, RFC 4585 §6.2.1) of the remote streams with `nack` feedback, paced by the round trip
 * time, and drops packets that come twice. Throws `INTERCEPTOR_BAD_OPTION`.
 */
export function nackGenerator(options: NackGeneratorOptions = {}): NackGenerator {
  return new Generator(options);
}

class Generator implements NackGenerator {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'nack';
  readonly #options: NackGeneratorOptions;
  readonly #streams: Map<number, { schedule: NackSchedule; video: boolean }> = new Map();
  readonly #ssrc: SenderSsrc;
  readonly #ready: GenericNack[] = [];
  readonly #due: number[] = [];
  #nacks = 0;
  #requested = 0;
  #recovered = 0;
  #duplicates = 0;
  #givenUpBefore = 0;

  constructor(options: NackGeneratorOptions) {
    const window = countOption('window', options.window, 1024, 64);
    if (window > 32_768 || (window & (window - 1)) !== 0)
      throw new InterceptorError('INTERCEPTOR_BAD_OPTION', `window must be a power of two up to 32768, not ${window}`);
    numberOption('reorderTolerance', options.reorderTolerance, 0);
    countOption('maxTries', options.maxTries, 10, 1);
    countOption('maxMissing', options.maxMissing, 256, 1);
    this.#options = options;
    this.#ssrc = new SenderSsrc(options.ssrc);
  }

  get counters(): NackGeneratorCounters {
    let givenUp = this.#givenUpBefore;
    for (const { schedule } of this.#streams.values()) givenUp += schedule.givenUp;
    return {
      nacks: this.#nacks,
      requested: this.#requested,
      recovered: this.#recovered,
      givenUp,
      duplicates: this.#duplicates,
    };
  }

  bindLocalStream({ ssrc }: StreamInfo): void {
    this.#ssrc.bind(ssrc);
  }

  unbindLocalStream(ssrc: number): void {
    this.#ssrc.unbind(ssrc);
  }

  bindRemoteStream(stream: StreamInfo): void {
    if (!hasFeedback(stream, 'nack')) this.unbindRemoteStream(stream.ssrc);
    else if (!this.#streams.has(stream.ssrc))
      this.#streams.set(stream.ssrc, { schedule: new NackSchedule(this.#options), video: stream.kind === 'video' });
  }

  unbindRemoteStream(ssrc: number): void {
    this.#givenUpBefore += this.#streams.get(ssrc)?.schedule.givenUp ?? 0;
    this.#streams.delete(ssrc);
  }

  handleIncomingRtp(packet: RtpPacketView, now: Instant, _ecn: EcnCodepoint): boolean {
    const stream = this.#streams.get(packet.ssrc);
    if (stream === undefined) return true;
    const arrival = stream.schedule.receive(packet.sequenceNumber, now);
    if (arrival === 'duplicate') {
      this.#duplicates++;
      return false;
    }
    if (arrival === 'recovered') this.#recovered++;
    if (stream.schedule.takeOverflow() && stream.video) this.#options.needKeyFrame?.(packet.ssrc, now);
    return true;
  }

  handleTimeout(now: Instant): void {
    for (const [ssrc, { schedule }] of this.#streams) {
      if (schedule.next > now) continue;
      const due = this.#due;
      due.length = 0;
      schedule.due(now, this.#options.roundTripTime?.() ?? ASSUMED_ROUND_TRIP, due);
      if (due.length === 0) continue;
      this.#nacks++;
      this.#requested += due.length;
      // At most one NACK of a stream waits: if nobody took the last one, its packets are asked for again anyway.
      const waiting = this.#ready.findIndex(({ mediaSsrc }) => mediaSsrc === ssrc);
      if (waiting >= 0) this.#ready.splice(waiting, 1);
      this.#ready.push({ type: 'nack', senderSsrc: this.#ssrc.value, mediaSsrc: ssrc, lost: due.slice() });
    }
  }

  pollTimeout(): Instant {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { schedule } of this.#streams.values()) if (schedule.next < earliest) earliest = schedule.next;
    return earliest;
  }

  pollOutgoingRtcp(_now: Instant): RtcpPacketLike | undefined {
    return this.#ready.shift();
  }
}
