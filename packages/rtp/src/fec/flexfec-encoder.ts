import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { writeU16, writeU32 } from '@kaon/wire';
import { type FecEncoderOptions, type FecPattern, fecGroups } from './groups.ts';
import { longestBody, sequenceOffsets, xorPackets } from './parity.ts';

// draft-ietf-payload-flexible-fec-scheme-03 §4.2, one SSRC, flexible mask
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |R|F|P|X|  CC   |M| PT recovery |        length recovery        |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                          TS recovery                          |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |   SSRCCount   |                    reserved                   |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                             SSRC_i                            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |           SN base_i           |k|          Mask [0-14]        |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |k|                   Mask [15-45] (optional)                   |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |k|                                                             |
// +-+                   Mask [46-108] (optional)                  |
// |                                                               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** How far apart protected sequence numbers may be: bits in the longest mask. */
export const FLEXFEC_MAX_SPAN = 109;

/** Where the mask begins in a FEC payload, and which bit the parts of it begin with. */
export const FLEXFEC_MASK_OFFSET = 18;
export const FLEXFEC_MASK_PARTS: readonly {
  readonly bytes: number;
  readonly firstBit: number;
  readonly bits: number;
}[] = [
  { bytes: 2, firstBit: 0, bits: 15 },
  { bytes: 4, firstBit: 15, bits: 31 },
  { bytes: 8, firstBit: 46, bits: 63 },
];

/** Makes FlexFEC-03 payloads (draft-ietf-payload-flexible-fec-scheme-03) for packets of one stream. */
export class FlexfecEncoder {
  readonly #pattern: FecPattern;

  constructor({ pattern = 'random' }: FecEncoderOptions = {}) {
    this.#pattern = pattern;
  }

  /**
   * `fecCount` payloads for the FEC stream, which protect `packets` as they will be sent. The packets are of one stream, in
   * ascending order, and their sequence numbers span at most `FLEXFEC_MAX_SPAN`; 1 ≤ fecCount ≤ packets.length. Throws RtpError
   * (`RTP_BAD_OPTION`) otherwise.
   */
  protect(packets: readonly RtpPacketView[], fecCount: number): Uint8Array[] {
    const offsets = sequenceOffsets(packets, FLEXFEC_MAX_SPAN);
    return fecGroups(packets.length, fecCount, this.#pattern).map((group) => fecPayload(packets, offsets, group));
  }
}

function fecPayload(
  packets: readonly RtpPacketView[],
  offsets: readonly number[],
  group: readonly number[],
): Uint8Array {
  const first = packets[0]!;
  const highest = offsets[group[group.length - 1]!]!;
  const parts = FLEXFEC_MASK_PARTS.filter(({ firstBit }) => firstBit === 0 || firstBit <= highest);
  const header = parts.reduce((size, { bytes }) => size + bytes, FLEXFEC_MASK_OFFSET);
  const fec = new Uint8Array(header + longestBody(packets, group));
  const lengths = xorPackets(fec, header, packets, group);
  // R and F stand where the version was.
  fec[0] = fec[0]! & 0x3f;
  writeU16(fec, 2, lengths);
  // One SSRC, and three reserved bytes.
  writeU32(fec, 8, 0x0100_0000);
  writeU32(fec, 12, first.ssrc);
  writeU16(fec, 16, first.sequenceNumber);
  let at = FLEXFEC_MASK_OFFSET;
  for (const [i, { bytes, firstBit, bits }] of parts.entries()) {
    // The k bit says that this part is the last.
    if (i === parts.length - 1) fec[at] = 0x80;
    for (const index of group) {
      const bit = offsets[index]! - firstBit;
      if (bit >= 0 && bit < bits) fec[at + ((bit + 1) >> 3)] = fec[at + ((bit + 1) >> 3)]! | (0x80 >> ((bit + 1) & 7));
    }
    at += bytes;
  }
  return fec;
}
