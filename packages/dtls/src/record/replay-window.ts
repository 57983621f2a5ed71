/** The sliding window of record sequence numbers that were seen (RFC 6347 §4.1.2.6). */
export class ReplayWindow {
  /** Sequence numbers the window spans. */
  readonly size: number;
  readonly #bits: Uint32Array;
  readonly #mask: number;
  #highest = -1;

  /** `size` is rounded up to a power of two, at least 64. */
  constructor(size = 64) {
    let rounded = 64;
    while (rounded < size) rounded *= 2;
    this.size = rounded;
    this.#mask = rounded - 1;
    this.#bits = new Uint32Array(rounded / 32);
  }

  /** Whether a record with this number may still be accepted: it is new, and not left of the window. */
  isFresh(sequence: number): boolean {
    if (sequence > this.#highest) return true;
    if (sequence <= this.#highest - this.size) return false;
    const bit = (sequence % this.size) & this.#mask;
    return (this.#bits[bit >>> 5]! & (1 << (bit & 31))) === 0;
  }

  /** Notes a number, to be called only after the record proved authentic. */
  mark(sequence: number): void {
    const bits = this.#bits;
    const distance = sequence - this.#highest;
    if (distance >= this.size) {
      bits.fill(0);
    } else {
      for (let i = 1; i < distance; i++) {
        const skipped = (this.#highest + i) % this.size;
        bits[skipped >>> 5]! &= ~(1 << (skipped & 31));
      }
    }
    if (distance > 0) this.#highest = sequence;
    const bit = sequence % this.size;
    bits[bit >>> 5]! |= 1 << (bit & 31);
  }
}
