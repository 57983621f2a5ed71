import { isMalformed } from '@kaon/wire';
import { AV1_OBU, type Av1Obu, splitObus } from './obu.ts';
import { type Av1SequenceHeader, decodeAv1SequenceHeader } from './sequence-header.ts';

/** Whether an OBU is sent: delimiters, tile lists and padding are not (AV1 RTP specification §5). */
export function isSent(type: number): boolean {
  return type !== AV1_OBU.TEMPORAL_DELIMITER && type !== AV1_OBU.TILE_LIST && type !== AV1_OBU.PADDING;
}

/**
 * Whether a frame header, or a frame, begins a key frame: show_existing_frame is 0 and frame_type is KEY_FRAME (AV1 bitstream
 * specification §5.9.2). The payload begins at `at`.
 */
export function isKeyFrameHeader(bytes: Uint8Array, at: number): boolean {
  return (bytes[at]! & 0xe0) === 0;
}

/** Whether an OBU has a frame header in front. */
export function hasFrameHeader({ type }: Pick<Av1Obu, 'type'>): boolean {
  return type === AV1_OBU.FRAME || type === AV1_OBU.FRAME_HEADER;
}

/**
 * The sequence header of a temporal unit in the low-overhead format; undefined when it has none that can be read. Every key frame
 * that WebRTC sends comes with one.
 */
export function av1SequenceHeader(unit: Uint8Array): Av1SequenceHeader | undefined {
  const obus = splitObus(unit);
  if (isMalformed(obus)) return undefined;
  const obu = obus.find(({ type }) => type === AV1_OBU.SEQUENCE_HEADER);
  if (obu === undefined) return undefined;
  const header = decodeAv1SequenceHeader(unit, obu.payloadStart, obu.end);
  return isMalformed(header) ? undefined : header;
}
