import type { Instant } from '@kaon/interface/core/v1';
import { before32 } from '@kaon/wire';
import { Cubic } from './cubic.ts';
import { HyStart } from './hystart.ts';
import { NewReno } from './new-reno.ts';
import type { WindowControl } from './window-control.ts';

/**
 * The congestion window (RFC 9260 §7.2), in bytes of chunks with their headers. Slow start ends by a loss or by
 * HyStart++ (RFC 9406); then CUBIC (RFC 9438) or NewReno has its way.
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
  slowStartThreshold: number = NO_THRESHOLD;
  /** Whether the window was what kept the last transmission back: only then may it grow. */
  limited = false;
  readonly #control: WindowControl;
  readonly #start = new HyStart();
  /** TSN that ends fast recovery, undefined outside of it. */
  #recoveryEnd: number | undefined = undefined;
  /** When data left last. */
  #lastSent: Instant = 0;
  /** Window and threshold before the latest reduction, as long as it may turn out to have been a mistake. */
  #before: { readonly window: number; readonly threshold: number } | undefined = undefined;
  /** Whether T3-rtx ran out and nothing has arrived since. */
  #silent = false;
  undos = 0;
  /** Times the window was reduced. */
  reductions = 0;

  constructor(mtu: number, control: 'cubic' | 'newreno') {
    this.#mtu = mtu;
    this.window = INITIAL_PACKETS * mtu;
    this.#control = control === 'cubic' ? new Cubic() : new NewReno();
  }

  get mtu(): number {
    return this.#mtu;
  }

  /** The path's packets have another size now. Larger ones never enlarge the window in bytes (RFC 8899 §3). */
  setMtu(mtu: number): void {
    if (this.window === INITIAL_PACKETS * this.#mtu) this.window = Math.min(this.window, INITIAL_PACKETS * mtu);
    this.#mtu = mtu;
  }

  get inFastRecovery(): boolean {
    return this.#recoveryEnd !== undefined;
  }

  get inSlowStart(): boolean {
    return this.window <= this.slowStartThreshold;
  }

  /** A SACK came in the first slow start; see `HyStart.handle`. */
  sampled(roundTrip: number | undefined, cumulative: number, last: number): void {
    if (this.slowStartThreshold !== NO_THRESHOLD || this.#recoveryEnd !== undefined) return;
    if (this.#start.handle(roundTrip, cumulative, last)) this.slowStartThreshold = this.window - 1;
  }

  /**
   * `bytes` were newly acknowledged; `cumulative` is the new cumulative point, `advanced` whether it moved, `smoothed` the
   * round trip in ms.
   */
  acknowledged(bytes: number, cumulative: number, advanced: boolean, smoothed: number, now: Instant): void {
    if (bytes > 0) this.#silent = false;
    if (this.#recoveryEnd !== undefined && !before32(cumulative, this.#recoveryEnd)) this.#recoveryEnd = undefined;
    else if (this.#recoveryEnd !== undefined) return;
    if (!advanced) return;
    if (!this.limited) {
      if (!this.inSlowStart) this.#control.idle(now);
      return;
    }
    if (this.inSlowStart) {
      this.window += Math.ceil(this.slowStartThreshold === NO_THRESHOLD ? this.#start.growth(bytes) : bytes);
      return;
    }
    const mtu = this.#mtu;
    this.window = Math.round(this.#control.grown(this.window / mtu, bytes / mtu, smoothed, now) * mtu);
  }

  /** Everything that was sent is acknowledged (RFC 9260 §7.2.2). */
  drained(now: Instant): void {
    this.#control.idle(now);
  }

  /** Chunks up to `lastTsn` were in flight when a loss was found. Reduces the window once per round trip. */
  lost(lastTsn: number): void {
    if (this.#recoveryEnd !== undefined) return;
    this.#before = { window: this.window, threshold: this.slowStartThreshold };
    this.#recoveryEnd = lastTsn;
    this.reductions++;
    this.slowStartThreshold = this.#atLeast(this.#control.reduced(this.window / this.#mtu));
    this.window = this.slowStartThreshold;
  }

  /** T3-rtx ran out (RFC 9260 §7.2.3). The threshold stays while nothing arrives in between (RFC 5681 §3.1). */
  timedOut(): void {
    this.#recoveryEnd = undefined;
    if (!this.#silent) {
      this.#before = { window: this.window, threshold: this.slowStartThreshold };
      this.slowStartThreshold = this.#atLeast(this.#control.timedOut(this.window / this.#mtu));
      this.reductions++;
    }
    this.#silent = true;
    this.window = this.#mtu;
  }

  /** The loss behind the latest reduction was none: what was sent again had arrived (RFC 4015). */
  undo(): void {
    const before = this.#before;
    if (before === undefined) return;
    this.#before = undefined;
    this.#recoveryEnd = undefined;
    this.window = Math.max(this.window, before.window);
    this.slowStartThreshold = Math.max(this.slowStartThreshold, before.threshold);
    this.#control.undo();
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

  #atLeast(packets: number): number {
    return Math.max(Math.floor(packets * this.#mtu), 4 * this.#mtu);
  }
}

const INITIAL_PACKETS = 10;
const NO_THRESHOLD = 0xffff_ffff;
