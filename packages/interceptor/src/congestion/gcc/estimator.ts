import type { FeedbackBatch } from '../feedback-batch.ts';
import { AcknowledgedBitrate } from './acknowledged-bitrate.ts';
import { AlrDetector } from './alr.ts';
import { DelayController } from './delay-controller.ts';
import { EcnResponse } from './ecn-response.ts';
import { LossController } from './loss-controller.ts';
import type { BandwidthUsage } from './overuse-detector.ts';
import { type ProbeCluster, ProbeController } from './probe-controller.ts';
import { ProbeEstimator } from './probe-estimator.ts';
import { RoundTrip } from './round-trip.ts';

/** Bounds of the estimate in bit/s. */
export interface BitrateLimits {
  readonly start: number;
  readonly min: number;
  readonly max: number;
}

/** What the estimator knows, for statistics. Rates in bit/s, times in ms. */
export interface EstimatorState {
  readonly targetBitrate: number;
  /** What the delay, losses and the peer's REMB allow, each on its own; Infinity where it sets no limit. */
  readonly delayBasedBitrate: number;
  readonly lossBasedBitrate: number;
  readonly remoteBitrate: number;
  readonly acknowledgedBitrate: number | undefined;
  readonly roundTripTime: number | undefined;
  /** Shares, 0 to 1. */
  readonly averageLoss: number;
  readonly inherentLoss: number;
  readonly ceMarkShare: number;
  readonly queueDelay: number;
  readonly usage: BandwidthUsage;
  readonly applicationLimited: boolean;
  readonly bytesInFlight: number;
}

/**
 * The bandwidth estimator: told what is sent and what the peer says about it, it keeps the target bitrate as the least of
 * what delay, loss and REMB allow, and says when to probe. It does no I/O and knows no packet format.
 */
export class BandwidthEstimator {
  #acknowledged: AcknowledgedBitrate = new AcknowledgedBitrate();
  readonly #alr = new AlrDetector();
  readonly #ecn = new EcnResponse();
  #losses: LossController = new LossController();
  readonly #roundTrip = new RoundTrip();
  readonly #probes: ProbeController;
  readonly #probeResults = new ProbeEstimator();
  #delays: DelayController;
  #min: number;
  #max: number;
  #target: number;
  #remote = Number.POSITIVE_INFINITY;
  #calmSince: number;
  #wasLimited = false;
  #feedbackAt = Number.NaN;
  /** When the first packet left that no feedback has come after; NaN: there is none. */
  #waitingSince = Number.NaN;
  /** Below 1 while feedback fails to come. */
  #backoff = 1;
  #backedOffAt = Number.NEGATIVE_INFINITY;
  /** For peers without feedback per packet. */
  #reportedAt = Number.NaN;
  #sentBytes = 0;
  #sentPackets = 0;

  constructor(limits: BitrateLimits) {
    this.#min = limits.min;
    this.#max = limits.max;
    this.#target = limits.start;
    this.#delays = new DelayController(limits.start, limits.min, limits.max);
    this.#probes = new ProbeController(limits.max);
    this.#calmSince = Number.NEGATIVE_INFINITY;
    this.#alr.setTarget(limits.start);
  }

  /** bit/s for everything that is sent, RTP headers included. */
  get targetBitrate(): number {
    return this.#target;
  }

  get roundTripTime(): number | undefined {
    return this.#roundTrip.smoothed;
  }

  get isApplicationLimited(): boolean {
    return this.#alr.since !== undefined;
  }

  /** Whether the network marks packets instead of letting queues grow. */
  get isMarked(): boolean {
    return this.#ecn.isActive;
  }

  /** `bytesInFlight` is what the history of sent packets says. */
  state(bytesInFlight: number): EstimatorState {
    return {
      targetBitrate: this.#target,
      delayBasedBitrate: this.#delays.rate.bitrate,
      lossBasedBitrate: this.#losses.bandwidth,
      remoteBitrate: this.#remote,
      acknowledgedBitrate: this.#acknowledged.bitrate,
      roundTripTime: this.#roundTrip.smoothed,
      averageLoss: this.#losses.averageLoss,
      inherentLoss: this.#losses.inherentLoss,
      ceMarkShare: this.#ecn.share,
      queueDelay: this.#delays.queue.standing,
      usage: this.#delays.usage,
      applicationLimited: this.isApplicationLimited,
      bytesInFlight,
    };
  }

