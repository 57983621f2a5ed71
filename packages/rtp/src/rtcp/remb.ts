import { MALFORMED, type Malformed, readU32, writeU32 } from '@kaon/wire';
import { splitBitrate } from './bitrate-field.ts';
import { FEEDBACK_SIZE, PAYLOAD_FORMAT, writeFeedback } from './feedback.ts';
import { RTCP_TYPE } from './header.ts';
import { refuse } from './misuse.ts';

// draft-alvestrand-rmcat-remb-03 §2.2
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  Unique identifier 'R' 'E' 'M' 'B'                            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  Num SSRC     | BR Exp    |  BR Mantissa                      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |   SSRC feedback                                               |
// |  ...                                                          |

/** Receiver estimated maximum bit rate (draft-alvestrand-rmcat-remb-03). */
export interface ReceiverEstimatedMaxBitrate {
  readonly type: 'remb';
  readonly senderSsrc: number;
  /** bit/s over all the streams together. Written with 18 bits of precision, rounded down. */
  readonly bitrate: number;
  /** At most 255. */
  readonly ssrcs: readonly number[];
}

/** Whether application layer feedback is a REMB. */
export function isRemb(bytes: Uint8Array, at: number, end: number): boolean {
  return at + FEEDBACK_SIZE + 4 <= end && readU32(bytes, at + FEEDBACK_SIZE) === REMB;
}

export function decodeRemb(bytes: Uint8Array, at: number, end: number): ReceiverEstimatedMaxBitrate | Malformed {
  const from = at + FEEDBACK_SIZE + 8;
  if (from > end || from + 4 * bytes[from - 4]! !== end) return MALFORMED;
  const word = readU32(bytes, from - 4);
  const ssrcs: number[] = [];
  for (let i = from; i < end; i += 4) ssrcs.push(readU32(bytes, i));
  const bitrate = (word & 0x3ffff) * 2 ** ((word >>> 18) & 0x3f);
  return { type: 'remb', senderSsrc: readU32(bytes, at + 4), bitrate, ssrcs };
}

export function rembLength(packet: ReceiverEstimatedMaxBitrate): number {
  if (packet.ssrcs.length > 255) refuse(`${packet.ssrcs.length} streams in a REMB, 255 fit`);
  return FEEDBACK_SIZE + 8 + 4 * packet.ssrcs.length;
}

export function writeRemb(
  buffer: Uint8Array,
  offset: number,
  length: number,
  packet: ReceiverEstimatedMaxBitrate,
): void {
  const { mantissa, exponent } = splitBitrate(packet.bitrate, 18);
  const { payloadFeedback } = RTCP_TYPE;
  let at = writeFeedback(
    buffer,
    offset,
    length,
    payloadFeedback,
    PAYLOAD_FORMAT.applicationLayer,
    packet.senderSsrc,
    0,
  );
  writeU32(buffer, at, REMB);
  writeU32(buffer, at + 4, (packet.ssrcs.length << 24) | (exponent << 18) | mantissa);
  at += 8;
  for (const ssrc of packet.ssrcs) {
    writeU32(buffer, at, ssrc);
    at += 4;
  }
}

/** 'REMB' in ASCII. */
const REMB = 0x52454d42;
