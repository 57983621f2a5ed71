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
  /** Messages of at most this many bytes leave in one chunk: they never wait half-sent at the peer. */
  wholeSize = 0;
  /** Bytes that messages begun and not finished may have together; what the peer holds of them it cannot deliver. */
  begunLimit: number = Number.POSITIVE_INFINITY;
  #begunBytes = 0;
  /** Streams that wait with a big message until others are through. */
  #parked: OutStream[] = [];
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
      if (message.sent > 0) return message;
      if (message.expiresAt <= now) {
        this.expired++;
        this.drop(message);
      } else if (this.#mayBegin(message)) {
        return message;
      } else {
        this.#scheduler.remove(stream);
        this.#parked.push(stream);
      }
    }
  }

  /**
   * Fragments of more big messages than the peer has room for would fill its window with what it cannot deliver, and
   * all would stand still (RFC 8260 leaves this to the sender).
   */
  #mayBegin(message: OutMessage): boolean {
    const size = message.data.length;
    return (
      !this.interleaving ||
      this.#begunBytes === 0 ||
      size <= this.wholeSize ||
      this.#begunBytes + size <= this.begunLimit
    );
  }

  /** A begun message is through, or given up. */
  #finished(message: OutMessage): void {
    this.#begunBytes -= message.data.length;
    for (const stream of this.#parked.splice(0)) if (stream.queue.length > 0) this.#scheduler.add(stream);
  }

  /** Notes that `bytes` more of the message at the head of its stream have left. */
  sent(message: OutMessage, bytes: number): void {
    const stream = message.stream;
    const isFirst = message.sent === 0;
    message.sent += bytes;
    this.#scheduler.charge(stream, bytes);
    if (message.sent === message.data.length) {
      if (!isFirst) this.#finished(message);
      stream.queue.shift();
      this.#current = undefined;
      if (stream.queue.length === 0) this.#scheduler.remove(stream);
    } else {
      if (isFirst) this.#begunBytes += message.data.length;
      if (!this.interleaving) this.#current = message;
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
    if (message.sent > 0) this.#finished(message);
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
    const head = stream.queue.peek();
    if (head !== undefined && head.sent > 0) this.drop(head);
    for (const queue of [stream.queue, stream.held]) queue.clear();
    this.#scheduler.remove(stream);
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
    this.#parked = [];
    this.#begunBytes = 0;
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
