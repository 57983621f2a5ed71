/**
 * How long packets wait in queues: the one-way delay above the least of the last 20 to 40 s. Clocks need not agree, only run
 * alike. Times in ms.
 */
export class QueueDelay {
  #leastNow = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;
  #windowStart = Number.NaN;
  #leastOfFeedback = Number.POSITIVE_INFINITY;
  #standing = 0;

  /** The least that a packet of the last feedback waited: what stays in the queue even between bursts. */
  get standing(): number {
    return this.#standing;
  }

  /** A packet that left at `sentAt` by one clock and arrived at `arrivedAt` by another. */
  add(sentAt: number, arrivedAt: number): void {
    const delay = arrivedAt - sentAt;
    if (!(sentAt - this.#windowStart < WINDOW_MS)) {
      this.#leastBefore = this.#leastNow;
      this.#leastNow = Number.POSITIVE_INFINITY;
      this.#windowStart = sentAt;
    }
    if (delay < this.#leastNow) this.#leastNow = delay;
    if (delay < this.#leastOfFeedback) this.#leastOfFeedback = delay;
  }

  endOfFeedback(): void {
    if (this.#leastOfFeedback !== Number.POSITIVE_INFINITY) {
      this.#standing = Math.max(0, this.#leastOfFeedback - Math.min(this.#leastNow, this.#leastBefore));
    }
    this.#leastOfFeedback = Number.POSITIVE_INFINITY;
  }

  reset(): void {
    this.#leastNow = Number.POSITIVE_INFINITY;
    this.#leastBefore = Number.POSITIVE_INFINITY;
    this.#windowStart = Number.NaN;
    this.#leastOfFeedback = Number.POSITIVE_INFINITY;
    this.#standing = 0;
  }
}

const WINDOW_MS = 20_000;
