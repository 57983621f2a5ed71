import type { StreamsEvent } from '@kaon/interface/message-streams/v1';
import { Deque } from '@kaon/wire';

/** Bytes that a waiting message or fragment counts for beyond its user data: its objects, and the packet it is cut from. */
export const CHUNK_OVERHEAD = 64;

/** Events that wait to be polled, and how much received data is among them. */
export class Events {
  readonly #queue: Deque<StreamsEvent> = new Deque<StreamsEvent>();
  /** Bytes of messages that the consumer has not polled yet, overhead included. */
  waiting = 0;

  get length(): number {
    return this.#queue.length;
  }

  push(event: StreamsEvent): void {
    this.#queue.push(event);
  }

  pushMessage(stream: number, ppid: number, data: Uint8Array): void {
    this.waiting += data.length + CHUNK_OVERHEAD;
    this.#queue.push({ type: 'message', stream, ppid, data });
  }

  shift(): StreamsEvent | undefined {
    const event = this.#queue.shift();
    if (event !== undefined && event.type === 'message') this.waiting -= event.data.length + CHUNK_OVERHEAD;
    return event;
  }
}
