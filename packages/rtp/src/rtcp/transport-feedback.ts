import { MALFORMED, type Malformed, readU16, readU32, writeU16, writeU32 } from '@kaon/wire';
import { FEEDBACK_SIZE, feedbackSsrcs, TRANSPORT_FORMAT, writeFeedback } from './feedback.ts';
import { RTCP_TYPE } from './header.ts';
import { checkRange, refuse } from './misuse.ts';
import { LARGE, LOST, nextChunk, SMALL } from './status-chunks.ts';

// draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |      base sequence number     |      packet status count      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                 reference time                | fb pkt. count |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |          packet chunk         |         packet chunk          |
// .                                                               .
// |         packet chunk          |  recv delta   |  recv delta   |
// .                                                               .
// |           recv delta          |  recv delta   | zero padding  |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01). */
export interface TransportFeedback {
  readonly type: 'twcc';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  /** Transport-wide sequence number of the first packet. */
  readonly baseSequence: number;
  /** Number of this feedback, 0 to 255, wrapping. */
  readonly feedbackCount: number;
  /**
   * Milliseconds on the receiver's clock, a multiple of 64. The field holds 24 signed bits of such units: read, it lies within
   * ±2^23 units; written, it may be any multiple of 64 and wraps.
   */
  readonly referenceTime: number;
  /**
   * For each sequence number from `baseSequence` on when the packet came, in milliseconds after `referenceTime`; undefined for
   * one that did not come. 1 to `TWCC_MAX_PACKETS` entries. Times are written in steps of 0.25 ms, each at most `TWCC_MAX_DELTA` after and
   * `TWCC_MIN_DELTA` before the one that came before it in this list.
   */
  readonly packets: readonly (number | undefined)[];
}

/** Unit of the reference time, in milliseconds. */
export const TWCC_REFERENCE_UNIT = 64;

/** After how many milliseconds the reference time is the same again: about 12.4 days. */
export const TWCC_REFERENCE_WRAP: number = 2 ** 24 * TWCC_REFERENCE_UNIT;

/** Unit of the arrival times, in milliseconds. */
export const TWCC_TICK = 0.25;

/** Packets that one feedback may tell about: beyond half the sequence numbers nobody knows which ones are meant. */
export const TWCC_MAX_PACKETS = 0x7fff;

/** The longest step from one arrival to the next, in milliseconds. */
export const TWCC_MAX_DELTA: number = 0x7fff * TWCC_TICK;

/** The longest step back, in milliseconds: packets that overtook each other. */
export const TWCC_MIN_DELTA: number = -0x8000 * TWCC_TICK;

/**
 * Reads a feedback. Reserved symbols, times that are missing and more than `TWCC_MAX_PACKETS` are malformed; nothing behind the last
 * status counts.
 */
export function decodeTransportFeedback(bytes: Uint8Array, at: number, end: number): TransportFeedback | Malformed {
  const from = at + FEEDBACK_SIZE;
  if (from + FIXED_SIZE > end) return MALFORMED;
  const count = readU16(bytes, from + 2);
  const deltas = findDeltas(bytes, from + FIXED_SIZE, end, count);
  if (deltas < 0) return MALFORMED;
  const packets: (number | undefined)[] = new Array(count).fill(undefined);
  let ticks = 0;
  let delta = deltas;
  let told = 0;
  for (let chunkAt = from + FIXED_SIZE; told < count; chunkAt += 2) {
    const chunk = readU16(bytes, chunkAt);
    const isRun = (chunk & 0x8000) === 0;
    const symbols = isRun ? chunk & 0x1fff : (chunk & 0x4000) === 0 ? 14 : 7;
    const stop = Math.min(count, told + symbols);
    const bits = symbols === 14 ? 1 : 2;
    // A few bytes tell of thousands of losses: these are not gone through one by one.
    if (isRun && ((chunk >> 13) & 3) === LOST) told = stop;
    for (let shift = isRun ? 13 : 14 - bits; told < stop; shift -= isRun ? 0 : bits, told++) {
      const symbol = (chunk >> shift) & (isRun || bits === 2 ? 3 : 1);
      if (symbol === LOST) continue;
      if (delta + symbol > end || symbol > LARGE) return MALFORMED;
      ticks += symbol === SMALL ? bytes[delta]! : (readU16(bytes, delta) << 16) >> 16;
      delta += symbol;
      packets[told] = ticks * TWCC_TICK;
    }
  }
  const word = readU32(bytes, from + 4);
  return {
    type: 'twcc',
    ...feedbackSsrcs(bytes, at),
    baseSequence: readU16(bytes, from),
    feedbackCount: word & 0xff,
    // Keeps the sign of 24 bits.
    referenceTime: ((word | 0) >> 8) * TWCC_REFERENCE_UNIT,
    packets,
  };
}

