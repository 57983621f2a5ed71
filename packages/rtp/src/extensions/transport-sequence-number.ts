import { MALFORMED, type Malformed, readU16, writeU16 } from '@kaon/wire';
import { checkValue } from './check.ts';

/**
 * The transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01 §2), and in its second version
 * (libwebrtc, rtp-hdrext/transport-wide-cc-02) a request for feedback behind it.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |transport-wide sequence number |T|       sequence count        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 */

/** A request that the receiver reports on packets now. */
export interface FeedbackRequest {
  /** Whether the report tells when they arrived. */
  readonly includeTimestamps: boolean;
  /** How many packets it covers, this one and those before it; 1 to 32767. */
  readonly sequenceCount: number;
}

/** The sequence number of either version, or -1 when the element has neither two nor four bytes. */
export function readTransportSequenceNumber(bytes: Uint8Array, offset: number, length: number): number {
  return length === 2 || length === 4 ? readU16(bytes, offset) : -1;
}

/** The request of the second version, undefined where there is none. */
export function readFeedbackRequest(
  bytes: Uint8Array,
  offset: number,
  length: number,
): FeedbackRequest | undefined | Malformed {
  if (length === 2) return undefined;
  if (length !== 4) return MALFORMED;
  const word = readU16(bytes, offset + 2);
  // A count of 0 asks for nothing.
  if ((word & 0x7fff) === 0) return undefined;
  return { includeTimestamps: word >= 0x8000, sequenceCount: word & 0x7fff };
}

/** Writes the sequence number, and the request if there is one; returns 2 or 4. */
export function writeTransportSequenceNumber(
  buffer: Uint8Array,
  offset: number,
  sequenceNumber: number,
  request?: FeedbackRequest,
): number {
  checkValue('transport sequence number', sequenceNumber, 0, 0xffff);
  writeU16(buffer, offset, sequenceNumber);
  if (request === undefined) return 2;
  checkValue('sequence count', request.sequenceCount, 1, 0x7fff);
  writeU16(buffer, offset + 2, (request.includeTimestamps ? 0x8000 : 0) | request.sequenceCount);
  return 4;
}

/** Bytes that `writeTransportSequenceNumber` writes. */
export function transportSequenceNumberLength(request?: FeedbackRequest): number {
  return request === undefined ? 2 : 4;
}
