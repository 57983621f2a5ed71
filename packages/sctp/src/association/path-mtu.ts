import type { Instant } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import { equalBytes } from '@kaon/wire';

/** States of path MTU discovery (RFC 8899 §5.2). `disabled`: there is nothing to look for. */
export type PathMtuState = 'disabled' | 'base' | 'searching' | 'complete' | 'error';

/** What path MTU discovery starts from. Sizes are those of SCTP packets, in bytes. */
export interface PathMtuSettings {
  /** What every path takes: BASE_PLPMTU and MIN_PLPMTU in one. */
  readonly min: number;
  /** MAX_PLPMTU. */
  readonly max: number;
  readonly search: boolean;
  readonly random: RandomSource;
}

/**
 * Path MTU discovery by probes (RFC 8899), as SCTP does it (§6.2): a PAD and a HEARTBEAT chunk make a packet of the size in
 * question, and only the HEARTBEAT ACK that carries its random information back makes that size one to send data with. Peers
 * that do not say that they know PAD are never probed.
 *
 * The largest size is tried first, since on a machine's own interfaces it nearly always works; then the sizes between are
 * halved. Nothing is probed before there is more to send than a packet holds, and a probe leaves only when nothing else can.
 *
 * Losses raise a suspicion: the size in use is probed again, and if that fails, or T3-rtx runs out twice in a row, the path has
 * become a black hole (§4.3) and all begins again from `min`.
 */
export class PathMtu {
  readonly #settings: PathMtuSettings;
  /** Size of the largest packet that data may make now (PLPMTU). */
  size: number;
  state: PathMtuState = 'disabled';
  /** When a probe counts as lost, or a larger size is to be tried again. */
  deadline: Instant = Number.POSITIVE_INFINITY;
  probesSent = 0;
  blackHoles = 0;
  /** The largest size that this path may be probed for. */
  #limit: number;
  /** The smallest size that is known not to get through. */
  #tooLarge = 0;
  /** Size of the probe in question; 0 for none. */
  #probe = 0;
  /** Whether it is to leave (again). */
  #due = false;
  /** PROBE_COUNT: how often it left without an answer. */
  #tries = 0;
  readonly #token = new Uint8Array(TOKEN_SIZE);
  #running = false;
  /** Whether there was more to send than a packet holds. */
  #wanted = false;
  /** Whether the probe in question is of the size in use. */
  #confirming = false;
  #confirmedAt: Instant = Number.NEGATIVE_INFINITY;
  /** T3-rtx expirations since the cumulative point last moved. */
  #timeouts = 0;
  /** Black holes on this path. */
  #falls = 0;
  #cumulative = 0;
  #losses = 0;

  constructor(settings: PathMtuSettings) {
    this.#settings = settings;
    this.size = settings.min;
    this.#limit = settings.max;
  }

  /** Largest size that a packet may have at all: that of chunks which left when the path took more. */
  get most(): number {
    return this.#settings.search ? this.#settings.max : this.#settings.min;
  }

  /** The association is up, or begins anew; `padding`: the peer has said that it knows PAD chunks. */
  start(padding: boolean): void {
    this.#running = padding;
    this.#reset();
  }

  stop(): void {
    this.#running = false;
    this.state = 'disabled';
    this.#rest();
  }

  /** Another path, or other knowledge about this one: all begins again, up to `bytes`. */
  setLimit(bytes: number): void {
    const { min, max } = this.#settings;
    this.#limit = Math.max(Math.min(bytes, max) & ~3, min);
    this.#reset();
  }

  /** There is more to send than the packet had room for. */
  used(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    if (this.state === 'base') this.#propose(this.size);
  }

  /** Size of the probe that is to leave now; 0 for none. */
  get dueSize(): number {
    return this.#due ? this.#probe : 0;
  }

  /** Information of the HEARTBEAT of the probe that is to leave. */
  get token(): Uint8Array {
    return this.#token;
  }

  /** The probe has left. `rto` in ms. */
  sent(rto: number, now: Instant): void {
    this.#due = false;
    this.#tries++;
    this.probesSent++;
    this.deadline = now + Math.max(rto, PROBE_TIMER_MS);
  }

