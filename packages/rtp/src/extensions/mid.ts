import type { Malformed } from '@kaon/wire';
import { isTokenCharacter, readText, writeText } from './sdes-text.ts';

/**
 * Which media description a packet belongs to (`urn:ietf:params:rtp-hdrext:sdes:mid`, RFC 9143 §15): its mid as text.
 */
export function readMid(bytes: Uint8Array, offset: number, length: number): string | Malformed {
  return readText(bytes, offset, length, isTokenCharacter);
}

/** Writes the mid and returns its length. Throws RtpError (`RTP_BAD_EXTENSION`) for what is no token of 1 to 255 characters. */
export function writeMid(buffer: Uint8Array, offset: number, mid: string): number {
  return writeText(buffer, offset, mid, 'mid', isTokenCharacter);
}

/** Bytes that `writeMid` writes. */
export function midLength(mid: string): number {
  return mid.length;
}
