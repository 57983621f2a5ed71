/**
 * What CE marks ask for (RFC 8888, RFC 9331): the rate is lowered by half the smoothed share of marks, 2 to 15 %, at most
 * every other round trip, as DCTCP and TCP Prague do. That is right for queues that mark early and in proportion, as they do
 * with ECT(1); queues that mark instead of dropping (RFC 3168) get a weaker answer than they expect, and the delay, which such
 * queues let grow, does the rest.
 */
export class EcnResponse {
  #share = 0;
  #packets = 0;
  #marked = 0;
  #windowEnd = Number.NaN;
  #total = 0;
  #hasCut = false;
  #markedAt = Number.NEGATIVE_INFINITY;
  #isActive = false;

  /** The smoothed share of CE marks, 0 to 1. */
  get share(): number {
    return this.#share;
  }

  /** Whether there were marks in the last minute: this network tells by marks, so senders need not fill its queues to learn. */
  get isActive(): boolean {
    return this.#isActive;
  }

  /** How many packets came with CE. */
  get marked(): number {
    return this.#total;
  }

  /** One packet that arrived. */
  add(marked: boolean): void {
    this.#packets++;
    if (!marked) return;
    this.#marked++;
    this.#total++;
  }

  /**
   * At the end of each round trip: the factor for the rate, 1 when there was no mark. `roundTripTime` in ms.
   */
  update(roundTripTime: number, now: number): number {
    if (Number.isNaN(this.#windowEnd)) this.#windowEnd = now + roundTripTime;
    if (now < this.#windowEnd || this.#packets === 0) return 1;
    const share = this.#marked / this.#packets;
    if (this.#marked > 0) this.#markedAt = now;
    this.#isActive = now - this.#markedAt < ACTIVE_MS;
    this.#share += (share - this.#share) * GAIN;
    if (this.#share < 0.001) this.#share = 0;
    // What was cut in the last round trip shows only in the next one.
    const cuts = this.#marked > 0 && !this.#hasCut;
    const factor = cuts ? 1 - Math.min(Math.max(this.#share / 2, LEAST_CUT), MOST_CUT) : 1;
    this.#hasCut = cuts;
    this.#packets = 0;
    this.#marked = 0;
    this.#windowEnd = now + Math.max(roundTripTime, SHORTEST_MS);
    return factor;
  }
}

const GAIN = 1 / 4;
const LEAST_CUT = 0.02;
const MOST_CUT = 0.15;
const SHORTEST_MS = 25;
const ACTIVE_MS = 60_000;
