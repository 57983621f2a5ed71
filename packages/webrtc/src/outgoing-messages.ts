import { Slab } from '@kaon/runtime';

/** What `send` takes. */
export type Sendable = string | Blob | ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/**
 * The way of messages into the transport: copied into a slab, and behind any `Blob` whose bytes are still being read, so
 * that the order is that of the calls.
 */
export class OutgoingMessages {
  readonly #write: (bytes: Uint8Array, binary: boolean) => boolean;
  readonly #ended: () => void;
  /** Messages behind a `Blob`; undefined when none is being read. */
  #queue: { message: Uint8Array | Blob; binary: boolean; size: number }[] | undefined = undefined;
  #waitingBytes = 0;
  #draining = false;
  #ending = false;
  #abandoned = false;

  /** `write` returns false when the buffer is full; `ended` is called when all was written after `end`. */
  constructor(write: (bytes: Uint8Array, binary: boolean) => boolean, ended: () => void) {
    this.#write = write;
    this.#ended = ended;
  }

  /** Bytes of messages that wait for a `Blob` in front of them, its own included. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Takes a message, or says why not. `limit` is in bytes. */
  send(message: Sendable, limit: number): 'too large' | 'full' | undefined {
    if (message instanceof Blob) {
      if (message.size > limit) return 'too large';
      if (this.#waitingBytes + message.size > MAX_WAITING) return 'full';
      this.#push(message, true, message.size);
      return undefined;
    }
    const binary = typeof message !== 'string';
    if (binary ? message.byteLength > limit : message.length > limit) return 'too large';
    const bytes = binary ? copyOf(message) : encode(message);
    if (bytes.length > limit) return 'too large';
    if (this.#queue !== undefined) {
      if (this.#waitingBytes + bytes.length > MAX_WAITING) return 'full';
      this.#push(bytes, binary, bytes.length);
      return undefined;
    }
    return this.#write(bytes, binary) ? undefined : 'full';
  }

  /** There is room again. */
  writable(): void {
    if (this.#queue !== undefined && !this.#draining) void this.#drain();
  }

  /** No message follows: `ended` is called when those that wait are written, at once when there are none. */
  end(): void {
    this.#ending = true;
    if (this.#queue === undefined) this.#ended();
  }

  /** Forgets what waits. */
  abandon(): void {
    this.#abandoned = true;
    this.#queue = undefined;
    this.#waitingBytes = 0;
  }

  #push(message: Uint8Array | Blob, binary: boolean, size: number): void {
    this.#waitingBytes += size;
    if (this.#queue !== undefined) {
      this.#queue.push({ message, binary, size });
      return;
    }
    this.#queue = [{ message, binary, size }];
    void this.#drain();
  }

  /** Reads blobs one after the other and writes what is behind them, until the buffer is full. Never rejects. */
  async #drain(): Promise<void> {
    this.#draining = true;
    for (let first = this.#queue?.[0]; first !== undefined; first = this.#queue?.[0]) {
      // A blob that cannot be read any more (its file is gone) is dropped, as a browser does.
      if (first.message instanceof Blob) first.message = (await read(first.message)) ?? NOTHING;
      if (this.#abandoned) return;
      if (first.message !== NOTHING && !this.#writeLate(first.message, first.binary)) {
        this.#draining = false;
        return;
      }
      this.#queue?.shift();
      this.#waitingBytes -= first.size;
    }
    this.#draining = false;
    this.#queue = undefined;
    if (this.#ending && !this.#abandoned) this.#ended();
  }

  /** As `write`, for a message whose `send` has returned: what the peer does not take any more is dropped. */
  #writeLate(bytes: Uint8Array, binary: boolean): boolean {
    try {
      return this.#write(bytes, binary);
    } catch {
      return true;
    }
  }
}

/** Bytes that may wait behind a blob. */
const MAX_WAITING = 16 * 1024 * 1024;
const SLAB = new Slab(128 * 1024);
/** Stands for a message that could not be read. */
const NOTHING = new Uint8Array(0);
const SCRATCH = new Uint8Array(64 * 1024);
const ENCODER = new TextEncoder();

async function read(blob: Blob): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch {
    return undefined;
  }
}

function copyOf(data: ArrayBuffer | SharedArrayBuffer | ArrayBufferView): Uint8Array {
  return SLAB.copy(
    ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data),
  );
}

function encode(text: string): Uint8Array {
  if (text.length * 3 > SCRATCH.length) return ENCODER.encode(text);
  const { written } = ENCODER.encodeInto(text, SCRATCH);
  return SLAB.copy(SCRATCH.subarray(0, written));
}
