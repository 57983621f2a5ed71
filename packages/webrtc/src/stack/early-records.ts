import type { Path } from '@kaon/interface/core/v1';

/**
 * DTLS records that came before they could be taken: the peer's ClientHello may overtake its answer, or the end of our own
 * check of the path it came on. A few are kept, so that the handshake need not wait for a retransmission.
 */
export class EarlyRecords {
  #records: { readonly bytes: Uint8Array; readonly path: Path }[] = [];

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  /** Keeps a datagram; the oldest goes when there are too many. */
  hold(bytes: Uint8Array, path: Path): void {
    if (bytes.length > MAX_BYTES) return;
    if (this.#records.length === MAX_RECORDS) this.#records.shift();
    this.#records.push({ bytes, path });
  }

  /** Takes out those whose path is known by now. */
  take(isKnown: (path: Path) => boolean): readonly { readonly bytes: Uint8Array; readonly path: Path }[] {
    const known = this.#records.filter((record) => isKnown(record.path));
    if (known.length > 0) this.#records = this.#records.filter((record) => !known.includes(record));
    return known;
  }

  clear(): void {
    this.#records = [];
  }
}

const MAX_RECORDS = 8;
const MAX_BYTES = 2048;
