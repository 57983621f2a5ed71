import type { Instant } from '@kaon/interface/core/v1';
import type { WriteOptions } from '@kaon/interface/message-streams/v1';
import type { Events } from '../association/events.ts';
import { StreamTable } from '../stream-table.ts';
import { OutMessage, OutStream } from './out-stream.ts';
import { Scheduler } from './scheduler.ts';

/** Messages that wait for their first transmission, per stream, and the choice of the next one. */
export class SendQueue {
  readonly #streams: StreamTable<OutStream> = new StreamTable((id) => new OutStream(id));
  readonly #scheduler = new Scheduler();
  readonly #events: Events;
  readonly #limit: number;
  /** Bytes written and not yet sent, over all streams. */
  #bytes = 0;
  /** Size of the largest write refused since the last `writable`; 0 for none. */
  #refused = 0;
  /** The message whose fragments must follow each other, when chunks cannot be interleaved. */
  #current: OutMessage | undefined = undefined;
  /** Whether I-DATA lets fragments of several messages alternate. */
  interleaving = false;
  /** Messages that were never sent because their lifetime ended first. */
  expired = 0;

  constructor(events: Events, limit: number) {
    this.#events = events;
    this.#limit = limit;
  }

  /** Bytes waiting over all streams. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#scheduler.first() === undefined && this.#current === undefined;
  }

  stream(id: number): OutStream {
    return this.#streams.at(id);
  }

  forEachStream(visit: (stream: OutStream) => void): void {
    this.#streams.forEach(visit);
  }

  bufferedAmount(id: number): number {
    return this.#streams.peek(id)?.bufferedAmount ?? 0;
  }

  /** Queues a message; false when it does not fit the limit. One message always fits an empty queue. */
  write(id: number, ppid: number, data: Uint8Array, now: Instant, options: WriteOptions | undefined): boolean {
    const size = data.length;
    if (this.#bytes > 0 && this.#bytes + size > this.#limit) {
      this.#refused = Math.max(this.#refused, size);
      return false;
    }
    const stream = this.#streams.at(id);
    const message = new OutMessage(
      stream,
      ppid,
      data,
      options?.unordered ?? false,
      options?.maxRetransmits ?? Number.POSITIVE_INFINITY,
      options?.maxPacketLifeTime === undefined ? Number.POSITIVE_INFINITY : now + options.maxPacketLifeTime,
    );
    stream.bufferedAmount += size;
    this.#bytes += size;
    if (stream.resetting) {
      stream.held.push(message);
      return true;
    }
    stream.queue.push(message);
    this.#scheduler.add(stream);
    return true;
  }

  /** The message to send from next, or undefined. Those whose lifetime is over are dropped on the way, unless begun. */
  next(now: Instant): OutMessage | undefined {
    if (this.#current !== undefined) return this.#current;
    for (;;) {
      const stream = this.#scheduler.first();
      if (stream === undefined) return undefined;
      const message = stream.queue.peek() as OutMessage;
      if (message.expiresAt > now || message.sent > 0) return message;
      this.expired++;
      this.drop(message);
    }
  }

  /** Notes that `bytes` more of the message at the head of its stream have left. */
  sent(message: OutMessage, bytes: number): void {
    const stream = message.stream;
    message.sent += bytes;
    this.#scheduler.charge(stream, bytes);
    if (message.sent === message.data.length) {
      stream.queue.shift();
      this.#current = undefined;
      if (stream.queue.length === 0) this.#scheduler.remove(stream);
    } else if (!this.interleaving) {
      this.#current = message;
    }
    this.#release(stream, bytes);
  }

  /** Gives up what is left of the message at the head of its stream. */
  drop(message: OutMessage): void {
    const stream = message.stream;
    if (stream.queue.peek() !== message) return;
    stream.queue.shift();
    if (this.#current === message) this.#current = undefined;
    if (stream.queue.length === 0) this.#scheduler.remove(stream);
    const left = message.data.length - message.sent;
    message.sent = message.data.length;
    this.#release(stream, left);
  }

  /** Lets messages through that were held behind a reset. */
  resume(stream: OutStream): void {
    stream.resetting = false;
    for (let message = stream.held.shift(); message !== undefined; message = stream.held.shift()) {
      stream.queue.push(message);
    }
    if (stream.queue.length > 0) this.#scheduler.add(stream);
  }

  /** Forgets what waits on a stream that the peer does not offer. */
  discard(stream: OutStream): void {
    for (const queue of [stream.queue, stream.held]) queue.clear();
    this.#scheduler.remove(stream);
    if (this.#current?.stream === stream) this.#current = undefined;
    this.#release(stream, stream.bufferedAmount);
  }

  /** The association began anew: messages that were begun are lost, the others start with fresh numbers. */
  restart(): void {
    this.#current = undefined;
    this.#streams.forEach((stream) => {
      const head = stream.queue.peek();
      if (head !== undefined && head.sent > 0) this.drop(head);
      stream.nextOrdered = 0;
      stream.nextUnordered = 0;
      stream.lastTsn = undefined;
      if (stream.resetting) this.resume(stream);
    });
  }

  /** Frees everything at the end of the association. Buffered amounts stay as they were (WebRTC §6.2). */
  clear(): void {
    this.#current = undefined;
    this.#streams.forEach((stream) => {
      stream.queue.clear();
      stream.held.clear();
      this.#scheduler.remove(stream);
    });
  }

  #release(stream: OutStream, bytes: number): void {
    const before = stream.bufferedAmount;
    const after = before - bytes;
    stream.bufferedAmount = after;
    this.#bytes -= bytes;
    if (before > stream.lowThreshold && after <= stream.lowThreshold) {
      this.#events.push({ type: 'buffered-amount-low', stream: stream.id });
    }
    if (this.#refused > 0 && (this.#bytes === 0 || this.#bytes + this.#refused <= this.#limit)) {
      this.#refused = 0;
      this.#events.push({ type: 'writable' });
    }
  }
}