  /** The probe that is due cannot leave: the caller's packets have `room` bytes at most. */
  refused(room: number, now: Instant): void {
    this.#limit = Math.max(room & ~3, this.#settings.min);
    this.size = Math.min(this.size, this.#limit);
    this.#rest();
    this.#search(now);
  }

  /** The information of a HEARTBEAT ACK. Answers whether it was that of a probe; whatever else it is says nothing here. */
  handleHeartbeatAck(info: Uint8Array, now: Instant): boolean {
    if (this.#probe === 0 || this.#tries === 0 || !equalBytes(info, this.#token)) return false;
    const size = this.#probe;
    const wasConfirming = this.#confirming;
    this.#rest();
    if (wasConfirming) {
      this.#confirmedAt = now;
      this.#timeouts = 0;
    } else {
      this.size = size;
    }
    this.#search(now);
    return true;
  }

  handleTimeout(now: Instant): void {
    if (now < this.deadline) return;
    this.deadline = Number.POSITIVE_INFINITY;
    if (this.#probe === 0) {
      // PMTU_RAISE_TIMER (§5.1.1): paths change.
      this.#tooLarge = 0;
      if (this.state === 'complete') this.#search(now);
      else this.#base();
    } else if (this.#tries < MAX_PROBES) {
      this.#due = true;
    } else {
      this.#probeFailed(now);
    }
  }

  /** T3-rtx ran out. */
  timedOut(now: Instant): void {
    if (this.size <= this.#settings.min) return;
    if (++this.#timeouts >= MAX_TIMEOUTS) this.#fall(now);
    else this.#suspect(now);
  }

  /** A SACK was taken in: where the cumulative point is now, and how many chunks were found lost so far. */
  acknowledged(cumulative: number, losses: number, now: Instant): void {
    if (cumulative !== this.#cumulative) {
      this.#cumulative = cumulative;
      this.#timeouts = 0;
    }
    if (losses === this.#losses) return;
    this.#losses = losses;
    if (this.size > this.#settings.min) this.#suspect(now);
  }

  /** Probes the size in use again, unless that was done just now. */
  #suspect(now: Instant): void {
    if (this.#confirming || now - this.#confirmedAt < PROBE_TIMER_MS) return;
    this.#propose(this.size);
    this.#confirming = true;
  }

  #probeFailed(now: Instant): void {
    const size = this.#probe;
    const wasConfirming = this.#confirming;
    this.#rest();
    if (wasConfirming) {
      this.#fall(now);
    } else if (this.state === 'base') {
      // Not even this gets through, or the peer does not answer: the size that was given is all there is (§5.2, Error).
      this.#give('error', now);
    } else {
      this.#tooLarge = size;
      this.#search(now);
    }
  }

  /** The path is a black hole for packets of the size in use. */
  #fall(now: Instant): void {
    this.blackHoles++;
    this.size = this.#settings.min;
    this.#timeouts = 0;
    this.#tooLarge = 0;
    this.#rest();
    // What lets probes through and data not is not tried over and over.
    if (++this.#falls < MAX_FALLS) this.#base();
    else this.#give('error', now);
  }

  #reset(): void {
    this.size = this.#settings.min;
    this.#tooLarge = 0;
    this.#timeouts = 0;
    this.#falls = 0;
    this.#wanted = false;
    this.#confirmedAt = Number.NEGATIVE_INFINITY;
    this.#rest();
    this.state = 'disabled';
    if (this.#running && this.#settings.search && this.#limit > this.size) this.#base();
  }

  #base(): void {
    this.state = 'base';
    if (this.#wanted) this.#propose(this.size);
  }

  /** The next size to try: the largest, then half way between what works and what does not. */
  #search(now: Instant): void {
    this.state = 'searching';
    const tooLarge = this.#tooLarge;
    if (this.size >= this.#limit) this.state = 'complete';
    else if (tooLarge === 0) this.#propose(this.#limit);
    else if (tooLarge - this.size > Math.max(this.size >> 3, LEAST_STEP)) {
      this.#propose(((this.size + Math.min(tooLarge, this.#limit)) >> 1) & ~3);
    } else this.#give('complete', now);
  }

  #give(state: 'complete' | 'error', now: Instant): void {
    this.state = state;
    this.deadline = now + RAISE_TIMER_MS;
  }

  #propose(size: number): void {
    this.#probe = size;
    this.#due = true;
    this.#tries = 0;
    this.#confirming = false;
    this.deadline = Number.POSITIVE_INFINITY;
    this.#settings.random(this.#token);
  }

  #rest(): void {
    this.#probe = 0;
    this.#due = false;
    this.#tries = 0;
    this.#confirming = false;
    this.deadline = Number.POSITIVE_INFINITY;
  }
}

/** Bytes of a HEARTBEAT's information, random: nobody can acknowledge what did not arrive. */
const TOKEN_SIZE = 8;
/** Probes of a size without an answer until it counts as too large (RFC 8899 §5.1.2). */
const MAX_PROBES = 3;
/** Least time to wait for an answer (§5.1.1: never below a second). */
const PROBE_TIMER_MS = 1000;
/** PMTU_RAISE_TIMER (§5.1.1). */
const RAISE_TIMER_MS = 600_000;
/** T3-rtx expirations in a row that show a black hole. */
const MAX_TIMEOUTS = 2;
/** Black holes on one path after which it is left alone until the raise timer. */
const MAX_FALLS = 2;
/** Sizes closer together than this, or than an eighth, are not told apart. */
const LEAST_STEP = 64;
