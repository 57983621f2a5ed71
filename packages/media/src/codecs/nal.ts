import { H264_NAL, h264NalType, splitAnnexB } from '@kaon/rtp/payload/h264';
import { H265_NAL, h265NalType } from '@kaon/rtp/payload/h265';

/** What H.264 and H.265 call the same things. */
export interface NalCodec {
  /** Bytes of a NAL unit's header. */
  readonly headerLength: 1 | 2;
  type(byte: number): number;
  isSlice(type: number): boolean;
  isKeySlice(type: number): boolean;
  isParameterSet(type: number): boolean;
  /** Whether a unit of the type begins a new access unit when slices stood before it (H.264 §7.4.1.2.3, H.265 §7.4.2.4.4). */
  opensUnit(type: number): boolean;
}

/** H.264. */
export const H264: NalCodec = {
  headerLength: 1,
  type: h264NalType,
  isSlice: (type) => type >= H264_NAL.SLICE && type <= H264_NAL.IDR,
  isKeySlice: (type) => type === H264_NAL.IDR,
  isParameterSet: (type) => type === H264_NAL.SPS || type === H264_NAL.PPS,
  opensUnit: (type) => (type >= H264_NAL.SEI && type <= H264_NAL.AUD) || (type >= 14 && type <= 18),
};

/** H.265. */
export const H265: NalCodec = {
  headerLength: 2,
  type: h265NalType,
  isSlice: (type) => type < H265_NAL.VPS,
  isKeySlice: (type) => type >= H265_NAL.FIRST_KEY_SLICE && type <= H265_NAL.LAST_KEY_SLICE,
  isParameterSet: (type) => type >= H265_NAL.VPS && type <= H265_NAL.PPS,
  opensUnit: (type) =>
    (type >= H265_NAL.VPS && type <= H265_NAL.AUD) || type === H265_NAL.PREFIX_SEI || (type >= 41 && type <= 44),
};

/** The one of a MIME type; undefined for other codecs. */
export function nalCodec(mimeType: string): NalCodec | undefined {
  return mimeType === 'video/H264' ? H264 : mimeType === 'video/H265' ? H265 : undefined;
}

/** The NAL units of an access unit in Annex B, without start codes. */
export function nalUnits(annexB: Uint8Array): Uint8Array[] {
  return splitAnnexB(annexB).map(({ start, end }) => annexB.subarray(start, end));
}

/** An access unit with start codes of four bytes. */
export function toAnnexB(units: readonly Uint8Array[]): Uint8Array {
  return join(units, 4, (out, at) => {
    out[at + 3] = 1;
  });
}

/** An access unit with lengths of four bytes, as `avcC` and `hvcC` say it. */
export function toLengthPrefixed(units: readonly Uint8Array[]): Uint8Array {
  return join(units, 4, (out, at, { length }) => {
    out[at] = length >>> 24;
    out[at + 1] = length >>> 16;
    out[at + 2] = length >>> 8;
    out[at + 3] = length;
  });
}

/** The units of an access unit whose lengths have `lengthSize` bytes. Undefined when they do not add up. */
export function splitLengthPrefixed(bytes: Uint8Array, lengthSize: number): Uint8Array[] | undefined {
  const units: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + lengthSize > bytes.length) return undefined;
    let length = 0;
    for (let i = 0; i < lengthSize; i++) length = length * 256 + bytes[at + i]!;
    at += lengthSize;
    if (at + length > bytes.length) return undefined;
    if (length > 0) units.push(bytes.subarray(at, at + length));
    at += length;
  }
  return units;
}

/** Parts one behind the other. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  return join(parts, 0, () => undefined);
}

function join(
  parts: readonly Uint8Array[],
  prefix: number,
  writePrefix: (out: Uint8Array, at: number, part: Uint8Array) => void,
): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + prefix + length, 0));
  let at = 0;
  for (const part of parts) {
    writePrefix(out, at, part);
    out.set(part, at + prefix);
    at += prefix + part.length;
  }
  return out;
}
