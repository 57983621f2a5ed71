import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { isMalformed, MALFORMED, type Malformed, readU16, readU32 } from '@kaon/wire';
import type { RtpPacket } from '../packet.ts';
import { type FecDecoder, type FecDecoderCounters, type FecDecoderOptions, type FecPacket, Repair } from './decoder.ts';
import { FLEXFEC_MASK_OFFSET, FLEXFEC_MASK_PARTS } from './flexfec-encoder.ts';

/**
 * Repairs a stream by FlexFEC-03 (draft-ietf-payload-flexible-fec-scheme-03). FEC packets protect one stream by a flexible mask
 * (F = 0), as those of libwebrtc, or are retransmissions (R = 1). Fixed masks (F = 1) and several streams are malformed here.
 */
export class FlexfecDecoder implements FecDecoder {
  readonly #repair: Repair;

  /** Throws RtpError (`RTP_BAD_OPTION`) for options out of their range. */
  constructor(options: FecDecoderOptions) {
    this.#repair = new Repair(options);
  }

  get counters(): FecDecoderCounters {
    return this.#repair.counters;
  }

  handleMedia(packet: RtpPacketView): boolean {
    return this.#repair.addMedia(packet);
  }

  handleFec(packet: RtpPacketView): void {
    this.#repair.counters.fecPackets++;
    const payload = packet.bytes.slice(packet.payloadOffset, packet.payloadEnd);
    if (payload.length > 0 && payload[0]! >> 6 === RETRANSMISSION) {
      // R = 1, F = 0 are the bits of version 2: what follows is the packet.
      this.#repair.addRecovered(payload);
      return;
    }
    const fec = readFlexfec(payload, this.#repair.ssrc);
    if (isMalformed(fec)) this.#repair.counters.malformed++;
    else this.#repair.addFec(fec);
  }

  poll(): RtpPacket | undefined {
    return this.#repair.poll();
  }
}

function readFlexfec(bytes: Uint8Array, ssrc: number): FecPacket | Malformed {
  if (bytes.length < FLEXFEC_MASK_OFFSET || bytes[0]! >> 6 !== 0) return MALFORMED;
  if (bytes[8] !== 1 || readU32(bytes, 12) !== ssrc) return MALFORMED;
  const base = readU16(bytes, 16);
  const sequenceNumbers: number[] = [];
  let at = FLEXFEC_MASK_OFFSET;
  let isLast = false;
  for (const part of FLEXFEC_MASK_PARTS) {
    if (at + part.bytes > bytes.length) return MALFORMED;
    isLast = (bytes[at]! & 0x80) !== 0;
    for (let bit = 0; bit < part.bits; bit++) {
      const isSet = (bytes[at + ((bit + 1) >> 3)]! & (0x80 >> ((bit + 1) & 7))) !== 0;
      if (isSet) sequenceNumbers.push((base + part.firstBit + bit) & 0xffff);
    }
    at += part.bytes;
    if (isLast) break;
  }
  if (!isLast || sequenceNumbers.length === 0) return MALFORMED;
  const parts = [{ sequenceNumbers, start: 0, end: bytes.length - at, at }];
  return { bytes, lengthRecovery: readU16(bytes, 2), parts };
}

const RETRANSMISSION = 2;
