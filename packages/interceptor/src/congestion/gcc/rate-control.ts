import { LinkCapacity } from './link-capacity.ts';
import type { BandwidthUsage } from './overuse-detector.ts';

/** What the rate control is doing. */
export type RateControlState = 'hold' | 'increase' | 'decrease';

/**
 * Additive increase, multiplicative decrease of the delay-based estimate (draft-ietf-rmcat-gcc-02 §5.5). Far from
 * the known capacity it grows by 8 % per second, near it by about a packet per response time; an overuse sets it to
 * 85 % of what arrives. Rates in bit/s, times in ms.
 */
export class RateControl {
  readonly capacity: LinkCapacity = new LinkCapacity();
  /** Whether the network tells by marks, before queues grow, that it is full: then the rate may grow faster near that. */
  isMarked = false;
  #state: RateControlState = 'hold';
  #bitrate: number;
  #min: number;
  #max: number;
  #roundTripTime = 200;
  #changedAt = Number.NaN;
  #decreasedAt = Number.NEGATIVE_INFINITY;

  constructor(start: number, min: number, max: number) {
    this.#bitrate = start;
    this.#min = min;
    this.#max = max;
  }

  get bitrate(): number {
    return this.#bitrate;
  }

  get state(): RateControlState {
    return this.#state;
  }

  setLimits(min: number, max: number): void {
    this.#min = min;
    this.#max = max;
    this.#bitrate = this.#clamp(this.#bitrate);
  }

  setRoundTripTime(milliseconds: number): void {
    this.#roundTripTime = milliseconds;
  }

  /** Sets the estimate, as a probe found it. */
  set(bitrate: number, now: number): void {
    const before = this.#bitrate;
    this.#bitrate = this.#clamp(bitrate);
    this.#changedAt = now;
    if (this.#bitrate < before) this.#decreasedAt = now;
  }

  /** Whether an overuse may lower the rate again: once per round trip, or at once when far too much is sent. */
  mayDecrease(now: number, throughput: number): boolean {
    const interval = Math.min(Math.max(this.#roundTripTime, 10), 200);
    return !(now - this.#changedAt < interval) || throughput < 0.5 * this.#bitrate;
  }

  /**
   * Acts on what the delay says. `throughput` is what the network carries now, if that is known; `mayIncrease` false
   * holds the rate where it would have grown. Returns the new estimate.
   */
  update(usage: BandwidthUsage, throughput: number | undefined, mayIncrease: boolean, now: number): number {
    if (usage === 'overuse') this.#decrease(throughput ?? this.#bitrate, now);
    else if (usage === 'underuse') this.#state = 'hold';
    else if (this.#state !== 'increase') {
      // Queues are empty or steady: the time that counts for growth begins here.
      this.#state = 'increase';
      this.#changedAt = now;
    } else if (mayIncrease) this.#increase(throughput, now);
    else this.#changedAt = now;
    return this.#bitrate;
  }

  /** Takes the estimate down to `bitrate` if it is above, without calling that a congestion of the delay. */
  limit(bitrate: number): void {
    if (this.#bitrate > bitrate) this.#bitrate = this.#clamp(bitrate);
  }

  /** Lowers the rate by `factor`, for congestion told by other means than delay (ECN). */
  scale(factor: number, throughput: number | undefined, now: number): void {
    const from = Math.min(this.#bitrate, throughput ?? this.#bitrate);
    this.capacity.overused(from);
    this.#bitrate = this.#clamp(Math.min(this.#bitrate, Math.max(from, this.#bitrate * 0.9) * factor));
    this.#state = 'hold';
    this.#changedAt = now;
    this.#decreasedAt = now;
  }

  /** When the rate was lowered last; -Infinity for never. */
  get decreasedAt(): number {
    return this.#decreasedAt;
  }

  #increase(throughput: number | undefined, now: number): void {
    // No more than half as much again as what has been seen to arrive, or the rate would grow without evidence.
    const ceiling = throughput === undefined ? Number.POSITIVE_INFINITY : 1.5 * throughput + 10_000;
    if (throughput !== undefined && throughput > this.capacity.upperBound) this.capacity.reset();
    const seconds = Number.isNaN(this.#changedAt) ? 0 : Math.min((now - this.#changedAt) / 1000, 1);
    const growth = this.capacity.known
      ? this.#nearCapacityPerSecond() * seconds
      : Math.max(1000 * seconds, this.#bitrate * (1.08 ** seconds - 1));
    const next = Math.min(this.#bitrate + growth, ceiling);
    if (next > this.#bitrate) this.#bitrate = this.#clamp(next);
    this.#changedAt = now;
  }

  /**
   * Two packets of the size that frames at 30 Hz have, per response time of the loop: as much for a fast flow as for a slow
   * one, which is what makes flows that share a link come to equal shares.
   */
  #nearCapacityPerSecond(): number {
    const frame = this.#bitrate / 30;
    const packet = frame / Math.ceil(frame / PACKET_BITS);
    const additive = (PACKETS_PER_RESPONSE * packet * 1000) / (this.#roundTripTime + DETECTION_MS);
    return Math.max(4000, additive, this.isMarked ? this.#bitrate * MARKED_GROWTH : 0);
  }

  #decrease(throughput: number, now: number): void {
    let next = throughput * BETA;
    if (next > this.#bitrate && this.capacity.known) next = this.capacity.estimate * BETA;
    if (throughput < this.capacity.lowerBound) this.capacity.reset();
    this.capacity.overused(throughput);
    this.#bitrate = this.#clamp(Math.min(next, this.#bitrate));
    this.#state = 'decrease';
    this.#changedAt = now;
    this.#decreasedAt = now;
  }

  #clamp(bitrate: number): number {
    return Math.min(Math.max(bitrate, this.#min), this.#max);
  }
}

const BETA = 0.85;
const PACKETS_PER_RESPONSE = 2;
/** Per second. */
const MARKED_GROWTH = 0.06;
const PACKET_BITS = 9600;
const DETECTION_MS = 100;
