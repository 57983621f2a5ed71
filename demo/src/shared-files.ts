/** The files that pages can fetch: those offered, and those that pages have uploaded into a directory. */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileHeader, Sink } from './file-transfer.ts';
import { type LocalFile, localFile } from './files.ts';
import { freeName, safeName } from './safe-name.ts';

/** Uploads appear under a name of their own once they are whole; until then they are in `incoming/`. */
export class SharedFiles {
  readonly directory: string;
  readonly #files = new Map<string, LocalFile>();
  /** Names that are spoken for, as a file system that ignores case sees them. */
  readonly #taken = new Set<string>(['incoming']);
  #uploads = 0;

  constructor(directory: string, offered: readonly LocalFile[]) {
    this.directory = directory;
    for (const file of offered) {
      this.#files.set(file.name, file);
      this.#taken.add(file.name.toLowerCase());
    }
  }

  /** Names and sizes of all. */
  list(): readonly FileHeader[] {
    return [...this.#files.values()].map(({ name, size }) => ({ name, size }));
  }

  /** The file of this name as it is now; undefined when it is none of ours or has vanished. */
  async find(name: string): Promise<LocalFile | undefined> {
    const known = this.#files.get(name);
    if (known === undefined) return undefined;
    try {
      const file = { ...(await localFile(known.path)), name };
      this.#files.set(name, file);
      return file;
    } catch {
      this.#files.delete(name);
      return undefined;
    }
  }

  /** Takes an upload. It gets a free name that resembles the one it came with. */
  async sink(header: FileHeader): Promise<Sink> {
    const name = freeName(safeName(header.name), (each) => this.#taken.has(each.toLowerCase()));
    this.#taken.add(name.toLowerCase());
    const incoming = join(this.directory, 'incoming');
    await mkdir(incoming, { recursive: true });
    const part = join(incoming, String(++this.#uploads));
    const handle = await open(part, 'wx');
    return {
      // Writes all of it, from where the last one ended.
      write: (chunk) => handle.writeFile(chunk),
      close: async () => {
        await handle.close();
        const path = join(this.directory, name);
        await rename(part, path);
        this.#files.set(name, { path, name, size: header.size });
      },
      discard: async () => {
        this.#taken.delete(name.toLowerCase());
        await handle.close();
        await rm(part, { force: true });
      },
    };
  }
}
