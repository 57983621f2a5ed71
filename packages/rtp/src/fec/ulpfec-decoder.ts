import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { isMalformed, MALFORMED, type Malformed, readU16 } from '@kaon/wire';
import type { RtpPacket } from '../packet.ts';
import {
  type FecDecoder,
  type FecDecoderCounters,
  type FecDecoderOptions,
  type FecPacket,
  type ProtectedPart,
  Repair,
} from './decoder.ts';
import { ULPFEC_HEADER_SIZE } from './ulpfec-encoder.ts';

/**
 * Repairs a stream by ULPFEC (RFC 5109). Media and FEC packets come as they are without RED (`unwrapRed`). All levels are used;
 * only packets that become whole are given.
 */
export class UlpfecDecoder implements FecDecoder {
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
    const fec = readUlpfec(packet.bytes.slice(packet.payloadOffset, packet.payloadEnd));
    if (isMalformed(fec) || packet.ssrc !== this.#repair.ssrc) this.#repair.counters.malformed++;
    else this.#repair.addFec(fec);
  }

  poll(): RtpPacket | undefined {
    return this.#repair.poll();
  }
}

function readUlpfec(bytes: Uint8Array): FecPacket | Malformed {
  // The extension bit E is reserved (RFC 5109 §7.3).
  if (bytes.length < ULPFEC_HEADER_SIZE || (bytes[0]! & 0x80) !== 0) return MALFORMED;
  const maskSize = (bytes[0]! & 0x40) !== 0 ? 6 : 2;
  const base = readU16(bytes, 2);
  const parts: ProtectedPart[] = [];
  let start = 0;
  for (let at = ULPFEC_HEADER_SIZE; at < bytes.length; ) {
    const payload = at + 2 + maskSize;
    if (payload > bytes.length) return MALFORMED;
    const protectionLength = readU16(bytes, at);
    if (payload + protectionLength > bytes.length) return MALFORMED;
    const sequenceNumbers: number[] = [];
    for (let bit = 0; bit < 8 * maskSize; bit++) {
      if ((bytes[at + 2 + (bit >> 3)]! & (0x80 >> (bit & 7))) !== 0) sequenceNumbers.push((base + bit) & 0xffff);
    }
    if (sequenceNumbers.length === 0) return MALFORMED;
    parts.push({ sequenceNumbers, start, end: start + protectionLength, at: payload });
    start += protectionLength;
    at = payload + protectionLength;
  }
  return parts.length === 0 ? MALFORMED : { bytes, lengthRecovery: readU16(bytes, 8), parts };
}
