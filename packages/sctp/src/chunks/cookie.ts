import { CHUNK, encodeChunk } from './chunk.ts';

/*
 * COOKIE ECHO (RFC 9260 §3.3.11) carries the State Cookie of the INIT ACK unchanged; COOKIE ACK (§3.3.12) is empty.
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 10   |  Chunk Flags  |            Length             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * \                            Cookie                             /
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

export function encodeCookieEcho(cookie: Uint8Array): Uint8Array {
  return encodeChunk(CHUNK.CookieEcho, 0, cookie);
}

export function encodeCookieAck(): Uint8Array {
  return encodeChunk(CHUNK.CookieAck, 0, new Uint8Array(0));
}
