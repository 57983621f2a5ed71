import { readU32, writeU32 } from '@kaon/wire';
import { writeHeader } from './header.ts';

// RFC 4585 §6.1: how feedback messages begin
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|   FMT   |       PT      |          length               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                  SSRC of packet sender                        |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                  SSRC of media source                         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// :            Feedback Control Information (FCI)                 :

/** Bytes in front of the feedback control information. */
export const FEEDBACK_SIZE = 12;

/** FMT values of transport layer feedback (205). */
export const TRANSPORT_FORMAT: {
  readonly nack: 1;
  readonly tmmbr: 3;
  readonly tmmbn: 4;
  readonly ccfb: 11;
  readonly twcc: 15;
} = { nack: 1, tmmbr: 3, tmmbn: 4, ccfb: 11, twcc: 15 };

/** FMT values of payload-specific feedback (206). */
export const PAYLOAD_FORMAT: {
  readonly pli: 1;
  readonly sli: 2;
  readonly rpsi: 3;
  readonly fir: 4;
  readonly applicationLayer: 15;
} = { pli: 1, sli: 2, rpsi: 3, fir: 4, applicationLayer: 15 };

/** Both SSRCs at the front; the caller has checked that they are there. */
export function feedbackSsrcs(bytes: Uint8Array, at: number): { senderSsrc: number; mediaSsrc: number } {
  return { senderSsrc: readU32(bytes, at + 4), mediaSsrc: readU32(bytes, at + 8) };
}

/** Writes header and SSRCs; returns where the feedback control information begins. */
export function writeFeedback(
  buffer: Uint8Array,
  offset: number,
  length: number,
  packetType: number,
  format: number,
  senderSsrc: number,
  mediaSsrc: number,
): number {
  writeHeader(buffer, offset, format, packetType, length);
  writeU32(buffer, offset + 4, senderSsrc);
  writeU32(buffer, offset + 8, mediaSsrc);
  return offset + FEEDBACK_SIZE;
}
