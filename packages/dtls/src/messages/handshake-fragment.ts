/*
 * Handshake header (RFC 6347 §4.2.2):
 *
 *   struct {
 *     HandshakeType msg_type;     1
 *     uint24 length;              3   of the whole message
 *     uint16 message_seq;         2
 *     uint24 fragment_offset;     3
 *     uint24 fragment_length;     3
 *     opaque body[fragment_length];
 *   } Handshake;
 */
import { MALFORMED, type Malformed, type Reader, writeU16 } from '@kaon/wire';

/** Bytes of the header in front of each fragment. */
export const HANDSHAKE_HEADER_LENGTH = 12;

/** One fragment; a whole message when `offset` is 0 and `body` has `length` bytes. */
export interface HandshakeFragment {
  readonly type: number;
  /** Length of the whole message's body in bytes, as the peer claims: allocate nothing by it. */
  readonly length: number;
  readonly sequence: number;
  readonly offset: number;
  readonly body: Uint8Array;
}

/** Reads the next fragment, with `body` as a view. */
export function readHandshakeFragment(reader: Reader): HandshakeFragment | Malformed {
  const type = reader.u8();
  const length = reader.u24();
  const sequence = reader.u16();
  const offset = reader.u24();
  const body = reader.view(reader.u24());
  if (reader.failed || offset + body.length > length) return MALFORMED;
  return { type, length, sequence, offset, body };
}

/** The fragment of `body` that begins at `offset` and has `count` bytes, behind its header. */
export function encodeHandshakeFragment(
  type: number,
  sequence: number,
  body: Uint8Array,
  offset: number,
  count: number,
): Uint8Array {
  const bytes = new Uint8Array(HANDSHAKE_HEADER_LENGTH + count);
  bytes[0] = type;
  writeU24(bytes, 1, body.length);
  writeU16(bytes, 4, sequence);
  writeU24(bytes, 6, offset);
  writeU24(bytes, 9, count);
  bytes.set(body.subarray(offset, offset + count), HANDSHAKE_HEADER_LENGTH);
  return bytes;
}

function writeU24(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 16;
  writeU16(bytes, at + 1, value & 0xffff);
}
