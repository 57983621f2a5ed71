import type { Instant } from '@kaon/interface/core/v1';
import { before32 } from '@kaon/wire';

/**
 * Loss by time: what was sent before something that has arrived, and is late by more than packets overtake each other
 * on this path, is lost (RACK, RFC 8985 §6). SCTP names chunks by TSN where TCP has sequence numbers, and reports
 * duplicates in every SACK where TCP needs DSACK. All times in ms.
 */
export class Rack {
  /** When the latest chunk left that is known to have arrived, and its TSN (RACK.xmit_ts, RACK.end_seq). */
  newestSentAt: Instant = Number.NEGATIVE_INFINITY;
  newestTsn = 0;
  /** Round trip of that chunk (RACK.rtt). */
  roundTrip = 0;
  /** Whether a chunk was seen to be overtaken. */
  reorderingSeen = false;
  /** Tolerance in quarters of the least round trip (RACK.reo_wnd_mult). */
  tolerance = 1;
  /** Recoveries until the tolerance falls back to one (RACK.reo_wnd_persist). */
  #persist = 0;
  /** Latest TSN that has arrived (RACK.fack). */
  #highest: number | undefined = undefined;
  /** A duplicate widens the tolerance again only once this TSN has arrived (RACK.dsack_round). */
  #widenedUntil: number | undefined = undefined;
  /** Least round trips of this and the last period. */
  #least: number = Number.POSITIVE_INFINITY;
  #leastBefore: number = Number.POSITIVE_INFINITY;
  #periodEnd: Instant = 0;

  /** The least round trip of late; Infinity before the first. */
  get leastRoundTrip(): number {
    return Math.min(this.#least, this.#leastBefore);
  }

  /**
   * A chunk has arrived (§6.2, steps 1 to 3). `again`: it was sent more than once, at `sentAt` for the last time. Answers
   * false when the last copy cannot have brought it: too little time has passed.
   */
  delivered(tsn: number, sentAt: Instant, again: boolean, now: Instant): boolean {
    const roundTrip = now - sentAt;
    if (!again) {
      this.#measured(roundTrip, now);
    } else if (roundTrip < this.leastRoundTrip) {
      return false;
    }
    if (this.#highest === undefined || before32(this.#highest, tsn)) this.#highest = tsn;
    else if (!again && before32(tsn, this.#highest)) this.reorderingSeen = true;
    if (sentAt > this.newestSentAt || (sentAt === this.newestSentAt && before32(this.newestTsn, tsn))) {
      this.newestSentAt = sentAt;
      this.newestTsn = tsn;
      this.roundTrip = roundTrip;
    }
    return true;
  }

  /** Whether the chunk left before the newest one that has arrived. */
  isBefore(tsn: number, sentAt: Instant): boolean {
    return sentAt < this.newestSentAt || (sentAt === this.newestSentAt && before32(tsn, this.newestTsn));
  }

  /** The peer reports a duplicate: it was sent again without need. `last` is the latest TSN sent (§6.2, step 4). */
  duplicated(cumulative: number, last: number): void {
    if (this.#widenedUntil !== undefined && before32(cumulative, this.#widenedUntil)) return;
    this.#widenedUntil = last;
    this.#persist = PERSIST;
    if (this.tolerance < MOST_TOLERANCE) this.tolerance++;
  }

  /** A recovery has ended. */
  recovered(): void {
    if (this.#persist > 0 && --this.#persist === 0) this.tolerance = 1;
  }

  /**
   * How much later than the newest round trip a chunk may be (§6.2, step 4). Without reordering so far it is nothing in
   * recovery, or once `enough` has arrived behind the hole: three packets (RFC 9260 §7.2.4).
   */
  reorderingWindow(smoothed: number, enough: boolean): number {
    if (!this.reorderingSeen && enough) return 0;
    const least = this.leastRoundTrip;
    if (least === Number.POSITIVE_INFINITY) return LEAST_WINDOW_MS;
    return Math.max(Math.min((this.tolerance * least) / 4, smoothed), LEAST_WINDOW_MS);
  }

  /** How long until the chunk counts as lost; 0 or less: it does (§6.2, step 5). */
  remaining(sentAt: Instant, window: number, now: Instant): number {
    return sentAt + this.roundTrip + window - now;
  }

  #measured(roundTrip: number, now: Instant): void {
    if (now >= this.#periodEnd) {
      this.#leastBefore = this.#least;
      this.#least = Number.POSITIVE_INFINITY;
      this.#periodEnd = now + PERIOD_MS;
    }
    if (roundTrip < this.#least) this.#least = roundTrip;
  }
}

const PERSIST = 16;
/** Four quarters are the round trip itself, which bounds the window anyway; more would only take long to forget. */
const MOST_TOLERANCE = 16;
/** Timers and event loops are no better than this, in ms. */
const LEAST_WINDOW_MS = 5;
/** The least round trip of a path is forgotten after one to two of these: paths change. */
const PERIOD_MS = 15_000;
