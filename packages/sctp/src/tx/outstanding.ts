import type { Instant } from '@kaon/interface/core/v1';
import { before32 } from '@kaon/wire';
import { padded } from '../chunks/chunk.ts';
import type { OutMessage } from './out-stream.ts';

/** What became of a chunk that has a TSN. */
export const IN_FLIGHT = 1;
/** Reported in a gap block; the cumulative point is not there yet. */
export const GAP_ACKED = 2;
/** Believed lost, waits to be sent again. */
export const LOST = 3;
/** Its message was given up (RFC 3758). */
export const ABANDONED = 4;

/** Chunks that there is room for at first: an idle association should cost little, and doubling is cheap. */
const FIRST_ROOM = 16;

/**
 * Chunks between the cumulative point and the latest TSN, in typed-array rings indexed by `tsn & mask`: no object,
 * map or sort per chunk.
 */
export class Outstanding {
  /** The latest TSN that the peer acknowledged cumulatively. */
  cumulative: number;
  /** The next TSN to be given out. */
  next: number;
  /** Bytes of chunks in flight, headers and padding included: what the congestion window bounds. */
  flight = 0;
  /** Bytes of user data in flight: what the peer's window bounds. */
  payload = 0;
  /** Chunks that wait to be sent again. */
  lost = 0;
  /** Bytes of chunks that arrived behind a hole, headers and padding included. */
  gapBytes = 0;
  /** Bytes in front of a chunk's user data. */
  headerSize: number;
  mask: number;
  state: Uint8Array;
  /** Times sent. */
  sends: Uint16Array;
  flags: Uint8Array;
  sentAt: Float64Array;
  offset: Uint32Array;
  length: Uint32Array;
  fragment: Uint32Array;
  messages: (OutMessage | undefined)[];
  /** No lost chunk has an earlier TSN than this. */
  #firstLost: number;

  constructor(initialTsn: number, headerSize: number) {
    this.cumulative = (initialTsn - 1) >>> 0;
    this.next = initialTsn;
    this.#firstLost = initialTsn;
    this.headerSize = headerSize;
    this.mask = FIRST_ROOM - 1;
    this.state = new Uint8Array(FIRST_ROOM);
    this.sends = new Uint16Array(FIRST_ROOM);
    this.flags = new Uint8Array(FIRST_ROOM);
    this.sentAt = new Float64Array(FIRST_ROOM);
    this.offset = new Uint32Array(FIRST_ROOM);
    this.length = new Uint32Array(FIRST_ROOM);
    this.fragment = new Uint32Array(FIRST_ROOM);
    this.messages = new Array(FIRST_ROOM).fill(undefined);
  }

  /** Chunks that have a TSN and are not acknowledged cumulatively. */
  get size(): number {
    return (this.next - this.cumulative - 1) >>> 0;
  }

  get isEmpty(): boolean {
    return (this.cumulative + 1) >>> 0 === this.next;
  }

  /** Whether gap blocks, which have 16 bits, could not reach a further TSN. */
  get isFull(): boolean {
    return this.size >= MAX_SPAN;
  }

  /** Latest TSN given out. */
  get last(): number {
    return (this.next - 1) >>> 0;
  }

  /** Bytes of the chunk on the wire, padding included. */
  chunkSize(index: number): number {
    return padded(this.headerSize + this.length[index]!);
  }

  /** Gives the next TSN to a fragment that leaves now. */
  add(message: OutMessage, offset: number, length: number, fragment: number, flags: number, now: Instant): number {
    if (this.size > this.mask) this.#grow();
    const tsn = this.next;
    const i = tsn & this.mask;
    this.state[i] = IN_FLIGHT;
    this.sends[i] = 1;
    this.flags[i] = flags;
    this.sentAt[i] = now;
    this.offset[i] = offset;
    this.length[i] = length;
    this.fragment[i] = fragment;
    this.messages[i] = message;
    this.flight += padded(this.headerSize + length);
    this.payload += length;
    this.next = (tsn + 1) >>> 0;
    return tsn;
  }

