/**
 * One file over one data channel, the same code in Node and in the browser.
 *
 * The sender opens a channel with protocol `kaon-file/1` and sends `{ name, size }`, then the bytes in binary
 * messages, then `{ sha256 }`. The receiver answers with `{ received }` every few MiB, which is both the honest
 * progress (bytes that arrived, not bytes that were queued) and the window that keeps a slow disk from filling
 * memory, and at the end with `{ verified }`, the same hash again. The sender closes the channel. Whoever gives up
 * before sends `{ error }` and closes.
 */
import { messageOf } from './format.ts';
import { cancelled, Inbox } from './inbox.ts';

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
  /** Lower-case hexadecimal. */
  digest(): string;
}

/** Where received bytes go. Exactly one of `close` and `discard` is called in the end. */
export interface Sink {
  write(chunk: Uint8Array): void | Promise<void>;
  /** The file is whole and its hash is right. */
  close(): void | Promise<void>;
  /** The transfer failed. */
  discard(): void | Promise<void>;
}

/** Called with the bytes that have arrived so far. */
export type Progress = (received: number, header: FileHeader) => void;

/** What a transfer needs on either side. */
interface TransferOptions {
  readonly hash: Hasher;
  readonly progress?: Progress;
  /** Cancels the transfer; it fails with the error given to `abort`, which the other side is told. */
  readonly signal?: AbortSignal;
}

/** What `sendFile` needs. */
export interface SendOptions extends TransferOptions {
  readonly header: FileHeader;
  /** The bytes, `header.size` of them. */
  readonly source: AsyncIterable<Uint8Array>;
}

/** What `receiveFile` needs. */
export interface ReceiveOptions extends TransferOptions {
  /** Called once with what the sender says of the file; the name is the sender's choice and not to be trusted. */
  readonly open: (header: FileHeader) => Sink | Promise<Sink>;
}

const CHUNK = 64 * 1024;
const RECEIPT_EVERY = 2 * 1024 * 1024;
const WINDOW = 16 * 1024 * 1024;
const BUFFERED_HIGH = 4 * 1024 * 1024;
const BUFFERED_LOW = 1024 * 1024;

/**
 * Sends a file over a channel made for it. Rejects when the channel closes early, when the source fails or is not as
 * long as announced, when the receiver gives up (its reason is in the message) or when `signal` cancels.
 */
export async function sendFile(channel: RTCDataChannel, options: SendOptions): Promise<FileResult> {
  const { header, source, hash, progress, signal } = options;
  const inbox = new Inbox(channel, WINDOW, signal);
  try {
    channel.bufferedAmountLowThreshold = BUFFERED_LOW;
    await opened(channel, signal);
    const start = performance.now();
    say(channel, { name: header.name, size: header.size });

    let sent = 0;
    let received = 0;
    const takeReceipt = async (): Promise<void> => {
      received = numberIn(await inbox.next(), 'received');
      progress?.(received, header);
    };
    progress?.(0, header);
    for await (const chunk of inChunks(source)) {
      hash.update(chunk);
      if (channel.bufferedAmount > BUFFERED_HIGH) await drained(channel, signal);
      while (inbox.length > 0 || sent - received > WINDOW) await takeReceipt();
      if (signal?.aborted) throw cancelled(signal);
      if (channel.readyState !== 'open')
        throw new Error(`the channel closed after ${received} of ${header.size} bytes`);
      channel.send(chunk);
      sent += chunk.length;
    }
    if (sent !== header.size) throw new Error(`${header.name} changed: it had ${header.size} bytes and now ${sent}`);
    const sha256 = hash.digest();
    say(channel, { sha256 });
    while (received < sent) await takeReceipt();
    const verified = textIn(await inbox.next(), 'verified');
    const duration = performance.now() - start;
    if (verified !== sha256) throw new Error(`${header.name}: sent ${sha256}, the other side has ${verified}`);
    channel.close();
    return { name: header.name, size: header.size, sha256, duration };
  } catch (error) {
    giveUp(channel, error);
    throw error;
  }
}

/**
 * Receives the file of an incoming channel; call it in the `datachannel` event. Rejects when the channel closes early,
 * when the bytes are not what was announced, when the sink fails, when the sender gives up or when `signal` cancels.
 */
