/** Files on disk as the transfer wants them: sources, sinks and hashes. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FileHeader, Hasher, Sink } from './file-transfer.ts';

/** A file that can be sent. */
export interface LocalFile extends FileHeader {
  readonly path: string;
}

/** Looks at a file; rejects with a clear error when it is not one. */
export async function localFile(path: string): Promise<LocalFile> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new Error(`${path} is not a file`);
  return { path, name: basename(path), size: found.size };
}

/** The bytes of a file. */
export function readLocalFile(file: LocalFile): AsyncIterable<Uint8Array> {
  return createReadStream(file.path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>;
}

/** A sink that writes to `directory`, under the last part of the name that the sender gave. */
export async function fileSink(directory: string, header: FileHeader): Promise<Sink & { readonly path: string }> {
  const path = join(directory, basename(header.name) || 'unnamed');
  const handle = await open(path, 'w');
  return {
    path,
    write: async (chunk) => {
      await handle.write(chunk);
    },
    close: () => handle.close(),
  };
}

/** SHA-256 by the platform. */
export function sha256(): Hasher {
  const hash = createHash('sha256');
  return {
    update: (chunk) => {
      hash.update(chunk);
    },
    digest: () => hash.digest('hex'),
  };
}
