/** FINGERPRINT (RFC 8489 §14.7): a CRC-32 that tells STUN from other protocols on the same port. */
import { readU16, readU32 } from '@kaon/wire';
import { HEADER_LENGTH, isStun } from './header.ts';

/** Its attribute type. */
export const FINGERPRINT = 0x8028;

/** Attribute header and value, in bytes. */
export const FINGERPRINT_LENGTH = 8;

/** True only when the last attribute is a FINGERPRINT and it is right. */
export function verifyFingerprint(bytes: Uint8Array): boolean {
  const at = bytes.length - FINGERPRINT_LENGTH;
  return (
    isStun(bytes) &&
    at >= HEADER_LENGTH &&
    readU16(bytes, at) === FINGERPRINT &&
    readU16(bytes, at + 2) === 4 &&
    readU32(bytes, at + 4) === fingerprintOf(bytes, at)
  );
}

/** The FINGERPRINT value over `bytes[0, end)`, whose length field must already count the attribute. */
export function fingerprintOf(bytes: Uint8Array, end: number): number {
  return (crc32(bytes, end) ^ 0x5354554e) >>> 0;
}

/** CRC-32 of ITU V.42 over `bytes[0, end)`. */
export function crc32(bytes: Uint8Array, end: number): number {
  let crc = 0xffffffff;
  for (let i = 0; i < end; i++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}

const TABLE: Uint32Array = new Uint32Array(256).map((_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});
