/**
 * What CE marks ask for (RFC 3168, RFC 8888, RFC 9331). Packets sent as ECT(1) are marked early and in proportion to the
 * queue: the rate is lowered by half the smoothed share of marks, once per round trip, as DCTCP and TCP Prague do.
 * Packets sent as ECT(0) are marked instead of dropped: one mark in a round trip is congestion, and lowers the rate by
 * 15 %, which is what an overuse does. Feedback does not tell which codepoint a packet left with, so the share of marks
 * decides: queues that mark in proportion have few marks when little is wrong.
 */
export class EcnResponse {
  #share = 0;
  #packets = 0;
  #marked = 0;
  #windowEnd = Number.NaN;
  #total = 0;

  /** The smoothed share of CE marks, 0 to 1. */
  get share(): number {
    return this.#share;
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
    // The first marks in a long time count at once: slow smoothing is for queues that mark all the time.
    this.#share = this.#share === 0 ? share : this.#share + (share - this.#share) * GAIN;
    if (this.#share < 0.001) this.#share = 0;
    const factor = this.#marked === 0 ? 1 : 1 - Math.min(Math.max(this.#share / 2, LEAST_CUT), MOST_CUT);
    this.#packets = 0;
    this.#marked = 0;
    this.#windowEnd = now + Math.max(roundTripTime, SHORTEST_MS);
    return factor;
  }
}

const GAIN = 1 / 8;
const LEAST_CUT = 0.02;
const MOST_CUT = 0.15;
const SHORTEST_MS = 25;
