/**
 * What the link carried when it was last full: an average with a deviation, learnt at each overuse. Rates in bit/s.
 * It tells the rate control whether it is near the capacity (draft-ietf-rmcat-gcc-02 §5.5).
 */
export class LinkCapacity {
  /** In kbit/s, as the deviation is normalised by it. */
  #estimate = Number.NaN;
  #deviation = 0.4;

  get known(): boolean {
    return !Number.isNaN(this.#estimate);
  }

  /** NaN while unknown. */
  get estimate(): number {
    return this.#estimate * 1000;
  }

  /** Infinity while unknown. */
  get upperBound(): number {
    return this.known ? (this.#estimate + 3 * this.#spread()) * 1000 : Number.POSITIVE_INFINITY;
  }

  /** 0 while unknown. */
  get lowerBound(): number {
    return this.known ? Math.max(0, this.#estimate - 3 * this.#spread()) * 1000 : 0;
  }

  /** The throughput at an overuse. */
  overused(throughput: number): void {
    this.#update(throughput, 0.05);
  }

  /** The outcome of a probe, which weighs more. */
  probed(rate: number): void {
    this.#update(rate, 0.5);
  }

  reset(): void {
    this.#estimate = Number.NaN;
  }

  #update(rate: number, weight: number): void {
    const sample = rate / 1000;
    this.#estimate = this.known ? (1 - weight) * this.#estimate + weight * sample : sample;
    const error = this.#estimate - sample;
    const norm = Math.max(this.#estimate, 1);
    this.#deviation = (1 - weight) * this.#deviation + (weight * error * error) / norm;
    this.#deviation = Math.min(Math.max(this.#deviation, 0.4), 2.5);
  }

  #spread(): number {
    return Math.sqrt(this.#deviation * this.#estimate);
  }
}
