/** MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.5, §14.6) on encoded messages. */
import type { Mac } from '@kaon/interface/crypto/v1';
import { equalConstantTime, readU16, writeU16 } from '@kaon/wire';
import { isSha256TagLength } from './attributes/message-integrity-sha256.ts';
import { HEADER_LENGTH, isStun } from './header.ts';

/** Attribute types and sizes that the codec and this module share. */
export const MESSAGE_INTEGRITY = 0x0008;
export const MESSAGE_INTEGRITY_SHA256 = 0x001c;
export const SHA1_LENGTH = 20;
export const SHA256_LENGTH = 32;

/**
 * Whether the message's MESSAGE-INTEGRITY is right under `mac` (HMAC-SHA1). False when it is absent, or the bytes are
 * no STUN message. What stands behind it is not covered; `decodeMessage` leaves that out.
 */
export function verifyIntegrity(bytes: Uint8Array, mac: Mac): boolean {
  const at = find(bytes, MESSAGE_INTEGRITY);
  return at >= 0 && readU16(bytes, at + 2) === SHA1_LENGTH && matches(bytes, at, SHA1_LENGTH, mac);
}

/**
 * Whether the message's MESSAGE-INTEGRITY-SHA256 is right under `mac` (HMAC-SHA256). Tags truncated as RFC 8489 §14.6
 * allows (16 bytes at least) count unless `minimumLength` asks for more. False when it is absent.
 */
export function verifyIntegritySha256(bytes: Uint8Array, mac: Mac, minimumLength = 16): boolean {
  const at = find(bytes, MESSAGE_INTEGRITY_SHA256);
  if (at < 0) return false;
  const length = readU16(bytes, at + 2);
  return isSha256TagLength(length) && length >= minimumLength && matches(bytes, at, length, mac);
}

/**
 * The tag over `bytes[0, at)` as a message that ends with an attribute of `length` bytes there; the whole tag, however
 * much of it travels.
 */
export function integrityTag(bytes: Uint8Array, at: number, length: number, mac: Mac): Uint8Array {
  const header = bytes.slice(0, HEADER_LENGTH);
  writeU16(header, 2, at + 4 + length - HEADER_LENGTH);
  const tag = new Uint8Array(mac.length);
  mac.sign(tag, header, bytes.subarray(HEADER_LENGTH, at));
  return tag;
}

function matches(bytes: Uint8Array, at: number, length: number, mac: Mac): boolean {
  const tag = integrityTag(bytes, at, length, mac).subarray(0, length);
  return equalConstantTime(tag, bytes.subarray(at + 4, at + 4 + length));
}

/** Where the attribute begins that counts: the first of its kind, with only integrity attributes passed over. -1: none. */
function find(bytes: Uint8Array, type: number): number {
  if (!isStun(bytes)) return -1;
  for (let at = HEADER_LENGTH; at + 4 <= bytes.length; ) {
    const here = readU16(bytes, at);
    const length = readU16(bytes, at + 2);
    if (at + 4 + length > bytes.length) return -1;
    if (here === type) return at;
    // Behind MESSAGE-INTEGRITY-SHA256 only FINGERPRINT counts, so no MESSAGE-INTEGRITY does (RFC 8489 §14.6).
    if (here === MESSAGE_INTEGRITY_SHA256) return -1;
    at += 4 + length + (-length & 3);
  }
  return -1;
}
