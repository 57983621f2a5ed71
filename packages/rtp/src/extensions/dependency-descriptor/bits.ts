import { RtpError } from '../../errors.ts';

/** Reads bits from the highest down. A read past the end returns 0 and sets `failed`. */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  failed = false;

  /** Reads `bytes[start, end)`. */
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start * 8;
    this.#end = end * 8;
  }

  /** Bits left. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** `f(count)`: an unsigned number of up to 32 bits. */
  bits(count: number): number {
    if (count > this.remaining) {
      this.failed = true;
      return 0;
    }
    let value = 0;
    for (let i = 0; i < count; i++, this.#at++)
      value = value * 2 + ((this.#bytes[this.#at >>> 3]! >>> (7 - (this.#at & 7))) & 1);
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** `ns(count)`: a number below `count`, in as few bits as will do (AV1 specification §4.10.7). */
  nonSymmetric(count: number): number {
    const width = 32 - Math.clz32(count);
    const short = 2 ** width - count;
    const value = this.bits(width - 1);
    return value < short ? value : value * 2 - short + this.bits(1);
  }
}

/** Writes bits from the highest down into a buffer of its own. */
export class BitWriter {
  readonly bytes: Uint8Array;
  #at = 0;

  /** Throws RtpError (`RTP_BAD_EXTENSION`) once more than `capacity` bytes are written. */
  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Whole bytes begun so far. */
  get length(): number {
    return (this.#at + 7) >>> 3;
  }

  /** Begins anew. */
  reset(): void {
    this.bytes.fill(0, 0, this.length);
    this.#at = 0;
  }

  bits(value: number, count: number): void {
    if (this.#at + count > this.bytes.length * 8)
      throw new RtpError('RTP_BAD_EXTENSION', `a dependency descriptor of more than ${this.bytes.length} bytes`);
    for (let i = count - 1; i >= 0; i--, this.#at++)
      if (Math.floor(value / 2 ** i) % 2 === 1) this.bytes[this.#at >>> 3]! |= 0x80 >>> (this.#at & 7);
  }

  flag(value: boolean): void {
    this.bits(value ? 1 : 0, 1);
  }

  /** `ns(count)`. */
  nonSymmetric(value: number, count: number): void {
    const width = 32 - Math.clz32(count);
    const short = 2 ** width - count;
    if (value < short) this.bits(value, width - 1);
    else this.bits(value + short, width);
  }
}
