/** NTP timestamps as RTP uses them (RFC 3550 §4): seconds since 1900 and their fraction. */

/** A 64-bit NTP timestamp in its two halves, each of 32 bits. */
export interface NtpTime {
  readonly seconds: number;
  readonly fraction: number;
}

/** The NTP time of a wall clock in milliseconds since 1970. Wraps in 2036, as NTP does. */
export function ntpTime(wallClock: number): NtpTime {
  const seconds = Math.floor(wallClock / 1000);
  // Rounding may reach the next second: carry it.
  const fraction = Math.round(((wallClock - seconds * 1000) / 1000) * 2 ** 32);
  const carry = fraction === 2 ** 32 ? 1 : 0;
  return { seconds: modulo32(seconds + carry + EPOCH), fraction: carry === 1 ? 0 : fraction };
}

/**
 * Milliseconds since 1970 of an NTP time. Seconds below 2^31 are taken for the era that begins in 2036 (RFC 4330 §3).
 */
export function ntpToWallClock({ seconds, fraction }: NtpTime): number {
  const era = seconds < 2 ** 31 ? 2 ** 32 : 0;
  return (seconds + era - EPOCH + fraction / 2 ** 32) * 1000;
}

/** The middle 32 bits of the NTP time, in units of 1/65536 s: what LSR, DLSR and RFC 8888 count in. */
export function ntpMiddle32(wallClock: number): number {
  const { seconds, fraction } = ntpTime(wallClock);
  return ((seconds << 16) | (fraction >>> 16)) >>> 0;
}

/** An interval of milliseconds in units of 1/65536 s, held to 32 bits. */
export function compactNtp(milliseconds: number): number {
  return Math.min(0xffff_ffff, Math.max(0, Math.round((milliseconds / 1000) * 65_536)));
}

/** Milliseconds of an interval in units of 1/65536 s. */
export function compactNtpToMilliseconds(units: number): number {
  return (units / 65_536) * 1000;
}

function modulo32(value: number): number {
  return value - Math.floor(value / 2 ** 32) * 2 ** 32;
}

/** Seconds from 1900 to 1970. */
const EPOCH = 2_208_988_800;
