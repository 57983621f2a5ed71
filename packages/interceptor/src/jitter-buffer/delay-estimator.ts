import type { Instant } from '@kaon/interface/core/v1';

/**
 * How late packets of a stream are, against the quickest of the last seconds, and how long one must wait for nearly all of them.
 * In the manner of NetEQ: a histogram of relative delays that forgets, and a quantile of it.
 */
export class DelayEstimator {
  readonly #quantile: number;
  readonly #histogram: Float64Array = new Float64Array(BUCKETS);
  #samples = 0;
  #delay = 0;
  // The least transit time of this epoch and of the one before: a window of one to two epochs.
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;
  #epochEnd: Instant = Number.NEGATIVE_INFINITY;

  /** `quantile` is the share of frames that shall be in time. */
  constructor(quantile = 0.97) {
    this.#quantile = quantile;
  }

  /** Transit time in ms of the quickest packet: what to add to a media time in ms for its earliest arrival. */
  get base(): number {
    return Math.min(this.#least, this.#leastBefore);
  }

  /** Notes that a packet with this media time in ms arrived. */
  arrive(mediaTime: number, now: Instant): void {
    const transit = now - mediaTime;
    if (Math.abs(transit - this.base) > RESET_AFTER) this.reset();
    if (now >= this.#epochEnd) {
      this.#leastBefore = this.#least;
      this.#least = transit;
      this.#epochEnd = now + EPOCH;
    } else if (transit < this.#least) this.#least = transit;
  }

  /** Notes that a frame was whole `late` ms after its earliest arrival: `base` behind its media time. */
  complete(late: number): void {
    const bucket = Math.max(0, Math.min(BUCKETS - 1, Math.floor(late / BUCKET)));
    this.#samples++;
    // The first samples weigh the same; later ones push old ones out.
    const keep = Math.min(FORGET, 1 - 1 / this.#samples);
    const histogram = this.#histogram;
    for (let i = 0; i < BUCKETS; i++) histogram[i]! *= keep;
    histogram[bucket]! += 1 - keep;
    this.#delay = this.#findQuantile();
  }

  /** How long to wait, in ms: 0 as long as nearly everything comes within 10 ms. */
  get delay(): number {
    return this.#delay;
  }

  #findQuantile(): number {
    let share = 0;
    for (let i = 0; i < BUCKETS; i++) {
      share += this.#histogram[i]!;
      // Shares are rounded, and their sum may stay below one.
      if (share >= this.#quantile - 1e-6) return i === 0 ? 0 : (i + 1) * BUCKET;
    }
    return BUCKETS * BUCKET;
  }

  /** Forgets the transit times: the stream's timestamps begin anew. What is known of the network stays. */
  reset(): void {
    this.#least = Number.POSITIVE_INFINITY;
    this.#leastBefore = Number.POSITIVE_INFINITY;
    this.#epochEnd = Number.NEGATIVE_INFINITY;
  }
}

/** Milliseconds of a bucket, and how many there are: delays up to two seconds. */
const BUCKET = 10;
const BUCKETS = 200;
/** Weight that stays with each sample: about the last 300 count. */
const FORGET = 0.997;
/** Milliseconds of an epoch: clocks drift apart, and routes change. */
const EPOCH = 5000;
/** A transit time that differs by so much is another time line. */
const RESET_AFTER = 10_000;
