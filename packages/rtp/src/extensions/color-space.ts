import { MALFORMED, type Malformed, readU16, writeU16 } from '@kaon/wire';
import { checkValue } from './check.ts';

/**
 * The colours of a video (libwebrtc, rtp-hdrext/color-space): sent with the last packet of key frames and on change.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   primaries   |   transfer    |    matrix     |0 0|rng|hor|ver|
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 *
 * With high dynamic range, 24 more bytes follow: two luminances, eight chromaticities, two light levels, 16 bits each.
 */
export interface ColorSpace {
  /** Code points of ITU-T H.273, 0 to 255. */
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  /** 0 invalid, 1 limited, 2 full, 3 derived from the others. */
  readonly range: number;
  /** Where chroma samples lie: 0 unspecified, 1 collocated, 2 half. */
  readonly chromaSitingHorizontal: number;
  readonly chromaSitingVertical: number;
  readonly hdr?: HdrMetadata | undefined;
}

/** What a display must know of the mastering display (SMPTE ST 2086) and of the content (CTA 861.3). */
export interface HdrMetadata {
  /** cd/m², in steps of 1 up to 65535. */
  readonly luminanceMax: number;
  /** cd/m², in steps of 0.0001 up to 6.5535. */
  readonly luminanceMin: number;
  /** CIE 1931 coordinates, in steps of 0.00002 up to 1. */
  readonly red: Chromaticity;
  readonly green: Chromaticity;
  readonly blue: Chromaticity;
  readonly white: Chromaticity;
  /** cd/m², 0 to 65535. */
  readonly maxContentLightLevel: number;
  /** cd/m², 0 to 65535. */
  readonly maxFrameAverageLightLevel: number;
}

/** A colour in the CIE 1931 diagram. */
export interface Chromaticity {
  readonly x: number;
  readonly y: number;
}

/** Malformed when the element has neither 4 nor 28 bytes. */
export function readColorSpace(bytes: Uint8Array, offset: number, length: number): ColorSpace | Malformed {
  if (length !== WITHOUT_HDR && length !== WITH_HDR) return MALFORMED;
  const packed = bytes[offset + 3]!;
  const space = {
    primaries: bytes[offset]!,
    transfer: bytes[offset + 1]!,
    matrix: bytes[offset + 2]!,
    range: (packed >>> 4) & 3,
    chromaSitingHorizontal: (packed >>> 2) & 3,
    chromaSitingVertical: packed & 3,
  };
  return length === WITHOUT_HDR ? space : { ...space, hdr: readHdr(bytes, offset + WITHOUT_HDR) };
}

/** Writes the colour space and returns 4 or 28. Values are rounded to their steps. */
export function writeColorSpace(buffer: Uint8Array, offset: number, space: ColorSpace): number {
  checkValue('primaries', space.primaries, 0, 255);
  checkValue('transfer', space.transfer, 0, 255);
  checkValue('matrix', space.matrix, 0, 255);
  checkValue('range', space.range, 0, 3);
  checkValue('chroma siting', space.chromaSitingHorizontal, 0, 3);
  checkValue('chroma siting', space.chromaSitingVertical, 0, 3);
  buffer[offset] = space.primaries;
  buffer[offset + 1] = space.transfer;
  buffer[offset + 2] = space.matrix;
  buffer[offset + 3] = (space.range << 4) | (space.chromaSitingHorizontal << 2) | space.chromaSitingVertical;
  if (space.hdr === undefined) return WITHOUT_HDR;
  writeHdr(buffer, offset + WITHOUT_HDR, space.hdr);
  return WITH_HDR;
}

/** Bytes that `writeColorSpace` writes. */
export function colorSpaceLength(space: ColorSpace): number {
  return space.hdr === undefined ? WITHOUT_HDR : WITH_HDR;
}

function readHdr(bytes: Uint8Array, at: number): HdrMetadata {
  return {
    luminanceMax: readU16(bytes, at),
    luminanceMin: readU16(bytes, at + 2) / LUMINANCE_MIN_STEPS,
    red: readChromaticity(bytes, at + 4),
    green: readChromaticity(bytes, at + 8),
    blue: readChromaticity(bytes, at + 12),
    white: readChromaticity(bytes, at + 16),
    maxContentLightLevel: readU16(bytes, at + 20),
    maxFrameAverageLightLevel: readU16(bytes, at + 22),
  };
}

function readChromaticity(bytes: Uint8Array, at: number): Chromaticity {
  return { x: readU16(bytes, at) / CHROMATICITY_STEPS, y: readU16(bytes, at + 2) / CHROMATICITY_STEPS };
}

function writeHdr(buffer: Uint8Array, at: number, hdr: HdrMetadata): void {
  const { red, green, blue, white } = hdr;
  writeStep(buffer, at, 'luminanceMax', hdr.luminanceMax, 1);
  writeStep(buffer, at + 2, 'luminanceMin', hdr.luminanceMin, LUMINANCE_MIN_STEPS);
  let next = at + 4;
  for (const { x, y } of [red, green, blue, white]) {
    writeStep(buffer, next, 'chromaticity', x, CHROMATICITY_STEPS);
    writeStep(buffer, next + 2, 'chromaticity', y, CHROMATICITY_STEPS);
    next += 4;
  }
  writeStep(buffer, at + 20, 'maxContentLightLevel', hdr.maxContentLightLevel, 1);
  writeStep(buffer, at + 22, 'maxFrameAverageLightLevel', hdr.maxFrameAverageLightLevel, 1);
}

function writeStep(buffer: Uint8Array, at: number, name: string, value: number, steps: number): void {
  const rounded = Math.round(value * steps);
  checkValue(name, rounded, 0, 0xffff);
  writeU16(buffer, at, rounded);
}

const WITHOUT_HDR = 4;
const WITH_HDR = 28;
const LUMINANCE_MIN_STEPS = 10_000;
const CHROMATICITY_STEPS = 50_000;
