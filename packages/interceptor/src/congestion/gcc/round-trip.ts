/** The round-trip time, smoothed as TCP does (RFC 6298 §2), in ms. */
export class RoundTrip {
  #smoothed: number | undefined;

  /** Undefined until measured. */
  get smoothed(): number | undefined {
    return this.#smoothed;
  }

  add(sample: number): void {
    if (!(sample >= 0 && sample < LONGEST_MS)) return;
    this.#smoothed = this.#smoothed === undefined ? sample : this.#smoothed + (sample - this.#smoothed) / 8;
  }
}

const LONGEST_MS = 60_000;
