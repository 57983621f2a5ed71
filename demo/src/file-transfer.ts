/**
 * One file over one data channel, the same code in Node and in the browser.
 *
 * The sender opens a channel with protocol `kaon-file/1` and sends `{ name, size }`, then the bytes in binary
 * messages, then `{ sha256 }`. The receiver answers with `{ received }` every few MiB, which is both the honest
 * progress (bytes that arrived, not bytes that were queued) and the window that keeps a slow disk from filling
 * memory, and at the end with `{ ok, sha256 }`.
 */

/** The protocol name of a channel that carries one file. */
export const FILE_PROTOCOL = 'kaon-file/1';

/** What is known of a file before its bytes are. */
export interface FileHeader {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
}

/** What both sides know once a file is through. */
export interface FileResult extends FileHeader {
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** From the first byte to the last, in ms. */
  readonly duration: number;
}

/** A running SHA-256. */
export interface Hasher {
  update(chunk: Uint8Array): void;
  digest(): string | Promise<string>;
}

/** Where received bytes go. */
export interface Sink {
  write(chunk: Uint8Array): void | Promise<void>;
  close(): void | Promise<void>;
}

/** Called with the bytes that have arrived so far. */
export type Progress = (received: number, header: FileHeader) => void;

const CHUNK = 64 * 1024;
const RECEIPT_EVERY = 2 * 1024 * 1024;
const WINDOW = 16 * 1024 * 1024;
const BUFFERED_HIGH = 4 * 1024 * 1024;
const BUFFERED_LOW = 1024 * 1024;

/** Sends a file over a channel made for it. Rejects when the channel closes early or the hashes differ. */
export async function sendFile(
  channel: RTCDataChannel,
  header: FileHeader,
  source: AsyncIterable<Uint8Array>,
  hash: Hasher,
  progress: Progress,
): Promise<FileResult> {
  const inbox = new Inbox(channel);
  channel.bufferedAmountLowThreshold = BUFFERED_LOW;
  await opened(channel);
  const start = performance.now();
  channel.send(JSON.stringify(header));

  let sent = 0;
  let received = 0;
  const takeReceipt = async (): Promise<void> => {
    received = receipt(await inbox.next());
    progress(received, header);
  };
  for await (const chunk of inChunks(source)) {
    hash.update(chunk);
    while (sent - received > WINDOW) await takeReceipt();
    while (inbox.length > 0) await takeReceipt();
    if (channel.bufferedAmount > BUFFERED_HIGH) await drained(channel);
    if (channel.readyState !== 'open') throw new Error(`the channel closed after ${received} of ${header.size} bytes`);
    channel.send(chunk);
    sent += chunk.length;
  }
  const sha256 = await hash.digest();
  channel.send(JSON.stringify({ sha256 }));
  while (received < sent) await takeReceipt();
  const verdict = JSON.parse(text(await inbox.next())) as { ok: boolean; sha256: string };
  const duration = performance.now() - start;
  channel.close();
  if (!verdict.ok) throw new Error(`${header.name} arrived damaged: sent ${sha256}, received ${verdict.sha256}`);
  return { ...header, sha256, duration };
}

/** Receives the file of an incoming channel. Rejects when the channel closes early or the hashes differ. */
export async function receiveFile(
  channel: RTCDataChannel,
  open: (header: FileHeader) => Sink | Promise<Sink>,
  hash: Hasher,
  progress: Progress,
): Promise<FileResult> {
  channel.binaryType = 'arraybuffer';
  const inbox = new Inbox(channel);
  const header = JSON.parse(text(await inbox.next())) as FileHeader;
  const start = performance.now();
  const sink = await open(header);
  try {
    let received = 0;
    let acknowledged = 0;
    let message = await inbox.next();
    while (typeof message !== 'string') {
      const chunk = new Uint8Array(message);
      hash.update(chunk);
      await sink.write(chunk);
      received += chunk.length;
      if (received - acknowledged >= RECEIPT_EVERY) {
        acknowledged = received;
        channel.send(JSON.stringify({ received }));
        progress(received, header);
      }
      message = await inbox.next();
    }
    if (received > acknowledged) channel.send(JSON.stringify({ received }));
    const expected = (JSON.parse(message) as { sha256: string }).sha256;
    const sha256 = await hash.digest();
    const ok = sha256 === expected && received === header.size;
    channel.send(JSON.stringify({ ok, sha256 }));
    progress(received, header);
    if (!ok) throw new Error(`${header.name} arrived damaged: sent ${expected}, received ${sha256}`);
    return { ...header, sha256, duration: performance.now() - start };
  } finally {
    await sink.close();
  }
}

/** Waits until a channel is open; rejects when it closes instead. */
export function opened(channel: RTCDataChannel): Promise<void> {
  if (channel.readyState === 'open') return Promise.resolve();
  return new Promise((resolve, reject) => {
    channel.addEventListener('open', () => resolve(), { once: true });
    channel.addEventListener('close', () => reject(new Error('the channel closed before it opened')), { once: true });
  });
}

/** Messages in the order of their arrival, for `await` instead of callbacks. */
class Inbox {
  readonly #messages: (string | ArrayBuffer)[] = [];
  #waiting: { resolve: (message: string | ArrayBuffer) => void; reject: (error: Error) => void } | undefined;
  #closed = false;

  constructor(channel: RTCDataChannel) {
    channel.addEventListener('message', (event) => {
      const message = event.data as string | ArrayBuffer;
      if (this.#waiting === undefined) this.#messages.push(message);
      else this.#waiting.resolve(message);
      this.#waiting = undefined;
    });
    channel.addEventListener('close', () => {
      this.#closed = true;
      this.#waiting?.reject(new Error('the channel closed before the transfer ended'));
    });
  }

  get length(): number {
    return this.#messages.length;
  }

  next(): Promise<string | ArrayBuffer> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    if (this.#closed) return Promise.reject(new Error('the channel closed before the transfer ended'));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }
}

async function* inChunks(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array<ArrayBuffer>> {
  for await (const part of source) {
    for (let at = 0; at < part.length; at += CHUNK) {
      yield part.subarray(at, Math.min(at + CHUNK, part.length)) as Uint8Array<ArrayBuffer>;
    }
  }
}

function drained(channel: RTCDataChannel): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      channel.removeEventListener('bufferedamountlow', done);
      channel.removeEventListener('close', done);
      resolve();
    };
    channel.addEventListener('bufferedamountlow', done);
    channel.addEventListener('close', done);
  });
}

function receipt(message: string | ArrayBuffer): number {
  return (JSON.parse(text(message)) as { received: number }).received;
}

function text(message: string | ArrayBuffer): string {
  if (typeof message !== 'string') throw new TypeError('expected a text message, got bytes');
  return message;
}