export async function receiveFile(channel: RTCDataChannel, options: ReceiveOptions): Promise<FileResult> {
  const { hash, open, progress, signal } = options;
  channel.binaryType = 'arraybuffer';
  const inbox = new Inbox(channel, 2 * WINDOW, signal);
  let sink: Sink | undefined;
  try {
    const header = headerIn(await inbox.next());
    const start = performance.now();
    sink = await open(header);
    progress?.(0, header);
    let received = 0;
    let acknowledged = 0;
    const acknowledge = (): void => {
      acknowledged = received;
      // When it has closed, what came before is still read: it may end with the reason.
      if (channel.readyState === 'open') say(channel, { received });
      progress?.(received, header);
    };
    let message = await inbox.next();
    while (typeof message !== 'string') {
      received += message.byteLength;
      if (received > header.size) throw new Error(`${header.name} is longer than the ${header.size} bytes announced`);
      const chunk = new Uint8Array(message);
      hash.update(chunk);
      await sink.write(chunk);
      if (received - acknowledged >= RECEIPT_EVERY) acknowledge();
      message = await inbox.next();
    }
    const expected = textIn(message, 'sha256');
    const sha256 = hash.digest();
    if (received !== header.size) throw new Error(`${header.name} is cut: ${received} of ${header.size} bytes`);
    if (sha256 !== expected) throw new Error(`${header.name} arrived damaged: sent ${expected}, received ${sha256}`);
    const whole = sink;
    sink = undefined;
    await whole.close();
    if (received > acknowledged) acknowledge();
    say(channel, { verified: sha256 });
    return { ...header, sha256, duration: performance.now() - start };
  } catch (error) {
    giveUp(channel, error);
    await sink?.discard();
    throw error;
  }
}

/** Waits until a channel is open; rejects when it closes instead, or when `signal` says so. */
export function opened(channel: RTCDataChannel, signal?: AbortSignal): Promise<void> {
  if (channel.readyState === 'open') return Promise.resolve();
  return new Promise((resolve, reject) => {
    if (channel.readyState === 'closed') reject(new Error('the channel is closed'));
    channel.addEventListener('open', () => resolve(), { once: true });
    channel.addEventListener('close', () => reject(new Error('the channel closed before it opened')), { once: true });
    signal?.addEventListener('abort', () => reject(cancelled(signal)), { once: true });
  });
}

async function* inChunks(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array<ArrayBuffer>> {
  for await (const part of source) {
    for (let at = 0; at < part.length; at += CHUNK) {
      yield part.subarray(at, Math.min(at + CHUNK, part.length)) as Uint8Array<ArrayBuffer>;
    }
  }
}

/** Waits until little is left to send, the channel is closed or the transfer cancelled. */
function drained(channel: RTCDataChannel, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      channel.removeEventListener('bufferedamountlow', done);
      channel.removeEventListener('close', done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    channel.addEventListener('bufferedamountlow', done);
    channel.addEventListener('close', done);
    signal?.addEventListener('abort', done);
  });
}

function say(channel: RTCDataChannel, value: object): void {
  if (channel.readyState !== 'open') throw new Error('the channel closed before the transfer ended');
  channel.send(JSON.stringify(value));
}

/** Tells the other side why, if it still can be told, and closes. */
function giveUp(channel: RTCDataChannel, error: unknown): void {
  // What the other side said of its own accord need not be said back to it.
  if (channel.readyState === 'open' && !(error instanceof PeerGaveUp)) {
    channel.send(JSON.stringify({ error: messageOf(error) }));
  }
  channel.close();
}

/** The other side sent `{ error }`. */
class PeerGaveUp extends Error {}

function headerIn(message: string | ArrayBuffer): FileHeader {
  const name = textIn(message, 'name');
  const size = numberIn(message, 'size');
  return { name, size };
}

function textIn(message: string | ArrayBuffer, key: string): string {
  const value = fieldOf(message, key);
  if (typeof value !== 'string') throw new Error(`the other side does not speak ${FILE_PROTOCOL}: no ${key}`);
  return value;
}

/** A number of bytes. */
function numberIn(message: string | ArrayBuffer, key: string): number {
  const value = fieldOf(message, key);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new Error(`the other side does not speak ${FILE_PROTOCOL}: no ${key}`);
  return value;
}

function fieldOf(message: string | ArrayBuffer, key: string): unknown {
  if (typeof message !== 'string') throw new Error(`the other side does not speak ${FILE_PROTOCOL}: bytes, no ${key}`);
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    throw new Error(`the other side does not speak ${FILE_PROTOCOL}: no JSON`);
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if ('error' in value) throw new PeerGaveUp(`the other side gave up: ${String(value.error).slice(0, 500)}`);
  return (value as Record<string, unknown>)[key];
}
