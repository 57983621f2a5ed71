import type { Instant } from '@kaon/interface/core/v1';

/**
 * Spreads a window over the round trip (RFC 9002 §7.7): a bucket fills at a little more than window / round trip and
 * holds a burst. On paths of under two milliseconds it is always full: timers are too coarse for them, and what arrives
 * clocks what leaves.
 */
export class Pacer {
  #credit = 0;
  #filledAt: Instant = Number.NEGATIVE_INFINITY;
  /** Bytes per ms; 0: no pacing. */
  #rate = 0;
  /** What the bucket holds, in bytes. */
  #burst = 0;

  /**
   * Fills up by the time that passed. `smoothed` and `least` are round trips in ms, `gain` is how much faster to send than
   * a window a round trip.
   */
  update(window: number, mtu: number, smoothed: number | undefined, least: number, gain: number, now: Instant): void {
    // The least one tells the path; the smoothed one also grows with queues of our own.
    if (smoothed === undefined || least < LEAST_ROUND_TRIP_MS) {
      this.#rate = 0;
      return;
    }
    this.#rate = (gain * window) / smoothed;
    this.#burst = Math.max(BURST_PACKETS * mtu, this.#rate * BURST_MS);
    if (now > this.#filledAt) {
      this.#credit = Math.min(this.#credit + this.#rate * (now - this.#filledAt), this.#burst);
      this.#filledAt = now;
    }
  }

  /** Whether anything may leave now. What leaves may overdraw the bucket by a packet. */
  get mayLeave(): boolean {
    return this.#rate === 0 || this.#credit > 0;
  }

  left(bytes: number): void {
    if (this.#rate > 0) this.#credit -= bytes;
  }

  /** When to look again, once nothing may leave: with half a burst, so that timers stay few. */
  next(now: Instant): Instant {
    return now + Math.max((this.#burst / 2 - this.#credit) / this.#rate, LEAST_WAIT_MS);
  }
}

const LEAST_ROUND_TRIP_MS = 2;
/** The initial window (RFC 9002 §7.7). */
const BURST_PACKETS = 10;
/** At high rates a burst is what leaves in this time: timers of event loops are no finer. */
const BURST_MS = 4;
const LEAST_WAIT_MS = 1;
