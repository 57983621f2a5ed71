import { checkValue } from './check.ts';

/**
 * How much later a packet left than its timestamp says (RFC 5450 §3): 24 bits, signed, in units of the timestamp.
 * Undefined when the element has not three bytes, since every number has a meaning.
 */
export function readTransmissionOffset(bytes: Uint8Array, offset: number, length: number): number | undefined {
  if (length !== 3) return undefined;
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8)) >> 8;
}

/** Writes the offset (-8388608 to 8388607) and returns 3. */
export function writeTransmissionOffset(buffer: Uint8Array, offset: number, value: number): number {
  checkValue('transmission offset', value, -0x80_0000, 0x7f_ffff);
  buffer[offset] = value >> 16;
  buffer[offset + 1] = value >> 8;
  buffer[offset + 2] = value;
  return TRANSMISSION_OFFSET_LENGTH;
}

/** Bytes that `writeTransmissionOffset` writes. */
export const TRANSMISSION_OFFSET_LENGTH = 3;
