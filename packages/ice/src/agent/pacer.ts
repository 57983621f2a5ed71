import type { Instant } from '@kaon/interface/core/v1';

/**
 * Spaces new transactions by Ta (RFC 8445 §14.2), after a short burst: a bucket of `burst` tokens into which one falls
 * every `interval` ms. Connecting over a local network then does not wait for the pace of a wide one.
 */
export class Pacer {
  readonly #interval: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: Instant = 0;

  constructor(interval: number, burst: number) {
    this.#interval = interval;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Whether a transaction may start now; if so it counts as started. */
  take(now: Instant): boolean {
    this.#fill(now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Counts a transaction that starts whatever the pace, such as a triggered check. */
  force(now: Instant): void {
    this.#fill(now);
    this.#tokens = Math.max(0, this.#tokens - 1);
  }

  /** When `take` will say yes, or an instant in the past. */
  next(): Instant {
    return this.#tokens >= 1 ? Number.NEGATIVE_INFINITY : this.#filledAt + this.#interval;
  }

  #fill(now: Instant): void {
    // The same sum as in `next`, so that rounding cannot make the two disagree.
    while (this.#tokens < this.#burst && this.#filledAt + this.#interval <= now) {
      this.#filledAt += this.#interval;
      this.#tokens++;
    }
    if (this.#tokens === this.#burst) this.#filledAt = now;
  }
}
