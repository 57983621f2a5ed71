import type { RandomSource } from '@kaon/interface/crypto/v1';
import { InterceptorError, numberOption } from '../errors.ts';

/** How congestion control behaves. Rates in bit/s, times in ms. */
export interface CongestionControlOptions {
  /** What is assumed of the network before it is known. Default 300000. */
  readonly startBitrate?: number | undefined;
  /** The target never goes below it. Default 30000. */
  readonly minBitrate?: number | undefined;
  /** The target never goes above it, and probes neither. Default 100000000. */
  readonly maxBitrate?: number | undefined;
  /** Where sequence numbers begin. */
  readonly random: RandomSource;
  /** Whether packets leave evenly, which probing needs. Default true. */
  readonly pacing?: boolean | undefined;
  /** The pacing rate as a multiple of the target. Default 2.5. */
  readonly pacingFactor?: number | undefined;
  /** How long a packet may wait in the pacer: beyond it the queue is sent faster. Default 2000. */
  readonly maxQueueTime?: number | undefined;
  /** How many packets may wait in the pacer; further ones are dropped. Default 4096. */
  readonly maxQueuedPackets?: number | undefined;
  /** Whether bursts look for more bandwidth. Needs pacing, and fills up with padding where RTX was agreed on. Default true. */
  readonly probing?: boolean | undefined;
  /** Our SSRC on feedback as long as no local stream is bound. Default 1. */
  readonly ssrc?: number | undefined;
}

/** The options with every default in place. */
export type CongestionSettings = {
  readonly [K in keyof CongestionControlOptions]-?: NonNullable<CongestionControlOptions[K]>;
};

/** Throws `INTERCEPTOR_BAD_OPTION`. */
export function congestionSettings(options: CongestionControlOptions): CongestionSettings {
  const minBitrate = numberOption('minBitrate', options.minBitrate, 30_000, 1000);
  const maxBitrate = numberOption('maxBitrate', options.maxBitrate, 100_000_000, minBitrate);
  const start = numberOption('startBitrate', options.startBitrate, 300_000, 1000);
  if (typeof options.random !== 'function') throw new InterceptorError('INTERCEPTOR_BAD_OPTION', 'random is missing');
  return {
    startBitrate: Math.min(Math.max(start, minBitrate), maxBitrate),
    minBitrate,
    maxBitrate,
    random: options.random,
    pacing: options.pacing ?? true,
    pacingFactor: numberOption('pacingFactor', options.pacingFactor, 2.5, 1),
    maxQueueTime: numberOption('maxQueueTime', options.maxQueueTime, 2000, 1),
    maxQueuedPackets: numberOption('maxQueuedPackets', options.maxQueuedPackets, 4096, 1),
    probing: options.probing ?? true,
    ssrc: numberOption('ssrc', options.ssrc, 1),
  };
}
