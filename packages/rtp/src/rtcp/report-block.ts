import { readU32, writeU32 } from '@kaon/wire';
import { checkRange } from './misuse.ts';

// RFC 3550 §6.4.1
//
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |                 SSRC_1 (SSRC of first source)                 |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// | fraction lost |       cumulative number of packets lost       |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |           extended highest sequence number received           |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                      interarrival jitter                      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         last SR (LSR)                         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                   delay since last SR (DLSR)                  |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+

/** What a receiver tells about one stream, in sender and receiver reports (RFC 3550 §6.4.1). */
export interface ReportBlock {
  /** The stream that is reported on. */
  readonly ssrc: number;
  /** Share of the packets lost since the last report, in 1/256: 0 to 255. */
  readonly fractionLost: number;
  /** Packets lost since the beginning, -2^23 to 2^23 - 1; duplicates can make it negative. */
  readonly cumulativeLost: number;
  /** Highest sequence number received in the low 16 bits, cycles above them. */
  readonly highestSequence: number;
  /** Interarrival jitter in units of the timestamp. */
  readonly jitter: number;
  /** Middle 32 bits of the NTP timestamp of the last sender report; 0: none came. */
  readonly lastSenderReport: number;
  /** Since that report, in 1/65536 s. */
  readonly delaySinceLastSenderReport: number;
}

/** Bytes of a report block. */
export const REPORT_BLOCK_SIZE = 24;

/** Reads `count` blocks; the caller has checked that they are there. */
export function readReportBlocks(bytes: Uint8Array, at: number, count: number): ReportBlock[] {
  const blocks: ReportBlock[] = [];
  for (let i = 0; i < count; i++, at += REPORT_BLOCK_SIZE) {
    blocks.push({
      ssrc: readU32(bytes, at),
      fractionLost: bytes[at + 4]!,
      // Moved up and down for its sign.
      cumulativeLost: (readU32(bytes, at + 4) << 8) >> 8,
      highestSequence: readU32(bytes, at + 8),
      jitter: readU32(bytes, at + 12),
      lastSenderReport: readU32(bytes, at + 16),
      delaySinceLastSenderReport: readU32(bytes, at + 20),
    });
  }
  return blocks;
}

/** Writes the blocks and returns where they end. Throws RtpError on fields that do not fit. */
export function writeReportBlocks(buffer: Uint8Array, at: number, blocks: readonly ReportBlock[]): number {
  for (const block of blocks) {
    checkRange('fraction lost', block.fractionLost, 0, 255);
    checkRange('cumulative number of packets lost', block.cumulativeLost, -0x80_0000, 0x7f_ffff);
    writeU32(buffer, at, block.ssrc);
    writeU32(buffer, at + 4, (block.fractionLost << 24) | (block.cumulativeLost & 0xff_ffff));
    writeU32(buffer, at + 8, block.highestSequence);
    writeU32(buffer, at + 12, block.jitter);
    writeU32(buffer, at + 16, block.lastSenderReport);
    writeU32(buffer, at + 20, block.delaySinceLastSenderReport);
    at += REPORT_BLOCK_SIZE;
  }
  return at;
}
