import { writeU16, writeU32 } from '@kaon/wire';
import { CHUNK } from './chunk.ts';

/*
 * DATA (RFC 9260 §3.3.1). Read and written in place, from offsets: this is the hot path.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 0    |  Res  |I|U|B|E|            Length             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                              TSN                              |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |      Stream Identifier        |    Stream Sequence Number     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                  Payload Protocol Identifier                  |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * \                 User Data (seq n of Stream S)                 /
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** Bytes in front of the user data of a DATA chunk. */
export const DATA_HEADER_SIZE = 16;

/** Flags of DATA and I-DATA. */
export const FLAG_END = 1;
export const FLAG_BEGIN = 2;
export const FLAG_UNORDERED = 4;
/** The receiver should send its SACK at once (RFC 9260 §3.3.1, once RFC 7053). */
export const FLAG_IMMEDIATE = 8;

/** Writes the 16 bytes in front of the user data. `length` is that of the user data. */
export function writeDataHeader(
  buffer: Uint8Array,
  at: number,
  flags: number,
  length: number,
  tsn: number,
  stream: number,
  ssn: number,
  ppid: number,
): void {
  buffer[at] = CHUNK.Data;
  buffer[at + 1] = flags;
  writeU16(buffer, at + 2, DATA_HEADER_SIZE + length);
  writeU32(buffer, at + 4, tsn);
  writeU16(buffer, at + 8, stream);
  writeU16(buffer, at + 10, ssn);
  writeU32(buffer, at + 12, ppid);
}
