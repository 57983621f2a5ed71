import { distance16 } from '@kaon/wire';
import type { FeedbackBatch } from '../feedback-batch.ts';

/**
 * The packets that left and whose fate is not known yet, by transport-wide number: rings of fixed size, so that what a peer
 * never acknowledges costs nothing. Numbers count on past 16 bits; what goes on the wire is their low 16 bits.
 */
export class SentHistory {
  readonly #sentAt: Float64Array = new Float64Array(CAPACITY);
  readonly #size: Uint16Array = new Uint16Array(CAPACITY);
  readonly #cluster: Uint32Array = new Uint32Array(CAPACITY);
  readonly #state: Uint8Array = new Uint8Array(CAPACITY);
  #oldest: number;
  #next: number;
  /** One past the newest packet that feedback told about. */
  #told: number;
  /** The same as it was before the feedback under way. */
  #toldBefore: number;
  #inFlight = 0;

  /** `first` is the number that the first packet gets, 0 to 65535. */
  constructor(first = 0) {
    // One round above zero, so that numbers stay positive.
    this.#next = 0x1_0000 + first;
    this.#oldest = this.#next;
    this.#told = this.#next;
    this.#toldBefore = this.#next;
  }

  /** Bytes that are neither acknowledged nor given up. */
  get bytesInFlight(): number {
    return this.#inFlight;
  }

  /** How many packets are remembered. */
  get length(): number {
    return this.#next - this.#oldest;
  }

  /** Notes a packet and returns its number; `cluster` is the probe that it is part of, or 0. */
  add(size: number, cluster: number, now: number): number {
    this.prune(now);
    if (this.#next - this.#oldest === CAPACITY) this.#dropOldest();
    const at = this.#next & MASK;
    this.#sentAt[at] = now;
    this.#size[at] = size;
    this.#cluster[at] = cluster;
    this.#state[at] = IN_FLIGHT;
    this.#inFlight += size;
    return this.#next++;
  }

  /** The number whose low bits are `sequenceNumber`, or -1 when no such packet is remembered. */
  find(sequenceNumber: number): number {
    const newest = this.#next - 1;
    const number = newest + distance16(newest & 0xffff, sequenceNumber);
    return number >= this.#oldest && number <= newest ? number : -1;
  }

  /**
   * What feedback says about packet `number`: it arrived at `arrivedAt` (ms, the peer's clock) with codepoint `ecn`, or is lost
   * (NaN). Adds it to the batch if that is news; returns whether the packet is remembered.
   */
  acknowledge(number: number, arrivedAt: number, ecn: number, batch: FeedbackBatch): boolean {
    if (!(number >= this.#oldest && number < this.#next)) return false;
    const at = number & MASK;
    const state = this.#state[at]!;
    const isLost = Number.isNaN(arrivedAt);
    if (state === RECEIVED || (isLost && state === LOST)) return true;
    if (state === IN_FLIGHT) this.#inFlight -= this.#size[at]!;
    this.#state[at] = isLost ? LOST : RECEIVED;
    const news = state === LOST ? 1 : state === SKIPPED ? 2 : 0;
    batch.add(this.#sentAt[at]!, arrivedAt, this.#size[at]!, this.#cluster[at]!, news, ecn);
    if (number >= this.#told) this.#told = number + 1;
    return true;
  }

  /**
   * The feedback is complete: what left before its newest packet and was never told about had its feedback lost. Their bytes
   * are counted in the batch, once.
   */
  complete(batch: FeedbackBatch): void {
    for (let number = Math.max(this.#toldBefore, this.#oldest); number < this.#told; number++) {
      const at = number & MASK;
      if (this.#state[at] !== IN_FLIGHT) continue;
      this.#state[at] = SKIPPED;
      this.#inFlight -= this.#size[at]!;
      batch.skipped += this.#size[at]!;
    }
    this.#toldBefore = this.#told;
  }

  /** Forgets what left so long ago that no feedback will tell. */
  prune(now: number): void {
    while (this.#oldest < this.#next && now - this.#sentAt[this.#oldest & MASK]! > LONGEST_MS) this.#dropOldest();
  }

  #dropOldest(): void {
    const at = this.#oldest++ & MASK;
    if (this.#state[at] === IN_FLIGHT) this.#inFlight -= this.#size[at]!;
  }
}

/** At 100 Mbit/s about 1.5 s, at 10 Mbit/s more than the time limit. A power of two, and less than half of 2^16. */
const CAPACITY = 16_384;
const MASK = CAPACITY - 1;
const LONGEST_MS = 10_000;
const IN_FLIGHT = 1;
const LOST = 2;
const RECEIVED = 3;
const SKIPPED = 4;
