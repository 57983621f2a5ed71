import type { Instant } from '@kaon/interface/core/v1';
import type { Interceptor } from '@kaon/interface/interceptor/v1';
import type { PlacedInterceptor } from '../slots.ts';
import { CongestionCore } from './core.ts';
import { FeedbackStage } from './feedback-stage.ts';
import type { EstimatorState } from './gcc/estimator.ts';
import { type CongestionControlOptions, congestionSettings } from './options.ts';
import type { PacerState } from './pacer/pacer.ts';
import { PacerStage } from './pacer/pacer-stage.ts';

/** Steers and tells what congestion control does. Rates in bit/s, times in ms. */
export interface CongestionController {
  /** What may be sent now, all streams together with RTP headers, retransmissions and repair. */
  readonly targetBitrate: number;
  /** Undefined until it is known. */
  readonly roundTripTime: number | undefined;
  /** Changes the bounds; those not named stay. `start` sets the estimate anew and probes from there. */
  setBitrateLimits(
    limits: {
      readonly min?: number | undefined;
      readonly max?: number | undefined;
      readonly start?: number | undefined;
    },
    now: Instant,
  ): void;
  /** What the application would send if it could, over all streams; probes go to twice as much at most. 0: unknown. */
  setDemand(bitrate: number, now: Instant): void;
  /** The path is another one, such as after an ICE restart: begins anew at the start bitrate. */
  restart(now: Instant): void;
  /** Estimates and what they come from, for statistics. */
  estimate(): EstimatorState;
  /** What the pacer holds and did; undefined without pacing. */
  pacer(now: Instant): PacerState | undefined;
  /** Milliseconds that packets of a local stream have waited in the pacer, retransmissions included, summed up. */
  sendDelay(ssrc: number): number;
}

/** The stages of one transport's congestion control, and its controller. */
export interface CongestionControl {
  /** Nearest the wire first. Between them stand statistics: `placed` says where each belongs. */
  readonly stages: readonly Interceptor[];
  readonly placed: readonly PlacedInterceptor[];
  readonly controller: CongestionController;
}

/**
 * Congestion control for the streams of one transport: finds out what the network carries (draft-ietf-rmcat-gcc-02 with loss
 * control and probing as libwebrtc has them) by transport-wide feedback, RFC 8888 or REMB, whichever the streams agreed on, and
 * gives the peer the feedback that it needs. The stages report changes as `bandwidth-estimate` events.
 *
 * Throws `INTERCEPTOR_BAD_OPTION`.
 *
 * @example
 * const { placed, controller } = congestionControl({ random });
 * const chain = new InterceptorChain(inSlotOrder(placed));
 * encoder.bitrate = controller.targetBitrate;
 */
export function congestionControl(options: CongestionControlOptions): CongestionControl {
  const settings = congestionSettings(options);
  const core = new CongestionCore(settings);
  const feedback = new FeedbackStage(core);
  const pacing = settings.pacing ? new PacerStage(core) : undefined;
  const placed: PlacedInterceptor[] = [{ slot: 'transport-feedback', interceptor: feedback }];
  if (pacing !== undefined) placed.push({ slot: 'pacer', interceptor: pacing });
  let { minBitrate: min, maxBitrate: max } = settings;
  const { estimator } = core;
  const controller: CongestionController = {
    get targetBitrate() {
      return estimator.targetBitrate;
    },
    get roundTripTime() {
      return estimator.roundTripTime;
    },
    setBitrateLimits(limits, now) {
      const { minBitrate, maxBitrate } = congestionSettings({
        ...options,
        minBitrate: limits.min ?? min,
        maxBitrate: limits.max ?? max,
      });
      min = minBitrate;
      max = maxBitrate;
      estimator.setLimits({ min, max, start: limits.start }, now);
    },
    setDemand: (bitrate, now) => estimator.setDemand(bitrate, now),
    restart: (now) => estimator.restart(Math.min(Math.max(settings.startBitrate, min), max), now),
    estimate: () => estimator.state(core.history.bytesInFlight),
    pacer: (now) => pacing?.pacer.state(now),
    sendDelay: (ssrc) => pacing?.sendDelay(ssrc) ?? 0,
  };
  return { stages: placed.map(({ interceptor }) => interceptor), placed, controller };
}
