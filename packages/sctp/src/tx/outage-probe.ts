import type { Instant } from '@kaon/interface/core/v1';

/**
 * Between the expirations of T3-rtx, which are further and further apart, the earliest chunk goes out again every round
 * trip, so that a path that was gone for seconds is used again as soon as it is back: one packet a round trip, which is
 * what a window of one packet allows. T3-rtx itself keeps its backoff (RFC 9260 §6.3.3), and counts alone against the
 * peer. Ends after some time, since a path that is gone for good need not be asked that often. All times in ms.
 */
export class OutageProbe {
  deadline: Instant = Number.POSITIVE_INFINITY;
  #interval = 0;
  #end: Instant = 0;

  get isActive(): boolean {
    return this.#interval > 0;
  }

  /** T3-rtx ran out. The first time starts the probes; without a known round trip there are none. */
  begin(smoothed: number | undefined, now: Instant): void {
    if (this.isActive || smoothed === undefined) return;
    this.#interval = Math.max(smoothed, LEAST_INTERVAL_MS);
    this.#end = now + LENGTH_MS;
    this.deadline = now + this.#interval;
  }

  /** The deadline was reached. */
  sent(now: Instant): void {
    this.deadline = now + this.#interval < this.#end ? now + this.#interval : Number.POSITIVE_INFINITY;
  }

  /** Something arrived, or nothing is left to be sent. */
  stop(): void {
    this.#interval = 0;
    this.deadline = Number.POSITIVE_INFINITY;
  }
}

const LEAST_INTERVAL_MS = 20;
const LENGTH_MS = 10_000;
