import { MALFORMED, type Malformed, readU16, readU32, Writer, writeU32 } from '@kaon/wire';
import { RTCP_TYPE, writeHeader } from './header.ts';
import { refuse } from './misuse.ts';
import type { XrBlock } from './xr/blocks.ts';
import { decodeXrBlock } from './xr/decode.ts';
import { encodeXrBlock } from './xr/encode.ts';

// RFC 3611 §2, §3
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|reserved |   PT=XR=207   |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                              SSRC                             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |      BT       | type-specific |         block length          |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// :             type-specific block contents                      :

/** Extended report (RFC 3611). */
export interface ExtendedReport {
  readonly type: 'xr';
  readonly ssrc: number;
  readonly blocks: readonly XrBlock[];
}

/** Reads an extended report. A block that does not fit its type is left out (RFC 3611 §5); one that does not fit is malformed. */
export function decodeExtendedReport(bytes: Uint8Array, start: number, end: number): ExtendedReport | Malformed {
  let at = start + FIXED_SIZE;
  if (at > end) return MALFORMED;
  const blocks: XrBlock[] = [];
  while (at < end) {
    const body = at + 4;
    if (body > end) return MALFORMED;
    const next = body + 4 * readU16(bytes, at + 2);
    if (next > end) return MALFORMED;
    const block = decodeXrBlock(bytes, body, next, bytes[at]!, bytes[at + 1]!);
    if (block !== undefined) blocks.push(block);
    at = next;
  }
  return { type: 'xr', ssrc: readU32(bytes, start + 4), blocks };
}

export function extendedReportLength(packet: ExtendedReport): number {
  return FIXED_SIZE + encodeBlocks(packet).length;
}

export function writeExtendedReport(buffer: Uint8Array, offset: number, length: number, packet: ExtendedReport): void {
  writeHeader(buffer, offset, 0, RTCP_TYPE.extendedReport, length);
  writeU32(buffer, offset + 4, packet.ssrc);
  buffer.set(encodeBlocks(packet).peek(), offset + FIXED_SIZE);
}

function encodeBlocks(packet: ExtendedReport): Writer {
  const writer = new Writer();
  try {
    for (const block of packet.blocks) encodeXrBlock(writer, block);
  } catch (error) {
    // What the writer says of a number that does not fit its field, in this package's own terms.
    if (error instanceof RangeError) refuse(error.message);
    throw error;
  }
  return writer;
}

const FIXED_SIZE = 8;