export function transportFeedbackLength(packet: TransportFeedback): number {
  const { packets } = packet;
  if (packets.length === 0 || packets.length > TWCC_MAX_PACKETS) refuse(`feedback on ${packets.length} packets`);
  if (packet.referenceTime % TWCC_REFERENCE_UNIT !== 0) refuse(`${packet.referenceTime} ms is not a multiple of 64`);
  checkRange('feedback count', packet.feedbackCount, 0, 255);
  checkRange('base sequence number', packet.baseSequence, 0, 0xffff);
  const symbols = statusSymbols(packets);
  let size = FIXED_SIZE;
  for (let i = 0; i < symbols.length; i += chunkSpan(nextChunk(symbols, i))) size += 2;
  // A symbol's value is the size of its delta.
  for (const symbol of symbols) size += symbol;
  return FEEDBACK_SIZE + Math.ceil(size / 4) * 4;
}

export function writeTransportFeedback(
  buffer: Uint8Array,
  offset: number,
  length: number,
  packet: TransportFeedback,
): void {
  const { senderSsrc, mediaSsrc, packets } = packet;
  const { transportFeedback } = RTCP_TYPE;
  let at = writeFeedback(buffer, offset, length, transportFeedback, TRANSPORT_FORMAT.twcc, senderSsrc, mediaSsrc);
  writeU16(buffer, at, packet.baseSequence);
  writeU16(buffer, at + 2, packets.length);
  // Reference times beyond 32 bits keep their lowest 24.
  const reference = (packet.referenceTime / TWCC_REFERENCE_UNIT) % 2 ** 24;
  writeU32(buffer, at + 4, (reference << 8) | packet.feedbackCount);
  at += FIXED_SIZE;
  const symbols = statusSymbols(packets);
  for (let i = 0; i < symbols.length; at += 2) {
    const chunk = nextChunk(symbols, i);
    writeU16(buffer, at, chunk);
    i += chunkSpan(chunk);
  }
  let ticks = 0;
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === LOST) continue;
    const arrival = Math.round(packets[i]! / TWCC_TICK);
    if (symbols[i] === SMALL) buffer[at] = arrival - ticks;
    else writeU16(buffer, at, arrival - ticks);
    at += symbols[i]!;
    ticks = arrival;
  }
  // Zeros without the padding bit, so that the packet may stand anywhere in a compound.
  buffer.fill(0, at, offset + length);
}

/** Where the deltas begin, or -1 when the chunks end before `count` statuses are told. */
function findDeltas(bytes: Uint8Array, at: number, end: number, count: number): number {
  if (count === 0 || count > TWCC_MAX_PACKETS) return -1;
  for (let told = 0; told < count; at += 2) {
    if (at + 2 > end) return -1;
    told += chunkSpan(readU16(bytes, at));
  }
  return at;
}

function chunkSpan(chunk: number): number {
  return (chunk & 0x8000) === 0 ? chunk & 0x1fff : (chunk & 0x4000) === 0 ? 14 : 7;
}

/** For each packet LOST, SMALL or LARGE. Throws RtpError on steps that no delta can tell. */
function statusSymbols(packets: readonly (number | undefined)[]): Uint8Array {
  const symbols = new Uint8Array(packets.length);
  let ticks = 0;
  for (let i = 0; i < packets.length; i++) {
    const arrival = packets[i];
    if (arrival === undefined) continue;
    const next = Math.round(arrival / TWCC_TICK);
    const delta = next - ticks;
    // The comparison is turned so that NaN is refused.
    if (!(delta >= -0x8000 && delta <= 0x7fff)) refuse(`${delta * TWCC_TICK} ms between arrivals`);
    symbols[i] = delta >= 0 && delta <= 0xff ? SMALL : LARGE;
    ticks = next;
  }
  return symbols;
}

const FIXED_SIZE = 8;
