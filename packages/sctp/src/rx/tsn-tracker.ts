import { writeU16 } from '@kaon/wire';

/** What a TSN is to the tracker. */
export const NEW = 0;
export const DUPLICATE = 1;
export const TOO_FAR = 2;

/**
 * Which TSNs have arrived: a cumulative point and, only while something is missing, a ring of bits above it. In order
 * a TSN costs one addition; gap blocks are found 32 TSNs a step.
 */
export class TsnTracker {
  /** All TSNs up to here have arrived or were skipped. */
  cumulative: number;
  /** The latest TSN seen. */
  highest: number;
  #bits: Uint32Array = new Uint32Array(8);
  /** Bits in the ring less one. */
  #mask = 255;

  constructor(initialTsn: number) {
    this.cumulative = (initialTsn - 1) >>> 0;
    this.highest = this.cumulative;
  }

  get hasGaps(): boolean {
    return this.highest !== this.cumulative;
  }

  /** NEW, DUPLICATE, or TOO_FAR for what a SACK could not report. */
  check(tsn: number): number {
    const distance = (tsn - this.cumulative) >>> 0;
    if (distance === 0 || distance >= 0x8000_0000) return DUPLICATE;
    if (distance > MAX_SPAN) return TOO_FAR;
    if (distance > (this.highest - this.cumulative) >>> 0) return NEW;
    return this.#bits[(tsn & this.#mask) >>> 5]! & (1 << (tsn & 31)) ? DUPLICATE : NEW;
  }

  /** Notes a TSN for which `check` said NEW. */
  add(tsn: number): void {
    const distance = (tsn - this.cumulative) >>> 0;
    if (distance === 1) {
      this.cumulative = tsn;
      if (this.highest === (tsn - 1) >>> 0) this.highest = tsn;
      else this.#absorb();
      return;
    }
    if (distance > this.#mask) this.#grow(distance);
    this.#bits[(tsn & this.#mask) >>> 5]! |= 1 << (tsn & 31);
    if (distance > (this.highest - this.cumulative) >>> 0) this.highest = tsn;
  }

  /** Everything up to `tsn` need not be waited for (RFC 3758 §3.6). Cheap for any distance. */
  skip(tsn: number): void {
    const distance = (tsn - this.cumulative) >>> 0;
    if (distance === 0 || distance >= 0x8000_0000) return;
    const span = (this.highest - this.cumulative) >>> 0;
    if (distance >= span) {
      if (span > 0) this.#bits.fill(0);
      this.cumulative = tsn;
      this.highest = tsn;
      return;
    }
    for (let n = 1; n <= distance; n++) this.#clear((this.cumulative + n) >>> 0);
    this.cumulative = tsn;
    this.#absorb();
  }

  /** Writes gap blocks to `buffer[at, limit)` and answers how many. */
  writeGapBlocks(buffer: Uint8Array, at: number, limit: number): number {
    const span = (this.highest - this.cumulative) >>> 0;
    let blocks = 0;
    let distance = 1;
    while (distance <= span && at + 4 * blocks + 4 <= limit) {
      const start = this.#find(distance, span, true);
      if (start > span) break;
      const end = this.#find(start, span, false) - 1;
      writeU16(buffer, at + 4 * blocks, start);
      writeU16(buffer, at + 4 * blocks + 2, end);
      blocks++;
      distance = end + 1;
    }
    return blocks;
  }

  /** Moves the cumulative point over bits that are set. */
  #absorb(): void {
    while (this.cumulative !== this.highest) {
      const next = (this.cumulative + 1) >>> 0;
      if (!(this.#bits[(next & this.#mask) >>> 5]! & (1 << (next & 31)))) return;
      this.#clear(next);
      this.cumulative = next;
    }
  }

  #clear(tsn: number): void {
    this.#bits[(tsn & this.#mask) >>> 5]! &= ~(1 << (tsn & 31));
  }

  /** The first distance from `from` on whose bit is `set`, or `span + 1`. */
  #find(from: number, span: number, set: boolean): number {
    let distance = from;
    while (distance <= span) {
      const tsn = (this.cumulative + distance) >>> 0;
      const word = this.#bits[(tsn & this.#mask) >>> 5]!;
      const rest = (set ? word : ~word) >>> (tsn & 31);
      if (rest !== 0) {
        distance += 31 - Math.clz32(rest & -rest);
        break;
      }
      distance += 32 - (tsn & 31);
    }
    return Math.min(distance, span + 1);
  }

  #grow(distance: number): void {
    const old = this.#bits;
    const oldMask = this.#mask;
    let size = oldMask + 1;
    while (size <= distance) size *= 2;
    this.#bits = new Uint32Array(size >>> 5);
    this.#mask = size - 1;
    const span = (this.highest - this.cumulative) >>> 0;
    for (let n = 1; n <= span; n++) {
      const tsn = (this.cumulative + n) >>> 0;
      if (old[(tsn & oldMask) >>> 5]! & (1 << (tsn & 31))) this.#bits[(tsn & this.#mask) >>> 5]! |= 1 << (tsn & 31);
    }
  }
}

/** Gap blocks have 16 bits. */
const MAX_SPAN = 65535;
