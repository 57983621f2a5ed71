import { decodeUtf8, encodeUtf8, MALFORMED, type Malformed, readU32, writeU32 } from '@kaon/wire';
import { MAX_COUNT, RTCP_HEADER_SIZE, RTCP_TYPE, writeHeader } from './header.ts';
import { refuse } from './misuse.ts';

// RFC 3550 §6.6
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|    SC   |   PT=BYE=203  |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                           SSRC/CSRC                           |
// :                              ...                              :
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |     length    |               reason for leaving            ...

/** Goodbye (RFC 3550 §6.6): streams that end. */
export interface Goodbye {
  readonly type: 'bye';
  /** At most 31. */
  readonly ssrcs: readonly number[];
  /** At most 255 bytes in UTF-8. */
  readonly reason?: string | undefined;
}

export function decodeGoodbye(bytes: Uint8Array, at: number, end: number, count: number): Goodbye | Malformed {
  const reason = at + RTCP_HEADER_SIZE + 4 * count;
  if (reason > end) return MALFORMED;
  const ssrcs: number[] = [];
  for (let i = at + RTCP_HEADER_SIZE; i < reason; i += 4) ssrcs.push(readU32(bytes, i));
  if (reason === end) return { type: 'bye', ssrcs, reason: undefined };
  const reasonEnd = reason + 1 + bytes[reason]!;
  if (reasonEnd > end) return MALFORMED;
  return { type: 'bye', ssrcs, reason: decodeUtf8(bytes.subarray(reason + 1, reasonEnd)) };
}

export function goodbyeLength(packet: Goodbye): number {
  if (packet.ssrcs.length > MAX_COUNT) refuse(`${packet.ssrcs.length} sources in a BYE, 31 fit`);
  const ssrcs = RTCP_HEADER_SIZE + 4 * packet.ssrcs.length;
  if (packet.reason === undefined) return ssrcs;
  const reason = encodeUtf8(packet.reason).length;
  if (reason > 255) refuse(`reason of ${reason} bytes, 255 fit`);
  return ssrcs + Math.ceil((1 + reason) / 4) * 4;
}

export function writeGoodbye(buffer: Uint8Array, offset: number, length: number, packet: Goodbye): void {
  let at = writeHeader(buffer, offset, packet.ssrcs.length, RTCP_TYPE.goodbye, length);
  for (const ssrc of packet.ssrcs) {
    writeU32(buffer, at, ssrc);
    at += 4;
  }
  if (packet.reason === undefined) return;
  const reason = encodeUtf8(packet.reason);
  buffer[at] = reason.length;
  buffer.set(reason, at + 1);
  buffer.fill(0, at + 1 + reason.length, offset + length);
}
