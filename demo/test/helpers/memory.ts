import type { FileHeader, Sink } from '../../src/file-transfer.ts';

/** Keeps what it is given. */
export class MemorySink implements Sink {
  readonly parts: Uint8Array[] = [];
  header: FileHeader | undefined;
  outcome: 'open' | 'closed' | 'discarded' = 'open';

  readonly open = (header: FileHeader): Sink => {
    this.header = header;
    return this;
  };

  write(chunk: Uint8Array): void | Promise<void> {
    this.parts.push(chunk);
  }

  close(): void {
    this.outcome = 'closed';
  }

  discard(): void {
    this.outcome = 'discarded';
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
}

/** Bytes that differ from each other, the same each time. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff);
}

/** The bytes in parts of a size that fits no chunk. */
export async function* inParts(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_003) yield bytes.subarray(at, at + 100_003);
}
