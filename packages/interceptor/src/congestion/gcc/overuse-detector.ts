/** What the delay says: queues grow (overuse), shrink (underuse), or neither. */
export type BandwidthUsage = 'normal' | 'overuse' | 'underuse';

/**
 * Compares the slope of the delay with a threshold that adapts itself, so that a flow is not starved by others that
 * fill queues (draft-ietf-rmcat-gcc-02 §5.4).
 */
export class OveruseDetector {
  #state: BandwidthUsage = 'normal';
  #threshold = INITIAL_THRESHOLD;
  #updatedAt = Number.NaN;
  #overusingFor = -1;
  #overuses = 0;
  #previousTrend = 0;

  get state(): BandwidthUsage {
    return this.#state;
  }

  /** In the unit of the scaled slope. */
  get threshold(): number {
    return this.#threshold;
  }

  /**
   * Takes a slope measured over `groups` groups; `sendDelta` is how far apart the last two were sent, `now` when the
   * last one arrived (peer's clock), both in ms.
   */
  update(slope: number, groups: number, sendDelta: number, now: number): BandwidthUsage {
    if (groups < 2) {
      this.#state = 'normal';
      return this.#state;
    }
    const trend = Math.min(groups, MOST_GROUPS) * slope * GAIN;
    if (trend > this.#threshold) this.#above(slope, sendDelta);
    else {
      this.#overusingFor = -1;
      this.#overuses = 0;
      this.#state = trend < -this.#threshold ? 'underuse' : 'normal';
    }
    this.#previousTrend = slope;
    this.#adapt(trend, now);
    return this.#state;
  }

  reset(): void {
    this.#state = 'normal';
    this.#threshold = INITIAL_THRESHOLD;
    this.#updatedAt = Number.NaN;
    this.#overusingFor = -1;
    this.#overuses = 0;
    this.#previousTrend = 0;
  }

  #above(slope: number, sendDelta: number): void {
    // The first time it is not known for how long: half of the interval is the best guess.
    this.#overusingFor = this.#overusingFor < 0 ? sendDelta / 2 : this.#overusingFor + sendDelta;
    this.#overuses++;
    if (this.#overusingFor <= OVERUSE_MS || this.#overuses <= 1 || slope < this.#previousTrend) return;
    this.#overusingFor = 0;
    this.#overuses = 0;
    this.#state = 'overuse';
  }

  #adapt(trend: number, now: number): void {
    const size = Math.abs(trend);
    // A spike, such as a change of route, says nothing about the noise of this path.
    if (size <= this.#threshold + LARGEST_OFFSET) {
      const gain = size < this.#threshold ? GAIN_DOWN : GAIN_UP;
      const elapsed = Number.isNaN(this.#updatedAt) ? 0 : Math.min(Math.max(now - this.#updatedAt, 0), LONGEST_STEP_MS);
      this.#threshold += gain * (size - this.#threshold) * elapsed;
      this.#threshold = Math.min(Math.max(this.#threshold, LEAST_THRESHOLD), MOST_THRESHOLD);
    }
    this.#updatedAt = now;
  }
}

const INITIAL_THRESHOLD = 12.5;
const LEAST_THRESHOLD = 6;
const MOST_THRESHOLD = 600;
const LARGEST_OFFSET = 15;
const LONGEST_STEP_MS = 100;
const GAIN_UP = 0.0087;
const GAIN_DOWN = 0.039;
const GAIN = 4;
const MOST_GROUPS = 60;
const OVERUSE_MS = 10;
