import type { Instant } from '@kaon/interface/core/v1';
import { before32, readU16, readU32 } from '@kaon/wire';
import type { Congestion } from './congestion.ts';
import { GAP_ACKED, IN_FLIGHT, LOST, type Outstanding } from './outstanding.ts';
import { Rack } from './rack.ts';
import type { Retransmission } from './retransmission.ts';
import type { Rto } from './rto.ts';
import { Spurious } from './spurious.ts';

/** What a SACK turned out to be. */
export const STALE = 0;
export const VALID = 1;
/** It acknowledges TSNs that were never sent. */
export const UNSENT = 2;

/**
 * Takes in SACKs (RFC 9260 §6.2.1): frees what is acknowledged, measures the round trip and finds losses. What counts as
 * lost is told by time (`Rack`), in place of the three misses of §7.2.4: also a lost retransmission is found so, and need
 * not wait for T3-rtx.
 */
export class Acknowledgement {
  readonly #outstanding: Outstanding;
  readonly #congestion: Congestion;
  readonly #rto: Rto;
  readonly #retransmission: Retransmission;
  /** End of the last gap block of the SACK before; undefined when it had none. */
  #gapEnd: number | undefined = undefined;
  /** A round trip is measured once this TSN is acknowledged (RFC 9260 §6.3.1 C4: once per round trip). */
  #measureAt: number;
  readonly rack: Rack = new Rack();
  /** When `detect` is to be called again: by then a chunk that is late now is lost. */
  reorderingDeadline: Instant = Number.POSITIVE_INFINITY;
  /** SACKs in a row that reported something new behind a hole. */
  #reports = 0;
  /** Round trip of the latest chunk that the SACK acknowledges and that was sent once; negative: none. */
  #roundTrip = -1;
  /** Whether the last SACK reports a chunk that came twice. */
  reportsDuplicate = false;
  /** Bytes that the last SACK newly acknowledged. */
  acked = 0;
  /** Whether the last SACK moved the cumulative point. */
  advanced = false;
  fastRetransmits = 0;
  readonly spurious: Spurious = new Spurious();
  /** When a timer or probe last ran out: the answer to what left before may be an answer to that, and measures nothing. */
  #timerAt: Instant = Number.NEGATIVE_INFINITY;
  /** Whether a chunk arrived that was about to be sent again. */
  #arrivedLost = false;

  constructor(outstanding: Outstanding, congestion: Congestion, rto: Rto, retransmission: Retransmission) {
    this.#outstanding = outstanding;
    this.#congestion = congestion;
    this.#rto = rto;
    this.#retransmission = retransmission;
    this.#measureAt = outstanding.next;
  }

