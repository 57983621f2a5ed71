import type { TransportAddress } from '@kaon/interface/core/v1';
import type { ByteStream } from '@kaon/interface/network/v1';

/** What carries the bytes of a `HostStream`. */
export interface StreamCarrier {
  /** The bytes change owner. */
  write(bytes: Uint8Array): void;
  /** Bytes that wait to leave. */
  buffered(): number;
  /** Sends what was written, then ends. */
  close(): void;
  /** What waited for a reader has been read: there is room again. */
  consumed(): void;
}

/** The user's end of a simulated stream: the callbacks, and what waits for them. */
export class HostStream implements ByteStream {
  readonly interface = 'kaon:byte-stream/1' as const;
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
  onDrain: (() => void) | undefined = undefined;
  /** Bytes that came and nobody has read. */
  waitingBytes = 0;
  readonly #carrier: StreamCarrier;
  readonly #waiting: Uint8Array[] = [];
  #onData: ((bytes: Uint8Array) => void) | undefined = undefined;
  #onClose: ((error: Error | undefined) => void) | undefined = undefined;
  #delivering = false;
  #ended = false;
  #error: Error | undefined = undefined;
  #over = false;

  constructor(local: TransportAddress, remote: TransportAddress, carrier: StreamCarrier) {
    this.local = local;
    this.remote = remote;
    this.#carrier = carrier;
  }

  get onData(): ((bytes: Uint8Array) => void) | undefined {
    return this.#onData;
  }

  set onData(callback: ((bytes: Uint8Array) => void) | undefined) {
    this.#onData = callback;
    if (callback !== undefined && this.#waiting.length > 0) queueMicrotask(() => this.#deliverWaiting());
  }

  get onClose(): ((error: Error | undefined) => void) | undefined {
    return this.#onClose;
  }

  set onClose(callback: ((error: Error | undefined) => void) | undefined) {
    this.#onClose = callback;
    if (callback !== undefined && this.#ended) queueMicrotask(() => this.#tellEnd());
  }

  get bufferedAmount(): number {
    return this.#carrier.buffered();
  }

  /** Whether the user has closed it, or been told of its end. */
  get isOver(): boolean {
    return this.#over;
  }

  write(buffer: Uint8Array, start: number, end: number): boolean {
    if (this.#over || this.#ended) return false;
    // A copy: the caller uses the buffer again.
    if (end > start) this.#carrier.write(buffer.slice(start, end));
    return true;
  }

  close(): void {
    if (this.#over) return;
    this.#finish();
    this.#carrier.close();
  }

  /** Bytes arrived. */
  deliver(bytes: Uint8Array): void {
    if (this.#over) return;
    if (this.#onData !== undefined && this.#waiting.length === 0) {
      this.#onData(bytes);
    } else {
      this.#waiting.push(bytes);
      this.waitingBytes += bytes.length;
    }
  }

  /** The peer ended the stream, or it broke. */
  ended(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#tellEnd();
  }

  /** What waited to leave has left. */
  drained(): void {
    if (!this.#over && !this.#ended) this.onDrain?.();
  }

  #deliverWaiting(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      while (this.#waiting.length > 0 && this.#onData !== undefined) {
        const bytes = this.#waiting.shift() as Uint8Array;
        this.waitingBytes -= bytes.length;
        this.#onData(bytes);
      }
    } finally {
      this.#delivering = false;
    }
    if (this.#over || this.#waiting.length > 0) return;
    if (this.#ended) this.#tellEnd();
    else this.#carrier.consumed();
  }

  #tellEnd(): void {
    const onClose = this.#onClose;
    if (this.#over || this.#waiting.length > 0 || onClose === undefined) return;
    this.#finish();
    onClose(this.#error);
  }

  #finish(): void {
    this.#over = true;
    this.#onData = undefined;
    this.#onClose = undefined;
    this.onDrain = undefined;
    this.#waiting.length = 0;
    this.waitingBytes = 0;
  }
}
