import { writeU16, writeU32 } from '@kaon/wire';

/*
 * RFC 9260 §3.1
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |      Source Port Number       |    Destination Port Number    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Verification Tag                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                           Checksum                            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** Bytes of the common header. */
export const HEADER_SIZE = 12;

/** Writes the common header with a checksum of zero. */
export function writeHeader(buffer: Uint8Array, at: number, source: number, destination: number, tag: number): void {
  writeU16(buffer, at, source);
  writeU16(buffer, at + 2, destination);
  writeU32(buffer, at + 4, tag);
  writeU32(buffer, at + 8, 0);
}
