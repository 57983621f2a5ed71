/** What a bad line does to packets, in one direction. Sans-I/O: it is told the time, and randomness is seeded. */
import type { EcnCodepoint, Instant } from '@kaon/interface/core/v1';
import type { SeededRandom } from '../random.ts';
import { Schedule } from '../schedule.ts';

/** How a line treats packets. Everything is off by default: an ideal line without delay. Probabilities are 0 to 1. */
export interface NetemOptions {
  /** Time of flight in ms. */
  readonly delay?: number | undefined;
  /** Up to this many ms more, uniformly; order is kept. */
  readonly jitter?: number | undefined;
  /** Probability that a packet is lost, each on its own. */
  readonly loss?: number | undefined;
  /** Losses that come in bursts, besides `loss`. */
  readonly burstLoss?: BurstLoss | undefined;
  /** Probability that a packet is held back by `reorderDelay`, so that later ones overtake it. */
  readonly reorder?: number | undefined;
  /** How long a reordered packet is held back, in ms. Default 10. */
  readonly reorderDelay?: number | undefined;
  /** Probability that a packet arrives twice. */
  readonly duplicate?: number | undefined;
  /** Probability that one bit of a packet is flipped. */
  readonly corrupt?: number | undefined;
  /** Bytes per second. Default: unlimited. */
  readonly rate?: number | undefined;
  /** Bytes that may wait for the line when `rate` is set; what does not fit is dropped. Default 65 536. */
  readonly queue?: number | undefined;
  /** With `rate`: bytes waiting from which on ECN-capable packets are marked CE (RFC 3168) as they enter. Default: never. */
  readonly ecnThreshold?: number | undefined;
  /** Largest packet in bytes; larger ones vanish, as behind a black-hole router. Default: unlimited. */
  readonly mtu?: number | undefined;
  /** The cable is cut: everything sent is lost; what is in flight still arrives. */
  readonly down?: boolean | undefined;
}

/** The Gilbert-Elliott model: a good and a bad state, drawn anew for each packet. */
export interface BurstLoss {
  /** Probability to go from good to bad. */
  readonly enter: number;
  /** Probability to go from bad to good; 1 / leave is the mean length of a burst in packets. */
  readonly leave: number;
  /** Probability of loss in the bad state. Default 1. */
  readonly loss?: number | undefined;
}

/** A packet that comes out of a line. */
export interface Delivery<M> {
  readonly bytes: Uint8Array;
  /** What was pushed along with it. */
  readonly meta: M;
  readonly ecn: EcnCodepoint;
  readonly sentAt: Instant;
}

/** What happened to the packets of a line so far. */
export interface NetemStats {
  sent: number;
  sentBytes: number;
  delivered: number;
  deliveredBytes: number;
  /** By loss, burst loss or a cut cable. */
  lost: number;
  /** For lack of room in the queue. */
  overflowed: number;
  /** Larger than the MTU. */
  tooLarge: number;
  duplicated: number;
  reordered: number;
  corrupted: number;
  marked: number;
}

/** What became of a packet as it was pushed. */
export type NetemFate = 'sent' | 'lost' | 'overflowed' | 'too-large';

/** One direction of a line. `M` is whatever travels with the bytes, such as addresses. */
export class Netem<M = undefined> {
  readonly stats: NetemStats = {
    sent: 0,
    sentBytes: 0,
    delivered: 0,
    deliveredBytes: 0,
    lost: 0,
    overflowed: 0,
    tooLarge: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
    marked: 0,
  };
  readonly #random: SeededRandom;
  readonly #inFlight = new Schedule<Delivery<M>>();
  #options: NetemOptions;
  #bad = false;
  #busyUntil: Instant = Number.NEGATIVE_INFINITY;
  #lastArrival: Instant = Number.NEGATIVE_INFINITY;

  constructor(options: NetemOptions, random: SeededRandom) {
    this.#options = checked(options);
    this.#random = random;
  }

  get options(): NetemOptions {
    return this.#options;
  }

  /** Changes the line from now on; settings that are not named stay. Packets in flight keep their arrival. */
  set(options: NetemOptions): void {
    this.#options = checked({ ...this.#options, ...options });
  }

