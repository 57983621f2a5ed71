import type { Path, TransmitSlot } from '@kaon/interface/core/v1';
import { Deque, fillSlot } from '@kaon/wire';

/** Messages that wait to be sent; bounded, since others make us answer. */
export class Outbox {
  readonly #waiting = new Deque<{ readonly bytes: Uint8Array; readonly path: Path }>();

  get length(): number {
    return this.#waiting.length;
  }

  /** False: there is no room, and the message is lost as it may be on any link. */
  push(bytes: Uint8Array, path: Path): boolean {
    if (this.#waiting.length >= MAX_WAITING) return false;
    this.#waiting.push({ bytes, path });
    return true;
  }

  /** Writes the next message that fits the slot. */
  poll(slot: TransmitSlot): boolean {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (!fillSlot(slot, next.bytes)) continue;
      slot.path = next.path;
      return true;
    }
    return false;
  }
}

const MAX_WAITING = 256;
