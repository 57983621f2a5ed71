import { BitReader } from '../bit-reader.ts';

/** What the uncompressed header of a VP9 frame says (VP9 bitstream specification §6.2). */
export interface Vp9FrameHeader {
  /** 0 to 3. */
  readonly profile: number;
  readonly keyFrame: boolean;
  /** 8, 10 or 12; of key frames. */
  readonly bitDepth?: number | undefined;
  /** In pixels; of key frames. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

/** Reads the start of a frame; undefined when it is none of VP9. */
export function readVp9Frame(bytes: Uint8Array, start = 0, end: number = bytes.length): Vp9FrameHeader | undefined {
  const reader = new BitReader(bytes.subarray(start, Math.min(end, start + HEADER_SIZE)));
  if (reader.bits(2) !== 2) return undefined;
  const profile = reader.bits(1) + 2 * reader.bits(1);
  if (profile === 3 && reader.flag()) return undefined;
  // A frame that was sent before is shown: a header of its own, and nothing to decode.
  if (reader.flag()) return reader.failed ? undefined : { profile, keyFrame: false };
  const keyFrame = !reader.flag();
  reader.skip(2);
  if (!keyFrame) return reader.failed ? undefined : { profile, keyFrame };
  if (reader.bits(24) !== SYNC_CODE) return undefined;
  const bitDepth = profile >= 2 ? (reader.flag() ? 12 : 10) : 8;
  const isRgb = reader.bits(3) === COLOR_SPACE_RGB;
  if (!isRgb) reader.skip(1);
  if (profile === 1 || profile === 3) reader.skip(isRgb ? 1 : 3);
  const width = reader.bits(16) + 1;
  const height = reader.bits(16) + 1;
  return reader.failed ? undefined : { profile, keyFrame, bitDepth, width, height };
}

/** Width and height in pixels that a key frame says; undefined for all else. */
export function vp9Dimensions(bytes: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  const { width, height } = readVp9Frame(bytes) ?? {};
  return width === undefined || height === undefined ? undefined : { width, height };
}

const SYNC_CODE = 0x498342;
const COLOR_SPACE_RGB = 7;
/** Bytes that hold all that is read. */
const HEADER_SIZE = 16;
