import type { Instant } from '@kaon/interface/core/v1';

/** Bounds of what is kept for retransmission. */
export interface RetransmissionBufferOptions {
  /** Packets: a power of two. Default 1024. */
  readonly maxPackets?: number | undefined;
  /** Bytes; room is taken as it is needed. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
  /** Age in ms. Default 3000. */
  readonly maxAge?: number | undefined;
}

/** A packet that is kept, as a view into the buffer: valid until the next `add`. */
export interface KeptPacket {
  readonly bytes: Uint8Array;
  /** When it was last sent again, or -Infinity. */
  readonly resentAt: Instant;
}

/**
 * Copies of the last packets of one stream, in one ring of bytes. The oldest make room for the newest.
 *
 * Copies, because what goes on to the wire is stamped and encrypted in place.
 */
export class RetransmissionBuffer {
  readonly #maxBytes: number;
  readonly #maxAge: number;
  readonly #mask: number;
  // By sequence number modulo the ring: what is kept there. -1: nothing.
  readonly #sequence: Int32Array;
  readonly #offset: Uint32Array;
  readonly #length: Uint32Array;
  readonly #sentAt: Float64Array;
  readonly #resentAt: Float64Array;
  /** Sequence numbers in the order in which their bytes lie in the ring; `#first` and `#count` delimit those that count. */
  readonly #order: Uint16Array;
  #first = 0;
  #count = 0;
  #bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  #write = 0;

  constructor(options: RetransmissionBufferOptions = {}) {
    const size = options.maxPackets ?? 1024;
    if (!(size >= 2 && size <= 32_768) || (size & (size - 1)) !== 0)
      throw new RangeError(`maxPackets must be a power of two from 2 to 32768, not ${size}`);
    this.#mask = size - 1;
    this.#maxBytes = Math.max(INITIAL_BYTES, options.maxBytes ?? 2 ** 20);
    this.#maxAge = options.maxAge ?? 3000;
    this.#sequence = new Int32Array(size).fill(-1);
    this.#offset = new Uint32Array(size);
    this.#length = new Uint32Array(size);
    this.#sentAt = new Float64Array(size);
    this.#resentAt = new Float64Array(size);
    this.#order = new Uint16Array(size);
  }

  /** Packets kept. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of memory that packets take or may take without growing. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** Keeps a copy. Packets larger than the ring are not kept; a sequence number that is kept already stays as it is. */
  add(sequence: number, bytes: Uint8Array, now: Instant): void {
    const at = sequence & this.#mask;
    if (this.#sequence[at] === sequence || bytes.length > this.#maxBytes) return;
    // The ring of sequence numbers is in order but for gaps, so what stands in the way is among the oldest.
    while (this.#sequence[at] !== -1 || this.#count > this.#mask) this.#dropOldest();
    while (this.#count > 0 && now - this.#sentAt[this.#order[this.#first]! & this.#mask]! > this.#maxAge)
      this.#dropOldest();
    const offset = this.#reserve(bytes.length);
    this.#bytes.set(bytes, offset);
    this.#write = offset + bytes.length;
    this.#sequence[at] = sequence;
    this.#offset[at] = offset;
    this.#length[at] = bytes.length;
    this.#sentAt[at] = now;
    this.#resentAt[at] = Number.NEGATIVE_INFINITY;
    this.#order[(this.#first + this.#count++) & this.#mask] = sequence;
  }

  /** A packet that is kept and not too old, or undefined. */
  get(sequence: number, now: Instant): KeptPacket | undefined {
    const at = sequence & this.#mask;
    if (this.#sequence[at] !== sequence || now - this.#sentAt[at]! > this.#maxAge) return undefined;
    const offset = this.#offset[at]!;
    return { bytes: this.#bytes.subarray(offset, offset + this.#length[at]!), resentAt: this.#resentAt[at]! };
  }

  /** Notes that a packet that is kept was sent again. */
  markResent(sequence: number, now: Instant): void {
    const at = sequence & this.#mask;
    if (this.#sequence[at] === sequence) this.#resentAt[at] = now;
  }

  /** Finds `length` bytes in a row behind the newest packet, or at the front; grows and makes room until there are. */
  #reserve(length: number): number {
    for (;;) {
      if (this.#count === 0) this.#write = 0;
      const oldest = this.#count === 0 ? -1 : this.#offset[this.#order[this.#first]! & this.#mask]!;
      if (oldest < 0 || oldest < this.#write) {
        if (this.#write + length <= this.#bytes.length) return this.#write;
        if (length <= oldest) return 0;
      } else if (this.#write + length <= oldest) return this.#write;
      if (this.#bytes.length < this.#maxBytes) this.#grow();
      else this.#dropOldest();
    }
  }

  #dropOldest(): void {
    this.#sequence[this.#order[this.#first]! & this.#mask] = -1;
    this.#first = (this.#first + 1) & this.#mask;
    this.#count--;
  }

  /** Twice the room, with what is kept at its front in order. */
  #grow(): void {
    const larger = new Uint8Array(Math.min(this.#maxBytes, this.#bytes.length * 2));
    let end = 0;
    for (let i = 0; i < this.#count; i++) {
      const at = this.#order[(this.#first + i) & this.#mask]! & this.#mask;
      const offset = this.#offset[at]!;
      larger.set(this.#bytes.subarray(offset, offset + this.#length[at]!), end);
      this.#offset[at] = end;
      end += this.#length[at]!;
    }
    this.#bytes = larger;
    this.#write = end;
  }
}

const INITIAL_BYTES = 16_384;
