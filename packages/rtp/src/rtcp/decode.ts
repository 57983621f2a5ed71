import { isMalformed, MALFORMED, type Malformed, readU16 } from '@kaon/wire';
import { decodeApplicationDefined } from './application-defined.ts';
import { decodeCongestionFeedback } from './congestion-feedback.ts';
import { decodeExtendedReport } from './extended-report.ts';
import { FEEDBACK_SIZE, PAYLOAD_FORMAT, TRANSPORT_FORMAT } from './feedback.ts';
import { decodeFullIntraRequest } from './full-intra-request.ts';
import { decodeGenericNack } from './generic-nack.ts';
import { decodeGoodbye } from './goodbye.ts';
import { RTCP_HEADER_SIZE, RTCP_TYPE } from './header.ts';
import { decodeMaxBitrate } from './max-bitrate.ts';
import type { RtcpPacket } from './packet.ts';
import { decodePictureLoss } from './picture-loss.ts';
import { decodeReferencePicture } from './reference-picture.ts';
import { decodeRemb, isRemb } from './remb.ts';
import { decodeReceiverReport, decodeSenderReport } from './reports.ts';
import { decodeSliceLoss } from './slice-loss.ts';
import { decodeSourceDescription } from './source-description.ts';
import { decodeTransportFeedback, TWCC_MAX_PACKETS } from './transport-feedback.ts';

/**
 * Reads a compound (RFC 3550 §6.1) or reduced-size (RFC 5506) datagram. Malformed when no packet in it is sound; beside sound
 * ones a packet that is not shows as `malformed`, and everything behind a broken first word as one such. Padding belongs on
 * the last packet, and is taken off wherever it stands: senders of transport-wide feedback set it on each. All feedback of a
 * datagram tells about `TWCC_MAX_PACKETS` at most; what goes beyond is malformed, so that a small datagram stays cheap.
 */
export function decodeRtcp(bytes: Uint8Array): readonly RtcpPacket[] | Malformed {
  const packets: RtcpPacket[] = [];
  let sound = 0;
  let told = 0;
  for (let at = 0; at < bytes.length; ) {
    const end = packetEnd(bytes, at);
    let packet = end < 0 ? MALFORMED : decodePacket(bytes, at, end);
    if (!isMalformed(packet) && packet.type === 'twcc') {
      told += packet.packets.length;
      if (told > TWCC_MAX_PACKETS) packet = MALFORMED;
    }
    const stop = end < 0 ? bytes.length : end;
    if (isMalformed(packet)) {
      packets.push({ type: 'malformed', packetType: bytes[at + 1], bytes: bytes.slice(at, stop) });
    } else {
      packets.push(packet);
      sound++;
    }
    at = stop;
  }
  return sound === 0 ? MALFORMED : packets;
}

/** One past the packet's last byte, or -1 when its first word is broken. */
function packetEnd(bytes: Uint8Array, at: number): number {
  if (at + RTCP_HEADER_SIZE > bytes.length || bytes[at]! >> 6 !== 2) return -1;
  const end = at + 4 * (readU16(bytes, at + 2) + 1);
  return end > bytes.length ? -1 : end;
}

function decodePacket(bytes: Uint8Array, at: number, packetEnd: number): RtcpPacket | Malformed {
  const count = bytes[at]! & 0x1f;
  const packetType = bytes[at + 1]!;
  let end = packetEnd;
  if ((bytes[at]! & 0x20) !== 0) {
    const padding = bytes[end - 1]!;
    if (padding === 0 || at + RTCP_HEADER_SIZE + padding > end) return MALFORMED;
    end -= padding;
  }
  switch (packetType) {
    case RTCP_TYPE.senderReport:
      return decodeSenderReport(bytes, at, end, count);
    case RTCP_TYPE.receiverReport:
      return decodeReceiverReport(bytes, at, end, count);
    case RTCP_TYPE.sourceDescription:
      return decodeSourceDescription(bytes, at, end, count);
    case RTCP_TYPE.goodbye:
      return decodeGoodbye(bytes, at, end, count);
    case RTCP_TYPE.applicationDefined:
      return decodeApplicationDefined(bytes, at, end, count);
    case RTCP_TYPE.transportFeedback:
      return decodeTransportLayer(bytes, at, end, count);
    case RTCP_TYPE.payloadFeedback:
      return decodePayloadSpecific(bytes, at, end, count);
    case RTCP_TYPE.extendedReport:
      return decodeExtendedReport(bytes, at, end);
    default:
      return unknown(bytes, at, end);
  }
}

function decodeTransportLayer(bytes: Uint8Array, at: number, end: number, format: number): RtcpPacket | Malformed {
  if (at + FEEDBACK_SIZE > end) return MALFORMED;
  switch (format) {
    case TRANSPORT_FORMAT.nack:
      return decodeGenericNack(bytes, at, end);
    case TRANSPORT_FORMAT.tmmbr:
      return decodeMaxBitrate('tmmbr', bytes, at, end);
    case TRANSPORT_FORMAT.tmmbn:
      return decodeMaxBitrate('tmmbn', bytes, at, end);
    case TRANSPORT_FORMAT.ccfb:
      return decodeCongestionFeedback(bytes, at, end);
    case TRANSPORT_FORMAT.twcc:
      return decodeTransportFeedback(bytes, at, end);
    default:
      return unknown(bytes, at, end);
  }
}

function decodePayloadSpecific(bytes: Uint8Array, at: number, end: number, format: number): RtcpPacket | Malformed {
  if (at + FEEDBACK_SIZE > end) return MALFORMED;
  switch (format) {
    case PAYLOAD_FORMAT.pli:
      return decodePictureLoss(bytes, at, end);
    case PAYLOAD_FORMAT.sli:
      return decodeSliceLoss(bytes, at, end);
    case PAYLOAD_FORMAT.rpsi:
      return decodeReferencePicture(bytes, at, end);
    case PAYLOAD_FORMAT.fir:
      return decodeFullIntraRequest(bytes, at, end);
    case PAYLOAD_FORMAT.applicationLayer:
      return isRemb(bytes, at, end) ? decodeRemb(bytes, at, end) : unknown(bytes, at, end);
    default:
      return unknown(bytes, at, end);
  }
}

function unknown(bytes: Uint8Array, at: number, end: number): RtcpPacket {
  return {
    type: 'unknown',
    packetType: bytes[at + 1]!,
    count: bytes[at]! & 0x1f,
    body: bytes.slice(at + RTCP_HEADER_SIZE, end),
  };
}
