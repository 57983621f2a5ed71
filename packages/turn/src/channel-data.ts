/**
 * The ChannelData message (RFC 8656 §12.4). Over UDP and DTLS it ends with its data; over TCP and TLS it is padded to
 * a multiple of four bytes, which the length does not count (§12.5).
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |         Channel Number        |            Length             |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    /                       Application Data                        /
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { MALFORMED, type Malformed, readU16, writeU16 } from '@kaon/wire';

/** Bytes in front of the data. */
export const CHANNEL_DATA_HEADER = 4;

/** The lowest channel number (RFC 8656 §12). */
export const CHANNEL_MIN = 0x4000;

/** The highest channel number (RFC 8656 §12). */
export const CHANNEL_MAX = 0x4fff;

/** A decoded ChannelData message. */
export interface ChannelData {
  /** 0x4000 to 0x4fff. */
  readonly channel: number;
  /** A view into the bytes that were given. */
  readonly data: Uint8Array;
}

/** Whether the first byte is one of a ChannelData message: 64 to 79 (RFC 7983 §7). */
export function isChannelData(bytes: Uint8Array): boolean {
  const first = bytes[0];
  return first !== undefined && (first & 0xf0) === 0x40;
}

/** Reads one message. Bytes behind the data are padding and ignored; data shorter than the length says is `MALFORMED`. */
export function decodeChannelData(bytes: Uint8Array): ChannelData | Malformed {
  if (bytes.length < CHANNEL_DATA_HEADER || !isChannelData(bytes)) return MALFORMED;
  const end = CHANNEL_DATA_HEADER + readU16(bytes, 2);
  if (end > bytes.length) return MALFORMED;
  return { channel: readU16(bytes, 0), data: bytes.subarray(CHANNEL_DATA_HEADER, end) };
}

/** The message in new bytes, padded with zeros when `padded`. Throws RangeError for a number or a length that does not fit. */
export function encodeChannelData(channel: number, data: Uint8Array, padded = false): Uint8Array {
  if (!Number.isInteger(channel) || channel < CHANNEL_MIN || channel > CHANNEL_MAX) {
    throw new RangeError(`${channel} is not a channel number`);
  }
  if (data.length > 0xffff) throw new RangeError(`${data.length} bytes do not fit a ChannelData message`);
  const bytes = new Uint8Array(CHANNEL_DATA_HEADER + data.length + (padded ? -data.length & 3 : 0));
  writeU16(bytes, 0, channel);
  writeU16(bytes, 2, data.length);
  bytes.set(data, CHANNEL_DATA_HEADER);
  return bytes;
}
