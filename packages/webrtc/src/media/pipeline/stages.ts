import {
  type CongestionController,
  congestionControl,
  type DefaultInterceptors,
  defaultInterceptors,
  type PlacedInterceptor,
} from '@kaon/interceptor';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import { startsKeyFrame } from '@kaon/rtp/payload';
import { StreamWatch } from '../../stats/stream-watch.ts';
import type { MediaOptions } from '../options.ts';

/** The interceptors of one transport. */
export interface Stages extends DefaultInterceptors {
  /** Undefined where congestion control is switched off. */
  readonly congestion: CongestionController | undefined;
  /** Looks at frames, for statistics. */
  readonly watch: StreamWatch;
}

/** The stages that the options ask for, in their order. Throws InterceptorError for options out of range. */
export function stagesOf(options: MediaOptions, random: RandomSource, wallClock: () => number, ssrc: number): Stages {
  const { startBitrate, minBitrate, maxBitrate, pacing, jitterBuffer = 'adaptive' } = options;
  const control =
    options.congestionControl === false
      ? undefined
      : congestionControl({ startBitrate, minBitrate, maxBitrate, pacing, random, ssrc });
  const own = (options.interceptors?.() ?? []).map(
    (interceptor): PlacedInterceptor => ({ slot: 'application', interceptor }),
  );
  const watch = new StreamWatch();
  const stages = defaultInterceptors({
    random,
    wallClock,
    ssrc,
    nack: options.nack === false ? false : undefined,
    retransmission: options.nack === false ? false : undefined,
    fec: options.fec === false ? { rate: 0 } : undefined,
    jitterBuffer: jitterBuffer === 'off' ? false : { mode: jitterBuffer },
    keyFrames: { startsKeyFrame },
    extra: [...(control?.placed ?? []), { slot: 'application', interceptor: watch }, ...own],
  });
  return { ...stages, congestion: control?.controller, watch };
}
