import type { Instant } from '@kaon/interface/core/v1';
import { before32, readU16, readU32 } from '@kaon/wire';
import type { Congestion } from './congestion.ts';
import { GAP_ACKED, IN_FLIGHT, LOST, type Outstanding } from './outstanding.ts';
import type { Retransmission } from './retransmission.ts';
import type { Rto } from './rto.ts';
import { Spurious } from './spurious.ts';

/** What a SACK turned out to be. */
export const STALE = 0;
export const VALID = 1;
/** It acknowledges TSNs that were never sent. */
export const UNSENT = 2;

/**
 * Takes in SACKs (RFC 9260 §6.2.1): frees what is acknowledged, measures the round trip, counts miss indications and
 * finds losses. Besides the three misses of §7.2.4 a chunk counts as lost when something sent later arrived and more
 * than a round trip has passed since (RFC 8985), so that a lost retransmission need not wait for T3-rtx.
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
  /** When the latest chunk left that is known to have arrived. */
  #newest: Instant = Number.NEGATIVE_INFINITY;
  /** Bytes that the last SACK newly acknowledged. */
  acked = 0;
  /** Whether the last SACK moved the cumulative point. */
  advanced = false;
  fastRetransmits = 0;
  readonly spurious: Spurious = new Spurious();
  /** Misses that count as loss; rises where packets are seen to overtake each other (RFC 9260 §7.2.4 has 3). */
  #lossThreshold: number = MISSES_UNTIL_LOST;
  /** Reordering tolerated, in quarters of a round trip. */
  #tolerance = 1;
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
    if (duplicates > 0 && this.spurious.handleDuplicates(bytes, at + 16 + 4 * gaps, duplicates)) this.#wasMistaken();
    if (gaps === 0 && this.#gapEnd === undefined) {
      this.#congestion.acknowledged(this.acked, cumulative, this.advanced);
    } else {
      const highestNew = this.#gapBlocks(bytes, at + 16, gaps, now);
      this.#congestion.acknowledged(this.acked, cumulative, this.advanced);
      if (this.#gapEnd !== undefined) {
        // In fast recovery every TSN reported missing counts once the cumulative point moves (§7.2.4).
        this.#misses(this.#congestion.inFastRecovery && this.advanced ? this.#gapEnd : highestNew, now);
      }
    }
    if (this.#arrivedLost) {
      // It was on its way all the time: the timeout or the misses came too early.
      this.#arrivedLost = false;
      this.#congestion.undo();
    } else if (this.advanced) {
      this.#rto.progress();
    }
    if (this.#outstanding.flight === 0) this.#congestion.drained();
    return VALID;
  }

  /** Packets overtook each other, nothing was lost: take back the reduction, and wait longer from now on. */
  #wasMistaken(): void {
    this.#congestion.undo();
    this.#lossThreshold = Math.min(this.#lossThreshold * 2, 96);
    this.#tolerance = Math.min(this.#tolerance * 2, 4);
  }

  /** T3-rtx or the probe ahead of it ran out. */
  timerRanOut(now: Instant): void {
    this.#timerAt = now;
  }

  /** The cumulative TSN of a SHUTDOWN, which acknowledges without gap blocks. */
  handleCumulative(cumulative: number, now: Instant): number {
    const known = this.#cumulative(cumulative, now);
    if (known === VALID) this.#congestion.acknowledged(this.acked, cumulative, this.advanced);
    return known;
  }

  #cumulative(cumulative: number, now: Instant): number {
    const o = this.#outstanding;
    this.acked = 0;
    this.advanced = false;
    if (before32(cumulative, o.cumulative)) return STALE;
    if (!before32(cumulative, o.next)) return UNSENT;
    if (cumulative === o.cumulative) return VALID;
    this.advanced = true;
    let sample = -1;
    let acked = 0;
    while (o.cumulative !== cumulative) {
      const i = (o.cumulative + 1) & o.mask;
      const state = o.state[i]!;
      if (state === IN_FLIGHT || state === LOST) {
        this.#arrived(i, now);
        if (state === LOST) this.#arrivedLost = true;
        if (o.sends[i] === 1 && state === IN_FLIGHT && o.sentAt[i]! >= this.#timerAt) sample = o.sentAt[i]!;
      }
      acked += o.advance();
    }
    this.acked = acked;
    if (sample >= 0 && !before32(cumulative, this.#measureAt)) {
      this.#rto.measured(Math.max(now - sample, 0));
      this.#measureAt = o.next;
    }
    return VALID;
  }

  /** Walks the blocks and the holes between them; answers the highest TSN that is newly acknowledged. */
  #gapBlocks(bytes: Uint8Array, at: number, gaps: number, now: Instant): number {
    const o = this.#outstanding;
    const cumulative = o.cumulative;
    const sent = o.size;
    let highestNew = cumulative;
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
        this.#arrived(i, now);
        if (state === LOST) this.#arrivedLost = true;
        this.acked += o.gapAcked(i);
        highestNew = tsn;
      }
      before = end;
    }
    const oldEnd = this.#gapEnd === undefined ? 0 : (this.#gapEnd - cumulative) | 0;
    this.#renege(before + 1, Math.min(oldEnd, sent));
    this.#gapEnd = before === 0 ? undefined : (cumulative + before) >>> 0;
    return highestNew;
  }

  /** The peer may take back gap blocks: what it does not report is in flight again. */
  #renege(from: number, to: number): void {
    const o = this.#outstanding;
    for (let distance = from; distance <= to; distance++) {
      const i = (o.cumulative + distance) & o.mask;
      if (o.state[i] === GAP_ACKED) o.reneged(i);
    }
  }

  #misses(limit: number, now: Instant): void {
    const o = this.#outstanding;
    const lastSent = o.last;
    const late = this.#rto.smoothed === undefined ? Number.POSITIVE_INFINITY : this.#lateAfter(this.#rto.smoothed);
    const end = this.#gapEnd as number;
    let lost = false;
    for (let tsn = (o.cumulative + 1) >>> 0; before32(tsn, end); tsn = (tsn + 1) >>> 0) {
      const i = tsn & o.mask;
      if (o.state[i] !== IN_FLIGHT) continue;
      const isLate = o.sentAt[i]! < this.#newest && now - o.sentAt[i]! > late;
      const missed = before32(tsn, limit) && o.misses[i]! < 255 ? ++o.misses[i]! : 0;
      if (!isLate && (missed < this.#lossThreshold || o.sends[i] !== 1)) continue;
      this.fastRetransmits++;
      this.#retransmission.lose(tsn, now);
      lost = true;
    }
    if (!lost) return;
    if (!this.#congestion.inFastRecovery) this.spurious.begin();
    this.#congestion.lost(lastSent);
  }

  #lateAfter(smoothed: number): number {
    return smoothed + Math.max((this.#tolerance * smoothed) / 4, REORDERING_MS);
  }

  /** A chunk is known to have arrived. What was sent twice counts only if the answer can be to the later copy. */
  #arrived(index: number, now: Instant): void {
    const o = this.#outstanding;
    const at = o.sentAt[index]!;
    if (at > this.#newest && (o.sends[index] === 1 || now - at >= this.#rto.smallest)) this.#newest = at;
  }
}

/** RFC 9260 §7.2.4 */
const MISSES_UNTIL_LOST = 3;
/** Least reordering that is tolerated before lateness counts as loss, in ms. */
const REORDERING_MS = 5;
