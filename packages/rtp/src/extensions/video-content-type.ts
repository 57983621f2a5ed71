import { checkValue } from './check.ts';

/** What a video shows (libwebrtc, rtp-hdrext/video-content-type): one byte, sent with the last packet of a key frame. */
export const VIDEO_CONTENT_TYPE = {
  /** As if the extension were not there. */
  unspecified: 0,
  screenshare: 1,
} as const;

/** The byte, one of `VIDEO_CONTENT_TYPE` or a value to come; -1 when the element has not one byte. */
export function readVideoContentType(bytes: Uint8Array, offset: number, length: number): number {
  return length === 1 ? bytes[offset]! : -1;
}

/** Writes the type (0 to 255) and returns 1. */
export function writeVideoContentType(buffer: Uint8Array, offset: number, type: number): number {
  checkValue('video content type', type, 0, 255);
  buffer[offset] = type;
  return VIDEO_CONTENT_TYPE_LENGTH;
}

/** Bytes that `writeVideoContentType` writes. */
export const VIDEO_CONTENT_TYPE_LENGTH = 1;
