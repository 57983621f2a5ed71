/**
 * The bitrate that losses allow. It tells two kinds of loss apart, as libwebrtc's LossBasedBweV2 does: *inherent* loss
 * is there at any rate and is no reason to send less; *congestion* loss is what a link of limited bandwidth drops of
 * what exceeds it. Both are fitted to the last observations of (sending rate, loss) by maximum likelihood:
 *
 *     loss(rate) = inherent + (1 - inherent) * max(0, rate - bandwidth) / rate
 *
 * What this does otherwise: inherent loss is believed up to 30 % (the network that loses a fifth of everything is still
 * used), and an observation that the model cannot explain at all discards the older ones, so that a link that became
 * narrow is noticed after one observation. Rates in bit/s, times in ms.
 */
export class LossController {
  readonly #packets = new Float64Array(WINDOW);
  readonly #lost = new Float64Array(WINDOW);
  readonly #rate = new Float64Array(WINDOW);
  /** Observations so far since the last change of the path; the newest is at `(count - 1) % WINDOW`. */
  #count = 0;
  #bandwidth = Number.POSITIVE_INFINITY;
  #inherent = INITIAL_INHERENT;
  #averageLoss = 0;
  /** The observation under way. */
  #partPackets = 0;
  #partLost = 0;
  #partBytes = 0;
  #partSince = Number.NaN;
  #partUntil = Number.NaN;

  /** What losses allow; Infinity while they do not limit. */
  get bandwidth(): number {
    return this.#bandwidth;
  }

  /** The share of packets that is lost whatever the rate, 0 to 0.3. */
  get inherentLoss(): number {
    return this.#inherent;
  }

  /** The share of packets that was lost lately, newer ones weighing more. */
  get averageLoss(): number {
    return this.#averageLoss;
  }

