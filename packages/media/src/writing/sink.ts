import { asMediaError, MediaError } from '../errors.ts';
import type { MediaBuffer } from '../types.ts';

/** What a file can be written to. Strings are paths; URLs are of `file:`. */
export type MediaTarget = string | URL | WritableStream<Uint8Array> | MediaBuffer;

/** Where bytes go. */
export interface ByteSink {
  /** Whether `position` may be anywhere; otherwise it is always the end. */
  readonly seekable: boolean;
  write(bytes: Uint8Array, position: number): Promise<void>;
  close(): Promise<void>;
  /** Gives up; what has been written stays. */
  abort(reason: unknown): Promise<void>;
}

/** Opens a target. Throws MediaError: `MEDIA_IO` when a file cannot be made, `MEDIA_BAD_OPTION` when it is none. */
export async function openSink(target: MediaTarget): Promise<ByteSink> {
  if (typeof target === 'string' || target instanceof URL) return openFile(target);
  if (target instanceof WritableStream) return streamSink(target);
  if (typeof target === 'object' && target !== null && 'bytes' in target) return bufferSink(target);
  throw new MediaError('MEDIA_BAD_OPTION', 'the target is no path, URL, stream or { bytes }');
}

async function openFile(path: string | URL): Promise<ByteSink> {
  try {
    const { open } = await import('node:fs/promises');
    const file = await open(path, 'w');
    return {
      seekable: true,
      write: async (bytes, position) => {
        for (let at = 0; at < bytes.length; ) {
          at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
        }
      },
      close: () => file.close(),
      abort: () => file.close(),
    };
  } catch (error) {
    throw asMediaError(error, 'MEDIA_IO', `${path} cannot be written`);
  }
}

function streamSink(stream: WritableStream<Uint8Array>): ByteSink {
  const writer = stream.getWriter();
  return {
    seekable: false,
    write: async (bytes) => {
      await writer.ready;
      await writer.write(bytes.slice());
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  };
}

function bufferSink(target: MediaBuffer): ByteSink {
  let bytes = new Uint8Array(4096);
  let length = 0;
  return {
    seekable: true,
    write: async (data, position) => {
      const end = position + data.length;
      if (end > bytes.length) {
        const larger = new Uint8Array(Math.max(end, bytes.length * 2));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(data, position);
      length = Math.max(length, end);
    },
    close: async () => {
      target.bytes = bytes.slice(0, length);
    },
    abort: async () => undefined,
  };
}
