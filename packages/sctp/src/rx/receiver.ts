import type { Instant } from '@kaon/interface/core/v1';
import { before32, readU16, readU32, writeU16, writeU32 } from '@kaon/wire';
import { CHUNK_OVERHEAD, type Events } from '../association/events.ts';
import { CHUNK } from '../chunks/chunk.ts';
import { DATA_HEADER_SIZE, FLAG_BEGIN, FLAG_END, FLAG_IMMEDIATE, FLAG_UNORDERED } from '../chunks/data.ts';
import type { ForwardTsn } from '../chunks/forward-tsn.ts';
import { I_DATA_HEADER_SIZE } from '../chunks/i-data.ts';
import { SACK_SIZE } from '../chunks/sack.ts';
import type { Settings } from '../options.ts';
import { StreamTable } from '../stream-table.ts';
import { Fragments } from './fragments.ts';
import { InStream } from './in-stream.ts';
import type { Partial } from './interleaved.ts';
import { DUPLICATE, NEW, TsnTracker } from './tsn-tracker.ts';

/** What became of a DATA chunk. */
export const ACCEPTED = 0;
/** Seen before, out of reach, or no room: not kept. */
export const IGNORED = 1;
/** Acknowledged and thrown away: no such stream. */
export const BAD_STREAM = 2;
/** The association cannot go on: an empty chunk, a message above the limit, fragments that contradict each other, */
export const NO_USER_DATA = 3;
export const MESSAGE_TOO_LARGE = 4;
export const CONTRADICTION = 5;
/** or incomplete messages beyond all bounds. */
export const OUT_OF_RESOURCE = 6;

/** The receiving half of an association: takes DATA, delivers messages in order, and says in SACKs what it has. */
export class Receiver {
  readonly #settings: Settings;
  readonly #events: Events;
  readonly #streams: StreamTable<InStream> = new StreamTable((id) => new InStream(id));
  #tracker = new TsnTracker(0);
  #fragments = new Fragments();
  /** What early and begun messages of all streams count for. */
  #streamCost = 0;
  #inboundStreams = 0;
  #interleaving = false;
  #span = 0x1_0000;
  /** Duplicate TSNs to be reported by the next SACK. */
  readonly #duplicates = new Uint32Array(MAX_DUPLICATES);
  #duplicateCount = 0;
  /** Packets with DATA since the last SACK. */
  #unacknowledged = 0;
  /** Whether a SACK should leave at once. */
  sackDue = false;
  /** When a delayed SACK is due. */
  deadline: Instant = Number.POSITIVE_INFINITY;
  /** The window that the last SACK advertised, in bytes. */
  #advertised: number;
  /** Whether the packet being read had DATA. */
  #sawData = false;
  #anyPacketYet = false;
  /** Chunks thrown away for want of room, and seen twice. */
  droppedChunks = 0;
  duplicateChunks = 0;

  constructor(settings: Settings, events: Events) {
    this.#settings = settings;
    this.#events = events;
    this.#advertised = settings.receiveWindow;
  }

  /** The association is up, or begins anew. */
  establish(initialTsn: number, inboundStreams: number, interleaving: boolean): void {
    this.#tracker = new TsnTracker(initialTsn);
    this.#fragments = new Fragments();
    this.#streams.clear();
    this.#streamCost = 0;
    this.#inboundStreams = inboundStreams;
    this.#interleaving = interleaving;
    this.#span = interleaving ? 0x1_0000_0000 : 0x1_0000;
    this.#duplicateCount = 0;
    this.#unacknowledged = 0;
    this.#anyPacketYet = false;
    this.sackDue = false;
    this.deadline = Number.POSITIVE_INFINITY;
  }

  get cumulative(): number {
    return this.#tracker.cumulative;
  }

