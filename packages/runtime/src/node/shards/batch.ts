/**
 * Datagrams for another thread. A record:
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |     kind      |    socket     |      ecn      |    family     |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                    number of the remote address               |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |             port              |            length             |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                          datagram ...                         |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Addresses go over as text once, then by their number: text is dear to make and to move.
 */
import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import { readU16, readU32, writeU16, writeU32 } from '@kaon/wire';
import type { Batch } from './types.ts';

/** A datagram, or a shard's claim to a remote address; `claimAnswered` had an answer from there. */
export type RecordKind = 'datagram' | 'claim' | 'claimAnswered';

/** Gathers records. */
export class BatchWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #length = 0;
  #expected = SMALLEST;
  #names: string[] = [];
  #numbers = new Map<string, number>();
  #anew = false;

  /** Bytes of the records so far. */
  get length(): number {
    return this.#length;
  }

  /** Adds a record; `buffer[start, end)` is copied. At most 65535 bytes. */
  add(
    kind: RecordKind,
    socket: number,
    remote: TransportAddress,
    buffer: Uint8Array,
    start: number,
    end: number,
    ecn: EcnCodepoint,
  ): void {
    const length = end - start;
    const at = this.#length;
    this.#reserve(HEADER + length);
    const bytes = this.#bytes;
    bytes[at] = KINDS.indexOf(kind);
    bytes[at + 1] = socket;
    bytes[at + 2] = ecn;
    bytes[at + 3] = remote.family === 'IPv6' ? 6 : 4;
    writeU32(bytes, at + 4, this.#number(remote.address));
    writeU16(bytes, at + 8, remote.port);
    writeU16(bytes, at + 10, length);
    for (let i = 0; i < length; i++) bytes[at + HEADER + i] = buffer[start + i]!;
    this.#length = at + HEADER + length;
  }

  /** What was gathered; the writer is empty then. Undefined when it was. */
  take(): Batch | undefined {
    if (this.#length === 0) return undefined;
    const batch: Batch = { bytes: this.#bytes, length: this.#length, names: this.#names, anew: this.#anew };
    // The next one is as large, as traffic goes.
    this.#expected = Math.max(SMALLEST, Math.min(this.#length, LARGEST_GUESS));
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    this.#names = [];
    this.#anew = false;
    if (this.#numbers.size >= MAX_NAMES) {
      this.#numbers = new Map();
      this.#anew = true;
    }
    return batch;
  }

  #number(address: string): number {
    const known = this.#numbers.get(address);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(address, number);
    this.#names.push(address);
    return number;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2, this.#expected));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** What a `BatchReader` calls for each record. The bytes are the callee's. */
export type RecordHandler = (
  kind: RecordKind,
  socket: number,
  remote: TransportAddress,
  bytes: Uint8Array,
  ecn: EcnCodepoint,
) => void;

/** Reads the batches of one `BatchWriter`, in their order. */
export class BatchReader {
  #names: string[] = [];

  /** Calls for each record. */
  read(batch: Batch, handle: RecordHandler): void {
    const { bytes, length, names, anew } = batch;
    if (anew) this.#names = [];
    for (const name of names) this.#names.push(name);
    for (let at = 0; at < length; ) {
      const end = at + HEADER + readU16(bytes, at + 10);
      const remote: TransportAddress = {
        address: this.#names[readU32(bytes, at + 4)] ?? '',
        family: bytes[at + 3] === 6 ? 'IPv6' : 'IPv4',
        port: readU16(bytes, at + 8),
      };
      // A copy: whoever keeps one datagram must not keep the whole batch.
      const datagram = bytes.slice(at + HEADER, end);
      handle(KINDS[bytes[at]!] ?? 'datagram', bytes[at + 1]!, remote, datagram, (bytes[at + 2]! & 3) as EcnCodepoint);
      at = end;
    }
  }
}

const KINDS: readonly RecordKind[] = ['datagram', 'claim', 'claimAnswered'];
const HEADER = 12;
const SMALLEST = 2048;
const LARGEST_GUESS = 256 << 10;
/** Addresses that are numbered before the numbering begins anew. */
const MAX_NAMES = 16_384;
