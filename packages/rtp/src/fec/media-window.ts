import { distance16 } from '@kaon/wire';

/** Bytes of the latest packets of one stream by sequence number, in buffers that are used again. */
export class MediaWindow {
  readonly size: number;
  readonly #buffers: (Uint8Array | undefined)[];
  readonly #lengths: Int32Array;
  /** Sequence number in each place, -1: none. */
  readonly #sequences: Int32Array;
  #highest = -1;

  /** `size` is a power of two up to 32768, so that places stay apart over the wrap. */
  constructor(size: number) {
    this.size = size;
    this.#buffers = new Array(size).fill(undefined);
    this.#lengths = new Int32Array(size);
    this.#sequences = new Int32Array(size).fill(-1);
  }

  /** Highest sequence number so far, -1 before the first. */
  get highest(): number {
    return this.#highest;
  }

  /** Whether a packet with this number can be kept, or be there: it is not too far behind the highest one. */
  isWithin(sequenceNumber: number): boolean {
    return this.#highest < 0 || distance16(sequenceNumber, this.#highest) < this.size;
  }

  has(sequenceNumber: number): boolean {
    return this.#sequences[sequenceNumber & (this.size - 1)] === sequenceNumber && this.isWithin(sequenceNumber);
  }

  /** The packet's bytes as a view, valid until its place is needed again. The caller has asked `has`. */
  get(sequenceNumber: number): Uint8Array {
    const place = sequenceNumber & (this.size - 1);
    return this.#buffers[place]!.subarray(0, this.#lengths[place]!);
  }

  /** Keeps a copy. False, and nothing has changed, when it is there already or too old. */
  add(sequenceNumber: number, bytes: Uint8Array): boolean {
    if (!this.isWithin(sequenceNumber) || this.has(sequenceNumber)) return false;
    if (this.#highest < 0 || distance16(this.#highest, sequenceNumber) > 0) this.#advance(sequenceNumber);
    const place = sequenceNumber & (this.size - 1);
    let buffer = this.#buffers[place];
    if (buffer === undefined || buffer.length < bytes.length) {
      buffer = new Uint8Array(Math.max(bytes.length, FIRST_BUFFER_SIZE));
      this.#buffers[place] = buffer;
    }
    buffer.set(bytes);
    this.#lengths[place] = bytes.length;
    this.#sequences[place] = sequenceNumber;
    return true;
  }

  /** Moves the end. Numbers that are passed without a packet lose what stood in their place a wrap before. */
  #advance(sequenceNumber: number): void {
    const step = this.#highest < 0 ? this.size : Math.min(this.size, distance16(this.#highest, sequenceNumber));
    for (let i = 0; i < step; i++) this.#sequences[(sequenceNumber - i) & (this.size - 1)] = -1;
    this.#highest = sequenceNumber;
  }
}

const FIRST_BUFFER_SIZE = 1500;
