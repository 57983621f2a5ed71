import { concatBytes, type NalCodec, toAnnexB } from '../codecs/nal.ts';

/** One picture of a byte stream. */
export interface AccessUnit {
  /** With start codes of four bytes. */
  readonly data: Uint8Array;
  readonly keyFrame: boolean;
}

/** Cuts a byte stream (Annex B) that comes in pieces into access units. */
export class AccessUnitReader {
  /** Whether a NAL unit was larger than any picture: nothing more is read. */
  failed = false;
  readonly #codec: NalCodec;
  /** Bytes from the start of an unfinished NAL unit's start code on. */
  #rest: Uint8Array = new Uint8Array(0);
  /** How much of `#rest` has been looked at. */
  #seen = 0;
  #units: Uint8Array[] = [];
  #size = 0;
  #hasSlice = false;
  #keyFrame = false;
  readonly #ready: AccessUnit[] = [];

  constructor(codec: NalCodec) {
    this.#codec = codec;
  }

  /** Takes the next bytes; they are kept until their unit is given. */
  push(bytes: Uint8Array): void {
    if (this.failed) return;
    const all = this.#rest.length === 0 ? bytes : concatBytes([this.#rest, bytes]);
    let start = -1;
    let at = this.#seen;
    // A unit that is under way begins with its start code, at 0.
    if (this.#rest.length > 0 && this.#seen > 0) start = 3;
    for (let i = Math.max(2, at); i < all.length; i++) {
      if (all[i] !== 1 || all[i - 1] !== 0 || all[i - 2] !== 0) continue;
      if (start >= 0) this.#take(all, start, i - 2);
      start = i + 1;
    }
    at = all.length;
    if (start >= 0) {
      this.#rest = all.subarray(start - 3);
      this.#seen = Math.max(3, this.#rest.length);
    } else {
      this.#rest = all.subarray(Math.max(0, at - 2));
      this.#seen = 0;
    }
    if (this.#rest.length + this.#size > LARGEST_UNIT) {
      this.failed = true;
      this.#rest = new Uint8Array(0);
    }
  }

  /** The stream is through: what is left is the last unit. */
  finish(): void {
    if (this.#seen > 0 && !this.failed) this.#take(this.#rest, 3, this.#rest.length);
    this.#rest = new Uint8Array(0);
    this.#seen = 0;
    this.#close();
  }

  /** The next whole access unit. */
  poll(): AccessUnit | undefined {
    return this.#ready.shift();
  }

  #take(bytes: Uint8Array, start: number, limit: number): void {
    const { headerLength, type: typeOf, isSlice, isKeySlice, opensUnit } = this.#codec;
    let end = limit;
    while (end > start && bytes[end - 1] === 0) end--;
    if (end - start < headerLength) return;
    const type = typeOf(bytes[start]!);
    // first_mb_in_slice is 0 and first_slice_segment_in_pic_flag is 1 in the same bit.
    const opensPicture = isSlice(type) && ((bytes[start + headerLength] ?? 0) & 0x80) !== 0;
    if (this.#hasSlice && (opensPicture || opensUnit(type))) this.#close();
    this.#units.push(bytes.subarray(start, end));
    this.#size += end - start;
    this.#hasSlice ||= isSlice(type);
    this.#keyFrame ||= isKeySlice(type);
  }

  #close(): void {
    // Units without a picture, such as an end of sequence, are no frame.
    if (this.#hasSlice) this.#ready.push({ data: toAnnexB(this.#units), keyFrame: this.#keyFrame });
    this.#units = [];
    this.#size = 0;
    this.#hasSlice = this.#keyFrame = false;
  }
}

/** Bytes of an access unit at most. */
const LARGEST_UNIT = 64 * 1024 * 1024;
