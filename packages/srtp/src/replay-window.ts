/**
 * Which of the latest packets came already (RFC 3711 §3.3.2): a ring of bits. Indices are whole numbers up to 2^48.
 * Nothing moves until `accept`, which the caller calls for authentic packets only.
 */
export class ReplayWindow {
  readonly #size: number;
  readonly #bits: Int32Array;
  /** One less than the number of bits in the ring. */
  readonly #mask: number;
  #newest = -1;

  /** `size` packets at least are told apart; what is older than that is refused. */
  constructor(size: number) {
    let words = 2;
    // One word more than the window, since a word is cleared as a whole when the ring comes round to it.
    while (words * 32 < size + 32) words *= 2;
    this.#size = size;
    this.#bits = new Int32Array(words);
    this.#mask = words * 32 - 1;
  }

  /** The newest index that was accepted; -1 before the first. */
  get newest(): number {
    return this.#newest;
  }

  /** Whether the packet is new. */
  isNew(index: number): boolean {
    const newest = this.#newest;
    if (index > newest) return true;
    if (newest - index >= this.#size) return false;
    const bit = index & this.#mask;
    return (this.#bits[bit >>> 5]! & (1 << (bit & 31))) === 0;
  }

  /** Notes that the packet came. */
  accept(index: number): void {
    const bits = this.#bits;
    const mask = this.#mask;
    const newest = this.#newest;
    if (index > newest) {
      if (newest < 0 || index - newest > mask) {
        bits.fill(0);
      } else {
        const last = (index & mask) >>> 5;
        let word = (newest & mask) >>> 5;
        const count = (last - word) & (mask >>> 5);
        // A jump of nearly the whole ring ends in the word it came from.
        if (count === 0 && index - newest >= 32) bits.fill(0);
        for (let i = 0; i < count; i++) {
          word = (word + 1) & (mask >>> 5);
          bits[word] = 0;
        }
      }
      this.#newest = index;
    }
    const bit = index & mask;
    bits[bit >>> 5]! |= 1 << (bit & 31);
  }

  /** Goes on behind `newest`: that one and all before it came. */
  resume(newest: number): void {
    this.#newest = newest;
    this.#bits.fill(-1);
    const bit = newest & this.#mask;
    // The rest of the word is not yet taken; the words behind it are cleared when it comes to them.
    this.#bits[bit >>> 5] = -1 >>> (31 - (bit & 31));
  }

  /** Forgets everything. */
  reset(): void {
    this.#bits.fill(0);
    this.#newest = -1;
  }
}
