import type { Socket } from 'node:net';
import type { TransportAddress } from '@kaon/interface/core/v1';
import type { ByteStream } from '@kaon/interface/network/v1';

/** Milliseconds without progress after which a stream that was closed is given up. */
const LINGER = 10_000;
/** Bytes to send are copied into blocks of this size. */
const BLOCK = 64 << 10;

/** Where outgoing bytes rest while the platform may still read them. One for all: mostly a write is done when it returns. */
let block = new Uint8Array(0);
let used = 0;

/** A connected socket of `node:net` or `node:tls` as a stream. It is the socket's only listener, so that no 'error' goes unheard. */
export class NodeByteStream implements ByteStream {
  readonly interface = 'kaon:byte-stream/1';
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
  onDrain: (() => void) | undefined = undefined;
  readonly #socket: Socket;
  #onData: ((bytes: Uint8Array) => void) | undefined = undefined;
  #onClose: ((error: Error | undefined) => void) | undefined = undefined;
  /** What came while nobody listened: a piece or two, for the socket is paused then. */
  readonly #waiting: Uint8Array[] = [];
  #state: 'open' | 'ending' | 'over' = 'open';
  #ended = false;
  #error: Error | undefined = undefined;
  #delivering = false;
  #buffering = false;
  #hasWritten = false;

  /** The addresses are those of the connection below where the socket has none of its own. */
  constructor(socket: Socket, local: TransportAddress, remote: TransportAddress) {
    this.#socket = socket;
    this.local = local;
    this.remote = remote;
    socket.on('data', this.#received);
    socket.on('end', this.#end);
    socket.on('error', this.#failed);
    socket.on('close', this.#end);
    // Ended already, such as by a peer that connected only to close: no event comes for that any more.
    if (socket.destroyed || socket.readableEnded) this.#end();
  }

  get onData(): ((bytes: Uint8Array) => void) | undefined {
    return this.#onData;
  }

  set onData(callback: ((bytes: Uint8Array) => void) | undefined) {
    this.#onData = callback;
    if (callback !== undefined && this.#waiting.length > 0) queueMicrotask(this.#deliverWaiting);
  }

  get onClose(): ((error: Error | undefined) => void) | undefined {
    return this.#onClose;
  }

  set onClose(callback: ((error: Error | undefined) => void) | undefined) {
    this.#onClose = callback;
    if (callback !== undefined && this.#ended) queueMicrotask(this.#tellEnd);
  }

  get bufferedAmount(): number {
    return this.#socket.writableLength;
  }

  write(buffer: Uint8Array, start: number, end: number): boolean {
    const socket = this.#socket;
    if (this.#state !== 'open' || this.#ended || !socket.writable) return false;
    const length = end - start;
    if (used + length > block.length) {
      block = new Uint8Array(Math.max(BLOCK, length));
      used = 0;
    }
    this.#hasWritten = true;
    const at = used;
    block.set(buffer.subarray(start, end), at);
    socket.write(block.subarray(at, at + length), this.#written);
    if (socket.writableLength > 0 || !WRITES_AT_ONCE) {
      used = at + length;
      this.#buffering = true;
    }
    return true;
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = this.#ended ? 'over' : 'ending';
    this.#onData = undefined;
    this.#onClose = undefined;
    this.onDrain = undefined;
    this.#waiting.length = 0;
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (!this.#hasWritten) {
      // Nothing has to arrive any more: who was turned away at the door is not waited for.
      socket.destroy();
      return;
    }
    // What was written has to leave, and the peer to answer: for that the socket is read on, but not for ever.
    socket.setTimeout(LINGER, () => socket.destroy());
    socket.once('finish', () => setTimeout(() => socket.destroy(), LINGER).unref());
    socket.end();
    socket.resume();
  }

  /** Takes the socket out, with what nobody has read yet, for a layer that goes on top. Undefined when it is over. */
  release(): Socket | undefined {
    if (this.#state !== 'open' || this.#ended) return undefined;
    this.#state = 'over';
    this.#onData = undefined;
    this.#onClose = undefined;
    this.onDrain = undefined;
    const socket = this.#socket;
    socket.pause();
    socket.off('data', this.#received);
    socket.off('end', this.#end);
    socket.off('error', this.#failed);
    socket.off('close', this.#end);
    for (const bytes of this.#waiting.splice(0).reverse()) socket.unshift(bytes);
    return socket;
  }

  readonly #received = (chunk: Uint8Array): void => {
    if (this.#state !== 'open') return;
    // Not a Buffer: its `slice` would share memory where every reader of a Uint8Array expects a copy.
    let bytes = new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength);
    // Some platforms cut pieces out of a large buffer: whoever keeps one would keep all of it, and share it with others.
    if (chunk.buffer.byteLength > 2 * chunk.byteLength + 4096) bytes = bytes.slice();
    const onData = this.#onData;
    if (onData !== undefined && this.#waiting.length === 0) {
      onData(bytes);
    } else {
      this.#waiting.push(bytes);
      this.#socket.pause();
    }
  };

  readonly #deliverWaiting = (): void => {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      while (this.#waiting.length > 0 && this.#onData !== undefined) this.#onData(this.#waiting.shift() as Uint8Array);
    } finally {
      this.#delivering = false;
    }
    if (this.#waiting.length > 0 || this.#state !== 'open') return;
    if (this.#ended) this.#tellEnd();
    else this.#socket.resume();
  };

  readonly #written = (): void => {
    if (!this.#buffering || this.#socket.writableLength > 0) return;
    this.#buffering = false;
    if (this.#state === 'open' && !this.#ended) this.onDrain?.();
  };

  readonly #failed = (error: Error): void => {
    this.#error ??= error;
  };

  readonly #end = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    // After an error 'close' follows at once; without one the platform sends what is left, and not for ever.
    const socket = this.#socket;
    if (!socket.destroyed) socket.setTimeout(LINGER, () => socket.destroy());
    this.#tellEnd();
  };

  readonly #tellEnd = (): void => {
    if (this.#state !== 'open' || this.#waiting.length > 0 || this.#onClose === undefined) return;
    this.#state = 'over';
    const onClose = this.#onClose;
    this.#onData = undefined;
    this.#onClose = undefined;
    this.onDrain = undefined;
    onClose(this.#error);
  };
}

/** Whether nothing being queued means that the bytes have left. Other platforms may still read them. */
const WRITES_AT_ONCE = !('Deno' in globalThis) && !('Bun' in globalThis);
