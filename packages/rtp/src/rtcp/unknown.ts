import { RTCP_HEADER_SIZE, writeHeader } from './header.ts';
import { checkRange, refuse } from './misuse.ts';

/** A packet, or a feedback message, of a kind that is not known here. It is kept, and can be written again. */
export interface UnknownRtcp {
  readonly type: 'unknown';
  /** 0 to 255. */
  readonly packetType: number;
  /** The five bits behind the padding bit: count, subtype or format. */
  readonly count: number;
  /** What is behind the first word, without padding; to be written, a multiple of four bytes. */
  readonly body: Uint8Array;
}

/** A part of a compound that could not be read. It is shown so that it can be counted, and cannot be written. */
export interface MalformedRtcp {
  readonly type: 'malformed';
  /** The second byte, as far as there is one. */
  readonly packetType: number | undefined;
  /** The packet; or all the rest when where it ends cannot be told. */
  readonly bytes: Uint8Array;
}

export function unknownLength(packet: UnknownRtcp): number {
  checkRange('packet type', packet.packetType, 0, 255);
  checkRange('count', packet.count, 0, 31);
  if (packet.body.length % 4 !== 0) refuse(`RTCP body of ${packet.body.length} bytes is not in whole words`);
  return RTCP_HEADER_SIZE + packet.body.length;
}

export function writeUnknown(buffer: Uint8Array, offset: number, length: number, packet: UnknownRtcp): void {
  writeHeader(buffer, offset, packet.count, packet.packetType, length);
  buffer.set(packet.body, offset + RTCP_HEADER_SIZE);
}
