/** The retransmission timeout, in ms (RFC 9260 §6.3.1, with the granularity of timers as in RFC 6298 §2.3). */
export class Rto {
  readonly #min: number;
  readonly #max: number;
  /** Smoothed round-trip time; undefined before the first measurement. */
  smoothed: number | undefined = undefined;
  #variance = 0;
  #value: number;
  #backoffs = 0;
  /** Latest and smallest measurement. */
  latest = 0;
  smallest: number = Number.POSITIVE_INFINITY;
  /** Measurements taken and their sum, for statistics. */
  measurements = 0;
  total = 0;

  constructor(initial: number, min: number, max: number) {
    this.#min = min;
    this.#max = max;
    this.#value = initial;
  }

  /** The timeout now, backoff included. */
  get value(): number {
    return this.#value;
  }

  /** Takes in a round-trip time of something sent exactly once (Karn). Ends a backoff. */
  measured(rtt: number): void {
    this.latest = rtt;
    this.measurements++;
    this.total += rtt;
    if (rtt < this.smallest) this.smallest = rtt;
    if (this.smoothed === undefined) {
      this.smoothed = rtt;
      this.#variance = rtt / 2;
    } else {
      this.#variance = 0.75 * this.#variance + 0.25 * Math.abs(this.smoothed - rtt);
      this.smoothed = 0.875 * this.smoothed + 0.125 * rtt;
    }
    this.#backoffs = 0;
    this.#value = this.#bounded(this.smoothed);
  }

  /** What was sent again got through: the backoff has done its work, the measured value holds again. */
  progress(): void {
    if (this.#backoffs === 0 || this.smoothed === undefined) return;
    this.#backoffs = 0;
    this.#value = this.#bounded(this.smoothed);
  }

  /** A timer ran out (RFC 9260 §6.3.3 E2). */
  backoff(): void {
    this.#backoffs++;
    this.#value = Math.min(this.#value * 2, this.#max);
  }

  #bounded(smoothed: number): number {
    return Math.min(Math.max(smoothed + Math.max(4 * this.#variance, GRANULARITY_MS), this.#min), this.#max);
  }
}

/** Of timers, at best. A steady round trip leaves no variance, and must not make the timeout equal to itself. */
const GRANULARITY_MS = 5;
