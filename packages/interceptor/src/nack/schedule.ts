import type { Instant } from '@kaon/interface/core/v1';
import { type Arrival, ReceiveLog } from './receive-log.ts';

/** When missing packets are asked for. Times in ms. */
export interface NackScheduleOptions {
  /** Packets that are remembered: a power of two. Default 1024. */
  readonly window?: number | undefined;
  /** How long a packet may be late before it counts as lost. Default 10. */
  readonly reorderTolerance?: number | undefined;
  /** How often a packet is asked for. Default 10. */
  readonly maxTries?: number | undefined;
  /** How many packets may be missing at once; with more, all are given up. Default 256. */
  readonly maxMissing?: number | undefined;
}

/**
 * When to ask for which packets of one stream: first after a tolerance for reordering, again whenever a round trip (at least
 * 20 ms) has gone by, up to a number of tries. Where too many are missing at once it gives all of them up.
 */
export class NackSchedule {
  readonly log: ReceiveLog;
  readonly #mask: number;
  readonly #dueAt: Float64Array;
  readonly #tries: Uint8Array;
  readonly #tolerance: number;
  readonly #maxTries: number;
  readonly #maxMissing: number;
  #next: Instant = Number.POSITIVE_INFINITY;
  #givenUp = 0;
  #overflowed = false;

  constructor(options: NackScheduleOptions = {}) {
    const window = options.window ?? 1024;
    this.log = new ReceiveLog(window);
    this.#mask = window - 1;
    this.#dueAt = new Float64Array(window);
    this.#tries = new Uint8Array(window);
    this.#tolerance = options.reorderTolerance ?? 10;
    this.#maxTries = Math.min(255, options.maxTries ?? 10);
    this.#maxMissing = options.maxMissing ?? 256;
  }

  /** Packets that were given up after all tries or because too many were missing. */
  get givenUp(): number {
    return this.#givenUp;
  }

  /** Notes a packet. */
  receive(sequence: number, now: Instant): Arrival {
    const { log } = this;
    const before = log.highest;
    const gap = (sequence - before - 1) & 0xffff;
    const lost = log.missing;
    const arrival = log.add(sequence);
    if (arrival === 'restart') {
      this.#givenUp += lost;
      this.#overflowed = true;
      this.#next = Number.POSITIVE_INFINITY;
    } else if (arrival === 'new' && before >= 0 && gap > 0) this.#note(before, gap, now);
    return arrival;
  }

  /** Whether packets were lost in a number that asking cannot mend, since this was last called. */
  takeOverflow(): boolean {
    const overflowed = this.#overflowed;
    this.#overflowed = false;
    return overflowed;
  }

  /** Appends what is to be asked for now to `out`, in order, and counts it as asked. */
  due(now: Instant, roundTripTime: number, out: number[]): void {
    this.#next = Number.POSITIVE_INFINITY;
    const { log } = this;
    for (let at = log.oldest; at >= 0; at = log.nextMissing((at + 1) & 0xffff)) {
      const i = at & this.#mask;
      if (this.#dueAt[i]! <= now) {
        if (this.#tries[i]! >= this.#maxTries) {
          log.giveUp(at);
          this.#givenUp++;
          continue;
        }
        out.push(at);
        this.#tries[i]!++;
        this.#dueAt[i] = now + Math.max(roundTripTime, MIN_INTERVAL);
      }
      this.#next = Math.min(this.#next, this.#dueAt[i]!);
    }
  }

  /** When `due` has something, or Infinity. */
  get next(): Instant {
    return this.log.missing === 0 ? Number.POSITIVE_INFINITY : this.#next;
  }

  #note(before: number, gap: number, now: Instant): void {
    if (this.log.missing > this.#maxMissing) {
      this.#givenUp += this.log.missing;
      this.log.giveUpAll();
      this.#overflowed = true;
      this.#next = Number.POSITIVE_INFINITY;
      return;
    }
    for (let i = 1; i <= gap; i++) {
      const at = (before + i) & this.#mask;
      this.#dueAt[at] = now + this.#tolerance;
      this.#tries[at] = 0;
    }
    this.#next = Math.min(this.#next, now + this.#tolerance);
  }
}

/** However short the round trip is measured: a queue on the way takes as long. */
const MIN_INTERVAL = 20;
