import { MALFORMED, type Malformed, readU16, readU32, writeU16, writeU32 } from '@kaon/wire';
import { TRANSPORT_FORMAT } from './feedback.ts';
import { RTCP_TYPE, writeHeader } from './header.ts';
import { checkRange, refuse } from './misuse.ts';

// RFC 8888 §3.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P| FMT=11  |   PT = 205    |          length               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                 SSRC of RTCP packet sender                    |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                   SSRC of 1st RTP stream                      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |          begin_seq            |          num_reports          |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |R|ECN|  Arrival time offset    | ...
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                 Report timestamp                              |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** RTCP congestion control feedback (RFC 8888). */
export interface CongestionFeedback {
  readonly type: 'ccfb';
  readonly senderSsrc: number;
  /** When the report was made: the middle 32 bits of an NTP timestamp, in 1/65536 s. */
  readonly reportTimestamp: number;
  readonly streams: readonly CongestionFeedbackStream[];
}

/** What is told about one stream. */
export interface CongestionFeedbackStream {
  readonly ssrc: number;
  readonly beginSequence: number;
  /** For each sequence number from `beginSequence` on; undefined for one that did not come. At most 16384. */
  readonly packets: readonly (ArrivedPacket | undefined)[];
}

/** A packet that came. */
export interface ArrivedPacket {
  /** ECN codepoint of its IP header, 0 to 3. */
  readonly ecn: number;
  /**
   * How long before `reportTimestamp`, in 1/1024 s, 0 to 8189; or `CCFB_OFFSET_TOO_LONG` or `CCFB_OFFSET_UNKNOWN`.
   */
  readonly arrivalOffset: number;
}

/** Arrival time offset of a packet that came more than 8189/1024 s before the report (RFC 8888 §3.1). */
export const CCFB_OFFSET_TOO_LONG = 0x1ffe;

/** Arrival time offset of a packet whose time of arrival is not known, or is after the report's (RFC 8888 §3.1). */
export const CCFB_OFFSET_UNKNOWN = 0x1fff;

/** The most packets that one stream's part may tell (RFC 8888 §3.1). */
export const CCFB_MAX_PACKETS = 16384;

export function decodeCongestionFeedback(
  bytes: Uint8Array,
  start: number,
  end: number,
): CongestionFeedback | Malformed {
  const stop = end - 4;
  let at = start + 8;
  if (at > stop) return MALFORMED;
  const streams: CongestionFeedbackStream[] = [];
  while (at < stop) {
    if (at + 8 > stop) return MALFORMED;
    const count = readU16(bytes, at + 6);
    const next = at + streamSize(count);
    if (count > CCFB_MAX_PACKETS || next > stop) return MALFORMED;
    const packets: (ArrivedPacket | undefined)[] = [];
    for (let i = 0; i < count; i++) {
      const word = readU16(bytes, at + 8 + 2 * i);
      packets.push(
        (word & 0x8000) === 0 ? undefined : { ecn: (word >> 13) & 3, arrivalOffset: word & CCFB_OFFSET_UNKNOWN },
      );
    }
    streams.push({ ssrc: readU32(bytes, at), beginSequence: readU16(bytes, at + 4), packets });
    at = next;
  }
  return { type: 'ccfb', senderSsrc: readU32(bytes, start + 4), reportTimestamp: readU32(bytes, stop), streams };
}

export function congestionFeedbackLength(packet: CongestionFeedback): number {
  let length = 12;
  for (const { packets } of packet.streams) {
    if (packets.length > CCFB_MAX_PACKETS) refuse(`feedback on ${packets.length} packets, 16384 fit`);
    length += streamSize(packets.length);
  }
  return length;
}

export function writeCongestionFeedback(
  buffer: Uint8Array,
  offset: number,
  length: number,
  packet: CongestionFeedback,
): void {
  writeHeader(buffer, offset, TRANSPORT_FORMAT.ccfb, RTCP_TYPE.transportFeedback, length);
  writeU32(buffer, offset + 4, packet.senderSsrc);
  let at = offset + 8;
  for (const { ssrc, beginSequence, packets } of packet.streams) {
    checkRange('begin_seq', beginSequence, 0, 0xffff);
    writeU32(buffer, at, ssrc);
    writeU16(buffer, at + 4, beginSequence);
    writeU16(buffer, at + 6, packets.length);
    const next = at + streamSize(packets.length);
    at += 8;
    for (const arrived of packets) {
      writeU16(buffer, at, arrived === undefined ? 0 : arrivedWord(arrived));
      at += 2;
    }
    buffer.fill(0, at, next);
    at = next;
  }
  writeU32(buffer, at, packet.reportTimestamp);
}

function arrivedWord({ ecn, arrivalOffset }: ArrivedPacket): number {
  checkRange('ECN codepoint', ecn, 0, 3);
  checkRange('arrival time offset', arrivalOffset, 0, CCFB_OFFSET_UNKNOWN);
  return 0x8000 | (ecn << 13) | arrivalOffset;
}

function streamSize(packets: number): number {
  return 8 + Math.ceil(packets / 2) * 4;
}
