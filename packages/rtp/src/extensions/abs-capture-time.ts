import { MALFORMED, type Malformed, readU32, writeU32 } from '@kaon/wire';
import type { NtpTime } from '../ntp.ts';
import { checkValue } from './check.ts';

/**
 * When a frame was captured (libwebrtc, rtp-hdrext/abs-capture-time): 64 bits of NTP time by the clock of the system that
 * captured it, and behind it, where a system in between knows, how far that clock is ahead of the clock of the one that sends
 * this stream: a signed number of seconds with 32 bits of fraction.
 */
export interface AbsCaptureTime {
  readonly captureTime: NtpTime;
  /** Whole seconds (signed) and their fraction (always forward). */
  readonly captureClockOffset?: NtpTime | undefined;
}

/** The offset in milliseconds. */
export function captureClockOffsetToMilliseconds({ seconds, fraction }: NtpTime): number {
  return (seconds + fraction / 2 ** 32) * 1000;
}

/** An offset of milliseconds. */
export function captureClockOffset(milliseconds: number): NtpTime {
  const units = Math.round((milliseconds / 1000) * 2 ** 32);
  const seconds = Math.floor(units / 2 ** 32);
  return { seconds, fraction: units - seconds * 2 ** 32 };
}

/** Malformed when the element has neither 8 nor 16 bytes. */
export function readAbsCaptureTime(bytes: Uint8Array, offset: number, length: number): AbsCaptureTime | Malformed {
  if (length !== 8 && length !== 16) return MALFORMED;
  const captureTime = { seconds: readU32(bytes, offset), fraction: readU32(bytes, offset + 4) };
  if (length === 8) return { captureTime };
  const seconds = readU32(bytes, offset + 8) | 0;
  return { captureTime, captureClockOffset: { seconds, fraction: readU32(bytes, offset + 12) } };
}

/** Writes the time, and the offset if there is one; returns 8 or 16. */
export function writeAbsCaptureTime(buffer: Uint8Array, offset: number, value: AbsCaptureTime): number {
  const { captureTime, captureClockOffset } = value;
  checkValue('seconds', captureTime.seconds, 0, 0xffff_ffff);
  checkValue('fraction', captureTime.fraction, 0, 0xffff_ffff);
  writeU32(buffer, offset, captureTime.seconds);
  writeU32(buffer, offset + 4, captureTime.fraction);
  if (captureClockOffset === undefined) return 8;
  checkValue('seconds', captureClockOffset.seconds, -0x8000_0000, 0x7fff_ffff);
  checkValue('fraction', captureClockOffset.fraction, 0, 0xffff_ffff);
  writeU32(buffer, offset + 8, captureClockOffset.seconds);
  writeU32(buffer, offset + 12, captureClockOffset.fraction);
  return 16;
}

/** Bytes that `writeAbsCaptureTime` writes. */
export function absCaptureTimeLength(value: AbsCaptureTime): number {
  return value.captureClockOffset === undefined ? 8 : 16;
}
