import type { Malformed } from '@kaon/wire';
import { isRidCharacter, readText, writeText } from './sdes-text.ts';

/**
 * Which encoding of a source a stream carries (`urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id`, RFC 8852 §3.1): its rid as
 * text.
 */
export function readRid(bytes: Uint8Array, offset: number, length: number): string | Malformed {
  return readText(bytes, offset, length, isRidCharacter);
}

/** Writes the rid and returns its length. Throws RtpError (`RTP_BAD_EXTENSION`) for other characters. */
export function writeRid(buffer: Uint8Array, offset: number, rid: string): number {
  return writeText(buffer, offset, rid, 'rid', isRidCharacter);
}

/** Bytes that `writeRid` writes. */
export function ridLength(rid: string): number {
  return rid.length;
}
