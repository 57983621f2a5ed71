import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { distance16 } from '@kaon/wire';
import { RtpError } from '../errors.ts';

/** Bytes of the RTP header that are recovered from the FEC header; all behind them is from its payload. */
export const FIXED_HEADER_SIZE = 12;

/** `target[at...] ^= bytes[start, end)`; the caller has checked that it fits. */
export function xorInto(target: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): void {
  let from = start;
  let to = at;
  if (end - start >= WORTH_WORDS && (bytes.byteOffset + start - target.byteOffset - at) % 4 === 0) {
    // Both reach a whole word together: word by word is four times as fast.
    for (; (bytes.byteOffset + from) % 4 !== 0; from++, to++) target[to] = target[to]! ^ bytes[from]!;
    const count = (end - from) >> 2;
    const source = new Uint32Array(bytes.buffer, bytes.byteOffset + from, count);
    const words = new Uint32Array(target.buffer, target.byteOffset + to, count);
    for (let i = 0; i < count; i++) words[i] = words[i]! ^ source[i]!;
    from += 4 * count;
    to += 4 * count;
  }
  for (; from < end; from++, to++) target[to] = target[to]! ^ bytes[from]!;
}

/** The longest of some packets, without the fixed header. */
export function longestBody(packets: readonly RtpPacketView[], group: readonly number[]): number {
  let longest = 0;
  for (const index of group) longest = Math.max(longest, packets[index]!.bytes.length - FIXED_HEADER_SIZE);
  return longest;
}

/**
 * Distances of the packets from the first one's sequence number. Throws RtpError (`RTP_BAD_OPTION`) unless they are of one
 * stream, ascending, and within `maxSpan`.
 */
export function sequenceOffsets(packets: readonly RtpPacketView[], maxSpan: number): number[] {
  const first = packets[0];
  if (first === undefined) throw new RtpError('RTP_BAD_OPTION', 'no packets to protect');
  let last = -1;
  return packets.map((packet) => {
    const offset = distance16(first.sequenceNumber, packet.sequenceNumber);
    if (packet.ssrc !== first.ssrc) throw new RtpError('RTP_BAD_OPTION', 'packets of several streams');
    if (offset <= last) throw new RtpError('RTP_BAD_OPTION', 'packets are not in ascending order');
    if (offset >= maxSpan) throw new RtpError('RTP_BAD_OPTION', `sequence numbers span more than ${maxSpan}`);
    last = offset;
    return offset;
  });
}

/** Bytes from which on making the views of words pays. */
const WORTH_WORDS = 64;

/**
 * Puts the parity of the packets of `group` into a FEC payload, that of what follows the fixed header at `header`, and returns the
 * parity of the lengths.
 */
export function xorPackets(
  fec: Uint8Array,
  header: number,
  packets: readonly RtpPacketView[],
  group: readonly number[],
): number {
  let lengths = 0;
  for (const index of group) {
    const { bytes } = packets[index]!;
    xorInto(fec, 0, bytes, 0, 2);
    xorInto(fec, 4, bytes, 4, 8);
    xorInto(fec, header, bytes, FIXED_HEADER_SIZE, bytes.length);
    lengths ^= bytes.length - FIXED_HEADER_SIZE;
  }
  return lengths;
}
