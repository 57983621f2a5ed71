import { MALFORMED, type Malformed, Reader } from '@kaon/wire';
import { buildChunk, CHUNK } from './chunk.ts';

/*
 * FORWARD TSN (RFC 3758 §3.2)
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Type = 192   |  Flags = 0x00 |        Length = Variable      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                      New Cumulative TSN                       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |         Stream-1              |       Stream Sequence-1       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * I-FORWARD-TSN (RFC 8260 §2.3.1), type 194, has entries of eight bytes:
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |       Stream Identifier       |          Reserved           |U|
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Message Identifier                      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** The last message of a stream that will never come: an SSN in FORWARD TSN, a MID in I-FORWARD-TSN. */
export interface Skipped {
  readonly stream: number;
  /** Always false in FORWARD TSN, which lists ordered messages alone. */
  readonly unordered: boolean;
  readonly number: number;
}

/** A FORWARD TSN or I-FORWARD-TSN chunk. */
export interface ForwardTsn {
  readonly type: 'forward-tsn' | 'i-forward-tsn';
  readonly newCumulativeTsn: number;
  readonly skipped: readonly Skipped[];
}

export function decodeForwardTsn(chunk: Uint8Array): ForwardTsn | Malformed {
  const reader = new Reader(chunk, 4);
  const newCumulativeTsn = reader.u32();
  if (reader.failed) return MALFORMED;
  const skipped: Skipped[] = [];
  if (chunk[0] === CHUNK.ForwardTsn) {
    while (reader.remaining >= 4) skipped.push({ stream: reader.u16(), unordered: false, number: reader.u16() });
    return { type: 'forward-tsn', newCumulativeTsn, skipped };
  }
  if (chunk[0] !== CHUNK.IForwardTsn) return MALFORMED;
  while (reader.remaining >= 8) {
    skipped.push({ stream: reader.u16(), unordered: (reader.u16() & 1) === 1, number: reader.u32() });
  }
  return { type: 'i-forward-tsn', newCumulativeTsn, skipped };
}

export function encodeForwardTsn(forward: ForwardTsn): Uint8Array {
  const interleaved = forward.type === 'i-forward-tsn';
  return buildChunk(interleaved ? CHUNK.IForwardTsn : CHUNK.ForwardTsn, 0, (writer) => {
    writer.u32(forward.newCumulativeTsn);
    for (const { stream, unordered, number } of forward.skipped) {
      writer.u16(stream);
      if (interleaved) writer.u16(unordered ? 1 : 0).u32(number);
      else writer.u16(number);
    }
  });
}
