import type { Instant } from '@kaon/interface/core/v1';

/** Why a stream is not as good as it could be (W3C webrtc-stats, RTCQualityLimitationReason). */
export type RTCQualityLimitationReason = 'none' | 'cpu' | 'bandwidth' | 'other';

/** Why an encoding gets less than it wants, and for how long it has. */
export class QualityLimitation {
  #reason: RTCQualityLimitationReason = 'none';
  #since: Instant;
  readonly #milliseconds: Record<RTCQualityLimitationReason, number> = { none: 0, cpu: 0, bandwidth: 0, other: 0 };

  constructor(now: Instant) {
    this.#since = now;
  }

  get reason(): RTCQualityLimitationReason {
    return this.#reason;
  }

  set(reason: RTCQualityLimitationReason, now: Instant): void {
    if (reason === this.#reason) return;
    this.#milliseconds[this.#reason] += now - this.#since;
    this.#reason = reason;
    this.#since = now;
  }

  /** Seconds by reason. */
  durations(now: Instant): Record<RTCQualityLimitationReason, number> {
    const { none, cpu, bandwidth, other } = this.#milliseconds;
    const all = { none: none / 1000, cpu: cpu / 1000, bandwidth: bandwidth / 1000, other: other / 1000 };
    all[this.#reason] += (now - this.#since) / 1000;
    return all;
  }
}
