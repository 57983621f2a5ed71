import { writeU16, writeU32 } from '@kaon/wire';
import { CHUNK } from './chunk.ts';

/*
 * I-DATA (RFC 8260 §2.1). Read and written in place, from offsets.
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 64   |  Res  |I|U|B|E|       Length = Variable       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                              TSN                              |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |        Stream Identifier      |           Reserved            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                      Message Identifier                       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |    Payload Protocol Identifier / Fragment Sequence Number     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * \                           User Data                           /
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** Bytes in front of the user data of an I-DATA chunk. */
export const I_DATA_HEADER_SIZE = 20;

/** Writes the 20 bytes in front of the user data. With the B flag `last` is the PPID, else the fragment's number. */
export function writeIDataHeader(
  buffer: Uint8Array,
  at: number,
  flags: number,
  length: number,
  tsn: number,
  stream: number,
  mid: number,
  last: number,
): void {
  buffer[at] = CHUNK.IData;
  buffer[at + 1] = flags;
  writeU16(buffer, at + 2, I_DATA_HEADER_SIZE + length);
  writeU32(buffer, at + 4, tsn);
  writeU16(buffer, at + 8, stream);
  writeU16(buffer, at + 10, 0);
  writeU32(buffer, at + 12, mid);
  writeU32(buffer, at + 16, last);
}
