import { MALFORMED, type Malformed } from '@kaon/wire';
import { FEEDBACK_SIZE, feedbackSsrcs, PAYLOAD_FORMAT, writeFeedback } from './feedback.ts';
import { RTCP_TYPE } from './header.ts';

/** Picture loss indication (RFC 4585 §6.3.1): the decoder needs a key frame. It has no feedback control information. */
export interface PictureLossIndication {
  readonly type: 'pli';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
}

export function decodePictureLoss(bytes: Uint8Array, at: number, end: number): PictureLossIndication | Malformed {
  return at + FEEDBACK_SIZE > end ? MALFORMED : { type: 'pli', ...feedbackSsrcs(bytes, at) };
}

export function pictureLossLength(): number {
  return FEEDBACK_SIZE;
}

export function writePictureLoss(
  buffer: Uint8Array,
  offset: number,
  length: number,
  packet: PictureLossIndication,
): void {
  const { senderSsrc, mediaSsrc } = packet;
  writeFeedback(buffer, offset, length, RTCP_TYPE.payloadFeedback, PAYLOAD_FORMAT.pli, senderSsrc, mediaSsrc);
}
