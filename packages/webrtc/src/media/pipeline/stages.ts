import type { Instant } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { Interceptor } from '@kaon/interface/interceptor/v1';
import type { MediaOptions } from '../options.ts';

/** The interceptors of one transport, and those of their commands that the transport uses. */
export interface Stages {
  /** Nearest the wire first. */
  readonly list: readonly Interceptor[];
  requestKeyFrame(ssrc: number, now: Instant): void;
  setJitterBufferTarget(ssrc: number, milliseconds: number | null, now: Instant): void;
  /** bit/s that all streams together could use. */
  setDemand(bitrate: number, now: Instant): void;
}

/** The stages that the options ask for, in their order. */
export function stagesOf(options: MediaOptions, _random: RandomSource, _wallClock: () => number): Stages {
  return {
    list: [...(options.interceptors?.() ?? [])],
    requestKeyFrame: () => {},
    setJitterBufferTarget: () => {},
    setDemand: () => {},
  };
}
