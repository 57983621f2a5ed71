import type { TransmitSlot } from '@kaon/interface/core/v1';
import { writeU16, writeU32 } from '@kaon/wire';
import { RECORD_HEADER_LENGTH, VERSION } from './content-type.ts';
import type { Protection } from './protection.ts';

/** Writes records and owns their sequence numbers: one counter per epoch, never used twice. */
export class RecordWriter {
  readonly #epochs: [EpochCounter, EpochCounter] = [new EpochCounter(), new EpochCounter()];
  #protection: Protection | undefined;
  /** Records written. */
  records = 0;

  /** `first`: number of the first record in the clear. */
  constructor(first = 0) {
    this.#epochs[0].set(first);
  }

  /** Keys of epoch 1. */
  install(protection: Protection): void {
    this.#protection = protection;
  }

  /** Bytes that a record of this epoch adds to its content. */
  overhead(epoch: 0 | 1): number {
    if (epoch === 0) return RECORD_HEADER_LENGTH;
    return this.#protection === undefined ? 0 : this.#protection.headroom + this.#protection.tailroom;
  }

  /** Whether the epoch has a sequence number left (RFC 6347 §4.1). */
  isExhausted(epoch: 0 | 1): boolean {
    return this.#epochs[epoch].exhausted;
  }

  /** Turns `slot.buffer[start, end)` into a record of epoch 1 in place. The caller has checked room and exhaustion. */
  sealInPlace(type: number, slot: TransmitSlot): void {
    const protection = this.#protection as Protection;
    const counter = this.#epochs[1];
    slot.end = protection.seal(type, 1, counter.high, counter.low, slot.buffer, slot.start, slot.end);
    slot.start -= protection.headroom;
    counter.advance();
    this.records++;
  }

  /** Appends a record with a copy of `content[from, to)` at `slot.end`. Returns false when it does not fit. */
  append(slot: TransmitSlot, limit: number, type: number, epoch: 0 | 1, content: Uint8Array): boolean {
    const counter = this.#epochs[epoch];
    if (counter.exhausted || slot.end + this.overhead(epoch) + content.length > limit) return false;
    const { buffer } = slot;
    if (epoch === 0) {
      const at = slot.end;
      buffer[at] = type;
      // Some peers look at the version of the first record; all of them accept 1.2 there (RFC 6347 §4.2.1 allows both).
      writeU16(buffer, at + 1, VERSION.dtls12);
      writeU16(buffer, at + 3, epoch);
      writeU16(buffer, at + 5, counter.high);
      writeU32(buffer, at + 7, counter.low);
      writeU16(buffer, at + 11, content.length);
      buffer.set(content, at + RECORD_HEADER_LENGTH);
      slot.end = at + RECORD_HEADER_LENGTH + content.length;
    } else {
      const protection = this.#protection as Protection;
      const start = slot.end + protection.headroom;
      buffer.set(content, start);
      slot.end = protection.seal(type, 1, counter.high, counter.low, buffer, start, start + content.length);
    }
    counter.advance();
    this.records++;
    return true;
  }

  /** For tests of exhaustion: the next sequence number of epoch 1. */
  skipTo(sequence: number): void {
    this.#epochs[1].set(sequence);
  }

  dispose(): void {
    this.#protection?.dispose();
    this.#protection = undefined;
  }
}

class EpochCounter {
  high = 0;
  low = 0;
  exhausted = false;

  advance(): void {
    this.low = (this.low + 1) >>> 0;
    if (this.low !== 0) return;
    this.high++;
    if (this.high > 0xffff) this.exhausted = true;
  }

  set(sequence: number): void {
    this.high = Math.floor(sequence / 2 ** 32);
    this.low = sequence % 2 ** 32;
  }
}
