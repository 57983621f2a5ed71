import { applicationDefinedLength, writeApplicationDefined } from './application-defined.ts';
import { congestionFeedbackLength, writeCongestionFeedback } from './congestion-feedback.ts';
import { extendedReportLength, writeExtendedReport } from './extended-report.ts';
import { fullIntraRequestLength, writeFullIntraRequest } from './full-intra-request.ts';
import { genericNackLength, writeGenericNack } from './generic-nack.ts';
import { goodbyeLength, writeGoodbye } from './goodbye.ts';
import { maxBitrateLength, writeMaxBitrate } from './max-bitrate.ts';
import { refuse } from './misuse.ts';
import type { RtcpPacket } from './packet.ts';
import { pictureLossLength, writePictureLoss } from './picture-loss.ts';
import { referencePictureLength, writeReferencePicture } from './reference-picture.ts';
import { rembLength, writeRemb } from './remb.ts';
import { reportLength, writeReport } from './reports.ts';
import { sliceLossLength, writeSliceLoss } from './slice-loss.ts';
import { sourceDescriptionLength, writeSourceDescription } from './source-description.ts';
import { transportFeedbackLength, writeTransportFeedback } from './transport-feedback.ts';
import { unknownLength, writeUnknown } from './unknown.ts';

/** The packets behind each other, as they go into one datagram. Throws RtpError (`RTP_BAD_RTCP`) on what does not fit. */
export function encodeRtcp(packets: readonly RtcpPacket[]): Uint8Array {
  const lengths = packets.map(packetLength);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (let i = 0; i < packets.length; i++) {
    writePacket(bytes, at, lengths[i]!, packets[i]!);
    at += lengths[i]!;
  }
  return bytes;
}

/** Bytes that `writeRtcp` takes. Throws RtpError (`RTP_BAD_RTCP`) on what does not fit. */
export function rtcpLength(packets: readonly RtcpPacket[]): number {
  let length = 0;
  for (const packet of packets) length += packetLength(packet);
  return length;
}

/** Writes the packets at `offset` and returns where they end. Throws RtpError on what does not fit, before it is written. */
export function writeRtcp(buffer: Uint8Array, offset: number, packets: readonly RtcpPacket[]): number {
  let at = offset;
  for (const packet of packets) {
    const length = packetLength(packet);
    if (at + length > buffer.length) refuse(`${at + length} bytes of RTCP in a buffer of ${buffer.length}`);
    writePacket(buffer, at, length, packet);
    at += length;
  }
  return at;
}

function packetLength(packet: RtcpPacket): number {
  const length = bodyLength(packet);
  if (length > MAX_PACKET_SIZE) refuse(`RTCP packet of ${length} bytes`);
  return length;
}

function bodyLength(packet: RtcpPacket): number {
  switch (packet.type) {
    case 'sr':
    case 'rr':
      return reportLength(packet);
    case 'sdes':
      return sourceDescriptionLength(packet);
    case 'bye':
      return goodbyeLength(packet);
    case 'app':
      return applicationDefinedLength(packet);
    case 'nack':
      return genericNackLength(packet);
    case 'tmmbr':
    case 'tmmbn':
      return maxBitrateLength(packet);
    case 'twcc':
      return transportFeedbackLength(packet);
    case 'ccfb':
      return congestionFeedbackLength(packet);
    case 'pli':
      return pictureLossLength();
    case 'sli':
      return sliceLossLength(packet);
    case 'rpsi':
      return referencePictureLength(packet);
    case 'fir':
      return fullIntraRequestLength(packet);
    case 'remb':
      return rembLength(packet);
    case 'xr':
      return extendedReportLength(packet);
    case 'unknown':
      return unknownLength(packet);
    default:
      return refuse(`a packet of type ${packet.type} cannot be written`);
  }
}

function writePacket(buffer: Uint8Array, offset: number, length: number, packet: RtcpPacket): void {
  switch (packet.type) {
    case 'sr':
    case 'rr':
      writeReport(buffer, offset, length, packet);
      break;
    case 'sdes':
      writeSourceDescription(buffer, offset, length, packet);
      break;
    case 'bye':
      writeGoodbye(buffer, offset, length, packet);
      break;
    case 'app':
      writeApplicationDefined(buffer, offset, length, packet);
      break;
    case 'nack':
      writeGenericNack(buffer, offset, length, packet);
      break;
    case 'tmmbr':
    case 'tmmbn':
      writeMaxBitrate(buffer, offset, length, packet);
      break;
    case 'twcc':
      writeTransportFeedback(buffer, offset, length, packet);
      break;
    case 'ccfb':
      writeCongestionFeedback(buffer, offset, length, packet);
      break;
    case 'pli':
      writePictureLoss(buffer, offset, length, packet);
      break;
    case 'sli':
      writeSliceLoss(buffer, offset, length, packet);
      break;
    case 'rpsi':
      writeReferencePicture(buffer, offset, length, packet);
      break;
    case 'fir':
      writeFullIntraRequest(buffer, offset, length, packet);
      break;
    case 'remb':
      writeRemb(buffer, offset, length, packet);
      break;
    case 'xr':
      writeExtendedReport(buffer, offset, length, packet);
      break;
    case 'unknown':
      writeUnknown(buffer, offset, length, packet);
      break;
    default:
      refuse(`a packet of type ${packet.type} cannot be written`);
  }
}

/** The length field counts 16 bits of words, less one. */
const MAX_PACKET_SIZE = 4 * 0x1_0000;
