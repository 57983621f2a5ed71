import { MALFORMED, type Malformed } from '@kaon/wire';
import { RtpError } from '../errors.ts';

/**
 * How long a receiver may hold frames back (libwebrtc, rtp-hdrext/playout-delay).
 *
 * ```
 *  0                   1                   2
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |       MIN delay       |       MAX delay       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 */
export interface PlayoutDelay {
  /** Milliseconds, 0 to 40950, in steps of 10. */
  readonly min: number;
  /** Milliseconds, at least `min`. */
  readonly max: number;
}

/** Malformed when the element has not three bytes, or the least delay is above the greatest. */
export function readPlayoutDelay(bytes: Uint8Array, offset: number, length: number): PlayoutDelay | Malformed {
  if (length !== 3) return MALFORMED;
  const min = (bytes[offset]! << 4) | (bytes[offset + 1]! >>> 4);
  const max = ((bytes[offset + 1]! & 0x0f) << 8) | bytes[offset + 2]!;
  return min <= max ? { min: min * STEP, max: max * STEP } : MALFORMED;
}

/** Writes the delays, rounded to steps of 10 ms, and returns 3. */
export function writePlayoutDelay(buffer: Uint8Array, offset: number, delay: PlayoutDelay): number {
  const min = Math.round(delay.min / STEP);
  const max = Math.round(delay.max / STEP);
  if (!(min >= 0 && min <= max && max <= 0xfff))
    throw new RtpError('RTP_BAD_EXTENSION', `a playout delay of ${delay.min} to ${delay.max} ms does not fit`);
  buffer[offset] = min >>> 4;
  buffer[offset + 1] = ((min & 0x0f) << 4) | (max >>> 8);
  buffer[offset + 2] = max;
  return PLAYOUT_DELAY_LENGTH;
}

/** Bytes that `writePlayoutDelay` writes. */
export const PLAYOUT_DELAY_LENGTH = 3;

const STEP = 10;
