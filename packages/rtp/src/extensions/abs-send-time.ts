import { checkValue } from './check.ts';

/**
 * When a packet left (libwebrtc, rtp-hdrext/abs-send-time): 24 bits, seconds with 18 bits of fraction, which wrap after 64 s.
 */
export function absSendTime(now: number): number {
  return Math.round((now * 2 ** 18) / 1000) & 0xff_ffff;
}

/** Milliseconds from one time to another, negative when the second is earlier; times are less than 32 s apart. */
export function absSendTimeDistance(from: number, to: number): number {
  return ((((to - from) << 8) >> 8) * 1000) / 2 ** 18;
}

/** The 24 bits, or -1 when the element has not three bytes. */
export function readAbsSendTime(bytes: Uint8Array, offset: number, length: number): number {
  return length === 3 ? (bytes[offset]! << 16) | (bytes[offset + 1]! << 8) | bytes[offset + 2]! : -1;
}

/** Writes what `absSendTime` gave and returns 3. */
export function writeAbsSendTime(buffer: Uint8Array, offset: number, time: number): number {
  checkValue('absolute send time', time, 0, 0xff_ffff);
  buffer[offset] = time >>> 16;
  buffer[offset + 1] = time >>> 8;
  buffer[offset + 2] = time;
  return ABS_SEND_TIME_LENGTH;
}

/** Bytes that `writeAbsSendTime` writes. */
export const ABS_SEND_TIME_LENGTH = 3;
