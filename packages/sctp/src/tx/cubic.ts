import type { Instant } from '@kaon/interface/core/v1';
import type { WindowControl } from './window-control.ts';

/**
 * CUBIC (RFC 9438): in congestion avoidance the window follows a cubic function of the time since the last reduction,
 * flat around the window where that happened, and is never below what Reno would have. Windows in packets.
 */
export class Cubic implements WindowControl {
  /** The window before the last reduction, less what fast convergence gives up (W_max). */
  #most = 0;
  /** How long the function takes back to `#most`, in seconds (K). */
  #rise = 0;
  /** When this stage of congestion avoidance began; undefined: with the next acknowledgement. */
  #epoch: Instant | undefined = undefined;
  /** What Reno would have (W_est), and the window that it has to catch up with (cwnd_prior). */
  #estimate = 0;
  #prior = 0;
  /** The stage follows a timeout or a slow start without loss: the function begins at its flat point (§4.8, §4.10). */
  #flat = true;
  #lastAt: Instant = 0;
  readonly #saved: CubicState = { most: 0, rise: 0, epoch: undefined, estimate: 0, prior: 0, flat: true };

  /** §4.2 to §4.5. */
  grown(window: number, acked: number, smoothed: number, now: Instant): number {
    if (this.#epoch === undefined) this.#begin(window, now);
    this.#lastAt = now;
    const elapsed = (now - (this.#epoch as Instant)) / 1000;
    const alpha = this.#estimate >= this.#prior ? 1 : FRIENDLY_ALPHA;
    this.#estimate += (alpha * acked) / window;
    if (this.#at(elapsed) < this.#estimate) return Math.max(window, this.#estimate);
    const target = Math.min(Math.max(this.#at(elapsed + smoothed / 1000), window), 1.5 * window);
    return window + ((target - window) * acked) / window;
  }

  /** The application had nothing to send: that time does not count (§5.8). */
  idle(now: Instant): void {
    if (this.#epoch !== undefined) this.#epoch += now - this.#lastAt;
    this.#lastAt = now;
  }

  /** §4.6 and, when the window did not get back to where it was, fast convergence (§4.7). */
  reduced(window: number): number {
    this.#save();
    this.#most = window < this.#most ? (window * (1 + BETA)) / 2 : window;
    this.#prior = window;
    this.#epoch = undefined;
    this.#flat = false;
    return window * BETA;
  }

  /** §4.8 */
  timedOut(window: number): number {
    const threshold = this.reduced(window);
    this.#flat = true;
    return threshold;
  }

  /** §4.9 */
  undo(): void {
    const saved = this.#saved;
    this.#most = saved.most;
    this.#rise = saved.rise;
    this.#epoch = saved.epoch;
    this.#estimate = saved.estimate;
    this.#prior = saved.prior;
    this.#flat = saved.flat;
  }

  #begin(window: number, now: Instant): void {
    this.#epoch = now;
    this.#estimate = window;
    if (this.#flat || window >= this.#most) {
      this.#most = window;
      this.#rise = 0;
      if (this.#flat) this.#prior = window;
    } else {
      this.#rise = Math.cbrt((this.#most - window) / C);
    }
    this.#flat = false;
  }

  #at(seconds: number): number {
    const t = seconds - this.#rise;
    return C * t * t * t + this.#most;
  }

  #save(): void {
    const saved = this.#saved;
    saved.most = this.#most;
    saved.rise = this.#rise;
    saved.epoch = this.#epoch;
    saved.estimate = this.#estimate;
    saved.prior = this.#prior;
    saved.flat = this.#flat;
  }
}

interface CubicState {
  most: number;
  rise: number;
  epoch: Instant | undefined;
  estimate: number;
  prior: number;
  flat: boolean;
}

/** Packets per cubic second (§5). */
const C = 0.4;
/** What a reduction leaves (§4.6). */
const BETA = 0.7;
/** Growth of the Reno-friendly estimate: 3 (1 - β) / (1 + β) (§4.3). */
const FRIENDLY_ALPHA = (3 * (1 - BETA)) / (1 + BETA);
