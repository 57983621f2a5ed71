import { refuse } from './misuse.ts';

/** A bit rate as a mantissa of `bits` bits and an exponent of two; rounded down, and cut at what the field can say. */
export function splitBitrate(bitrate: number, bits: number): { mantissa: number; exponent: number } {
  if (!(bitrate >= 0)) refuse(`bit rate ${bitrate}`);
  const limit = 2 ** bits;
  let exponent = 0;
  let mantissa = bitrate;
  while (mantissa >= limit && exponent < MAX_EXPONENT) {
    mantissa /= 2;
    exponent++;
  }
  return { mantissa: Math.min(Math.floor(mantissa), limit - 1), exponent };
}

const MAX_EXPONENT = 63;
