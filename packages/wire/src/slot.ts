import type { EcnCodepoint, Path, TransmitSlot } from '@kaon/interface/core/v1';

/** A reusable `TransmitSlot` over a buffer of its own. */
export class Slot implements TransmitSlot {
  readonly buffer: Uint8Array;
  start = 0;
  end = 0;
  limit: number;
  path: Path | undefined = undefined;
  ecn: EcnCodepoint = 0;
  readonly #headroom: number;

  /** `limit` is the largest datagram in bytes (the path MTU less IP and UDP headers); `headroom` is kept free in front of it. */
  constructor(limit: number, headroom = 0) {
    this.buffer = new Uint8Array(headroom + limit);
    this.#headroom = headroom;
    this.limit = this.buffer.length;
    this.reset();
  }

  /** Empties the slot for the next datagram. */
  reset(): void {
    this.start = this.#headroom;
    this.end = this.#headroom;
    this.limit = this.buffer.length;
    this.path = undefined;
    this.ecn = 0;
  }

  /** The datagram as a view. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(this.start, this.end);
  }
}

/** Copies a whole datagram into a slot at its start. Returns false and changes nothing when it does not fit. */
export function fillSlot(slot: TransmitSlot, bytes: Uint8Array): boolean {
  if (slot.start + bytes.length > slot.limit) return false;
  slot.buffer.set(bytes, slot.start);
  slot.end = slot.start + bytes.length;
  return true;
}
