import { MALFORMED, type Malformed, readU32, writeU32 } from '@kaon/wire';
import { FEEDBACK_SIZE, feedbackSsrcs, PAYLOAD_FORMAT, writeFeedback } from './feedback.ts';
import { RTCP_TYPE } from './header.ts';
import { checkRange, refuse } from './misuse.ts';

// RFC 4585 §6.3.2
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |            First        |        Number           | PictureID |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** Slice loss indication (RFC 4585 §6.3.2). */
export interface SliceLossIndication {
  readonly type: 'sli';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  /** At least one. */
  readonly slices: readonly LostSlices[];
}

/** A run of macroblocks that were lost. */
export interface LostSlices {
  /** Address of the first macroblock, 13 bits. */
  readonly first: number;
  /** How many, 13 bits. */
  readonly number: number;
  /** Lowest 6 bits of the picture's identifier. */
  readonly pictureId: number;
}

export function decodeSliceLoss(bytes: Uint8Array, at: number, end: number): SliceLossIndication | Malformed {
  const words = end - at - FEEDBACK_SIZE;
  if (words < 4 || words % 4 !== 0) return MALFORMED;
  const slices: LostSlices[] = [];
  for (let i = at + FEEDBACK_SIZE; i < end; i += 4) {
    const word = readU32(bytes, i);
    slices.push({ first: word >>> 19, number: (word >>> 6) & 0x1fff, pictureId: word & 0x3f });
  }
  return { type: 'sli', ...feedbackSsrcs(bytes, at), slices };
}

export function sliceLossLength(packet: SliceLossIndication): number {
  if (packet.slices.length === 0) refuse('an SLI of nothing');
  return FEEDBACK_SIZE + 4 * packet.slices.length;
}

export function writeSliceLoss(buffer: Uint8Array, offset: number, length: number, packet: SliceLossIndication): void {
  const { senderSsrc, mediaSsrc } = packet;
  const { payloadFeedback } = RTCP_TYPE;
  let at = writeFeedback(buffer, offset, length, payloadFeedback, PAYLOAD_FORMAT.sli, senderSsrc, mediaSsrc);
  for (const { first, number, pictureId } of packet.slices) {
    checkRange('first macroblock', first, 0, 0x1fff);
    checkRange('number of macroblocks', number, 0, 0x1fff);
    checkRange('picture id', pictureId, 0, 0x3f);
    writeU32(buffer, at, (first << 19) | (number << 6) | pictureId);
    at += 4;
  }
}
