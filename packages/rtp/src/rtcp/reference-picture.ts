import { MALFORMED, type Malformed } from '@kaon/wire';
import { FEEDBACK_SIZE, feedbackSsrcs, PAYLOAD_FORMAT, writeFeedback } from './feedback.ts';
import { RTCP_TYPE } from './header.ts';
import { checkRange, refuse } from './misuse.ts';

// RFC 4585 §6.3.3
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |      PB       |0| Payload Type|    Native RPSI bit string     |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |   defined per codec          ...                | Padding (0) |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** Reference picture selection indication (RFC 4585 §6.3.3). */
export interface ReferencePictureSelection {
  readonly type: 'rpsi';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  /** 0 to 127; of the RTP packets that the bits are about. */
  readonly payloadType: number;
  /** The codec's own bits, from the first byte's highest bit on. */
  readonly bits: Uint8Array;
  /** How many of them count: more than `8 * (bits.length - 1)`, at most `8 * bits.length`. */
  readonly bitLength: number;
}

export function decodeReferencePicture(
  bytes: Uint8Array,
  at: number,
  end: number,
): ReferencePictureSelection | Malformed {
  const from = at + FEEDBACK_SIZE;
  if (from + 4 > end) return MALFORMED;
  const bitLength = 8 * (end - from - 2) - bytes[from]!;
  if (bitLength < 0) return MALFORMED;
  const bits = bytes.slice(from + 2, from + 2 + Math.ceil(bitLength / 8));
  return { type: 'rpsi', ...feedbackSsrcs(bytes, at), payloadType: bytes[from + 1]! & 0x7f, bits, bitLength };
}

export function referencePictureLength(packet: ReferencePictureSelection): number {
  checkRange('payload type', packet.payloadType, 0, 127);
  if (Math.ceil(packet.bitLength / 8) !== packet.bits.length) {
    refuse(`${packet.bitLength} bits are not in ${packet.bits.length} bytes`);
  }
  return FEEDBACK_SIZE + Math.ceil((2 + packet.bits.length) / 4) * 4;
}

export function writeReferencePicture(
  buffer: Uint8Array,
  offset: number,
  length: number,
  packet: ReferencePictureSelection,
): void {
  const { senderSsrc, mediaSsrc } = packet;
  const { payloadFeedback } = RTCP_TYPE;
  const at = writeFeedback(buffer, offset, length, payloadFeedback, PAYLOAD_FORMAT.rpsi, senderSsrc, mediaSsrc);
  const end = offset + length;
  buffer[at] = 8 * (end - at - 2) - packet.bitLength;
  buffer[at + 1] = packet.payloadType;
  buffer.set(packet.bits, at + 2);
  buffer.fill(0, at + 2 + packet.bits.length, end);
}
