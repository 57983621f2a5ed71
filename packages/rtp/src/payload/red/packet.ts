import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { MALFORMED, type Malformed } from '@kaon/wire';
import { checkField, RtpPacket } from '../../packet.ts';

/*
 * RED with one block around whole packets, as video has it: media and ULPFEC packets share a stream and are told apart by the
 * block's payload type (RFC 5109 §14.2).
 */

/** Bytes that `wrapRed` takes for this packet. */
export function wrapRedLength(packet: RtpPacketView): number {
  return packet.payloadEnd + 1;
}

/**
 * Writes `packet` with payload type `redPayloadType` at `buffer[offset...]`, its own payload type in a RED header in front of
 * its payload, and returns the length. Padding is left out. Throws RtpError when the payload type does not fit, RangeError when
 * the buffer has no room.
 */
export function wrapRed(packet: RtpPacketView, redPayloadType: number, buffer: Uint8Array, offset: number): number {
  const { bytes, payloadOffset, payloadEnd, payloadType } = packet;
  checkField('payloadType', redPayloadType, 0x7f);
  const length = wrapRedLength(packet);
  if (offset + length > buffer.length) throw new RangeError(`a packet of ${length} bytes does not fit the buffer`);
  // Backwards, so that a packet may be changed in the buffer that it stands in.
  buffer.set(bytes.subarray(payloadOffset, payloadEnd), offset + payloadOffset + 1);
  buffer.set(bytes.subarray(0, payloadOffset), offset);
  buffer[offset] = buffer[offset]! & ~PADDING_BIT;
  buffer[offset + 1] = (buffer[offset + 1]! & 0x80) | redPayloadType;
  buffer[offset + payloadOffset] = payloadType;
  return length;
}

/**
 * The packet inside a RED packet with one block, in bytes of its own: what ULPFEC protects. Malformed without a RED header and
 * for redundant blocks, which video does not have.
 */
export function unwrapRed(packet: RtpPacketView): RtpPacket | Malformed {
  const { bytes, payloadOffset, payloadEnd } = packet;
  if (payloadOffset === payloadEnd) return MALFORMED;
  const header = bytes[payloadOffset]!;
  if ((header & 0x80) !== 0) return MALFORMED;
  const inner = new Uint8Array(payloadEnd - 1);
  inner.set(bytes.subarray(0, payloadOffset));
  inner.set(bytes.subarray(payloadOffset + 1, payloadEnd), payloadOffset);
  inner[0] = inner[0]! & ~PADDING_BIT;
  inner[1] = (inner[1]! & 0x80) | header;
  const view = new RtpPacket();
  return view.reset(inner) ? view : MALFORMED;
}

const PADDING_BIT = 0x20;
