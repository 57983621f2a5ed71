import type { Instant } from '@kaon/interface/core/v1';

/**
 * A packet ahead of T3-rtx when SACKs stop coming (TLP, RFC 8985 §7): its SACK shows what is missing before it, so that
 * a lost tail costs two round trips and no timeout. All times in ms.
 */
export class TailProbe {
  /** TSN of a probe that repeats a chunk, as long as its fate is open. */
  #tsn: number | undefined = undefined;
  #sentAt: Instant = 0;

  /**
   * How long to wait after the last progress (§7.2): two round trips, and the delay of the peer's SACK unless the last
   * chunk asked for it at once (RFC 7053). Undefined: T3-rtx comes first.
   */
  delay(smoothed: number, askedAtOnce: boolean, rto: number): number | undefined {
    const delay = 2 * smoothed + MARGIN_MS + (askedAtOnce ? 0 : PEER_SACK_DELAY_MS);
    return delay < rto ? delay : undefined;
  }

  /** The chunk is sent once more, as a probe. */
  repeated(tsn: number, now: Instant): void {
    this.#tsn = tsn;
    this.#sentAt = now;
  }

  /** The TSN whose fate is open. */
  get tsn(): number | undefined {
    return this.#tsn;
  }

  /**
   * That TSN has arrived. Answers true when it was the probe that brought it: the original was lost, nothing else tells of
   * it, and the window must shrink (§7.4). `duplicate`: the SACK reports a chunk that came twice.
   */
  arrived(leastRoundTrip: number, duplicate: boolean, now: Instant): boolean {
    this.#tsn = undefined;
    return !duplicate && now - this.#sentAt >= leastRoundTrip;
  }

  /** T3-rtx ran out: everything is lost anyway. */
  forget(): void {
    this.#tsn = undefined;
  }
}

const MARGIN_MS = 10;
/** Longest usual delay of a SACK that was not asked for at once (RFC 9260 §6.2). */
const PEER_SACK_DELAY_MS = 200;
