/** Decoder configuration records: parameter sets as MP4 and Matroska keep them (ISO/IEC 14496-15 §5.3.3, §8.3.3). */

import { H264_NAL, h264NalType } from '@kaon/rtp/payload/h264';
import { decodeH265Sps, H265_NAL, h265NalType } from '@kaon/rtp/payload/h265';
import { isMalformed, MALFORMED, type Malformed } from '@kaon/wire';
import { concatBytes } from './nal.ts';

/** What `avcC` and `hvcC` say. */
export interface ParameterSets {
  /** Bytes of the length in front of each NAL unit. */
  readonly lengthSize: number;
  /** NAL units: VPS, SPS, PPS in this order. */
  readonly units: readonly Uint8Array[];
}

/**
 * Reads an `avcC` record (ISO/IEC 14496-15 §5.3.3.1).
 *
 * ```
 * version 1 | profile | compatibility | level | 111111 lengthSize-1 | 111 SPS count | (length 16, SPS)* | PPS count | (length 16, PPS)*
 * ```
 */
export function decodeAvcC(bytes: Uint8Array): ParameterSets | Malformed {
  if (bytes.length < 7 || bytes[0] !== 1) return MALFORMED;
  const units: Uint8Array[] = [];
  let at = readUnits(bytes, 6, bytes[5]! & 0x1f, units);
  if (at < 0 || at >= bytes.length) return MALFORMED;
  at = readUnits(bytes, at + 1, bytes[at]!, units);
  return at < 0 ? MALFORMED : { lengthSize: (bytes[4]! & 3) + 1, units };
}

/** Writes an `avcC` record; undefined without an SPS and a PPS among the units. */
export function encodeAvcC(units: readonly Uint8Array[]): Uint8Array | undefined {
  const sps = units.filter((unit) => h264NalType(unit[0]!) === H264_NAL.SPS).slice(0, 31);
  const pps = units.filter((unit) => h264NalType(unit[0]!) === H264_NAL.PPS).slice(0, 255);
  const [first] = sps;
  if (first === undefined || first.length < 4 || pps.length === 0) return undefined;
  const parts: Uint8Array[] = [new Uint8Array([1, first[1]!, first[2]!, first[3]!, 0xff, 0xe0 | sps.length])];
  for (const unit of sps) parts.push(length16(unit), unit);
  parts.push(new Uint8Array([pps.length]));
  for (const unit of pps) parts.push(length16(unit), unit);
  // High profiles say their chroma format: 4:2:0 of 8 bits is all that WebRTC has.
  if (HIGH_PROFILES.includes(first[1]!)) parts.push(new Uint8Array([0xfd, 0xf8, 0xf8, 0]));
  return concatBytes(parts);
}

/**
 * Reads an `hvcC` record (ISO/IEC 14496-15 §8.3.3.1): 22 bytes about the stream, then arrays of NAL units by type.
 */
export function decodeHvcC(bytes: Uint8Array): ParameterSets | Malformed {
  if (bytes.length < 23 || bytes[0] !== 1) return MALFORMED;
  const units: Uint8Array[] = [];
  let at = 23;
  for (let arrays = bytes[22]!; arrays > 0; arrays--) {
    if (at + 3 > bytes.length) return MALFORMED;
    at = readUnits(bytes, at + 3, (bytes[at + 1]! << 8) | bytes[at + 2]!, units);
    if (at < 0) return MALFORMED;
  }
  return { lengthSize: (bytes[21]! & 3) + 1, units };
}

/** Writes an `hvcC` record; undefined without a VPS, an SPS that can be read, and a PPS among the units. */
export function encodeHvcC(units: readonly Uint8Array[]): Uint8Array | undefined {
  const arrays = [H265_NAL.VPS, H265_NAL.SPS, H265_NAL.PPS].map((type) => ({
    type,
    units: units.filter((unit) => h265NalType(unit[0]!) === type),
  }));
  const sps = arrays[1]?.units[0];
  if (sps === undefined || arrays.some((array) => array.units.length === 0)) return undefined;
  const facts = decodeH265Sps(sps);
  if (isMalformed(facts)) return undefined;
  const head = new Uint8Array(23);
  head[0] = 1;
  head[1] = (facts.profileSpace << 6) | (facts.tier << 5) | facts.profile;
  for (let i = 0; i < 4; i++) head[2 + i] = facts.compatibility >>> (24 - 8 * i);
  head.set(facts.constraints.slice(0, 6), 6);
  head[12] = facts.level;
  head.set([0xf0, 0x00, 0xfc, 0xfd], 13);
  // Main 10 is the one profile of WebRTC with more than 8 bits.
  const depth = facts.profile === MAIN_10 ? 2 : 0;
  head.set([0xf8 | depth, 0xf8 | depth, 0, 0, 0x0f, arrays.length], 17);
  const parts: Uint8Array[] = [head];
  for (const array of arrays) {
    parts.push(new Uint8Array([0x80 | array.type, array.units.length >>> 8, array.units.length]));
    for (const unit of array.units) parts.push(length16(unit), unit);
  }
  return concatBytes(parts);
}

const HIGH_PROFILES: readonly number[] = [100, 110, 122, 144];
const MAIN_10 = 2;

/** Adds `count` units with lengths of 16 bits; returns where they end, -1 when they do not fit. */
function readUnits(bytes: Uint8Array, from: number, count: number, units: Uint8Array[]): number {
  let at = from;
  for (let left = count; left > 0; left--) {
    if (at + 2 > bytes.length) return -1;
    const end = at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
    if (end > bytes.length) return -1;
    if (end > at + 2) units.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return at;
}

function length16({ length }: Uint8Array): Uint8Array {
  return new Uint8Array([length >>> 8, length]);
}
