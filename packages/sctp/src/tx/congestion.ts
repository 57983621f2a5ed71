import type { Instant } from '@kaon/interface/core/v1';
import { before32 } from '@kaon/wire';

/**
 * The congestion window (RFC 9260 §7.2), in bytes of chunks with their headers.
 *
 * Departures: the window grows by all bytes that a SACK acknowledges, not by one MTU per SACK, since peers (and we)
 * answer many packets by one SACK; what may leave at once is bounded by `maxBurst` instead (`Sender`). The first
 * window is 10 packets (RFC 6928).
 */
export class Congestion {
  /** Bytes of one packet's chunks. */
  #mtu: number;
  window: number;
  /** Begins as high as can be (RFC 9260 §7.2.1), for both sides alike. */
  slowStartThreshold = 0xffff_ffff;
  /** Whether the window was what kept the last transmission back: only then may it grow. */
  limited = false;
  /** TSN that ends fast recovery, undefined outside of it. */
  #recoveryEnd: number | undefined = undefined;
  #partialBytesAcked = 0;
  /** When data left last. */
  #lastSent: Instant = 0;
  /** Window and threshold before the latest reduction, as long as it may turn out to have been a mistake. */
  #before: { readonly window: number; readonly threshold: number } | undefined = undefined;
  undos = 0;

  constructor(mtu: number) {
    this.#mtu = mtu;
    this.window = INITIAL_PACKETS * mtu;
  }

  get mtu(): number {
    return this.#mtu;
  }

  /** The path's packets have another size now. */
  setMtu(mtu: number): void {
    if (this.window === INITIAL_PACKETS * this.#mtu) this.window = INITIAL_PACKETS * mtu;
    this.#mtu = mtu;
  }

  get inFastRecovery(): boolean {
    return this.#recoveryEnd !== undefined;
  }

  get inSlowStart(): boolean {
    return this.window <= this.slowStartThreshold;
  }

  /** `bytes` were newly acknowledged; `cumulative` is the new cumulative point, `advanced` whether it moved. */
  acknowledged(bytes: number, cumulative: number, advanced: boolean): void {
    if (this.#recoveryEnd !== undefined && !before32(cumulative, this.#recoveryEnd)) this.#recoveryEnd = undefined;
    else if (this.#recoveryEnd !== undefined) return;
    if (!advanced || !this.limited) return;
    if (this.inSlowStart) {
      this.window += bytes;
      return;
    }
    this.#partialBytesAcked += bytes;
    if (this.#partialBytesAcked >= this.window) {
      this.#partialBytesAcked -= this.window;
      this.window += this.#mtu;
    }
  }

  /** Everything that was sent is acknowledged (RFC 9260 §7.2.2). */
  drained(): void {
    this.#partialBytesAcked = 0;
  }

  /** A loss that acknowledgements showed (RFC 9260 §7.2.3, §7.2.4). `lastTsn` is the latest that was sent. */
  lost(lastTsn: number): void {
    if (this.#recoveryEnd !== undefined) return;
    this.#before = { window: this.window, threshold: this.slowStartThreshold };
    this.#recoveryEnd = lastTsn;
    this.slowStartThreshold = this.#halved();
    this.window = this.slowStartThreshold;
    this.#partialBytesAcked = 0;
  }

  /** T3-rtx ran out (RFC 9260 §7.2.3). */
  timedOut(): void {
    this.#recoveryEnd = undefined;
    // A second timeout in a row must not take the first one's window of one packet for the normal state.
    if (this.window > this.#mtu) this.#before = { window: this.window, threshold: this.slowStartThreshold };
    this.slowStartThreshold = this.#halved();
    this.window = this.#mtu;
    this.#partialBytesAcked = 0;
  }

  /** The loss behind the latest reduction was none: what was sent again had arrived (RFC 4015). */
  undo(): void {
    const before = this.#before;
    if (before === undefined) return;
    this.#before = undefined;
    this.#recoveryEnd = undefined;
    this.window = Math.max(this.window, before.window);
    this.slowStartThreshold = Math.max(this.slowStartThreshold, before.threshold);
    this.undos++;
  }

  /** Data leaves now. After idle times the window decays, since what it knew of the path is stale (§7.2.1). */
  sending(now: Instant, rto: number, flight: number): void {
    if (flight === 0 && this.window > INITIAL_PACKETS * this.#mtu && now - this.#lastSent >= rto) {
      let idle = Math.floor((now - this.#lastSent) / rto);
      this.slowStartThreshold = Math.max(this.slowStartThreshold, this.window);
      for (; idle > 0 && this.window > INITIAL_PACKETS * this.#mtu; idle--) this.window /= 2;
      this.window = Math.max(Math.floor(this.window), INITIAL_PACKETS * this.#mtu);
    }
    this.#lastSent = now;
  }

  #halved(): number {
    return Math.max(Math.floor(this.window / 2), 4 * this.#mtu);
  }
}

const INITIAL_PACKETS = 10;
