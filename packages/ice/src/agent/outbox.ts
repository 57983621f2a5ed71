import type { Instant, Path, TransmitSlot } from '@kaon/interface/core/v1';
import type { ClientTransaction } from '@kaon/stun';
import { Deque, fillSlot } from '@kaon/wire';

/** Datagrams that wait to be sent. Bounded: what does not fit is lost, as on any network. */
export class Outbox {
  readonly #queue = new Deque<Waiting>();

  get length(): number {
    return this.#queue.length;
  }

  /** A whole datagram. */
  push(bytes: Uint8Array, path: Path): void {
    this.#add({ path, bytes });
  }

  /** The transaction's next transmission; left out when the transaction is over by the time it could be sent. */
  pushTransaction(transaction: ClientTransaction, path: Path): void {
    this.#add({ path, transaction });
  }

  /** Writes the next datagram into the slot. Those that do not fit any slot like it are dropped. */
  poll(slot: TransmitSlot, now: Instant): boolean {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const written = 'bytes' in next ? fillSlot(slot, next.bytes) : next.transaction.pollTransmit(slot, now);
      if (!written) continue;
      slot.path = next.path;
      return true;
    }
    return false;
  }

  clear(): void {
    this.#queue.clear();
  }

  #add(waiting: Waiting): void {
    if (this.#queue.length < MAX_WAITING) this.#queue.push(waiting);
  }
}

type Waiting =
  | { readonly path: Path; readonly bytes: Uint8Array }
  | { readonly path: Path; readonly transaction: ClientTransaction };

const MAX_WAITING = 256;
