/** A burst sent at a given rate to find out whether the network carries it. */
export interface ProbeCluster {
  /** 1 and up; 0 stands for packets of no probe. */
  readonly id: number;
  /** bit/s. */
  readonly bitrate: number;
  /** Sent at least. */
  readonly minBytes: number;
  readonly minPackets: number;
}

/**
 * Decides when to probe (as libwebrtc's ProbeController): at the start at 3 and 6 times the start bitrate and on by
 * doubling while that succeeds; every 5 s at twice the estimate while the application is the limit; after a large
 * drop, once the network is calm again; and when the application's demand or the maximum rises above the estimate.
 * What it does besides: as long as the capacity was never reached it goes on probing, less and less often, since the
 * first probes may have been lost. Rates in bit/s, times in ms.
 */
export class ProbeController {
  readonly #pending: ProbeCluster[] = [];
  #nextId = 1;
  #state: 'initial' | 'waiting' | 'complete' = 'initial';
  #estimate = 0;
  #max: number;
  #demand = 0;
  #furtherAbove = Number.POSITIVE_INFINITY;
  #probedAt = Number.NEGATIVE_INFINITY;
  #droppedAt = Number.NEGATIVE_INFINITY;
  #beforeDrop = 0;
  #exploreInterval = EXPLORE_INTERVAL_MS;
  #recoveryInterval = RECOVERY_INTERVAL_MS;
  /** The probe that is awaited was too much: noted once. */
  #isSaturated = false;
  #inherentLoss = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Whether the result of a probe is awaited that may lead to further ones. */
  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  /** The next burst to send, or undefined. */
  poll(): ProbeCluster | undefined {
    return this.#pending.shift();
  }

  /** The connection can carry media: begins the first probes, once. */
  start(bitrate: number, now: number): void {
    if (this.#state !== 'initial') return;
    this.#estimate = bitrate;
    this.#probe([bitrate * 3, bitrate * 6], true, now);
  }

  /** A new path, such as after an ICE restart: probes from the beginning. */
  restart(bitrate: number, now: number): void {
    this.#pending.length = 0;
    this.#state = 'initial';
    this.#beforeDrop = 0;
    this.start(bitrate, now);
  }

  setMax(max: number, now: number): void {
    const raised = max > this.#max;
    this.#max = max;
    if (raised && this.#state === 'complete' && this.#estimate < max) {
      this.#probe([Math.min(max, this.#estimate * FARTHEST)], true, now);
    }
  }

  /** What the application would send if it could; 0: unknown. Probes go to twice as much at most. */
  setDemand(demand: number, applicationLimited: boolean, now: number): void {
    const raised = demand > this.#demand;
    this.#demand = demand;
    if (raised && applicationLimited && this.#state === 'complete' && this.#estimate < demand) {
      this.#probe([Math.min(demand, this.#estimate * FARTHEST)], true, now);
    }
  }

  /** The estimate changed or was confirmed, by a probe (`probed`) or otherwise. */
  setEstimate(estimate: number, now: number): void {
    if (estimate < LARGE_DROP * this.#estimate) {
      // What a probe found too much of is no drop, and the steps of one drop count as one.
      if (now - Math.max(this.#probedAt, this.#droppedAt) > SAME_DROP_MS) {
        this.#beforeDrop = this.#estimate;
        this.#recoveryInterval = RECOVERY_INTERVAL_MS;
      }
      this.#droppedAt = now;
    }
    this.#estimate = estimate;
    if (this.#state === 'waiting' && estimate > this.#furtherAbove) this.#probe([estimate * 2], true, now);
  }

  /** The share of packets that is lost whatever the rate, 0 to 1. */
  setInherentLoss(share: number): void {
    this.#inherentLoss = share;
  }

  /** A probe found `bitrate`. */
  found(bitrate: number): void {
    if (this.#state !== 'waiting' || this.#isSaturated || bitrate > this.#furtherAbove) return;
    this.#isSaturated = true;
    this.#exploreInterval = Math.min(this.#exploreInterval * 2, EXPLORE_MOST_MS);
  }

  /**
   * Time passes. `applicationLimitedSince` is when the application became the limit, `calmSince` since when neither
   * delay nor loss told of congestion, Infinity while they do; `isCapacityKnown`: the link was seen full.
   */
  process(applicationLimitedSince: number | undefined, calmSince: number, isCapacityKnown: boolean, now: number): void {
    if (this.#state === 'waiting' && now - this.#probedAt > RESULT_MS) {
      this.#state = 'complete';
      this.#furtherAbove = Number.POSITIVE_INFINITY;
    }
    if (this.#state !== 'complete' || this.#estimate === 0) return;
    if (
      applicationLimitedSince !== undefined &&
      now >= Math.max(applicationLimitedSince, this.#probedAt) + ALR_INTERVAL_MS
    ) {
      this.#probe([this.#estimate * 2], true, now);
      return;
    }
    if (applicationLimitedSince === undefined && !isCapacityKnown) {
      const wait = Math.max(this.#exploreInterval, calmSince === Number.NEGATIVE_INFINITY ? 0 : CALM_MS);
      if (now - Math.max(calmSince, this.#probedAt) < wait) return;
      this.#probe([this.#estimate * 2], true, now);
      return;
    }
    if (this.#estimate >= RECOVERED * this.#beforeDrop || now - this.#droppedAt > RECOVERY_MS) return;
    if (now - Math.max(calmSince, this.#probedAt) < this.#recoveryInterval) return;
    // One that finds nothing disturbs others: the next one waits longer.
    this.#recoveryInterval *= 2;
    this.#probe([Math.min(this.#estimate * 2, this.#beforeDrop)], true, now);
  }

  #probe(bitrates: readonly number[], further: boolean, now: number): void {
    const most = this.#demand > 0 ? Math.min(this.#max, this.#demand * 2) : this.#max;
    let goesOn = further;
    for (const wanted of bitrates) {
      const bitrate = Math.min(wanted, most);
      if (bitrate < wanted) goesOn = false;
      // A probe no faster than what is believed anyway finds nothing.
      if (bitrate <= this.#estimate * 1.05 && this.#state !== 'initial') continue;
      this.#pending.push({
        id: this.#nextId++,
        bitrate,
        minBytes: Math.ceil((bitrate * PROBE_MS) / 8000),
        // Where packets get lost anyway, a few more of them tell as much.
        minPackets: MIN_PACKETS + Math.round(PACKETS_FOR_LOSS * this.#inherentLoss),
      });
      if (!goesOn) break;
    }
    this.#probedAt = now;
    this.#isSaturated = false;
    this.#state = goesOn ? 'waiting' : 'complete';
    this.#furtherAbove = goesOn ? bitrates[bitrates.length - 1]! * FURTHER : Number.POSITIVE_INFINITY;
  }
}

const PROBE_MS = 15;
const MIN_PACKETS = 5;
const PACKETS_FOR_LOSS = 20;
/** A probe that finds at least this share of its rate is followed by one at twice as much. */
const FURTHER = 0.7;
const FARTHEST = 6;
const RESULT_MS = 1000;
const ALR_INTERVAL_MS = 5000;
const EXPLORE_INTERVAL_MS = 1000;
const EXPLORE_MOST_MS = 16_000;
/** Once the link was full, others may share it: they need time to grow. */
const CALM_MS = 2500;
const LARGE_DROP = 0.66;
const RECOVERED = 0.85;
const RECOVERY_MS = 60_000;
const RECOVERY_INTERVAL_MS = 3000;
const SAME_DROP_MS = 3000;
