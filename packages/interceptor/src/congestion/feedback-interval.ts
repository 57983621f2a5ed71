/**
 * When feedback is due: so often that it costs about 5 % of what it reports on, but every 50 to 250 ms, as libwebrtc does. No
 * timer runs while nothing arrives. Times in ms.
 */
export class FeedbackInterval {
  readonly #min: number;
  readonly #max: number;
  #bytes = 0;
  #since = Number.NaN;
  #bitrate = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(min = 50, max = 250) {
    this.#min = min;
    this.#max = max;
  }

  /** When the next feedback is due; Infinity while there is nothing to report. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** A packet to report on arrived. */
  arrived(bytes: number, now: number): void {
    if (Number.isNaN(this.#since) || now - this.#since > 2000) {
      this.#since = now;
      this.#bytes = 0;
    } else if (now - this.#since >= 500) {
      this.#bitrate = (8000 * this.#bytes) / (now - this.#since);
      this.#since = now;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    if (this.#dueAt === Number.POSITIVE_INFINITY) this.#dueAt = Math.max(now, this.#lastAt + this.interval);
  }

  /** The sender asked for feedback. */
  requested(now: number): void {
    this.#dueAt = Math.min(this.#dueAt, now);
  }

  /** Everything has been reported. */
  sent(now: number): void {
    this.#lastAt = now;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  /** Between two feedbacks, at the bitrate that arrives now. */
  get interval(): number {
    if (this.#bitrate === 0) return this.#min;
    return Math.min(Math.max((FEEDBACK_BITS * 1000) / (0.05 * this.#bitrate), this.#min), this.#max);
  }
}

/** A usual feedback with IP, UDP and SRTCP: 68 bytes. */
const FEEDBACK_BITS = 8 * 68;
