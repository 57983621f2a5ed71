import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { writeU16 } from '@kaon/wire';
import { type FecEncoderOptions, type FecPattern, fecGroups } from './groups.ts';
import { longestBody, sequenceOffsets, xorPackets } from './parity.ts';

// RFC 5109 §7.3, §7.4
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |E|L|P|X|  CC   |M| PT recovery |            SN base            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                          TS recovery                          |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |        length recovery        |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |       Protection Length       |             mask              |   of each level
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |              mask cont. (present only when L = 1)             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** How far apart protected sequence numbers may be: bits in the longest mask. */
export const ULPFEC_MAX_SPAN = 48;

/** Bytes of the FEC header, and the bits of the short mask. */
export const ULPFEC_HEADER_SIZE = 10;
export const ULPFEC_SHORT_MASK = 16;

/**
 * Makes ULPFEC payloads (RFC 5109) for packets of one stream, all in level 0, which protects packets as a whole. In RED
 * (`wrapRed`) they go out in the stream's own sequence.
 */
export class UlpfecEncoder {
  readonly #pattern: FecPattern;

  constructor({ pattern = 'random' }: FecEncoderOptions = {}) {
    this.#pattern = pattern;
  }

  /**
   * `fecCount` payloads, which protect `packets` as they are without RED. The packets are of one stream, in ascending order, and
   * their sequence numbers span at most `ULPFEC_MAX_SPAN`; 1 ≤ fecCount ≤ packets.length. Throws RtpError (`RTP_BAD_OPTION`)
   * otherwise.
   */
  protect(packets: readonly RtpPacketView[], fecCount: number): Uint8Array[] {
    const offsets = sequenceOffsets(packets, ULPFEC_MAX_SPAN);
    const isLong = offsets[offsets.length - 1]! >= ULPFEC_SHORT_MASK;
    return fecGroups(packets.length, fecCount, this.#pattern).map((group) =>
      fecPayload(packets, offsets, group, isLong),
    );
  }
}

function fecPayload(
  packets: readonly RtpPacketView[],
  offsets: readonly number[],
  group: readonly number[],
  isLong: boolean,
): Uint8Array {
  const levelHeader = isLong ? 8 : 4;
  const header = ULPFEC_HEADER_SIZE + levelHeader;
  const protectionLength = longestBody(packets, group);
  const fec = new Uint8Array(header + protectionLength);
  const lengths = xorPackets(fec, header, packets, group);
  // E and L stand where the version was.
  fec[0] = (fec[0]! & 0x3f) | (isLong ? 0x40 : 0);
  writeU16(fec, 2, packets[0]!.sequenceNumber);
  writeU16(fec, 8, lengths);
  writeU16(fec, ULPFEC_HEADER_SIZE, protectionLength);
  for (const index of group) {
    const bit = offsets[index]!;
    const at = ULPFEC_HEADER_SIZE + 2 + (bit >> 3);
    fec[at] = fec[at]! | (0x80 >> (bit & 7));
  }
  return fec;
}
