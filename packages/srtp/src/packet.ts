import { readU16 } from '@kaon/wire';

/*
 *     0                   1                   2                   3
 *    |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *    |                           timestamp                           |
 *    |           synchronization source (SSRC) identifier            |
 *    |            contributing source (CSRC) identifiers             |
 *    |      defined by profile       |           length              |
 *    |                        header extension                       |
 */

/** Length of the fixed header of RTP. */
export const RTP_HEADER = 12;
/** Length of the part of an RTCP packet that is never encrypted. */
export const RTCP_HEADER = 8;

/** Where the header extension of the RTP packet at `start` begins, or would: behind the CSRCs. */
export function extensionOffset(buffer: Uint8Array, start: number): number {
  return start + RTP_HEADER + 4 * (buffer[start]! & 15);
}

/** Whether the packet says that it has a header extension. */
export function hasExtension(buffer: Uint8Array, start: number): boolean {
  return (buffer[start]! & 0x10) !== 0;
}

/** Where the payload of the RTP packet in `buffer[start, end)` begins; -1 when it is none (RFC 3550 §5.1). */
export function payloadOffset(buffer: Uint8Array, start: number, end: number): number {
  if (end - start < RTP_HEADER || (buffer[start]! & 0xc0) !== 0x80) return -1;
  let offset = extensionOffset(buffer, start);
  if (hasExtension(buffer, start)) {
    if (offset + 4 > end) return -1;
    offset += 4 + 4 * readU16(buffer, offset + 2);
  }
  return offset <= end ? offset : -1;
}

/** Whether `buffer[start, end)` may be RTCP: the version, a packet type of RTCP (RFC 5761 §4) and a sender's SSRC. */
export function isRtcpPacket(buffer: Uint8Array, start: number, end: number): boolean {
  return (
    end - start >= RTCP_HEADER &&
    (buffer[start]! & 0xc0) === 0x80 &&
    buffer[start + 1]! >= 192 &&
    buffer[start + 1]! <= 223
  );
}