  /** The SACK chunk at `at`, whose shape has been checked. */
  handle(bytes: Uint8Array, at: number, now: Instant): number {
    const cumulative = readU32(bytes, at + 4);
    const known = this.#cumulative(cumulative, now);
    if (known !== VALID) return known;
    const gaps = readU16(bytes, at + 12);
    const duplicates = readU16(bytes, at + 14);
    const o = this.#outstanding;
    this.reportsDuplicate = duplicates > 0;
    if (duplicates > 0) {
      this.rack.duplicated(cumulative, o.last);
      if (this.spurious.handleDuplicates(bytes, at + 16 + 4 * gaps, duplicates)) this.#congestion.undo();
    }
    if (gaps > 0 || this.#gapEnd !== undefined) {
      const acked = this.acked;
      this.#gapBlocks(bytes, at + 16, gaps, now);
      if (this.#gapEnd === undefined) this.#reports = 0;
      else if (this.acked > acked) this.#reports++;
      this.#measureGap(now);
    }
    this.#grow(cumulative, now);
    this.detect(now);
    if (this.#arrivedLost) {
      // It was on its way all the time: the timeout or the misses came too early.
      this.#arrivedLost = false;
      this.#congestion.undo();
    } else if (this.advanced) {
      this.#rto.progress();
    }
    if (o.flight === 0) this.#congestion.drained(now);
    return VALID;
  }

  /**
   * Finds what is lost by now (RFC 8985 §6.2, step 5), and sets `reorderingDeadline`. Costs nothing while chunks arrive in
   * order: the first one in flight left after all that has arrived.
   */
  detect(now: Instant): void {
    const o = this.#outstanding;
    const rack = this.rack;
    this.reorderingDeadline = Number.POSITIVE_INFINITY;
    let window = -1;
    let wait = 0;
    let lost = false;
    for (let tsn = (o.cumulative + 1) >>> 0; tsn !== o.next; tsn = (tsn + 1) >>> 0) {
      const i = tsn & o.mask;
      if (o.state[i] !== IN_FLIGHT) continue;
      const sentAt = o.sentAt[i]!;
      if (!rack.isBefore(tsn, sentAt)) {
        // What has a later TSN left later still, in whichever copy.
        if (o.sends[i] === 1) break;
        continue;
      }
      if (window < 0) window = rack.reorderingWindow(this.#rto.smoothed ?? 0, this.#hasEnough);
      const remaining = rack.remaining(sentAt, window, now);
      if (remaining > 0) {
        if (remaining > wait) wait = remaining;
        continue;
      }
      this.fastRetransmits++;
      this.#retransmission.lose(tsn, now);
      lost = true;
    }
    if (wait > 0) this.reorderingDeadline = now + wait;
    if (!lost) return;
    if (!this.#congestion.inFastRecovery) this.spurious.begin(false);
    this.#congestion.lost(o.last);
  }

  /** Enough has arrived behind a hole to believe in a loss, as long as no chunk was seen to be overtaken. */
  get #hasEnough(): boolean {
    if (this.#congestion.inFastRecovery || this.#reports >= REPORTS_UNTIL_LOST) return true;
    return this.#outstanding.gapBytes >= REPORTS_UNTIL_LOST * this.#congestion.mtu;
  }

  /** What arrives behind a hole measures as well: in a long recovery the timeout would know nothing of a queue that grew. */
  #measureGap(now: Instant): void {
    const rack = this.rack;
    if (this.#roundTrip < 0 || before32(rack.newestTsn, this.#measureAt) || rack.newestSentAt < this.#timerAt) return;
    this.#rto.measured(Math.max(now - rack.newestSentAt, 0));
    this.#measureAt = this.#outstanding.next;
  }

  #grow(cumulative: number, now: Instant): void {
    const congestion = this.#congestion;
    const recovering = congestion.inFastRecovery;
    congestion.sampled(this.#roundTrip < 0 ? undefined : this.#roundTrip, cumulative, this.#outstanding.last);
    congestion.acknowledged(this.acked, cumulative, this.advanced, this.#rto.smoothed ?? 0, now);
    if (recovering && !congestion.inFastRecovery) this.rack.recovered();
  }

  /** T3-rtx or the probe ahead of it ran out. */
  timerRanOut(now: Instant): void {
    this.#timerAt = now;
  }

  /** The cumulative TSN of a SHUTDOWN, which acknowledges without gap blocks. */
  handleCumulative(cumulative: number, now: Instant): number {
    const known = this.#cumulative(cumulative, now);
    if (known === VALID) this.#grow(cumulative, now);
    return known;
  }

  #cumulative(cumulative: number, now: Instant): number {
    const o = this.#outstanding;
    this.acked = 0;
    this.advanced = false;
    this.#roundTrip = -1;
    if (before32(cumulative, o.cumulative)) return STALE;
    if (!before32(cumulative, o.next)) return UNSENT;
    if (cumulative === o.cumulative) return VALID;
    this.advanced = true;
    let sample = -1;
    let acked = 0;
    // Of what was sent once the first and the last tell all: whether it was overtaken, and how long it took.
    let first = -1;
    let last = -1;
    let firstSentAt = 0;
    let lastSentAt = 0;
    while (o.cumulative !== cumulative) {
      const tsn = (o.cumulative + 1) >>> 0;
      const i = tsn & o.mask;
      const state = o.state[i]!;
      if (state === IN_FLIGHT || state === LOST) {
        if (o.sends[i] === 1) {
          lastSentAt = o.sentAt[i]!;
          last = tsn;
          if (first < 0) {
            first = tsn;
            firstSentAt = lastSentAt;
          }
          if (state === IN_FLIGHT && lastSentAt >= this.#timerAt) sample = lastSentAt;
        } else {
          this.#arrived(tsn, i, now);
        }
        if (state === LOST) this.#arrivedLost = true;
      }
      acked += o.advance();
    }
    if (last >= 0) {
      if (first !== last) this.rack.delivered(first, firstSentAt, false, now);
      this.rack.delivered(last, lastSentAt, false, now);
      this.#roundTrip = now - lastSentAt;
    }
    this.acked = acked;
    if (sample >= 0 && !before32(cumulative, this.#measureAt)) {
      this.#rto.measured(Math.max(now - sample, 0));
      this.#measureAt = o.next;
    }
    return VALID;
  }

  /** Walks the blocks and the holes between them. */
  #gapBlocks(bytes: Uint8Array, at: number, gaps: number, now: Instant): void {
    const o = this.#outstanding;
    const cumulative = o.cumulative;
    const sent = o.size;
    let before = 0;
    for (let n = 0; n < gaps; n++) {
      const start = readU16(bytes, at + 4 * n);
      const end = readU16(bytes, at + 4 * n + 2);
      // Blocks that are out of order, or acknowledge what was never sent, are not believed.
      if (start <= before || end < start || end > sent) break;
      this.#renege(before + 1, start - 1);
      for (let distance = start; distance <= end; distance++) {
        const tsn = (cumulative + distance) >>> 0;
        const i = tsn & o.mask;
        const state = o.state[i]!;
        if (state !== IN_FLIGHT && state !== LOST) continue;
        this.#arrived(tsn, i, now);
        if (state === LOST) this.#arrivedLost = true;
        this.acked += o.gapAcked(i);
      }
      before = end;
    }
    const oldEnd = this.#gapEnd === undefined ? 0 : (this.#gapEnd - cumulative) | 0;
    this.#renege(before + 1, Math.min(oldEnd, sent));
    this.#gapEnd = before === 0 ? undefined : (cumulative + before) >>> 0;
  }

  /** The peer may take back gap blocks: what it does not report is in flight again. */
  #renege(from: number, to: number): void {
    const o = this.#outstanding;
    for (let distance = from; distance <= to; distance++) {
      const i = (o.cumulative + distance) & o.mask;
      if (o.state[i] === GAP_ACKED) o.reneged(i);
    }
  }

  /** A chunk is known to have arrived. */
  #arrived(tsn: number, index: number, now: Instant): void {
    const o = this.#outstanding;
    const sentAt = o.sentAt[index]!;
    const again = o.sends[index] !== 1;
    if (!again) this.#roundTrip = now - sentAt;
    if (this.rack.delivered(tsn, sentAt, again, now) || o.sends[index] !== 2) return;
    this.rack.reorderingSeen = true;
    this.rack.duplicated(o.cumulative, o.last);
    if (this.spurious.handleOriginal(tsn) && o.lost === 0) this.#congestion.undo();
  }
}

/** RFC 9260 §7.2.4 */
const REPORTS_UNTIL_LOST = 3;
