/**
 * What waits for `pollTransmit`. Relayed datagrams are a bounded ring of columns, so that one more costs no object; their bytes
 * are copied once, into the slot. Answers go first, in a queue of their own: a flood of data does not keep a client from refreshing.
 */
import type { EcnCodepoint, Path, TransmitSlot } from '@kaon/interface/core/v1';
import { Deque, fillSlot } from '@kaon/wire';
import type { Permission } from './allocation.ts';
import type { Counters } from './metrics.ts';

/** As they are, to a peer. Any greater number is that of a channel. */
export const RAW = 0;
/** As `RAW`, not to be fragmented. */
export const RAW_DONT_FRAGMENT = -1;
/** As a Data indication, to a client. */
export const DATA_INDICATION = -2;

export class Outbox {
  /** Whether the datagram polled last must not be fragmented. */
  dontFragment = false;
  readonly #counters: Counters;
  readonly #mask: number;
  readonly #bytes: (Uint8Array | undefined)[];
  readonly #paths: (Path | undefined)[];
  readonly #peers: (Permission | undefined)[];
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #kinds: Int32Array;
  readonly #ports: Int32Array;
  readonly #ecns: Uint8Array;
  readonly #answers: Deque<Answer> = new Deque<Answer>();
  #head = 0;
  #length = 0;
  /** Transaction ids of indications: random, then counted up. */
  readonly #transactionId: Uint8Array;
  #indications = 0;

  constructor(capacity: number, transactionId: Uint8Array, counters: Counters) {
    const size = 2 ** Math.ceil(Math.log2(capacity));
    this.#mask = size - 1;
    this.#bytes = new Array<Uint8Array | undefined>(size).fill(undefined);
    this.#paths = new Array<Path | undefined>(size).fill(undefined);
    this.#peers = new Array<Permission | undefined>(size).fill(undefined);
    this.#starts = new Int32Array(size);
    this.#ends = new Int32Array(size);
    this.#kinds = new Int32Array(size);
    this.#ports = new Int32Array(size);
    this.#ecns = new Uint8Array(size);
    this.#transactionId = transactionId;
    this.#counters = counters;
  }

  /** Datagrams that wait. */
  get length(): number {
    return this.#length + this.#answers.length;
  }