  /** Bytes that may still come, as a SACK would say now. Less than a packet counts as none (RFC 9260 §6.2.1, SWS). */
  get window(): number {
    const free = this.#settings.receiveWindow - this.#used;
    return free < Math.min(this.#settings.maxPacketSize, this.#settings.receiveWindow / 2) ? 0 : free;
  }

  /** Whether a SACK would say something new, so that it may ride along with DATA. */
  get hasNews(): boolean {
    return this.#unacknowledged > 0 || this.sackDue;
  }

  /** A DATA or I-DATA chunk at `at`; `length` is the chunk's and lies within `bytes`. Answers what became of it. */
  data(bytes: Uint8Array, at: number, length: number): number {
    const headerSize = this.#interleaving ? I_DATA_HEADER_SIZE : DATA_HEADER_SIZE;
    if (length <= headerSize) return NO_USER_DATA;
    const flags = bytes[at + 1]!;
    const tsn = readU32(bytes, at + 4);
    const tracker = this.#tracker;
    this.#sawData = true;
    if ((flags & FLAG_IMMEDIATE) !== 0) this.sackDue = true;
    const seen = tracker.check(tsn);
    if (seen !== NEW) {
      this.sackDue = true;
      if (seen === DUPLICATE) this.#noteDuplicate(tsn);
      return IGNORED;
    }
    const room = this.#admit(tsn);
    if (room !== ACCEPTED) return room;
    const hadGaps = tracker.hasGaps;
    tracker.add(tsn);
    if (hadGaps || tracker.hasGaps) this.sackDue = true;
    const id = readU16(bytes, at + 8);
    if (id >= this.#inboundStreams) return BAD_STREAM;
    const stream = this.#streams.at(id);
    stream.touched = true;
    const data = bytes.subarray(at + headerSize, at + length);
    if (data.length > this.#settings.maxReceiveMessageSize) return MESSAGE_TOO_LARGE;
    if ((flags & WHOLE) === WHOLE) {
      const whole = this.#interleaving ? readU32(bytes, at + 12) : readU16(bytes, at + 10);
      const ppid = readU32(bytes, this.#interleaving ? at + 16 : at + 12);
      if ((flags & FLAG_UNORDERED) !== 0) this.#events.pushMessage(id, ppid, data);
      else this.#deliver(stream, whole, ppid, data);
      return ACCEPTED;
    }
    // A sliver must not keep a whole packet's memory while its message is incomplete.
    const part = data.length < SMALL ? data.slice() : data;
    return this.#interleaving
      ? this.#iData(bytes, at, flags, stream, part)
      : this.#fragment(bytes, at, flags, tsn, part);
  }

  /** A FORWARD TSN or I-FORWARD-TSN (RFC 3758 §3.6, RFC 8260 §2.3). Work is bounded by what is buffered. */
  forwardTsn(chunk: ForwardTsn): void {
    this.#sawData = true;
    this.sackDue = true;
    if (!before32(this.cumulative, chunk.newCumulativeTsn)) return;
    this.#tracker.skip(chunk.newCumulativeTsn);
    this.#fragments.skip(chunk.newCumulativeTsn);
    for (const { stream: id, unordered, number } of chunk.skipped) {
      if (id >= this.#inboundStreams) continue;
      const stream = this.#streams.at(id);
      const before = stream.cost;
      if (this.#interleaving) stream.skipPartials(number, unordered);
      if (!unordered) stream.skip(number, this.#span, this.#events);
      this.#streamCost += stream.cost - before;
    }
  }

  /** The end of a packet: decides whether its DATA is acknowledged at once or later (RFC 9260 §6.2). */
  endOfPacket(now: Instant): void {
    if (!this.#sawData) return;
    this.#sawData = false;
    this.#unacknowledged++;
    // The very first one is answered at once: it starts the peer's clock.
    if (this.#unacknowledged >= 2 || !this.#anyPacketYet) this.sackDue = true;
    this.#anyPacketYet = true;
    if (!this.sackDue && this.deadline === Number.POSITIVE_INFINITY) this.deadline = now + this.#settings.sackDelay;
  }

  handleTimeout(now: Instant): void {
    if (now < this.deadline) return;
    this.deadline = Number.POSITIVE_INFINITY;
    this.sackDue = true;
  }

  /** A message was polled. A window that was nearly closed and opens again is told at once (RFC 9260 §6.2). */
  polled(): void {
    const quarter = this.#settings.receiveWindow / 4;
    if (this.#advertised <= quarter && this.window >= this.#advertised + quarter) this.sackDue = true;
  }

  /** Writes a SACK at `at` and answers its end, or `at` when it does not fit. `sackSent` follows if it leaves. */
  writeSack(buffer: Uint8Array, at: number, limit: number): number {
    if (at + SACK_SIZE > limit) return at;
    const gaps = this.#tracker.hasGaps ? this.#tracker.writeGapBlocks(buffer, at + SACK_SIZE, limit) : 0;
    let end = at + SACK_SIZE + 4 * gaps;
    const duplicates = Math.min(this.#duplicateCount, (limit - end) >> 2);
    for (let n = 0; n < duplicates; n++, end += 4) writeU32(buffer, end, this.#duplicates[n]!);
    buffer[at] = CHUNK.Sack;
    buffer[at + 1] = 0;
    writeU16(buffer, at + 2, end - at);
    writeU32(buffer, at + 4, this.#tracker.cumulative);
    writeU32(buffer, at + 8, this.window);
    writeU16(buffer, at + 12, gaps);
    writeU16(buffer, at + 14, duplicates);
    return end;
  }

  /** The SACK that was written is on its way. */
  sackSent(): void {
    this.#advertised = this.window;
    this.#unacknowledged = 0;
    this.#duplicateCount = 0;
    this.sackDue = false;
    this.deadline = Number.POSITIVE_INFINITY;
  }

  /** The peer reset these streams, or all (RFC 6525 §5.2.2). Answers those that had been used since. */
  reset(streams: readonly number[]): number[] {
    const reset: number[] = [];
    const one = (stream: InStream): void => {
      if (!stream.touched) return;
      this.#streamCost -= stream.cost;
      stream.reset();
      reset.push(stream.id);
    };
    if (streams.length === 0) this.#streams.forEach(one);
    for (const id of streams) if (id < this.#inboundStreams) one(this.#streams.at(id));
    return reset;
  }

  get inboundStreams(): number {
    return this.#inboundStreams;
  }

  /** Frees what is incomplete at the end of the association. */
  clear(): void {
    this.#fragments = new Fragments();
    this.#streams.clear();
    this.#streamCost = 0;
    this.sackDue = false;
    this.#unacknowledged = 0;
    this.deadline = Number.POSITIVE_INFINITY;
  }

  get #used(): number {
    return this.#events.waiting + this.#fragments.cost + this.#streamCost;
  }

  /**
   * Whether there is room. Beyond the window only the TSN that all others wait for is taken, and only while the
   * consumer is not what is slow; that too ends somewhere.
   */
  #admit(tsn: number): number {
    const window = this.#settings.receiveWindow;
    const used = this.#used;
    if (used < window) return ACCEPTED;
    const incomplete = used - this.#events.waiting;
    if (incomplete >= 2 * window + this.#settings.maxReceiveMessageSize) return OUT_OF_RESOURCE;
    if (tsn === (this.#tracker.cumulative + 1) >>> 0 && this.#events.waiting < window / 2) return ACCEPTED;
    this.droppedChunks++;
    this.sackDue = true;
    return IGNORED;
  }

  #noteDuplicate(tsn: number): void {
    this.duplicateChunks++;
    if (this.#duplicateCount < MAX_DUPLICATES) this.#duplicates[this.#duplicateCount++] = tsn;
  }

  #deliver(stream: InStream, number: number, ppid: number, data: Uint8Array): void {
    const before = stream.cost;
    stream.deliver(number, ppid, data, this.#span, this.#events);
    this.#streamCost += stream.cost - before;
  }

  #fragment(bytes: Uint8Array, at: number, flags: number, tsn: number, part: Uint8Array): number {
    const id = readU16(bytes, at + 8);
    const run = this.#fragments.add(tsn, flags, id, readU16(bytes, at + 10), readU32(bytes, at + 12), part);
    if (run.bytes > this.#settings.maxReceiveMessageSize) return MESSAGE_TOO_LARGE;
    if (!run.isWhole) return ACCEPTED;
    const whole = join(run.parts, run.bytes);
    if (run.unordered) this.#events.pushMessage(id, run.ppid, whole);
    else this.#deliver(this.#streams.at(id), run.ssn, run.ppid, whole);
    return ACCEPTED;
  }

  #iData(bytes: Uint8Array, at: number, flags: number, stream: InStream, part: Uint8Array): number {
    const unordered = (flags & FLAG_UNORDERED) !== 0;
    const partial: Partial = stream.partial(readU32(bytes, at + 12), unordered);
    if (!partial.add(flags, readU32(bytes, at + 16), part)) return CONTRADICTION;
    if (partial.bytes > this.#settings.maxReceiveMessageSize) return MESSAGE_TOO_LARGE;
    const cost = part.length + CHUNK_OVERHEAD;
    if (!partial.isWhole) {
      stream.cost += cost;
      this.#streamCost += cost;
      return ACCEPTED;
    }
    const earlier = partial.cost - cost;
    stream.cost -= earlier;
    this.#streamCost -= earlier;
    stream.forget(partial);
    const whole = join(partial.parts, partial.bytes);
    if (unordered) this.#events.pushMessage(stream.id, partial.ppid, whole);
    else this.#deliver(stream, partial.mid, partial.ppid, whole);
    return ACCEPTED;
  }
}

const WHOLE = FLAG_BEGIN | FLAG_END;
/** Fragments below this many bytes are copied out of their packet. */
const SMALL = 256;
const MAX_DUPLICATES = 32;

function join(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (let n = 0; n < parts.length; n++) {
    const part = parts[n]!;
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