  /** Changes the bounds; `start` sets the estimate anew. */
  setLimits(
    limits: { readonly start?: number | undefined; readonly min: number; readonly max: number },
    now: number,
  ): void {
    this.#min = limits.min;
    this.#max = limits.max;
    this.#delays.rate.setLimits(limits.min, limits.max);
    if (limits.start !== undefined) {
      this.#delays.rate.set(limits.start, now);
      this.#target = this.#delays.rate.bitrate;
      this.#probes.restart(this.#target, now);
    }
    this.#probes.setMax(limits.max, now);
    this.#settle(now);
  }

  /** What the application would send if it could, in bit/s; 0: unknown. */
  setDemand(bitrate: number, now: number): void {
    this.#probes.setDemand(bitrate, this.isApplicationLimited, now);
  }

  /** Media can flow: probing begins. */
  start(now: number): void {
    this.#probes.start(this.#target, now);
  }

  /** The path is another one: delays, losses and the estimate begin anew from `start`. */
  restart(start: number, now: number): void {
    this.#delays = new DelayController(start, this.#min, this.#max);
    this.#delays.rate.set(start, now);
    this.#losses = new LossController();
    this.#acknowledged = new AcknowledgedBitrate();
    this.#remote = Number.POSITIVE_INFINITY;
    this.#backoff = 1;
    this.#probes.restart(start, now);
    this.#settle(now);
  }

  /** The next burst to send as a probe, or undefined. */
  pollProbe(): ProbeCluster | undefined {
    const cluster = this.#probes.poll();
    if (cluster !== undefined) this.#probeResults.begin(cluster.id, cluster.minBytes, cluster.minPackets);
    return cluster;
  }

