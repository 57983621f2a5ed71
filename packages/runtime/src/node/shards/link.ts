import type { MessagePort } from 'node:worker_threads';
import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import { nodeClock } from '../clock.ts';
import { BatchReader, BatchWriter, type RecordHandler, type RecordKind } from './batch.ts';
import type { ShardMessage } from './types.ts';

/** Sends a message to the other end; what `transfer` lists moves instead of being copied, where that can be. */
export type Post = (message: ShardMessage, transfer?: readonly (ArrayBuffer | MessagePort)[]) => void;

/**
 * Datagrams from one thread to another and back: gathered until the input of this turn of the event loop has been read. When the
 * other end does not keep up they are dropped, as a full socket buffer would.
 */
export class Link {
  /** Datagrams that were not sent because the other end was behind. */
  dropped = 0;
  readonly #from: number;
  readonly #to: number;
  readonly #post: Post;
  readonly #handle: RecordHandler;
  readonly #writer = new BatchWriter();
  readonly #reader = new BatchReader();
  #unread = 0;
  #scheduled = false;
  #closed = false;

  constructor(from: number, to: number, post: Post, handle: RecordHandler) {
    this.#from = from;
    this.#to = to;
    this.#post = post;
    this.#handle = handle;
  }

  /** False: dropped. `buffer[start, end)` is copied. */
  send(
    kind: RecordKind,
    socket: number,
    remote: TransportAddress,
    buffer: Uint8Array,
    start: number,
    end: number,
    ecn: EcnCodepoint = 0,
  ): boolean {
    if (this.#closed) return false;
    if (end - start > MAX_DATAGRAM || this.#unread + this.#writer.length > MAX_UNREAD) {
      this.dropped++;
      return false;
    }
    this.#writer.add(kind, socket, remote, buffer, start, end, ecn);
    if (!this.#scheduled) {
      this.#scheduled = true;
      nodeClock.defer(this.#flush);
    }
    return true;
  }

  /** A message of the other end for this link. */
  receive(message: Extract<ShardMessage, { kaonShard: 'batch' | 'done' }>): void {
    if (this.#closed) return;
    if (message.kaonShard === 'done') {
      this.#unread -= message.bytes;
      return;
    }
    const { batch } = message;
    this.#reader.read(batch, this.#handle);
    this.#post({ kaonShard: 'done', from: this.#from, to: this.#to, bytes: batch.length });
  }

  close(): void {
    this.#closed = true;
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    const batch = this.#closed ? undefined : this.#writer.take();
    if (batch === undefined) return;
    this.#unread += batch.length;
    this.#post({ kaonShard: 'batch', from: this.#from, to: this.#to, batch }, [batch.bytes.buffer]);
  };
}

const MAX_DATAGRAM = 65_507;
/** Bytes on their way that the other end has not worked through: as much as the kernel is asked to hold for a socket. */
const MAX_UNREAD = 4 << 20;
