/** The first bytes of a VP8 frame (RFC 6386 §9.1). */

/** Whether the frame at `bytes[start, end)` is a key frame. */
export function isVp8KeyFrame(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
  return start < end && (bytes[start]! & 1) === 0;
}

/** Whether the bytes can be a VP8 frame: not empty, and with the start code and the size where it is a key frame. */
export function isVp8Frame(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return false;
  if (!isVp8KeyFrame(bytes)) return true;
  return bytes.length >= 10 && bytes[3] === 0x9d && bytes[4] === 0x01 && bytes[5] === 0x2a;
}

/** Width and height in pixels that a key frame says; undefined for all else. */
export function vp8Dimensions(bytes: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  if (!isVp8KeyFrame(bytes) || !isVp8Frame(bytes)) return undefined;
  return { width: ((bytes[7]! & 0x3f) << 8) | bytes[6]!, height: ((bytes[9]! & 0x3f) << 8) | bytes[8]! };
}
