import { readU32 } from '@kaon/wire';

/**
 * Tells retransmissions that were not needed from those that were, by the duplicate TSNs in SACKs (RFC 3708 does the
 * same for TCP). Once every retransmission of an episode has come back as a duplicate, nothing had been lost.
 */
export class Spurious {
  readonly #tsns = new Uint32Array(EPISODE);
  #count = 0;
  /** More retransmissions than fit: the episode is taken for real. */
  #overflow = false;

  /** A new reduction of the window: what was sent again before does not count any more. */
  begin(): void {
    this.#count = 0;
    this.#overflow = false;
  }

  /** A chunk is sent again. */
  resent(tsn: number): void {
    if (this.#count === EPISODE) this.#overflow = true;
    else this.#tsns[this.#count++] = tsn;
  }

  /** Reads the duplicates of a SACK; true when they show that the whole episode was a mistake. */
  handleDuplicates(bytes: Uint8Array, at: number, count: number): boolean {
    if (this.#count === 0) return false;
    for (let n = 0; n < count; n++) {
      const place = this.#tsns.subarray(0, this.#count).indexOf(readU32(bytes, at + 4 * n));
      if (place < 0) continue;
      this.#tsns[place] = this.#tsns[--this.#count]!;
      if (this.#count === 0) return !this.#overflow;
    }
    return false;
  }
}

const EPISODE = 32;
