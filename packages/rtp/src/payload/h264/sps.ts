import { MALFORMED, type Malformed } from '@kaon/wire';
import { BitReader } from '../bit-reader.ts';
import { unescapeNal } from '../nal/annex-b.ts';
import { H264_NAL, h264NalType } from './nal.ts';

/** What a sequence parameter set says of the pictures (ITU-T H.264 §7.3.2.1.1). */
export interface H264SequenceParameters {
  /** profile_idc, constraint flags and level_idc: the six digits of `profile-level-id`. */
  readonly profileLevelId: string;
  /** In pixels, after cropping. */
  readonly width: number;
  readonly height: number;
}

/** Reads a sequence parameter set: the NAL unit in `bytes[start, end)`, without start code. */
export function decodeH264Sps(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): H264SequenceParameters | Malformed {
  if (end - start < 4 || h264NalType(bytes[start]!) !== H264_NAL.SPS) return MALFORMED;
  const reader = new BitReader(unescapeNal(bytes, start + 1, end));
  const profile = reader.bits(8);
  const constraints = reader.bits(8);
  const level = reader.bits(8);
  reader.ue();
  let chroma = 1;
  let separatePlanes = false;
  if (HIGH_PROFILES.has(profile)) {
    chroma = reader.ue();
    if (chroma === 3) separatePlanes = reader.flag();
    reader.ue();
    reader.ue();
    reader.skip(1);
    if (reader.flag()) skipScalingLists(reader, chroma === 3 ? 12 : 8);
  }
  reader.ue();
  skipPictureOrder(reader);
  reader.ue();
  reader.skip(1);
  const widthInBlocks = reader.ue() + 1;
  const heightInUnits = reader.ue() + 1;
  const framesOnly = reader.flag();
  if (!framesOnly) reader.skip(1);
  reader.skip(1);
  const crop = [0, 0, 0, 0];
  if (reader.flag()) for (let i = 0; i < 4; i++) crop[i] = reader.ue();
  if (reader.failed || chroma > 3) return MALFORMED;
  // Units of cropping (ITU-T H.264 §7.4.2.1.1).
  const subsampled = !separatePlanes && chroma !== 0;
  const unitX = subsampled && chroma < 3 ? 2 : 1;
  const unitY = (subsampled && chroma === 1 ? 2 : 1) * (framesOnly ? 1 : 2);
  const width = 16 * widthInBlocks - unitX * (crop[0]! + crop[1]!);
  const height = 16 * heightInUnits * (framesOnly ? 1 : 2) - unitY * (crop[2]! + crop[3]!);
  if (!(width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE)) return MALFORMED;
  const hex = [profile, constraints, level].map((byte) => byte.toString(16).padStart(2, '0'));
  return { profileLevelId: hex.join(''), width, height };
}

function skipScalingLists(reader: BitReader, count: number): void {
  for (let list = 0; list < count && !reader.failed; list++) {
    if (!reader.flag()) continue;
    let last = 8;
    let next = 8;
    for (let i = 0; i < (list < 6 ? 16 : 64) && !reader.failed; i++) {
      if (next !== 0) next = (last + reader.se() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

function skipPictureOrder(reader: BitReader): void {
  const type = reader.ue();
  if (type === 0) reader.ue();
  else if (type === 1) {
    reader.skip(1);
    reader.se();
    reader.se();
    const count = reader.ue();
    for (let i = 0; i < Math.min(count, 255) && !reader.failed; i++) reader.se();
  }
}

/** Profiles whose parameter sets tell of chroma (ITU-T H.264 §7.3.2.1.1). */
const HIGH_PROFILES: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** Far beyond level 6.2. */
const MAX_SIDE = 16384;
