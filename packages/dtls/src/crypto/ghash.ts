/**
 * GHASH (NIST SP 800-38D §6.4) with 4-bit tables (8 KiB) that are built once per key. The library's own GHASH builds
 * its tables for every message, which costs more than the message.
 */
export class Ghash {
  /** Entry `16 * w + v`, four words each: the nibble value v at place w, times the key. */
  readonly #table = new Uint32Array(32 * 16 * 4);
  #y0 = 0;
  #y1 = 0;
  #y2 = 0;
  #y3 = 0;

  /** `key` is the 16-byte hash subkey H. */
  constructor(key: Uint8Array) {
    let a = word(key, 0);
    let b = word(key, 4);
    let c = word(key, 8);
    let d = word(key, 12);
    const table = this.#table;
    for (let place = 0; place < 32; place++) {
      // Bits of a nibble from the most significant on are x^0, x^1, ... times the place.
      for (let bit = 8; bit > 0; bit >>= 1) {
        const at = (place * 16 + bit) * 4;
        table[at] = a;
        table[at + 1] = b;
        table[at + 2] = c;
        table[at + 3] = d;
        const carry = d & 1;
        d = (d >>> 1) | (c << 31);
        c = (c >>> 1) | (b << 31);
        b = (b >>> 1) | (a << 31);
        a = (a >>> 1) ^ (carry === 0 ? 0 : 0xe1000000);
      }
      for (let value = 3; value < 16; value++) {
        const low = value & -value;
        if (low === value) continue;
        const at = (place * 16 + value) * 4;
        const x = (place * 16 + low) * 4;
        const y = (place * 16 + (value ^ low)) * 4;
        for (let i = 0; i < 4; i++) table[at + i] = table[x + i]! ^ table[y + i]!;
      }
    }
  }

  reset(): void {
    this.#y0 = this.#y1 = this.#y2 = this.#y3 = 0;
  }

  /** Takes `bytes[start, end)`, padded with zeros to a whole number of blocks. */
  update(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    for (; at + 16 <= end; at += 16)
      this.#block(word(bytes, at), word(bytes, at + 4), word(bytes, at + 8), word(bytes, at + 12));
    if (at < end)
      this.#block(tail(bytes, at, end), tail(bytes, at + 4, end), tail(bytes, at + 8, end), tail(bytes, at + 12, end));
  }

  /** Takes the block of the two lengths, given in bytes. */
  updateLengths(aad: number, data: number): void {
    this.#block(Math.floor(aad / 2 ** 29), (aad << 3) >>> 0, Math.floor(data / 2 ** 29), (data << 3) >>> 0);
  }

  /** One word of the state, 0 to 3. */
  word(index: number): number {
    return index === 0 ? this.#y0 : index === 1 ? this.#y1 : index === 2 ? this.#y2 : this.#y3;
  }

  #block(b0: number, b1: number, b2: number, b3: number): void {
    const table = this.#table;
    let z0 = 0;
    let z1 = 0;
    let z2 = 0;
    let z3 = 0;
    let x = this.#y0 ^ b0;
    let base = 0;
    for (let i = 0; i < 4; i++) {
      if (i === 1) x = this.#y1 ^ b1;
      else if (i === 2) x = this.#y2 ^ b2;
      else if (i === 3) x = this.#y3 ^ b3;
      for (let shift = 28; shift >= 0; shift -= 4) {
        const at = base + (((x >>> shift) & 15) << 2);
        z0 ^= table[at]!;
        z1 ^= table[at + 1]!;
        z2 ^= table[at + 2]!;
        z3 ^= table[at + 3]!;
        base += 64;
      }
    }
    this.#y0 = z0;
    this.#y1 = z1;
    this.#y2 = z2;
    this.#y3 = z3;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function tail(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) value = (value << 8) | (at + i < end ? bytes[at + i]! : 0);
  return value;
}