  /** Moves the cumulative point by one; answers the bytes that this newly acknowledges. */
  advance(): number {
    const tsn = (this.cumulative + 1) >>> 0;
    const i = tsn & this.mask;
    const state = this.state[i]!;
    const acked = state === IN_FLIGHT || state === LOST ? this.chunkSize(i) : 0;
    if (state === IN_FLIGHT) this.#land(i);
    else if (state === LOST) this.lost--;
    else if (state === GAP_ACKED) this.gapBytes -= this.chunkSize(i);
    this.state[i] = 0;
    this.messages[i] = undefined;
    this.cumulative = tsn;
    return acked;
  }

  /** Notes that a gap block covers the chunk; answers the bytes that this newly acknowledges. */
  gapAcked(index: number): number {
    const state = this.state[index]!;
    if (state !== IN_FLIGHT && state !== LOST) return 0;
    if (state === IN_FLIGHT) this.#land(index);
    else this.lost--;
    this.state[index] = GAP_ACKED;
    const size = this.chunkSize(index);
    this.gapBytes += size;
    return size;
  }

  /** The peer took back a gap block (RFC 9260 §6.2.1): the chunk is in flight again. */
  reneged(index: number): void {
    this.state[index] = IN_FLIGHT;
    const size = this.chunkSize(index);
    this.gapBytes -= size;
    this.flight += size;
    this.payload += this.length[index]!;
  }

  /** Marks a chunk in flight as lost: it is to be sent again. */
  markLost(tsn: number): void {
    const i = tsn & this.mask;
    this.#land(i);
    this.state[i] = LOST;
    if (this.lost++ === 0 || before32(tsn, this.#firstLost)) this.#firstLost = tsn;
  }

  /** The earliest lost TSN. Ask only while `lost` is above 0. */
  firstLost(): number {
    let tsn = before32(this.#firstLost, this.cumulative) ? (this.cumulative + 1) >>> 0 : this.#firstLost;
    while (this.state[tsn & this.mask] !== LOST) tsn = (tsn + 1) >>> 0;
    this.#firstLost = tsn;
    return tsn;
  }

  /** A lost chunk leaves again. */
  resent(index: number, now: Instant): void {
    this.lost--;
    this.state[index] = IN_FLIGHT;
    if (this.sends[index]! < 0xffff) this.sends[index]!++;
    this.sentAt[index] = now;
    this.flight += this.chunkSize(index);
    this.payload += this.length[index]!;
  }

  /** Gives up all chunks of a message (RFC 3758 §3.5 A3). */
  abandon(message: OutMessage): void {
    message.abandoned = true;
    let tsn = before32(this.cumulative, message.firstTsn) ? message.firstTsn : (this.cumulative + 1) >>> 0;
    for (; !before32(message.lastTsn, tsn); tsn = (tsn + 1) >>> 0) {
      const i = tsn & this.mask;
      if (this.messages[i] !== message) continue;
      const state = this.state[i]!;
      if (state === IN_FLIGHT) this.#land(i);
      else if (state === LOST) this.lost--;
      else if (state === GAP_ACKED) this.gapBytes -= this.chunkSize(i);
      this.state[i] = ABANDONED;
    }
  }

  #land(index: number): void {
    this.flight -= this.chunkSize(index);
    this.payload -= this.length[index]!;
  }

  #grow(): void {
    const old = this.mask;
    const size = (old + 1) * 2;
    this.mask = size - 1;
    const first = (this.cumulative + 1) >>> 0;
    const count = this.size;
    const move = <T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(from: T, to: T): T => {
      for (let n = 0; n < count; n++) to[(first + n) & this.mask] = from[(first + n) & old]!;
      return to;
    };
    this.state = move(this.state, new Uint8Array(size));
    this.sends = move(this.sends, new Uint16Array(size));
    this.flags = move(this.flags, new Uint8Array(size));
    this.sentAt = move(this.sentAt, new Float64Array(size));
    this.offset = move(this.offset, new Uint32Array(size));
    this.length = move(this.length, new Uint32Array(size));
    this.fragment = move(this.fragment, new Uint32Array(size));
    const messages: (OutMessage | undefined)[] = new Array(size).fill(undefined);
    for (let n = 0; n < count; n++) messages[(first + n) & this.mask] = this.messages[(first + n) & old];
    this.messages = messages;
  }
}

/** Most TSNs between the cumulative point and the latest one. */
const MAX_SPAN = 32768;
