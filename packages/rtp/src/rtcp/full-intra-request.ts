import { MALFORMED, type Malformed, readU32, writeU32 } from '@kaon/wire';
import { FEEDBACK_SIZE, PAYLOAD_FORMAT, writeFeedback } from './feedback.ts';
import { RTCP_TYPE } from './header.ts';
import { checkRange, refuse } from './misuse.ts';

// RFC 5104 §4.3.1.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                              SSRC                             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// | Seq nr.       |    Reserved                                   |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** Full intra request (RFC 5104 §4.3.1): a key frame is wanted from each of these streams. */
export interface FullIntraRequest {
  readonly type: 'fir';
  readonly senderSsrc: number;
  /** At least one. */
  readonly entries: readonly {
    readonly ssrc: number;
    /** 0 to 255; a request that is repeated keeps its number. */
    readonly sequenceNumber: number;
  }[];
}

export function decodeFullIntraRequest(bytes: Uint8Array, at: number, end: number): FullIntraRequest | Malformed {
  const size = end - at - FEEDBACK_SIZE;
  if (size < ENTRY_SIZE || size % ENTRY_SIZE !== 0) return MALFORMED;
  const entries: { ssrc: number; sequenceNumber: number }[] = [];
  for (let i = at + FEEDBACK_SIZE; i < end; i += ENTRY_SIZE) {
    entries.push({ ssrc: readU32(bytes, i), sequenceNumber: bytes[i + 4]! });
  }
  return { type: 'fir', senderSsrc: readU32(bytes, at + 4), entries };
}

export function fullIntraRequestLength(packet: FullIntraRequest): number {
  if (packet.entries.length === 0) refuse('a FIR of nothing');
  return FEEDBACK_SIZE + ENTRY_SIZE * packet.entries.length;
}

export function writeFullIntraRequest(
  buffer: Uint8Array,
  offset: number,
  length: number,
  packet: FullIntraRequest,
): void {
  // The SSRC of the media source is 0: the entries name the streams (RFC 5104 §4.3.1.2).
  const { payloadFeedback } = RTCP_TYPE;
  let at = writeFeedback(buffer, offset, length, payloadFeedback, PAYLOAD_FORMAT.fir, packet.senderSsrc, 0);
  for (const { ssrc, sequenceNumber } of packet.entries) {
    checkRange('FIR sequence number', sequenceNumber, 0, 255);
    writeU32(buffer, at, ssrc);
    writeU32(buffer, at + 4, sequenceNumber << 24);
    at += ENTRY_SIZE;
  }
}

const ENTRY_SIZE = 8;
