import { MALFORMED, type Malformed, readU16, writeU16 } from '@kaon/wire';
import { FEEDBACK_SIZE, feedbackSsrcs, TRANSPORT_FORMAT, writeFeedback } from './feedback.ts';
import { RTCP_TYPE } from './header.ts';
import { refuse } from './misuse.ts';

// RFC 4585 §6.2.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |            PID                |             BLP               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** Generic NACK (RFC 4585 §6.2.1): packets that did not come. */
export interface GenericNack {
  readonly type: 'nack';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  /** Their sequence numbers; at least one. In ascending order they take the least room. */
  readonly lost: readonly number[];
}

/** One word of a NACK: a lost packet and a bit for each of the 16 behind it, the next one lowest. */
export interface NackPair {
  readonly packetId: number;
  readonly bitmask: number;
}

/** The words that name these sequence numbers, wrapping at 65535. Repeated ones take no room. */
export function nackPairs(lost: readonly number[]): NackPair[] {
  const pairs: { packetId: number; bitmask: number }[] = [];
  let last: { packetId: number; bitmask: number } | undefined;
  for (const sequenceNumber of lost) {
    const behind = last === undefined ? -1 : (sequenceNumber - last.packetId) & 0xffff;
    if (last !== undefined && behind <= 16) {
      if (behind > 0) last.bitmask |= 1 << (behind - 1);
    } else {
      last = { packetId: sequenceNumber & 0xffff, bitmask: 0 };
      pairs.push(last);
    }
  }
  return pairs;
}

export function decodeGenericNack(bytes: Uint8Array, at: number, end: number): GenericNack | Malformed {
  const words = end - at - FEEDBACK_SIZE;
  if (words < 4 || words % 4 !== 0) return MALFORMED;
  const lost: number[] = [];
  for (let i = at + FEEDBACK_SIZE; i < end; i += 4) {
    const packetId = readU16(bytes, i);
    lost.push(packetId);
    for (let bits = readU16(bytes, i + 2), next = 1; bits !== 0; bits >>>= 1, next++) {
      if ((bits & 1) !== 0) lost.push((packetId + next) & 0xffff);
    }
  }
  return { type: 'nack', ...feedbackSsrcs(bytes, at), lost };
}

export function genericNackLength(packet: GenericNack): number {
  if (packet.lost.length === 0) refuse('a NACK of nothing');
  return FEEDBACK_SIZE + 4 * nackPairs(packet.lost).length;
}

export function writeGenericNack(buffer: Uint8Array, offset: number, length: number, packet: GenericNack): void {
  const { senderSsrc, mediaSsrc } = packet;
  const { transportFeedback } = RTCP_TYPE;
  let at = writeFeedback(buffer, offset, length, transportFeedback, TRANSPORT_FORMAT.nack, senderSsrc, mediaSsrc);
  for (const { packetId, bitmask } of nackPairs(packet.lost)) {
    writeU16(buffer, at, packetId);
    writeU16(buffer, at + 2, bitmask);
    at += 4;
  }
}
