import { distance16 } from '@kaon/wire';

/** What a packet is to those that came before. */
export type Arrival = 'new' | 'recovered' | 'duplicate' | 'old' | 'restart';

/**
 * Which packets of one stream came, over a window that ends at the newest. Sequence numbers wrap; memory is fixed.
 *
 * A jump by the window or more restarts the log at the new place: what lies between is not asked for. The same holds for two
 * packets in a row that lie far behind (RFC 3550 §A.1): the sender began anew.
 */
export class ReceiveLog {
  readonly #states: Uint8Array;
  readonly #mask: number;
  #highest = -1;
  #missing = 0;
  /** Nothing before it is missing. */
  #oldest = 0;
  #restartAt = -1;

  /** `size` is the window in packets: a power of two from 64 to 32768, else RangeError. */
  constructor(size = 1024) {
    if (!(size >= 64 && size <= 32_768) || (size & (size - 1)) !== 0)
      throw new RangeError(`the window must be a power of two from 64 to 32768, not ${size}`);
    this.#states = new Uint8Array(size);
    this.#mask = size - 1;
  }

  /** How many packets are missing. */
  get missing(): number {
    return this.#missing;
  }

  /** Sequence number of the newest packet; -1 before the first. */
  get highest(): number {
    return this.#highest;
  }

  /** Notes a packet. Those that a `new` one leaves out behind it are missing from now on. */
  add(sequence: number): Arrival {
    if (this.#highest < 0) {
      this.#restart(sequence);
      return 'new';
    }
    const ahead = distance16(this.#highest, sequence);
    if (ahead > this.#mask) {
      this.#restart(sequence);
      return 'restart';
    }
    if (ahead > 0) {
      this.#advance(sequence, ahead);
      return 'new';
    }
    if (ahead < -this.#mask) return this.#addOld(sequence);
    const at = sequence & this.#mask;
    const state = this.#states[at];
    if (state === RECEIVED) return 'duplicate';
    this.#states[at] = RECEIVED;
    if (state === MISSING) this.#missing--;
    return state === UNKNOWN ? 'old' : 'recovered';
  }

  /** Whether a packet of the window is missing and not given up. */
  isMissing(sequence: number): boolean {
    if (this.#highest < 0) return false;
    const ahead = distance16(this.#highest, sequence);
    return ahead <= 0 && ahead >= -this.#mask && this.#states[sequence & this.#mask] === MISSING;
  }

  /** The first missing packet at or behind `sequence` in order, or -1. Begin with `oldest`. */
  nextMissing(sequence: number): number {
    if (this.#missing === 0) return -1;
    for (let at = sequence, left = distance16(sequence, this.#highest); left >= 0; left--) {
      if (this.#states[at & this.#mask] === MISSING) return at;
      at = (at + 1) & 0xffff;
    }
    return -1;
  }

  /** The oldest missing packet, or -1. */
  get oldest(): number {
    const found = this.nextMissing(this.#oldest);
    if (found >= 0) this.#oldest = found;
    return found;
  }

  /** No longer counts a packet as missing. */
  giveUp(sequence: number): void {
    if (!this.isMissing(sequence)) return;
    this.#states[sequence & this.#mask] = GIVEN_UP;
    this.#missing--;
  }

  /** Gives up everything that is missing. */
  giveUpAll(): void {
    for (let i = 0; i < this.#states.length; i++) if (this.#states[i] === MISSING) this.#states[i] = GIVEN_UP;
    this.#missing = 0;
  }

  #advance(sequence: number, count: number): void {
    // Everything before the first missing one has come, so the search begins no earlier.
    if (this.#missing === 0) this.#oldest = (this.#highest + 1) & 0xffff;
    for (let i = 1; i < count; i++) this.#set((this.#highest + i) & 0xffff, MISSING);
    this.#missing += count - 1;
    this.#set(sequence, RECEIVED);
    this.#highest = sequence;
    const first = (sequence - this.#mask) & 0xffff;
    if (distance16(this.#oldest, first) > 0) this.#oldest = first;
  }

  /** Writes a new place, which takes that of the packet a window before it. */
  #set(sequence: number, state: number): void {
    const at = sequence & this.#mask;
    if (this.#states[at] === MISSING) this.#missing--;
    this.#states[at] = state;
  }

  #addOld(sequence: number): Arrival {
    if (sequence !== this.#restartAt) {
      this.#restartAt = (sequence + 1) & 0xffff;
      return 'old';
    }
    this.#restart(sequence);
    return 'restart';
  }

  #restart(sequence: number): void {
    this.#states.fill(UNKNOWN);
    this.#states[sequence & this.#mask] = RECEIVED;
    this.#missing = 0;
    this.#highest = sequence;
    this.#oldest = sequence;
    this.#restartAt = -1;
  }
}

const UNKNOWN = 0;
const RECEIVED = 1;
const MISSING = 2;
const GIVEN_UP = 3;
