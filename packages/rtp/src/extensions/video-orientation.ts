import { MALFORMED, type Malformed } from '@kaon/wire';
import { RtpError } from '../errors.ts';

/**
 * How to turn a frame for display: coordination of video orientation (3GPP TS 26.114 §7.4.5).
 *
 * ```
 *  0 1 2 3 4 5 6 7
 * +-+-+-+-+-+-+-+-+
 * |0 0 0 0 C F R R|
 * +-+-+-+-+-+-+-+-+
 * ```
 */
export interface VideoOrientation {
  /** Degrees clockwise by which a receiver turns the frame. */
  readonly rotation: 0 | 90 | 180 | 270;
  /** Whether it mirrors the frame left to right, before it turns it. */
  readonly flip: boolean;
  /** Which way the camera looks: `front` at its user. */
  readonly camera: 'front' | 'back';
}

/** Malformed when the element has not one byte. */
export function readVideoOrientation(bytes: Uint8Array, offset: number, length: number): VideoOrientation | Malformed {
  if (length !== 1) return MALFORMED;
  const byte = bytes[offset]!;
  return { rotation: ROTATIONS[byte & 3]!, flip: (byte & 4) !== 0, camera: (byte & 8) !== 0 ? 'back' : 'front' };
}

/** Writes the orientation and returns 1. */
export function writeVideoOrientation(buffer: Uint8Array, offset: number, orientation: VideoOrientation): number {
  const { rotation, flip, camera } = orientation;
  const code = ROTATIONS.indexOf(rotation);
  if (code < 0) throw new RtpError('RTP_BAD_EXTENSION', `rotation ${rotation} is not 0, 90, 180 or 270`);
  buffer[offset] = (camera === 'back' ? 8 : 0) | (flip ? 4 : 0) | code;
  return VIDEO_ORIENTATION_LENGTH;
}

/** Bytes that `writeVideoOrientation` writes. */
export const VIDEO_ORIENTATION_LENGTH = 1;

const ROTATIONS = [0, 90, 180, 270] as const;
