/**
 * Associated data of AEADs in arrays of their own: a header of `n` bytes is copied to an array that is exactly that long, and
 * each length has its array, so that no packet takes a new one.
 */
export class AssociatedData {
  readonly #byLength: (Uint8Array | undefined)[] = [];

  /** `buffer[start, end)`, followed by room for `more` bytes. Valid until the next call. */
  copy(buffer: Uint8Array, start: number, end: number, more: number): Uint8Array {
    const length = end - start + more;
    // Longer ones are rare: a header extension of that size.
    if (length > LONGEST) {
      const bytes = new Uint8Array(length);
      bytes.set(buffer.subarray(start, end));
      return bytes;
    }
    let bytes = this.#byLength[length];
    if (bytes === undefined) {
      bytes = new Uint8Array(length);
      this.#byLength[length] = bytes;
    }
    for (let i = start, j = 0; i < end; i++, j++) bytes[j] = buffer[i]!;
    return bytes;
  }

  constructor() {
    for (let i = 0; i <= LONGEST; i++) this.#byLength.push(undefined);
  }
}

const LONGEST = 128;
