import { Deque } from '@kaon/wire';

/** A chunk that is not DATA or SACK, waiting to leave. */
export interface ControlChunk {
  /** The chunk, padding included. */
  readonly chunk: Uint8Array;
  /** Verification tag of its packet. */
  readonly tag: number;
  /** Leaves in a packet of its own, with a CRC-32C whatever was negotiated: the handshake and what answers strangers. */
  readonly alone: boolean;
}

/** Control chunks in the order they leave. Bounded: most of them answer the peer, who may ask without end. */
export class ControlQueue {
  readonly #queue: Deque<ControlChunk> = new Deque<ControlChunk>(4);

  get length(): number {
    return this.#queue.length;
  }

  /** Queues a chunk; false when too many wait already and it was dropped. Timers send again what matters. */
  push(chunk: Uint8Array, tag: number, alone = false): boolean {
    if (this.#queue.length >= MAX_WAITING) return false;
    this.#queue.push({ chunk, tag, alone });
    return true;
  }

  peek(): ControlChunk | undefined {
    return this.#queue.peek();
  }

  shift(): void {
    this.#queue.shift();
  }

  /** Takes back what waits at the front, should it be this very chunk. */
  withdraw(chunk: Uint8Array | undefined): void {
    if (chunk !== undefined && this.#queue.peek()?.chunk === chunk) this.#queue.shift();
  }

  clear(): void {
    this.#queue.clear();
  }
}

const MAX_WAITING = 64;
