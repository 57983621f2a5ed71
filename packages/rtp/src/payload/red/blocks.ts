import { MALFORMED, type Malformed, readU32, writeU32 } from '@kaon/wire';
import { RtpError } from '../../errors.ts';
import { checkField } from '../../packet.ts';

// RFC 2198 §3
//
//  0                   1                    2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3  4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |F|   block PT  |  timestamp offset         |   block length    |   F = 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |0|   Block PT  |                                                   the last header
// +-+-+-+-+-+-+-+-+

/** One block of a RED payload (RFC 2198). */
export interface RedBlock {
  /** 0 to 127. */
  readonly payloadType: number;
  /** How far before the packet's timestamp, in its units: 0 to 16383. The last block, the primary one, has 0. */
  readonly timestampOffset: number;
  /** At most 1023 bytes; the primary one has no limit. */
  readonly data: Uint8Array;
}

/** The longest timestamp offset, 14 bits. */
export const MAX_TIMESTAMP_OFFSET = 0x3fff;

/** The longest redundant block, 10 bits. */
export const MAX_BLOCK_LENGTH = 0x3ff;

/**
 * Reads the RED payload at `bytes[start, end)`: redundant blocks in the order they stand, the primary one last. Data are views.
 * Malformed when a block does not fit.
 */
export function decodeRed(bytes: Uint8Array, start = 0, end: number = bytes.length): readonly RedBlock[] | Malformed {
  let at = start;
  while (at < end && (bytes[at]! & 0x80) !== 0) at += REDUNDANT_HEADER_SIZE;
  if (at >= end) return MALFORMED;
  const primaryType = bytes[at]!;
  const blocks: RedBlock[] = [];
  let data = at + 1;
  for (let header = start; header < at; header += REDUNDANT_HEADER_SIZE) {
    const word = readU32(bytes, header);
    const next = data + (word & MAX_BLOCK_LENGTH);
    if (next > end) return MALFORMED;
    blocks.push({
      payloadType: (word >>> 24) & 0x7f,
      timestampOffset: (word >>> 10) & MAX_TIMESTAMP_OFFSET,
      data: bytes.subarray(data, next),
    });
    data = next;
  }
  blocks.push({ payloadType: primaryType, timestampOffset: 0, data: bytes.subarray(data, end) });
  return blocks;
}

/** The RED payload of these blocks, the primary one last. Throws RtpError (`RTP_BAD_FIELD`) on what does not fit. */
export function encodeRed(blocks: readonly RedBlock[]): Uint8Array {
  const bytes = new Uint8Array(redLength(blocks));
  writeRed(bytes, 0, blocks);
  return bytes;
}

/** Bytes that `writeRed` takes. Throws RtpError (`RTP_BAD_FIELD`) without blocks. */
export function redLength(blocks: readonly RedBlock[]): number {
  if (blocks.length === 0) throw new RtpError('RTP_BAD_FIELD', 'a RED payload has at least its primary block');
  let length = 1 + REDUNDANT_HEADER_SIZE * (blocks.length - 1);
  for (const { data } of blocks) length += data.length;
  return length;
}

/** Writes the blocks at `buffer[offset...]`, which must have room, and returns their length. Throws as `encodeRed` does. */
export function writeRed(buffer: Uint8Array, offset: number, blocks: readonly RedBlock[]): number {
  let at = offset;
  for (let i = 0; i < blocks.length; i++) {
    const { payloadType, timestampOffset, data } = blocks[i]!;
    checkField('payloadType', payloadType, 0x7f);
    if (i === blocks.length - 1) {
      checkField('timestampOffset of the primary block', timestampOffset, 0);
      buffer[at++] = payloadType;
      break;
    }
    checkField('timestampOffset', timestampOffset, MAX_TIMESTAMP_OFFSET);
    checkField('block length', data.length, MAX_BLOCK_LENGTH);
    writeU32(buffer, at, 0x8000_0000 | (payloadType << 24) | (timestampOffset << 10) | data.length);
    at += REDUNDANT_HEADER_SIZE;
  }
  for (const { data } of blocks) {
    buffer.set(data, at);
    at += data.length;
  }
  return at - offset;
}

/** Bytes of the header of a redundant block. */
export const REDUNDANT_HEADER_SIZE = 4;
