import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { MALFORMED, type Malformed, writeU16, writeU32 } from '@kaon/wire';
import { checkField, RtpPacket } from '../../packet.ts';

// RFC 4588 §4: a retransmission packet
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         RTP Header                            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |            OSN                |                               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               |
// |                  Original RTP Packet Payload                  |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** Bytes that `writeRtx` takes for this packet. */
export function rtxLength(packet: RtpPacketView): number {
  return packet.payloadEnd + OSN_SIZE;
}

/**
 * Writes the retransmission of `packet` at `buffer[offset...]` and returns its length: marker, timestamp, contributing sources
 * and header extensions stay, padding is left out. What the extensions say of the stream (its `rid`) is the caller's to change.
 * Throws RtpError when a field does not fit, RangeError when the buffer has no room.
 */
export function writeRtx(
  packet: RtpPacketView,
  rtx: { readonly ssrc: number; readonly payloadType: number; readonly sequenceNumber: number },
  buffer: Uint8Array,
  offset: number,
): number {
  const { bytes, payloadOffset, payloadEnd } = packet;
  checkField('payloadType', rtx.payloadType, 0x7f);
  checkField('sequenceNumber', rtx.sequenceNumber, 0xffff);
  checkField('ssrc', rtx.ssrc, 0xffff_ffff);
  const length = rtxLength(packet);
  if (offset + length > buffer.length) throw new RangeError(`a packet of ${length} bytes does not fit the buffer`);
  const originalSequence = packet.sequenceNumber;
  // Backwards, so that a packet may be changed in the buffer that it stands in.
  const payload = offset + payloadOffset + OSN_SIZE;
  buffer.set(bytes.subarray(payloadOffset, payloadEnd), payload);
  buffer.set(bytes.subarray(0, payloadOffset), offset);
  buffer[offset] = buffer[offset]! & ~PADDING_BIT;
  buffer[offset + 1] = (buffer[offset + 1]! & 0x80) | rtx.payloadType;
  writeU16(buffer, offset + 2, rtx.sequenceNumber);
  writeU32(buffer, offset + 8, rtx.ssrc);
  writeU16(buffer, payload - OSN_SIZE, originalSequence);
  return length;
}

/**
 * The packet that a retransmission carries, in bytes of its own. Malformed when it has no original sequence number: such a one
 * carries padding only (`isPaddingOnly`) or is broken. Throws RtpError when a field does not fit.
 */
export function restoreFromRtx(
  packet: RtpPacketView,
  original: { readonly ssrc: number; readonly payloadType: number },
): RtpPacket | Malformed {
  const { bytes, payloadOffset, payloadEnd } = packet;
  checkField('payloadType', original.payloadType, 0x7f);
  checkField('ssrc', original.ssrc, 0xffff_ffff);
  if (payloadEnd - payloadOffset < OSN_SIZE) return MALFORMED;
  const restored = new Uint8Array(payloadEnd - OSN_SIZE);
  restored.set(bytes.subarray(0, payloadOffset));
  restored.set(bytes.subarray(payloadOffset + OSN_SIZE, payloadEnd), payloadOffset);
  restored[0] = restored[0]! & ~PADDING_BIT;
  restored[1] = (restored[1]! & 0x80) | original.payloadType;
  restored[2] = bytes[payloadOffset]!;
  restored[3] = bytes[payloadOffset + 1]!;
  writeU32(restored, 8, original.ssrc);
  const view = new RtpPacket();
  return view.reset(restored) ? view : MALFORMED;
}

/** Whether a packet has no payload: bandwidth probing sends such ones, on RTX streams above all. */
export function isPaddingOnly(packet: RtpPacketView): boolean {
  return packet.payloadEnd === packet.payloadOffset;
}

const OSN_SIZE = 2;
const PADDING_BIT = 0x20;
