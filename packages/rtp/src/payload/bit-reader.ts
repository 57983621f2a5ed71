/** Reads bits, most significant first, as the headers of video codecs have them. Past the end it reads zeros and sets `failed`. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bits that are left. */
  get remaining(): number {
    return Math.max(0, 8 * this.#bytes.length - this.#at);
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** The next `count` bits, up to 32. */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const byte = this.#bytes[this.#at >>> 3];
      if (byte === undefined) this.failed = true;
      value = value * 2 + (((byte ?? 0) >>> (7 - (this.#at & 7))) & 1);
      this.#at++;
    }
    return value;
  }

  skip(count: number): void {
    this.#at += count;
    if (this.#at > 8 * this.#bytes.length) this.failed = true;
  }

  /** An unsigned Exp-Golomb number, `ue(v)` (ITU-T H.264 §9.1). */
  ue(): number {
    let zeros = 0;
    while (!this.failed && zeros < 32 && !this.flag()) zeros++;
    return zeros === 0 ? 0 : 2 ** zeros - 1 + this.bits(zeros);
  }

  /** A signed Exp-Golomb number, `se(v)` (ITU-T H.264 §9.1.1). */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
