/**
 * IVF: a header of 32 bytes, then frames with a header of 12 bytes each. All numbers are little-endian.
 *
 * ```
 * "DKIF" | version 16 | header length 16 | FourCC | width 16 | height 16 | rate 32 | scale 32 | frames 32 | unused 32
 * length 32 | time in units of scale/rate seconds, 64
 * ```
 */
import { MALFORMED, type Malformed } from '@kaon/wire';

/** What the header of an IVF file says. */
export interface IvfHeader {
  readonly fourcc: string;
  readonly width: number;
  readonly height: number;
  /** Units of time in a second: rate / scale. */
  readonly rate: number;
  readonly scale: number;
  /** Frames, where the writer knew. */
  readonly frames: number;
  /** Bytes; where the first frame begins. */
  readonly length: number;
}

/** Length of the header that we write. */
export const IVF_HEADER_LENGTH = 32;
/** Length of the header of a frame. */
export const IVF_FRAME_HEADER_LENGTH = 12;
/** Frames that say to be larger are not read. */
export const LARGEST_FRAME: number = 64 * 1024 * 1024;

/** Reads the header in front of a file. */
export function decodeIvfHeader(bytes: Uint8Array): IvfHeader | Malformed {
  if (bytes.length < IVF_HEADER_LENGTH) return MALFORMED;
  const view = viewOf(bytes);
  const fourcc = String.fromCharCode(...bytes.subarray(8, 12));
  const [length, rate, scale] = [view.getUint16(6, true), view.getUint32(16, true), view.getUint32(20, true)];
  if (view.getUint32(0) !== MAGIC || length < IVF_HEADER_LENGTH || rate === 0 || scale === 0) return MALFORMED;
  const [width, height] = [view.getUint16(12, true), view.getUint16(14, true)];
  return { fourcc, width, height, rate, scale, frames: view.getUint32(24, true), length };
}

/** Writes the header of a file. */
export function encodeIvfHeader({ fourcc, width, height, rate, scale, frames }: Omit<IvfHeader, 'length'>): Uint8Array {
  const bytes = new Uint8Array(IVF_HEADER_LENGTH);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC);
  view.setUint16(6, IVF_HEADER_LENGTH, true);
  for (let i = 0; i < 4; i++) bytes[8 + i] = fourcc.charCodeAt(i);
  view.setUint16(12, width, true);
  view.setUint16(14, height, true);
  view.setUint32(16, rate, true);
  view.setUint32(20, scale, true);
  view.setUint32(24, frames, true);
  return bytes;
}

/** Reads the header of a frame: its length in bytes, and its time in units of the file. */
export function decodeIvfFrameHeader(
  bytes: Uint8Array,
): { readonly length: number; readonly time: number } | Malformed {
  if (bytes.length < IVF_FRAME_HEADER_LENGTH) return MALFORMED;
  const view = viewOf(bytes);
  const length = view.getUint32(0, true);
  return length > LARGEST_FRAME ? MALFORMED : { length, time: Number(view.getBigInt64(4, true)) };
}

/** Writes the header of a frame. */
export function encodeIvfFrameHeader(length: number, time: number): Uint8Array {
  const bytes = new Uint8Array(IVF_FRAME_HEADER_LENGTH);
  const view = viewOf(bytes);
  view.setUint32(0, length, true);
  view.setBigInt64(4, BigInt(time), true);
  return bytes;
}

/** "DKIF". */
const MAGIC = 0x444b4946;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
