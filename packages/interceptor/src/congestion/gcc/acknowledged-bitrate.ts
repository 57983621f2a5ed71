/**
 * How many bit/s arrive at the peer, by its own clock: windows of 500 ms at first and of 150 ms then, joined by a
 * Bayesian filter that trusts samples less the farther they are from what is known.
 */
export class AcknowledgedBitrate {
  /** In kbit/s; negative while unknown. */
  #estimate = -1;
  #sampled = 0;
  #variance = 50;
  #bytes = 0;
  #windowStart = Number.NaN;
  #latest = Number.NaN;
  #expectFast = false;

  /**
   * In bit/s as of the last window, if that is far above the estimate, else the estimate: what the network is seen to carry
   * after the sender began to send much more.
   */
  get latest(): number | undefined {
    if (this.#estimate < 0) return undefined;
    return 1000 * (this.#sampled > JUMP * this.#estimate ? this.#sampled : this.#estimate);
  }

  /** In bit/s, or undefined until the first window is over. */
  get bitrate(): number | undefined {
    return this.#estimate < 0 ? undefined : this.#estimate * 1000;
  }

  /** `bytes` arrived at `at` (ms, the peer's clock); `applicationLimited`: the sender had less to send than it might. */
  add(bytes: number, at: number, applicationLimited: boolean): void {
    if (Number.isNaN(this.#windowStart) || at < this.#windowStart - RESET_MS || at - this.#latest > RESET_MS) {
      this.#windowStart = at;
      this.#latest = at;
      this.#bytes = 0;
    }
    this.#latest = Math.max(this.#latest, at);
    const window = this.#estimate < 0 ? FIRST_WINDOW_MS : WINDOW_MS;
    const elapsed = at - this.#windowStart;
    if (elapsed >= window) {
      this.#sample((8 * this.#bytes) / elapsed, applicationLimited);
      this.#windowStart = at;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
  }

  /** The rate is about to change (a probe, or the end of an application's limit): follow the next samples fast. */
  expectFastChange(): void {
    this.#expectFast = true;
  }

  #sample(kbps: number, applicationLimited: boolean): void {
    this.#sampled = kbps;
    if (this.#estimate < 0) {
      this.#estimate = kbps;
      return;
    }
    if (this.#expectFast) {
      this.#variance += 200;
      this.#expectFast = false;
    }
    // A sample below the estimate says little while the application, and not the network, limits the rate.
    const scale = applicationLimited && kbps < this.#estimate ? 20 : 10;
    const uncertainty = (scale * Math.abs(this.#estimate - kbps)) / Math.max(this.#estimate, 1);
    const sampleVariance = uncertainty * uncertainty;
    // The estimate may have drifted since the last window.
    const predicted = this.#variance + 5;
    const sum = sampleVariance + predicted;
    this.#estimate = Math.max(0, (sampleVariance * this.#estimate + predicted * kbps) / sum);
    this.#variance = (sampleVariance * predicted) / sum;
  }
}

const FIRST_WINDOW_MS = 500;
const WINDOW_MS = 150;
/** After such a gap the window would measure the gap and not the network. */
const RESET_MS = 2000;
const JUMP = 1.3;
