/**
 * Reads big-endian fields from bytes without ever throwing or reading past the end.
 * A read that does not fit returns 0 (or an empty view) and sets `failed`; check it once, at the end of a structure.
 */
export class Reader {
  readonly bytes: Uint8Array;
  /** Index of the next byte. */
  offset: number;
  /** One past the last readable byte. */
  readonly end: number;
  /** Set by the first read that did not fit, and never cleared. */
  failed = false;

  /** Reads `bytes[start, end)`; bounds outside the array are pulled in. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.end = Math.max(0, Math.min(end, bytes.length));
    this.offset = Math.max(0, Math.min(start, this.end));
  }

  /** Bytes left; 0 after a failure. */
  get remaining(): number {
    return this.failed ? 0 : this.end - this.offset;
  }

  u8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : this.bytes[at]!;
  }

  u16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  u24(): number {
    const at = this.#take(3);
    return at < 0 ? 0 : (this.bytes[at]! << 16) | (this.bytes[at + 1]! << 8) | this.bytes[at + 2]!;
  }

  u32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : readU32(this.bytes, at);
  }

  /** A 48-bit number, exact in a double. */
  u48(): number {
    const at = this.#take(6);
    return at < 0 ? 0 : ((this.bytes[at]! << 8) | this.bytes[at + 1]!) * 2 ** 32 + readU32(this.bytes, at + 2);
  }

  u64(): bigint {
    const at = this.#take(8);
    return at < 0 ? 0n : (BigInt(readU32(this.bytes, at)) << 32n) | BigInt(readU32(this.bytes, at + 4));
  }

  /** The next `length` bytes as a view (not a copy). */
  view(length: number): Uint8Array {
    const at = this.#take(length);
    return at < 0 ? EMPTY : this.bytes.subarray(at, at + length);
  }

  /** All bytes that are left, as a view. */
  rest(): Uint8Array {
    return this.view(this.remaining);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** A reader over the next `length` bytes, which this reader skips. Fails together with this one if they are not there. */
  sub(length: number): Reader {
    const at = this.#take(length);
    if (at >= 0) return new Reader(this.bytes, at, at + length);
    const none = new Reader(EMPTY);
    none.failed = true;
    return none;
  }

  #take(length: number): number {
    if (this.failed || length < 0 || length > this.end - this.offset) {
      this.failed = true;
      return -1;
    }
    const at = this.offset;
    this.offset = at + length;
    return at;
  }
}

/** Big-endian unsigned 16 bits at `at`; the caller has checked the bounds. */
export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Big-endian unsigned 32 bits at `at`; the caller has checked the bounds. */
export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

const EMPTY = new Uint8Array(0);
