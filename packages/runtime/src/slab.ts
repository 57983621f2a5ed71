/**
 * A bump allocator for byte arrays that live about equally long: a view into a shared block costs a
 * fortieth of an `ArrayBuffer` of its own. A block is garbage once none of its views is held any more, so one
 * long-lived view keeps its whole block: copy what is to be kept for long.
 */
export class Slab {
  readonly #blockSize: number;
  #block: Uint8Array;
  #used = 0;

  /** `blockSize` in bytes, 64 KiB by default; a block is allocated when the first bytes are asked for. Throws RangeError below 1 KiB. */
  constructor(blockSize = 65536) {
    if (!Number.isInteger(blockSize) || blockSize < 1024)
      throw new RangeError(`a block of ${blockSize} bytes is too small`);
    this.#blockSize = blockSize;
    this.#block = EMPTY;
  }

  /**
   * `length` bytes that nobody else holds, zeroed, at an offset that is a multiple of 8. More than a quarter of a block gets
   * a buffer of its own. Throws RangeError on a negative length, like `new Uint8Array(length)`.
   */
  allocate(length: number): Uint8Array {
    if (length > this.#blockSize >>> 2 || length < 0) return new Uint8Array(length);
    let start = this.#used;
    if (start + length > this.#block.length) {
      this.#block = new Uint8Array(this.#blockSize);
      start = 0;
    }
    this.#used = (start + length + 7) & ~7;
    return this.#block.subarray(start, start + length);
  }

  /** A copy of `bytes` in the slab. */
  copy(bytes: Uint8Array): Uint8Array {
    const copy = this.allocate(bytes.length);
    copy.set(bytes);
    return copy;
  }
}

const EMPTY = new Uint8Array(0);
