import { MALFORMED, type Malformed, readU32, writeU32 } from '@kaon/wire';
import { MAX_COUNT, RTCP_TYPE, writeHeader } from './header.ts';
import { refuse } from './misuse.ts';
import { REPORT_BLOCK_SIZE, type ReportBlock, readReportBlocks, writeReportBlocks } from './report-block.ts';

// RFC 3550 §6.4.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|    RC   |   PT=SR=200   |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         SSRC of sender                        |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |              NTP timestamp, most significant word             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |             NTP timestamp, least significant word             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         RTP timestamp                         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                     sender's packet count                     |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                      sender's octet count                     |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |                  report blocks, extensions                    |

/** Sender report (RFC 3550 §6.4.1). Numbers are unsigned, 32 bits. */
export interface SenderReport {
  readonly type: 'sr';
  readonly ssrc: number;
  /** Seconds since 1900 of the moment that `rtpTimestamp` names. */
  readonly ntpSeconds: number;
  /** In 1/2^32 s. */
  readonly ntpFraction: number;
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  /** Payload bytes, without headers and padding. */
  readonly octetCount: number;
  /** At most 31. */
  readonly reports: readonly ReportBlock[];
  /** What a profile puts behind the blocks; a multiple of four bytes. */
  readonly profileExtension?: Uint8Array | undefined;
}

/** Receiver report (RFC 3550 §6.4.2). */
export interface ReceiverReport {
  readonly type: 'rr';
  readonly ssrc: number;
  /** At most 31; none when nothing is received. */
  readonly reports: readonly ReportBlock[];
  /** What a profile puts behind the blocks; a multiple of four bytes. */
  readonly profileExtension?: Uint8Array | undefined;
}

export function decodeSenderReport(
  bytes: Uint8Array,
  at: number,
  end: number,
  count: number,
): SenderReport | Malformed {
  const blocks = at + SENDER_REPORT_SIZE;
  const extension = blocks + count * REPORT_BLOCK_SIZE;
  if (extension > end) return MALFORMED;
  return {
    type: 'sr',
    ssrc: readU32(bytes, at + 4),
    ntpSeconds: readU32(bytes, at + 8),
    ntpFraction: readU32(bytes, at + 12),
    rtpTimestamp: readU32(bytes, at + 16),
    packetCount: readU32(bytes, at + 20),
    octetCount: readU32(bytes, at + 24),
    reports: readReportBlocks(bytes, blocks, count),
    profileExtension: extension < end ? bytes.slice(extension, end) : undefined,
  };
}

export function decodeReceiverReport(
  bytes: Uint8Array,
  at: number,
  end: number,
  count: number,
): ReceiverReport | Malformed {
  const blocks = at + RECEIVER_REPORT_SIZE;
  const extension = blocks + count * REPORT_BLOCK_SIZE;
  if (extension > end) return MALFORMED;
  return {
    type: 'rr',
    ssrc: readU32(bytes, at + 4),
    reports: readReportBlocks(bytes, blocks, count),
    profileExtension: extension < end ? bytes.slice(extension, end) : undefined,
  };
}

export function reportLength(packet: SenderReport | ReceiverReport): number {
  const { reports, profileExtension } = packet;
  if (reports.length > MAX_COUNT) refuse(`${reports.length} report blocks, 31 fit`);
  const extension = profileExtension?.length ?? 0;
  if (extension % 4 !== 0) refuse(`a profile extension of ${extension} bytes is not in whole words`);
  const fixed = packet.type === 'sr' ? SENDER_REPORT_SIZE : RECEIVER_REPORT_SIZE;
  return fixed + reports.length * REPORT_BLOCK_SIZE + extension;
}

export function writeReport(
  buffer: Uint8Array,
  offset: number,
  length: number,
  packet: SenderReport | ReceiverReport,
): void {
  const packetType = packet.type === 'sr' ? RTCP_TYPE.senderReport : RTCP_TYPE.receiverReport;
  let at = writeHeader(buffer, offset, packet.reports.length, packetType, length);
  writeU32(buffer, at, packet.ssrc);
  at += 4;
  if (packet.type === 'sr') {
    writeU32(buffer, at, packet.ntpSeconds);
    writeU32(buffer, at + 4, packet.ntpFraction);
    writeU32(buffer, at + 8, packet.rtpTimestamp);
    writeU32(buffer, at + 12, packet.packetCount);
    writeU32(buffer, at + 16, packet.octetCount);
    at += 20;
  }
  at = writeReportBlocks(buffer, at, packet.reports);
  if (packet.profileExtension !== undefined) buffer.set(packet.profileExtension, at);
}

const SENDER_REPORT_SIZE = 28;
const RECEIVER_REPORT_SIZE = 8;
