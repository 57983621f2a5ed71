import type { FileHandle } from 'node:fs/promises';
import { concatBytes } from '../codecs/nal.ts';
import { asMediaError, MediaError } from '../errors.ts';

/** What a file can be read from. Strings are paths; URLs are of `file:`. */
export type MediaSource = string | URL | Uint8Array | Blob | AsyncIterable<Uint8Array>;

/** Bytes that can be read anywhere. */
export interface RandomSource {
  readonly size: number;
  /** Bytes from `position` on; fewer than `length` only at the end. */
  read(position: number, length: number): Promise<Uint8Array>;
}

/** Where a file comes from. */
export interface ByteSource {
  /** Undefined: it comes as a stream and can be read once. */
  readonly random: RandomSource | undefined;
  /** The first bytes, fewer than `length` only where there are no more. They are not used up. */
  head(length: number): Promise<Uint8Array>;
  /** All bytes in pieces. Throws MediaError `MEDIA_STATE` the second time when it can be read once. */
  chunks(): AsyncIterator<Uint8Array>;
  /** Nothing is read any more; readers end. */
  close(): Promise<void>;
}

/** Makes a source. Throws MediaError: `MEDIA_IO` when a file cannot be opened, `MEDIA_BAD_OPTION` when it is none. */
export async function openSource(source: MediaSource): Promise<ByteSource> {
  if (typeof source === 'string' || source instanceof URL) return openFile(source);
  if (source instanceof Uint8Array) {
    return new Anywhere({
      size: source.length,
      read: async (position, length) => source.subarray(position, position + length),
    });
  }
  if (source instanceof Blob) {
    return new Anywhere({
      size: source.size,
      read: async (position, length) =>
        new Uint8Array(await source.slice(position, Math.min(source.size, position + length)).arrayBuffer()),
    });
  }
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) return new Once(source);
  throw new MediaError('MEDIA_BAD_OPTION', 'the source is no path, URL, bytes, Blob or stream of bytes');
}

async function openFile(path: string | URL): Promise<ByteSource> {
  if (path instanceof URL && path.protocol !== 'file:') {
    throw new MediaError('MEDIA_BAD_OPTION', `${path.href}: only file: URLs can be opened`);
  }
  let handle: FileHandle | undefined;
  try {
    const { open } = await import('node:fs/promises');
    const file = await open(path, 'r');
    handle = file;
    const stat = await file.stat();
    if (stat.isDirectory()) throw new Error('it is a directory');
    return new Anywhere(
      {
        size: stat.size,
        read: async (position, length) => {
          const bytes = new Uint8Array(Math.min(length, Math.max(0, stat.size - position)));
          let filled = 0;
          while (filled < bytes.length) {
            const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, position + filled);
            if (bytesRead === 0) break;
            filled += bytesRead;
          }
          return bytes.subarray(0, filled);
        },
      },
      () => file.close(),
    );
  } catch (error) {
    await handle?.close();
    throw asMediaError(error, 'MEDIA_IO', `${path} cannot be opened`);
  }
}

class Anywhere implements ByteSource {
  readonly random: RandomSource;
  readonly #release: () => Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(random: RandomSource, release: () => Promise<void> = async () => undefined) {
    this.random = random;
    this.#release = release;
  }

  head(length: number): Promise<Uint8Array> {
    return this.random.read(0, length);
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < this.random.size && this.#closing === undefined; ) {
      const bytes = await this.random.read(at, CHUNK);
      if (bytes.length === 0) return;
      at += bytes.length;
      yield bytes;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }
}

/** A stream: its first bytes are kept until it is read. */
class Once implements ByteSource {
  readonly random = undefined;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #kept: Uint8Array[] = [];
  #isRead = false;
  #isDone = false;
  #stop: (() => void) | undefined;
  readonly #stopped: Promise<undefined>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#stopped = new Promise((resolve) => {
      this.#stop = () => resolve(undefined);
    });
  }

  async head(length: number): Promise<Uint8Array> {
    let size = this.#kept.reduce((sum, bytes) => sum + bytes.length, 0);
    while (size < length) {
      const bytes = await this.#next();
      if (bytes === undefined) break;
      this.#kept.push(bytes);
      size += bytes.length;
    }
    const head = concatBytes(this.#kept);
    this.#kept = [head];
    return head.subarray(0, length);
  }

  chunks(): AsyncIterator<Uint8Array> {
    if (this.#isRead) throw new MediaError('MEDIA_STATE', 'a stream can be read once, and it has been');
    this.#isRead = true;
    return this.#all();
  }

  async close(): Promise<void> {
    this.#stop?.();
    this.#kept = [];
    if (this.#isDone) return;
    this.#isDone = true;
    // A source that is waiting for bytes would hold us up, and what it still says does not matter.
    this.#iterator.return?.().then(undefined, () => undefined);
  }

  async *#all(): AsyncGenerator<Uint8Array> {
    const kept = this.#kept;
    this.#kept = [];
    yield* kept;
    for (let bytes = await this.#next(); bytes !== undefined; bytes = await this.#next()) yield bytes;
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#isDone) return undefined;
    let result: IteratorResult<Uint8Array> | undefined;
    try {
      result = await Promise.race([this.#iterator.next(), this.#stopped]);
    } catch (error) {
      this.#isDone = true;
      throw asMediaError(error, 'MEDIA_IO', 'the stream failed');
    }
    if (result === undefined) return undefined;
    if (result.done) {
      this.#isDone = true;
      return undefined;
    }
    if (!(result.value instanceof Uint8Array)) throw new MediaError('MEDIA_BAD_OPTION', 'the stream gave no bytes');
    return result.value;
  }
}

/** Bytes read at once. */
const CHUNK = 65_536;