  /** Queues `bytes[start, end)`. `peer` and `port` say whom a Data indication is from. Dropped and counted when full. */
  relay(
    kind: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    path: Path,
    ecn: EcnCodepoint,
    peer: Permission | undefined,
    port: number,
  ): void {
    if (this.#length > this.#mask) {
      this.#counters.dropped.overflow++;
      return;
    }
    const at = (this.#head + this.#length++) & this.#mask;
    this.#bytes[at] = bytes;
    this.#starts[at] = start;
    this.#ends[at] = end;
    this.#kinds[at] = kind;
    this.#paths[at] = path;
    this.#ecns[at] = ecn;
    this.#peers[at] = peer;
    this.#ports[at] = port;
  }

  /** Queues a whole STUN message. */
  answer(bytes: Uint8Array, path: Path): void {
    if (this.#answers.length >= MAX_ANSWERS) this.#counters.dropped.overflow++;
    else this.#answers.push({ bytes, path });
  }

  poll(slot: TransmitSlot): boolean {
    while (this.#answers.length > 0) {
      const { bytes, path } = this.#answers.shift()!;
      if (fillSlot(slot, bytes)) {
        slot.path = path;
        this.dontFragment = false;
        return true;
      }
      this.#counters.dropped.overflow++;
    }
    while (this.#length > 0) {
      const at = this.#head;
      this.#head = (at + 1) & this.#mask;
      this.#length--;
      const bytes = this.#bytes[at]!;
      const path = this.#paths[at]!;
      const peer = this.#peers[at];
      this.#bytes[at] = undefined;
      this.#paths[at] = undefined;
      this.#peers[at] = undefined;
      const kind = this.#kinds[at]!;
      const written =
        kind > 0
          ? writeChannelData(slot, kind, bytes, path.protocol === 'tcp')
          : kind === DATA_INDICATION
            ? this.#writeIndication(slot, bytes, peer!, this.#ports[at]!)
            : writeRaw(slot, bytes, this.#starts[at]!, this.#ends[at]!);
      if (written) {
        slot.path = path;
        slot.ecn = this.#ecns[at] as EcnCodepoint;
        this.dontFragment = kind === RAW_DONT_FRAGMENT;
        return true;
      }
      this.#counters.dropped.overflow++;
    }
    return false;
  }

  clear(): void {
    this.#length = 0;
    this.#bytes.fill(undefined);
    this.#paths.fill(undefined);
    this.#peers.fill(undefined);
    this.#answers.clear();
  }

  /** Fills in a transaction id for an indication. */
  transactionId(out: Uint8Array, at: number): void {
    const id = this.#transactionId;
    const count = ++this.#indications;
    for (let i = 0; i < 8; i++) out[at + i] = id[i]!;
    const tail = (count ^ ((id[8]! << 24) | (id[9]! << 16) | (id[10]! << 8) | id[11]!)) | 0;
    out[at + 8] = tail >>> 24;
    out[at + 9] = tail >>> 16;
    out[at + 10] = tail >>> 8;
    out[at + 11] = tail;
  }

  /** RFC 8656 §11.5: XOR-PEER-ADDRESS and DATA. */
  #writeIndication(slot: TransmitSlot, bytes: Uint8Array, peer: Permission, port: number): boolean {
    const { buffer, start } = slot;
    const address = peer.address;
    const dataAt = start + 28 + address.length + 4;
    const padding = -bytes.length & 3;
    const end = dataAt + bytes.length + padding;
    if (end > slot.limit || bytes.length > 0xffff - 64) return false;
    const length = end - start - 20;
    buffer[start] = 0x00;
    buffer[start + 1] = 0x17;
    buffer[start + 2] = length >>> 8;
    buffer[start + 3] = length;
    buffer[start + 4] = MAGIC[0];
    buffer[start + 5] = MAGIC[1];
    buffer[start + 6] = MAGIC[2];
    buffer[start + 7] = MAGIC[3];
    this.transactionId(buffer, start + 8);
    buffer[start + 20] = 0x00;
    buffer[start + 21] = 0x12;
    buffer[start + 22] = 0;
    buffer[start + 23] = 4 + address.length;
    buffer[start + 24] = 0;
    buffer[start + 25] = address.length === 4 ? 1 : 2;
    buffer[start + 26] = (port >>> 8) ^ MAGIC[0];
    buffer[start + 27] = port ^ MAGIC[1];
    // The mask goes on from the magic cookie into the transaction id (RFC 8489 §14.2).
    for (let i = 0; i < address.length; i++) buffer[start + 28 + i] = address[i]! ^ buffer[start + 4 + i]!;
    buffer[dataAt - 4] = 0x00;
    buffer[dataAt - 3] = 0x13;
    buffer[dataAt - 2] = bytes.length >>> 8;
    buffer[dataAt - 1] = bytes.length;
    buffer.set(bytes, dataAt);
    for (let i = 1; i <= padding; i++) buffer[end - i] = 0;
    slot.end = end;
    return true;
  }
}

/** The magic cookie (RFC 8489 §5). */
const MAGIC = [0x21, 0x12, 0xa4, 0x42] as const;

interface Answer {
  readonly bytes: Uint8Array;
  readonly path: Path;
}

const MAX_ANSWERS = 512;

/** RFC 8656 §12.4; over a stream with padding (§12.5). */
function writeChannelData(slot: TransmitSlot, channel: number, bytes: Uint8Array, padded: boolean): boolean {
  const { buffer, start } = slot;
  const { length } = bytes;
  let end = start + 4 + length;
  const padding = padded ? -length & 3 : 0;
  if (end + padding > slot.limit || length > 0xffff) return false;
  buffer[start] = channel >>> 8;
  buffer[start + 1] = channel;
  buffer[start + 2] = length >>> 8;
  buffer[start + 3] = length;
  buffer.set(bytes, start + 4);
  for (let i = 0; i < padding; i++) buffer[end++] = 0;
  slot.end = end;
  return true;
}

/** Copies all of the message and points into it: cheaper than a view of the payload. */
function writeRaw(slot: TransmitSlot, bytes: Uint8Array, start: number, end: number): boolean {
  const base = slot.start;
  if (base + bytes.length <= slot.limit) {
    slot.buffer.set(bytes, base);
    slot.start = base + start;
    slot.end = base + end;
    return true;
  }
  return fillSlot(slot, bytes.subarray(start, end));
}
