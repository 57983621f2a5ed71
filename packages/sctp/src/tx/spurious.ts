import { readU32 } from '@kaon/wire';

/**
 * Tells retransmissions that were not needed from those that were, by the duplicate TSNs in SACKs (RFC 3708 does the
 * same for TCP), or by an answer that comes too soon to be one to them. Once that holds for every retransmission of an
 * episode, nothing had been lost.
 */
export class Spurious {
  #tsns = new Uint32Array(FIRST_ROOM);
  #count = 0;
  /** More retransmissions than fit: the episode is taken for real. */
  #overflow = false;

  /** Whether the episode began with a timeout. */
  #byTimeout = false;

  /** A new reduction of the window: what was sent again before does not count any more. */
  begin(byTimeout: boolean): void {
    this.#byTimeout = byTimeout;
    this.#count = 0;
    this.#overflow = false;
  }

  /** A chunk is sent again. */
  resent(tsn: number): void {
    if (this.#count === EPISODE) {
      this.#overflow = true;
      return;
    }
    if (this.#count === this.#tsns.length) {
      const room = new Uint32Array(4 * this.#count);
      room.set(this.#tsns);
      this.#tsns = room;
    }
    this.#tsns[this.#count++] = tsn;
  }

  /**
   * The original of a chunk arrived after all, as the time tells; true when that was the last of the episode. After a
   * timeout it is not enough: the path got slow at least, and a whole window at once would make it worse.
   */
  handleOriginal(tsn: number): boolean {
    return this.#strike(tsn) && this.#count === 0 && !this.#overflow && !this.#byTimeout;
  }

  /** Reads the duplicates of a SACK; true when they show that the whole episode was a mistake. */
  handleDuplicates(bytes: Uint8Array, at: number, count: number): boolean {
    if (this.#count === 0) return false;
    for (let n = 0; n < count; n++) {
      if (this.#strike(readU32(bytes, at + 4 * n)) && this.#count === 0) return !this.#overflow;
    }
    return false;
  }

  #strike(tsn: number): boolean {
    for (let place = 0; place < this.#count; place++) {
      if (this.#tsns[place] !== tsn) continue;
      this.#tsns[place] = this.#tsns[--this.#count]!;
      return true;
    }
    return false;
  }
}

const FIRST_ROOM = 32;
const EPISODE = 2048;
