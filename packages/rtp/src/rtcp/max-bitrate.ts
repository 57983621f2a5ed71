import { MALFORMED, type Malformed, readU32, writeU32 } from '@kaon/wire';
import { splitBitrate } from './bitrate-field.ts';
import { FEEDBACK_SIZE, TRANSPORT_FORMAT, writeFeedback } from './feedback.ts';
import { RTCP_TYPE } from './header.ts';
import { checkRange, refuse } from './misuse.ts';

// RFC 5104 §4.2.1.1, §4.2.2.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                              SSRC                             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// | MxTBR Exp |  MxTBR Mantissa                 |Measured Overhead|
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** A limit on a stream's bit rate (RFC 5104 §4.2.1.1). */
export interface MaxBitrateEntry {
  readonly ssrc: number;
  /** bit/s. Written with 17 bits of precision, rounded down. */
  readonly bitrate: number;
  /** Bytes of headers in each packet, 0 to 511. */
  readonly overhead: number;
}

/** Temporary maximum media stream bit rate request (RFC 5104 §4.2.1). */
export interface MaxBitrateRequest {
  readonly type: 'tmmbr';
  readonly senderSsrc: number;
  /** At least one. */
  readonly entries: readonly MaxBitrateEntry[];
}

/** Temporary maximum media stream bit rate notification (RFC 5104 §4.2.2): the limits that hold now. */
export interface MaxBitrateNotification {
  readonly type: 'tmmbn';
  readonly senderSsrc: number;
  /** May be none. */
  readonly entries: readonly MaxBitrateEntry[];
}

export function decodeMaxBitrate<T extends 'tmmbr' | 'tmmbn'>(
  type: T,
  bytes: Uint8Array,
  at: number,
  end: number,
): { type: T; senderSsrc: number; entries: MaxBitrateEntry[] } | Malformed {
  const size = end - at - FEEDBACK_SIZE;
  if (size < (type === 'tmmbr' ? ENTRY_SIZE : 0) || size % ENTRY_SIZE !== 0) return MALFORMED;
  const entries: MaxBitrateEntry[] = [];
  for (let i = at + FEEDBACK_SIZE; i < end; i += ENTRY_SIZE) {
    const word = readU32(bytes, i + 4);
    const bitrate = ((word >>> 9) & 0x1ffff) * 2 ** (word >>> 26);
    entries.push({ ssrc: readU32(bytes, i), bitrate, overhead: word & 0x1ff });
  }
  return { type, senderSsrc: readU32(bytes, at + 4), entries };
}

export function maxBitrateLength(packet: MaxBitrateRequest | MaxBitrateNotification): number {
  if (packet.type === 'tmmbr' && packet.entries.length === 0) refuse('a TMMBR of nothing');
  return FEEDBACK_SIZE + ENTRY_SIZE * packet.entries.length;
}

export function writeMaxBitrate(
  buffer: Uint8Array,
  offset: number,
  length: number,
  packet: MaxBitrateRequest | MaxBitrateNotification,
): void {
  // The SSRC of the media source is 0: the entries name the streams.
  const format = TRANSPORT_FORMAT[packet.type];
  let at = writeFeedback(buffer, offset, length, RTCP_TYPE.transportFeedback, format, packet.senderSsrc, 0);
  for (const { ssrc, bitrate, overhead } of packet.entries) {
    checkRange('measured overhead', overhead, 0, 511);
    const { mantissa, exponent } = splitBitrate(bitrate, 17);
    writeU32(buffer, at, ssrc);
    writeU32(buffer, at + 4, (exponent << 26) | (mantissa << 9) | overhead);
    at += ENTRY_SIZE;
  }
}

const ENTRY_SIZE = 8;
