/**
 * Memory for packets and frames, which live about equally long: a view into a block costs a fraction of an `ArrayBuffer` of its
 * own. A block is garbage once none of its views is held any more.
 */
export class Memory {
  #block: Uint8Array = EMPTY;
  #used = 0;

  /** `length` bytes of zeros that nobody else holds. What is large gets a buffer of its own. */
  allocate(length: number): Uint8Array {
    if (length > LARGE) return new Uint8Array(length);
    let start = this.#used;
    if (start + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK);
      start = 0;
    }
    this.#used = start + length;
    return this.#block.subarray(start, start + length);
  }
}

const EMPTY = new Uint8Array(0);
const BLOCK = 32_768;
/** Bytes above which a block would be through too soon. */
const LARGE = 2048;
