import { writeU16 } from '@kaon/wire';

// RFC 3550 §6.4.1: the first word of every RTCP packet
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|  count  |  packet type  |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** Bytes of the first word. */
export const RTCP_HEADER_SIZE = 4;

/** Packet types (IANA, "RTCP Control Packet Types"). */
export const RTCP_TYPE: {
  readonly senderReport: 200;
  readonly receiverReport: 201;
  readonly sourceDescription: 202;
  readonly goodbye: 203;
  readonly applicationDefined: 204;
  readonly transportFeedback: 205;
  readonly payloadFeedback: 206;
  readonly extendedReport: 207;
} = {
  senderReport: 200,
  receiverReport: 201,
  sourceDescription: 202,
  goodbye: 203,
  applicationDefined: 204,
  transportFeedback: 205,
  payloadFeedback: 206,
  extendedReport: 207,
};

/** The most entries that the five bits of the count can tell. */
export const MAX_COUNT = 31;

/** Writes the first word; `length` is the whole packet's in bytes, a multiple of four that the caller has checked. */
export function writeHeader(
  buffer: Uint8Array,
  offset: number,
  count: number,
  packetType: number,
  length: number,
): number {
  buffer[offset] = 0x80 | count;
  buffer[offset + 1] = packetType;
  writeU16(buffer, offset + 2, length / 4 - 1);
  return offset + RTCP_HEADER_SIZE;
}
