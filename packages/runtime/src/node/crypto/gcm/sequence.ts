/**
 * A nonce of 12 bytes that counts up, as three words: DTLS 1.2 has the salt in the first and the record's epoch and sequence
 * number in the others (RFC 5288 §3).
 */
export class Sequence {
  first = 0;
  middle = 0;
  last = 0;

  /** Takes over the words of a nonce. */
  read(nonce: Uint8Array): void {
    this.first = word(nonce, 0);
    this.middle = word(nonce, 4);
    this.last = word(nonce, 8);
  }

  /** Goes on by `count`, at most as far as the last word's end and one further. */
  advance(count: number): void {
    const last = this.last + count;
    this.last = last >>> 0;
    if (last > 0xffffffff) this.middle = (this.middle + 1) >>> 0;
  }

  /** Writes the 12 bytes. */
  write(out: Uint8Array, at: number): void {
    writeWord(out, at, this.first);
    writeWord(out, at + 4, this.middle);
    writeWord(out, at + 8, this.last);
  }

  /** How far `nonce` is ahead of this one, counted over the last two words; NaN when it is further away than 2^30. */
  distance(nonce: Uint8Array): number {
    if (word(nonce, 0) !== this.first) return Number.NaN;
    const middle = word(nonce, 4);
    const last = word(nonce, 8);
    const distance =
      middle === this.middle ? last - this.last : (middle - this.middle) * 0x1_0000_0000 + last - this.last;
    return distance >= -MAX_DISTANCE && distance <= MAX_DISTANCE ? distance : Number.NaN;
  }
}

const MAX_DISTANCE = 0x40000000;

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function writeWord(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}
