import { MALFORMED, type Malformed, readU16, writeU16 } from '@kaon/wire';
import { checkValue } from './check.ts';

/**
 * Where a frame spent its time (libwebrtc, rtp-hdrext/video-timing): flags, then six times in milliseconds since its capture,
 * 16 bits each. Sent with the last packet of some frames.
 */
export interface VideoTiming {
  /** Sent because it was time to. */
  readonly triggeredByTimer: boolean;
  /** Sent because the frame is much larger than others. */
  readonly triggeredBySize: boolean;
  readonly encodeStart: number;
  readonly encodeFinish: number;
  readonly packetizationFinish: number;
  readonly pacerExit: number;
  /** For systems in between, by their own clock. 0: not set. */
  readonly network: number;
  readonly network2: number;
}

/** Malformed when the element has not 13 bytes; the old form of 12 is read as one without flags. */
export function readVideoTiming(bytes: Uint8Array, offset: number, length: number): VideoTiming | Malformed {
  if (length !== VIDEO_TIMING_LENGTH && length !== VIDEO_TIMING_LENGTH - 1) return MALFORMED;
  const flags = length === VIDEO_TIMING_LENGTH ? bytes[offset]! : 0;
  const at = offset + length - 12;
  return {
    triggeredByTimer: (flags & 1) !== 0,
    triggeredBySize: (flags & 2) !== 0,
    encodeStart: readU16(bytes, at),
    encodeFinish: readU16(bytes, at + 2),
    packetizationFinish: readU16(bytes, at + 4),
    pacerExit: readU16(bytes, at + 6),
    network: readU16(bytes, at + 8),
    network2: readU16(bytes, at + 10),
  };
}

/** Writes the times (0 to 65535) and returns 13. */
export function writeVideoTiming(buffer: Uint8Array, offset: number, timing: VideoTiming): number {
  buffer[offset] = (timing.triggeredByTimer ? 1 : 0) | (timing.triggeredBySize ? 2 : 0);
  let at = offset + 1;
  for (const name of FIELDS) {
    checkValue(name, timing[name], 0, 0xffff);
    writeU16(buffer, at, timing[name]);
    at += 2;
  }
  return VIDEO_TIMING_LENGTH;
}

/** Bytes that `writeVideoTiming` writes. */
export const VIDEO_TIMING_LENGTH = 13;

const FIELDS = ['encodeStart', 'encodeFinish', 'packetizationFinish', 'pacerExit', 'network', 'network2'] as const;
