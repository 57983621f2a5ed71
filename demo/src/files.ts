/** Files on disk as the transfer wants them: sources and hashes. */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { FileHeader, Hasher } from './file-transfer.ts';

/** A file that can be sent. */
export interface LocalFile extends FileHeader {
  readonly path: string;
}

/** Looks at a file; rejects with a clear error when there is none or when it cannot be read. */
export async function localFile(path: string): Promise<LocalFile> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === 'ENOENT' ? `there is no file ${path}` : `${path}: ${error.message}`);
  });
  if (!found.isFile()) throw new Error(`${path} is not a file`);
  await access(path, constants.R_OK).catch(() => {
    throw new Error(`${path} may not be read`);
  });
  return { path, name: basename(path), size: found.size };
}

/** The bytes of a file, as many as it had when it was looked at. Opened when the first is asked for. */
export async function* readLocalFile(file: LocalFile): AsyncGenerator<Uint8Array> {
  if (file.size === 0) return;
  yield* createReadStream(file.path, { highWaterMark: 1024 * 1024, end: file.size - 1 });
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
