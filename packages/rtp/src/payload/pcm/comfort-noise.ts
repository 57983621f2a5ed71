import { MALFORMED, type Malformed } from '@kaon/wire';
import { RtpError } from '../../errors.ts';

/**
 * Comfort noise (RFC 3389 §3): how loud a pause is, and how it sounds.
 *
 * ```
 *  0 1 2 3 4 5 6 7
 * +-+-+-+-+-+-+-+-+------+------+---
 * |0|   level     |  N1  |  N2  |
 * +-+-+-+-+-+-+-+-+------+------+---
 * ```
 */
export interface ComfortNoise {
  /** In -dBov: 0 is the loudest, 127 is silence. */
  readonly level: number;
  /** Quantized reflection coefficients of an all-pole model, 0 to 254 each; empty: white noise. */
  readonly coefficients: readonly number[];
}

/** The payload in `bytes[start, end)`. Malformed when it is empty or its reserved bit is set. */
export function decodeComfortNoise(bytes: Uint8Array, start = 0, end: number = bytes.length): ComfortNoise | Malformed {
  if (end <= start || bytes[start]! > 127) return MALFORMED;
  return { level: bytes[start]!, coefficients: [...bytes.subarray(start + 1, end)] };
}

/** The payload. Throws RtpError (`RTP_BAD_FIELD`) for what does not fit a byte. */
export function encodeComfortNoise(noise: ComfortNoise): Uint8Array {
  const { level, coefficients } = noise;
  if (!(level >= 0 && level <= 127)) throw new RtpError('RTP_BAD_FIELD', `a level of ${level} is not from 0 to 127`);
  for (const coefficient of coefficients)
    if (!(coefficient >= 0 && coefficient <= 255))
      throw new RtpError('RTP_BAD_FIELD', `a coefficient of ${coefficient} is not from 0 to 255`);
  return Uint8Array.of(level, ...coefficients);
}

/** Bytes that `encodeComfortNoise` makes. */
export function comfortNoiseLength({ coefficients }: ComfortNoise): number {
  return 1 + coefficients.length;
}

/** The coefficient that a quantized one stands for, between -1 and 1 (RFC 3389 §3.2). */
export function reflectionCoefficient(quantized: number): number {
  return (258 * (quantized - 127)) / 32_768;
}
