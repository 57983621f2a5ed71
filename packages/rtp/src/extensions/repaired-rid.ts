import type { Malformed } from '@kaon/wire';
import { isRidCharacter, readText, writeText } from './sdes-text.ts';

/**
 * Which encoding a stream of retransmissions or of forward error correction repairs
 * (`urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id`, RFC 8852 §3.2): the rid of that encoding as text.
 */
export function readRepairedRid(bytes: Uint8Array, offset: number, length: number): string | Malformed {
  return readText(bytes, offset, length, isRidCharacter);
}

/** Writes the rid and returns its length. Throws RtpError (`RTP_BAD_EXTENSION`) for other characters. */
export function writeRepairedRid(buffer: Uint8Array, offset: number, rid: string): number {
  return writeText(buffer, offset, rid, 'repaired rid', isRidCharacter);
}

/** Bytes that `writeRepairedRid` writes. */
export function repairedRidLength(rid: string): number {
  return rid.length;
}