  /** A packet left. */
  sent(bytes: number, now: number): void {
    this.#alr.sent(bytes, now);
    if (Number.isNaN(this.#waitingSince)) this.#waitingSince = now;
    this.#sentBytes += bytes;
    this.#sentPackets++;
  }

  /** Feedback per packet came; `reportedAt` is when it was made, on the clock of its arrival times, if it tells. */
  feedback(batch: FeedbackBatch, now: number, reportedAt?: number): void {
    if (batch.count === 0) return;
    this.#feedbackAt = now;
    this.#waitingSince = Number.NaN;
    this.#backoff = 1;
    batch.sort();
    this.#measureRoundTrip(batch, now, reportedAt);
    const limited = this.isApplicationLimited;
    if (this.#wasLimited && !limited) this.#acknowledged.expectFastChange();
    this.#wasLimited = limited;
    const probed = this.#readBatch(batch, limited);
    if (probed !== undefined) this.#probes.found(probed);
    // Inherent loss takes its share wherever the bottleneck is: what arrives stands for more that was carried.
    const arrived = this.#acknowledged.latest;
    const throughput = arrived === undefined ? undefined : arrived / (1 - this.#losses.inherentLoss);
    this.#delays.update(batch, throughput, probed, this.#roundTrip.smoothed ?? DEFAULT_ROUND_TRIP_MS, now);
    const factor = this.#ecn.update(this.#roundTrip.smoothed ?? DEFAULT_ROUND_TRIP_MS, now);
    this.#delays.rate.isMarked = this.isMarked;
    if (factor < 1) this.#delays.rate.scale(factor, throughput, now);
    this.#losses.update(this.#delays.rate.bitrate, this.#delays.usage === 'normal');
    // While losses are the limit, delay says little: it may not run far ahead.
    this.#delays.rate.limit(this.#losses.bandwidth * 1.1);
    this.#probes.setInherentLoss(this.#losses.inherentLoss);
    const congested = this.#delays.usage === 'overuse' || factor < 1 || this.#losses.bandwidth < this.#target;
    if (congested) this.#calmSince = Number.POSITIVE_INFINITY;
    else if (this.#calmSince === Number.POSITIVE_INFINITY) this.#calmSince = now;
    this.#settle(now);
  }

  /** The peer says how much it can receive (REMB), in bit/s. */
  remoteEstimate(bitrate: number, now: number): void {
    this.#remote = bitrate;
    this.#settle(now);
  }

  /** A receiver report: counts only while there is no feedback per packet. `share` was lost. */
  reportLoss(share: number, roundTripTime: number | undefined, now: number): void {
    if (!Number.isNaN(this.#feedbackAt)) return;
    if (roundTripTime !== undefined) {
      this.#roundTrip.add(roundTripTime);
      this.#delays.rate.setRoundTripTime(this.#roundTrip.smoothed!);
    }
    const elapsed = now - this.#reportedAt;
    const bytes = this.#sentBytes;
    const packets = this.#sentPackets;
    if (elapsed < SHORTEST_REPORT_MS) return;
    this.#reportedAt = now;
    this.#sentBytes = 0;
    this.#sentPackets = 0;
    if (Number.isNaN(elapsed) || packets === 0) return;
    const rate = (8000 * bytes) / elapsed;
    this.#losses.report(share, packets, rate, this.#delays.rate.bitrate);
    const delivered = (rate * (1 - share)) / (1 - this.#losses.inherentLoss);
    this.#delays.rate.update('normal', delivered, this.#losses.bandwidth >= this.#target, now);
    this.#settle(now);
  }

  /** Time passes: to be called about every 25 ms while something is sent. */
  process(now: number): void {
    this.#alr.sent(0, now);
    this.#probes.process(this.#alr.since, this.#calmSince, this.#delays.rate.capacity.known, now);
    // Feedback came once and comes no more, though something is sent: the path may be dead or full.
    const isSilent = !Number.isNaN(this.#feedbackAt) && now - this.#waitingSince > SILENCE_MS;
    if (isSilent && now - this.#backedOffAt >= BACKOFF_MS) {
      this.#backedOffAt = now;
      this.#backoff *= BACKOFF;
      this.#settle(now);
    }
  }

  /** Feeds the parts with the packets; returns what a probe found. */
  #readBatch(batch: FeedbackBatch, applicationLimited: boolean): number | undefined {
    for (let i = 0; i < batch.count; i++) {
      const lost = Number.isNaN(batch.arrivedAt[i]!);
      if (batch.recovered[i] === 1) this.#losses.recovered();
      else this.#losses.add(batch.size[i]!, lost, batch.sentAt[i]!);
    }
    let probed: number | undefined;
    // Where feedback was lost, packets did not get lost: about as many of them arrived as of the others.
    let unseen = batch.skipped * (1 - this.#losses.averageLoss);
    for (let i = 0; i < batch.received; i++) {
      const at = batch.order[i]!;
      const arrivedAt = batch.arrivedAt[at]!;
      const size = batch.size[at]!;
      this.#acknowledged.add(batch.recovered[at] === 2 ? 0 : size + unseen, arrivedAt, applicationLimited);
      unseen = 0;
      this.#ecn.add(batch.ecn[at] === CE);
      const cluster = batch.cluster[at]!;
      if (cluster === 0) continue;
      this.#acknowledged.expectFastChange();
      const inherent = this.#losses.inherentLoss;
      probed = this.#probeResults.add(cluster, size, batch.sentAt[at]!, arrivedAt, inherent) ?? probed;
    }
    return probed;
  }

  #measureRoundTrip(batch: FeedbackBatch, now: number, reportedAt: number | undefined): void {
    if (batch.received === 0) return;
    // The newest arrival waited least for the feedback to leave.
    const newest = batch.order[batch.received - 1]!;
    const waited = reportedAt === undefined ? 0 : Math.max(0, reportedAt - batch.arrivedAt[newest]!);
    this.#roundTrip.add(now - batch.sentAt[newest]! - waited);
    if (this.#roundTrip.smoothed !== undefined) this.#delays.rate.setRoundTripTime(this.#roundTrip.smoothed);
  }

  #settle(now: number): void {
    const allowed = Math.min(this.#delays.rate.bitrate * this.#delays.drain, this.#losses.bandwidth);
    const perPacket = !Number.isNaN(this.#feedbackAt);
    // A peer that only sends REMB measures for us: its word replaces the estimate and not only bounds it.
    const known = !perPacket && Number.isFinite(this.#remote) ? this.#remote : Math.min(allowed, this.#remote);
    const bounded = Math.min(known, perPacket ? Number.POSITIVE_INFINITY : this.#losses.bandwidth) * this.#backoff;
    this.#target = Math.min(Math.max(bounded, this.#min), this.#max);
    this.#alr.setTarget(this.#target);
    this.#probes.setEstimate(this.#target, now);
  }
}

const CE = 3;
const DEFAULT_ROUND_TRIP_MS = 100;
const SHORTEST_REPORT_MS = 250;
const SILENCE_MS = 1500;
const BACKOFF_MS = 500;
const BACKOFF = 0.8;
