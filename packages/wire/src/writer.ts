/**
 * Writes big-endian fields into a buffer that grows as needed. For cold structures; hot ones write into their slot
 * with `writeU16` and `writeU32`. Misuse (a number that does not fit its field) throws RangeError.
 */
export class Writer {
  #buffer: Uint8Array;
  #length = 0;

  /** `capacity` is only a first guess, in bytes. */
  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    check(value, 0xff);
    // Two steps: growing replaces the buffer.
    const at = this.#grow(1);
    this.#buffer[at] = value;
    return this;
  }

  u16(value: number): this {
    check(value, 0xffff);
    const at = this.#grow(2);
    writeU16(this.#buffer, at, value);
    return this;
  }

  u24(value: number): this {
    check(value, 0xffffff);
    const at = this.#grow(3);
    this.#buffer[at] = value >>> 16;
    writeU16(this.#buffer, at + 1, value & 0xffff);
    return this;
  }

  u32(value: number): this {
    check(value, 0xffffffff);
    const at = this.#grow(4);
    writeU32(this.#buffer, at, value);
    return this;
  }

  /** A number of up to 48 bits. */
  u48(value: number): this {
    check(value, 2 ** 48 - 1);
    const at = this.#grow(6);
    writeU16(this.#buffer, at, Math.floor(value / 2 ** 32));
    writeU32(this.#buffer, at + 2, value % 2 ** 32);
    return this;
  }

  u64(value: bigint): this {
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`${value} does not fit its field`);
    return this.u32(Number(value >> 32n)).u32(Number(value & 0xffff_ffffn));
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#buffer.set(bytes, at);
    return this;
  }

  zeros(count: number): this {
    const at = this.#grow(count);
    this.#buffer.fill(0, at, at + count);
    return this;
  }

  /** Writes what `body` writes, behind its length in a field of `lengthBytes` bytes (TLS vectors, RFC 5246 §4.3). */
  vector(lengthBytes: 1 | 2 | 3, body: (writer: this) => void): this {
    const at = this.#grow(lengthBytes);
    body(this);
    const length = this.#length - at - lengthBytes;
    check(length, 2 ** (8 * lengthBytes) - 1);
    for (let i = 0; i < lengthBytes; i++) this.#buffer[at + i] = length >>> (8 * (lengthBytes - 1 - i));
    return this;
  }

  /** Overwrites two bytes written before, such as a length that is known only now. */
  patchU16(at: number, value: number): this {
    check(value, 0xffff);
    if (at < 0 || at + 2 > this.#length) throw new RangeError(`offset ${at} has not been written`);
    writeU16(this.#buffer, at, value);
    return this;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  /** What was written as a view, valid until the next write. */
  peek(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
    }
    this.#length = needed;
    return at;
  }
}

/** Big-endian 16 bits at `at`; the caller has checked bounds and range. */
export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Big-endian 32 bits at `at`; the caller has checked bounds and range. */
export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function check(value: number, max: number): void {
  if (!(value >= 0 && value <= max) || !Number.isInteger(value))
    throw new RangeError(`${value} does not fit its field`);
}
