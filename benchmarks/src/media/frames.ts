/** Real frames of the test vectors, made as big as those of a video of about 2 Mbit/s. */
import { readFileSync } from 'node:fs';

/** Bytes that each frame gets: seven packets of 1,200 at 30 frames in a second. */
const FRAME_SIZE = 8000;
const FRAMES = 12;
const VECTORS = new URL('../../../packages/rtp/test/vectors/video/', import.meta.url);

/** Frames by the codec's name. Annex B for H.264 and H.265, temporal units for AV1. */
export function codecFrames(): Readonly<Record<string, readonly Uint8Array[]>> {
  return {
    opus: Array.from({ length: 50 }, (_, index) => opusFrame(index)),
    vp8: ivf('vp8.ivf').map(enlarge),
    vp9: ivf('vp9.ivf').map(enlarge),
    h264: accessUnits('h264.h264', (header) => [1, 5].includes(header & 0x1f)).map(enlarge),
    h265: accessUnits('h265.h265', (header) => header >>> 1 < 32).map(enlarge),
    av1: ivf('av1.ivf').map(enlargeAv1),
  };
}

/** 20 ms at 64 kbit/s. */
function opusFrame(index: number): Uint8Array {
  const frame = filler(160, index);
  frame[0] = 0xfc;
  return frame;
}

function ivf(name: string): Uint8Array[] {
  const bytes = readFileSync(new URL(name, VECTORS));
  const frames: Uint8Array[] = [];
  for (let at = bytes.readUInt16LE(6); at + 12 <= bytes.length && frames.length < FRAMES; ) {
    const length = bytes.readUInt32LE(at);
    frames.push(new Uint8Array(bytes.subarray(at + 12, at + 12 + length)));
    at += 12 + length;
  }
  return frames;
}

/** One picture is one slice in these files: an access unit ends with it. */
function accessUnits(name: string, isSlice: (header: number) => boolean): Uint8Array[] {
  const bytes = readFileSync(new URL(name, VECTORS));
  const units: Uint8Array[] = [];
  let unit: number[] = [];
  const starts: number[] = [];
  for (let at = 0; at + 3 <= bytes.length; at++) {
    if (bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 1) starts.push(at + 3);
  }
  for (const [index, start] of starts.entries()) {
    let end = index + 1 < starts.length ? starts[index + 1]! - 3 : bytes.length;
    while (end > start && bytes[end - 1] === 0) end--;
    unit.push(0, 0, 0, 1, ...bytes.subarray(start, end));
    if (!isSlice(bytes[start]!)) continue;
    units.push(new Uint8Array(unit));
    unit = [];
  }
  return units.slice(0, FRAMES);
}

function enlarge(frame: Uint8Array, index: number): Uint8Array {
  const more = Math.max(0, FRAME_SIZE - frame.length);
  return new Uint8Array([...frame, ...filler(more, index)]);
}

/** The last OBU grows, and its size field with it. */
function enlargeAv1(unit: Uint8Array, index: number): Uint8Array {
  for (let at = 0; at < unit.length; ) {
    const header = unit[at]! & 4 ? 2 : 1;
    let size = 0;
    let length = 0;
    for (; ; length++) {
      const byte = unit[at + header + length]!;
      size |= (byte & 0x7f) << (7 * length);
      if (byte < 0x80) break;
    }
    const payload = at + header + length + 1;
    if (payload + size >= unit.length) {
      const more = filler(Math.max(0, FRAME_SIZE - unit.length), index);
      const body = [...unit.subarray(payload), ...more];
      const leb128 = [(body.length & 0x7f) | 0x80, ((body.length >>> 7) & 0x7f) | 0x80, body.length >>> 14];
      return new Uint8Array([...unit.subarray(0, at + header), ...leb128, ...body]);
    }
    at = payload + size;
  }
  throw new Error('an AV1 temporal unit without OBUs');
}

/** Bytes that look like coded ones, and never like a start code. */
export function filler(length: number, seed: number): Uint8Array {
  let state = seed + 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % 255 || 255;
  });
}
