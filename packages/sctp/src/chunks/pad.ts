import { writeU16 } from '@kaon/wire';
import { CHUNK, CHUNK_HEADER_SIZE } from './chunk.ts';

/*
 * PAD (RFC 4820 §3)
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Type = 0x84  |   Flags = 0   |             Length            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * \                    Padding Data, of no meaning                /
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** Writes a PAD chunk of `length` bytes, its header included, at `at`; a multiple of 4 from 4 to 65532. Answers its end. */
export function writePad(buffer: Uint8Array, at: number, length: number): number {
  const end = at + length;
  buffer[at] = CHUNK.Pad;
  buffer[at + 1] = 0;
  writeU16(buffer, at + 2, length);
  // What the buffer held before is nobody's business.
  buffer.fill(0, at + CHUNK_HEADER_SIZE, end);
  return end;
}