  /** Packets in flight. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Sends a packet. The bytes change owner. */
  push(bytes: Uint8Array, now: Instant, meta: M, ecn: EcnCodepoint = 0): NetemFate {
    const { stats } = this;
    const options = this.#options;
    stats.sent++;
    stats.sentBytes += bytes.length;
    if (bytes.length > (options.mtu ?? Number.POSITIVE_INFINITY)) {
      stats.tooLarge++;
      return 'too-large';
    }
    let departure = now;
    let codepoint = ecn;
    if (options.rate !== undefined) {
      const waiting = Math.max(0, ((this.#busyUntil - now) * options.rate) / 1000);
      if (waiting + bytes.length > (options.queue ?? 65_536)) {
        stats.overflowed++;
        return 'overflowed';
      }
      if (waiting >= (options.ecnThreshold ?? Number.POSITIVE_INFINITY) && ecn !== 0) {
        if (ecn !== 3) stats.marked++;
        codepoint = 3;
      }
      departure = Math.max(now, this.#busyUntil) + (bytes.length * 1000) / options.rate;
      this.#busyUntil = departure;
    }
    if (this.#isLost()) {
      stats.lost++;
      return 'lost';
    }
    this.#launch(this.#damaged(bytes), departure, now, meta, codepoint);
    if (this.#random.chance(options.duplicate ?? 0)) {
      stats.duplicated++;
      // A copy: whoever gets the first one may decrypt it in place.
      this.#launch(bytes.slice(), departure, now, meta, codepoint);
    }
    return 'sent';
  }

  /** When the next packet arrives, or Infinity. */
  pollTimeout(): Instant {
    return this.#inFlight.next();
  }

  /** The next packet that has arrived by `now`. */
  poll(now: Instant): Delivery<M> | undefined {
    const delivery = this.#inFlight.take(now);
    if (delivery !== undefined) {
      this.stats.delivered++;
      this.stats.deliveredBytes += delivery.bytes.length;
    }
    return delivery;
  }

  /** Loses everything in flight. */
  flush(): void {
    this.stats.lost += this.#inFlight.size;
    this.#inFlight.clear();
  }

  #isLost(): boolean {
    const { loss = 0, burstLoss, down } = this.#options;
    if (down === true) return true;
    if (burstLoss !== undefined) {
      if (this.#random.chance(this.#bad ? burstLoss.leave : burstLoss.enter)) this.#bad = !this.#bad;
      if (this.#bad && this.#random.chance(burstLoss.loss ?? 1)) return true;
    }
    return this.#random.chance(loss);
  }

  #damaged(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0 || !this.#random.chance(this.#options.corrupt ?? 0)) return bytes;
    this.stats.corrupted++;
    const bit = this.#random.integer(0, bytes.length * 8 - 1);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    return bytes;
  }

  #launch(bytes: Uint8Array, departure: Instant, sentAt: Instant, meta: M, ecn: EcnCodepoint): void {
    const { delay = 0, jitter = 0, reorder = 0, reorderDelay = 10 } = this.#options;
    let arrival = departure + delay + (jitter > 0 ? this.#random.float() * jitter : 0);
    if (this.#random.chance(reorder)) {
      this.stats.reordered++;
      arrival += reorderDelay;
    } else {
      arrival = Math.max(arrival, this.#lastArrival);
      this.#lastArrival = arrival;
    }
    this.#inFlight.add(arrival, { bytes, meta, ecn, sentAt });
  }
}

function checked(options: NetemOptions): NetemOptions {
  for (const name of ['loss', 'reorder', 'duplicate', 'corrupt'] as const) {
    const value = options[name];
    if (value !== undefined && !(value >= 0 && value <= 1))
      throw new RangeError(`${name} is a probability, not ${value}`);
  }
  for (const name of ['delay', 'jitter', 'reorderDelay', 'rate', 'queue', 'ecnThreshold', 'mtu'] as const) {
    const value = options[name];
    if (value !== undefined && !(value >= 0)) throw new RangeError(`${name} cannot be ${value}`);
  }
  if (options.rate === 0) throw new RangeError('a line with rate 0 never delivers: set down instead');
  return options;
}
