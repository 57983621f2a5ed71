/** Byte streams of NAL units with start codes (ITU-T H.264 and H.265, Annex B). */
import type { FrameBuffer } from '../video.ts';

/** Where a NAL unit lies. */
export interface NalRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The NAL units of a byte stream, without start codes and without the zeros that may stand behind a unit. Empty when there is no
 * start code. Start codes of three and of four bytes.
 */
export function splitAnnexB(bytes: Uint8Array): NalRange[] {
  const units: NalRange[] = [];
  let start = -1;
  for (let at = nextStartCode(bytes, 0); at >= 0; ) {
    if (start >= 0) addUnit(units, bytes, start, at);
    start = at + 3;
    at = nextStartCode(bytes, start);
  }
  if (start >= 0) addUnit(units, bytes, start, bytes.length);
  return units;
}

/** Adds a NAL unit behind a start code of four bytes. */
export function appendNal(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number): void {
  appendStartCode(frame);
  frame.append(bytes, start, end);
}

/** Adds a start code of four bytes. */
export function appendStartCode(frame: FrameBuffer): void {
  frame.append(START_CODE, 0, 4);
}

/**
 * The payload of a NAL unit without emulation prevention: every 00 00 03 loses its 03 (ITU-T H.264 §7.4.1.1). `from` skips the
 * unit's header.
 */
export function unescapeNal(bytes: Uint8Array, from: number, end: number): Uint8Array {
  const out = new Uint8Array(Math.max(0, end - from));
  let length = 0;
  let zeros = 0;
  for (let i = from; i < end; i++) {
    const byte = bytes[i]!;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length++] = byte;
  }
  return out.subarray(0, length);
}

function addUnit(units: NalRange[], bytes: Uint8Array, start: number, limit: number): void {
  let end = limit;
  // The last byte of a unit is never zero: what is there belongs to the next start code, or pads.
  while (end > start && bytes[end - 1] === 0) end--;
  if (end > start) units.push({ start, end });
}

/** Index of the next 00 00 01, or -1. */
function nextStartCode(bytes: Uint8Array, from: number): number {
  for (let i = from + 2; i < bytes.length; ) {
    const byte = bytes[i]!;
    // Most bytes are larger than one, and then three places can be skipped at once.
    if (byte > 1) i += 3;
    else if (byte === 0) i++;
    else if (bytes[i - 1] === 0 && bytes[i - 2] === 0) return i - 2;
    else i += 3;
  }
  return -1;
}

const START_CODE = new Uint8Array([0, 0, 0, 1]);
