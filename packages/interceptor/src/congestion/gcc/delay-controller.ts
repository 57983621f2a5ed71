import type { FeedbackBatch } from '../feedback-batch.ts';
import { InterArrival } from './inter-arrival.ts';
import { type BandwidthUsage, OveruseDetector } from './overuse-detector.ts';
import { QueueDelay } from './queue-delay.ts';
import { RateControl } from './rate-control.ts';
import { Trendline } from './trendline.ts';

/** The bitrate that delays allow: bursts, their trend, the detector and the rate control put together. */
export class DelayController {
  readonly rate: RateControl;
  readonly queue: QueueDelay = new QueueDelay();
  readonly #arrivals = new InterArrival();
  readonly #trendline = new Trendline();
  readonly #detector = new OveruseDetector();
  #usage: BandwidthUsage = 'normal';
  #heardAt = Number.NaN;
  #probedAt = Number.NEGATIVE_INFINITY;

  constructor(start: number, min: number, max: number) {
    this.rate = new RateControl(start, min, max);
  }

  get usage(): BandwidthUsage {
    return this.#usage;
  }

  /**
   * The share of the estimate to send at: below 1 while a queue stands that a sender at the rate of the link would only keep as
   * it is. The estimate stays, so that the rate is back when the queue is gone.
   */
  get drain(): number {
    const { standing } = this.queue;
    return standing <= DRAIN_FROM_MS ? 1 : Math.max(LEAST_DRAIN, 1 - (standing - DRAIN_FROM_MS) / DRAIN_MS);
  }

  /** What the detector compares: slope and threshold, for statistics. */
  get trend(): { readonly slope: number; readonly threshold: number } {
    return { slope: this.#trendline.slope, threshold: this.#detector.threshold };
  }

  /**
   * Takes a feedback, sorted. `throughput`: what the network carries; `probed`: what a probe found, if one did. Returns the
   * estimate in bit/s.
   */
  update(
    batch: FeedbackBatch,
    throughput: number | undefined,
    probed: number | undefined,
    roundTripTime: number,
    now: number,
  ): number {
    if (batch.received === 0) return this.rate.bitrate;
    // After a pause the delay begins anew: the path may be another.
    if (now - this.#heardAt > STREAM_TIMEOUT_MS) this.reset();
    this.#heardAt = now;
    let overused = false;
    for (let i = 0; i < batch.received; i++) {
      const at = batch.order[i]!;
      const arrivedAt = batch.arrivedAt[at]!;
      this.queue.add(batch.sentAt[at]!, arrivedAt);
      if (!this.#arrivals.add(batch.sentAt[at]!, arrivedAt)) continue;
      const { sendDelta, arrivalDelta } = this.#arrivals;
      this.#trendline.add(arrivalDelta - sendDelta, arrivedAt);
      this.#usage = this.#detector.update(this.#trendline.slope, this.#trendline.count, sendDelta, arrivedAt);
      if (this.#usage === 'overuse') overused = true;
    }
    this.queue.endOfFeedback();
    // What arrives now was sent before the probe raised the rate, and says nothing yet about the new rate.
    const isFresh = now - this.#probedAt < roundTripTime + FRESH_MS;
    const carried =
      isFresh && throughput !== undefined ? Math.max(throughput, FRESH_SHARE * this.rate.bitrate) : throughput;
    return this.#act(overused, carried, probed, now);
  }

  /** Forgets the delays, not the estimate. */
  reset(): void {
    this.#arrivals.reset();
    this.#trendline.reset();
    this.#detector.reset();
    this.queue.reset();
    this.#usage = 'normal';
  }

  #act(overused: boolean, throughput: number | undefined, probed: number | undefined, now: number): number {
    const { rate } = this;
    let usage = this.#usage;
    // A queue that is full does not grow any more, and so shows no trend; it is as bad as one that grows.
    if (usage === 'normal' && this.queue.standing > STANDING_MS && now - rate.decreasedAt > STANDING_INTERVAL_MS) {
      usage = 'overuse';
    }
    if (usage === 'overuse') {
      if (throughput !== undefined) {
        if (rate.mayDecrease(now, throughput)) rate.update(usage, throughput, false, now);
      } else if (rate.mayDecrease(now, rate.bitrate)) rate.set(rate.bitrate / 2, now);
    } else if (probed !== undefined && !overused && probed > rate.bitrate) {
      rate.set(probed, now);
      this.#probedAt = now;
    } else rate.update(usage, throughput, this.queue.standing < HOLD_MS, now);
    return rate.bitrate;
  }
}

const STREAM_TIMEOUT_MS = 2000;
/** With such a standing queue the rate does not grow. */
const HOLD_MS = 50;
/** Such a one is drained. */
const STANDING_MS = 120;
const FRESH_MS = 300;
const FRESH_SHARE = 0.8;
const STANDING_INTERVAL_MS = 1000;
/** A queue of so many ms is drained by sending nothing, half of it by sending half. */
const DRAIN_MS = 600;
const DRAIN_FROM_MS = 60;
const LEAST_DRAIN = 0.5;