  /** One packet of ours whose fate became known, by the time it was sent. */
  add(bytes: number, lost: boolean, sentAt: number): void {
    this.#partPackets++;
    this.#partBytes += bytes;
    if (lost) this.#partLost++;
    if (Number.isNaN(this.#partSince)) this.#partSince = sentAt;
    if (!(sentAt <= this.#partUntil)) this.#partUntil = sentAt;
  }

  /** A packet that had been reported as lost arrived after all. */
  recovered(): void {
    if (this.#partLost > 0) this.#partLost--;
    else {
      const newest = (this.#count - 1) % WINDOW;
      if (this.#count > 0 && this.#lost[newest]! > 0) this.#lost[newest]!--;
    }
  }

  /**
   * Closes the observation if it is long enough and estimates anew. `delayBased` is what delays allow, `mayIncrease`
   * whether they allow to grow. Returns whether anything changed.
   */
  update(delayBased: number, mayIncrease: boolean): boolean {
    const elapsed = this.#partUntil - this.#partSince;
    if (!(elapsed >= SHORTEST_MS && (this.#partPackets >= LEAST_PACKETS || elapsed >= LONGEST_MS))) return false;
    const rate = (8000 * this.#partBytes) / elapsed;
    if (this.#isChange(rate)) this.#forget(rate);
    this.#push(rate);
    this.#partPackets = 0;
    this.#partLost = 0;
    this.#partBytes = 0;
    this.#partSince = this.#partUntil;
    this.#averageLoss = this.#weightedLoss();
    this.#estimate(delayBased, mayIncrease);
    return true;
  }

  /** Losses told in reports of receivers (RTCP RR) instead of per packet: a share of about `packets` packets. */
  report(share: number, packets: number, rate: number, delayBased: number): void {
    this.#partPackets = Math.max(1, packets);
    this.#partLost = share * this.#partPackets;
    if (this.#isChange(rate)) this.#forget(rate);
    this.#push(rate);
    this.#partPackets = 0;
    this.#partLost = 0;
    this.#averageLoss = this.#weightedLoss();
    this.#estimate(delayBased, true);
  }

  /** Whether the newest observation has far more loss than the model says for its rate. */
  #isChange(rate: number): boolean {
    if (this.#count < 4 || this.#partPackets < LEAST_PACKETS) return false;
    const expected = lossAt(rate, this.#bandwidth, this.#inherent);
    const deviation = Math.sqrt((expected * (1 - expected)) / this.#partPackets);
    const excess = this.#partLost / this.#partPackets - expected;
    return excess > LEAST_EXCESS && excess > 5 * deviation;
  }

  /** Begins again with what gets through now as the bandwidth. */
  #forget(rate: number): void {
    const delivered = rate * (1 - this.#partLost / this.#partPackets);
    this.#bandwidth = Math.min(this.#bandwidth, delivered / (1 - this.#inherent));
    this.#count = 0;
    this.#packets.fill(0);
    this.#lost.fill(0);
  }

  #push(rate: number): void {
    const at = this.#count++ % WINDOW;
    this.#packets[at] = this.#partPackets;
    this.#lost[at] = this.#partLost;
    this.#rate[at] = rate;
  }

  #weightedLoss(): number {
    let packets = 0;
    let lost = 0;
    for (let age = 0; age < Math.min(this.#count, WINDOW); age++) {
      const at = (this.#count - 1 - age) % WINDOW;
      packets += WEIGHT[age]! * this.#packets[at]!;
      lost += WEIGHT[age]! * this.#lost[at]!;
    }
    return packets === 0 ? 0 : lost / packets;
  }

  #estimate(delayBased: number, mayIncrease: boolean): void {
    const newest = (this.#count - 1) % WINDOW;
    const rate = this.#rate[newest]!;
    const delivered = rate * (1 - this.#lost[newest]! / this.#packets[newest]!);
    const limited = this.#bandwidth !== Number.POSITIVE_INFINITY;
    // Where losses do not limit, a bandwidth above everything sent stands for "none".
    const current = limited ? this.#bandwidth : Math.max(delayBased, rate) * 1.05;
    this.#best = current;
    this.#bestInherent = this.#inherent;
    this.#bestObjective = Number.NEGATIVE_INFINITY;
    this.#try(current, current, 0);
    if (limited && mayIncrease) {
      this.#try(current * 1.03, current, 0);
      this.#try(Math.max(delayBased, rate) * 1.05, current, 0);
    }
    // A limit, or a lower one, takes evidence: chance makes slow moments look better than fast ones.
    if (limited) this.#try(current * 0.95, current, EVIDENCE);
    if (this.#count >= 2) {
      this.#try(Math.min(current, delivered / (1 - this.#inherent)), current, EVIDENCE);
      if (!limited) this.#try(Math.min(current, rate * 0.95), current, EVIDENCE);
    }
    this.#inherent = this.#bestInherent;
    this.#bandwidth = this.#best;
    if (this.#best >= Math.max(delayBased, rate) * 1.05) this.#bandwidth = Number.POSITIVE_INFINITY;
  }

  #best = 0;
  #bestInherent = 0;
  #bestObjective = 0;

  /** Fits the inherent loss for a bandwidth and keeps both if they explain the observations better than what is kept. */
  #try(bandwidth: number, current: number, evidence: number): void {
    let inherent = this.#inherent;
    for (let i = 0; i < NEWTON_STEPS; i++) {
      const before = inherent;
      inherent = this.#newton(bandwidth, before);
      if (Math.abs(inherent - before) < 1e-5) break;
    }
    // Between bandwidths that explain equally well the higher one is preferred.
    const bias = BIAS * Math.log(Math.min(bandwidth, current * 1.5) / current);
    let objective = -evidence;
    for (let age = 0; age < Math.min(this.#count, WINDOW); age++) {
      const at = (this.#count - 1 - age) % WINDOW;
      const loss = lossAt(this.#rate[at]!, bandwidth, inherent);
      const packets = this.#packets[at]!;
      const lost = this.#lost[at]!;
      objective += WEIGHT[age]! * (lost * Math.log(loss) + (packets - lost) * Math.log(1 - loss) + packets * bias);
    }
    if (objective <= this.#bestObjective) return;
    this.#bestObjective = objective;
    this.#best = bandwidth;
    this.#bestInherent = inherent;
  }

  /** One step of Newton's method towards the inherent loss of the greatest likelihood. */
  #newton(bandwidth: number, inherent: number): number {
    let first = 0;
    let second = 0;
    for (let age = 0; age < Math.min(this.#count, WINDOW); age++) {
      const at = (this.#count - 1 - age) % WINDOW;
      const loss = lossAt(this.#rate[at]!, bandwidth, inherent);
      const lost = this.#lost[at]!;
      const arrived = this.#packets[at]! - lost;
      first += WEIGHT[age]! * (lost / loss - arrived / (1 - loss));
      second -= WEIGHT[age]! * (lost / (loss * loss) + arrived / ((1 - loss) * (1 - loss)));
    }
    if (second >= 0) return inherent;
    return Math.min(Math.max(inherent - first / second, LEAST_INHERENT), MOST_INHERENT);
  }
}

const WINDOW = 20;
const SHORTEST_MS = 250;
const LONGEST_MS = 1000;
const LEAST_PACKETS = 25;
const INITIAL_INHERENT = 0.01;
const LEAST_INHERENT = 0.001;
const MOST_INHERENT = 0.3;
const NEWTON_STEPS = 12;
/** In units of log-likelihood. */
const EVIDENCE = 5;
/** Losses beyond what the model expects from which on it is thrown away. */
const LEAST_EXCESS = 0.2;
const BIAS = 0.02;
const WEIGHT: Float64Array = Float64Array.from({ length: WINDOW }, (_, age) => 0.9 ** age);

/** The share that is lost at `rate`, kept off 0 and 1 where logarithms end. */
function lossAt(rate: number, bandwidth: number, inherent: number): number {
  const excess = rate > bandwidth ? (rate - bandwidth) / rate : 0;
  return Math.min(Math.max(inherent + (1 - inherent) * excess, 1e-6), 1 - 1e-6);
}
