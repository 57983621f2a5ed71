import { before32 } from '@kaon/wire';

/**
 * Leaves the first slow start before it overruns the path (HyStart++, RFC 9406 §4.2). A round whose least round trip is
 * above that of the last by an eighth tells of a queue that builds up: growth slows to a quarter for five rounds
 * (conservative slow start), and unless the round trip falls again, that was slow start. All times in ms.
 */
export class HyStart {
  /** The TSN that ends this round. */
  #roundEnd: number | undefined = undefined;
  #lastLeast: number = Number.POSITIVE_INFINITY;
  #least: number = Number.POSITIVE_INFINITY;
  #samples = 0;
  /** Rounds of conservative slow start so far; undefined outside of it. */
  #rounds: number | undefined = undefined;
  /** The least round trip as conservative slow start began. */
  #baseline: number = Number.POSITIVE_INFINITY;

  get isConservative(): boolean {
    return this.#rounds !== undefined;
  }

  /**
   * A SACK came: `roundTrip` of what it acknowledges, undefined when it cannot tell. `cumulative` and `last` are the
   * latest TSN acknowledged and sent. Answers true when slow start is over.
   */
  handle(roundTrip: number | undefined, cumulative: number, last: number): boolean {
    if (this.#roundEnd === undefined) this.#roundEnd = last;
    if (roundTrip !== undefined) {
      this.#samples++;
      if (roundTrip < this.#least) this.#least = roundTrip;
    }
    this.#compare();
    if (before32(cumulative, this.#roundEnd)) return false;
    this.#roundEnd = last;
    this.#lastLeast = this.#least;
    this.#least = Number.POSITIVE_INFINITY;
    this.#samples = 0;
    return this.#rounds !== undefined && ++this.#rounds >= CONSERVATIVE_ROUNDS;
  }

  /** What the window grows by when `bytes` are acknowledged. */
  growth(bytes: number): number {
    return this.#rounds === undefined ? bytes : bytes / CONSERVATIVE_DIVISOR;
  }

  #compare(): void {
    if (this.#samples < ROUND_SAMPLES || this.#least === Number.POSITIVE_INFINITY) return;
    if (this.#rounds !== undefined) {
      // It fell again: the rise was none of ours.
      if (this.#least < this.#baseline) {
        this.#baseline = Number.POSITIVE_INFINITY;
        this.#rounds = undefined;
      }
      return;
    }
    if (this.#lastLeast === Number.POSITIVE_INFINITY) return;
    const rise = Math.max(LEAST_RISE_MS, Math.min(this.#lastLeast / RISE_DIVISOR, MOST_RISE_MS));
    if (this.#least < this.#lastLeast + rise) return;
    this.#baseline = this.#least;
    this.#rounds = 0;
  }
}

const LEAST_RISE_MS = 4;
const MOST_RISE_MS = 16;
const RISE_DIVISOR = 8;
const ROUND_SAMPLES = 8;
const CONSERVATIVE_DIVISOR = 4;
const CONSERVATIVE_ROUNDS = 5;
