import { MALFORMED, type Malformed } from '@kaon/wire';
import { BitReader } from '../bit-reader.ts';
import { unescapeNal } from '../nal/annex-b.ts';
import { H265_NAL, h265NalType } from './nal.ts';

/** What a sequence parameter set says of the pictures (ITU-T H.265 §7.3.2.2.1, §7.3.3). */
export interface H265SequenceParameters {
  /** 0 to 3. */
  readonly profileSpace: number;
  /** 0 Main, 1 High. */
  readonly tier: 0 | 1;
  /** general_profile_idc: 1 Main, 2 Main 10. */
  readonly profile: number;
  /** general_profile_compatibility_flags, the first flag in the highest bit. */
  readonly compatibility: number;
  /** The 48 bits of constraint flags, as bytes. */
  readonly constraints: readonly number[];
  /** general_level_idc: 30 times the level. */
  readonly level: number;
  /** In pixels, after cropping. */
  readonly width: number;
  readonly height: number;
}

/** Reads a sequence parameter set: the NAL unit in `bytes[start, end)`, without start code. */
export function decodeH265Sps(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): H265SequenceParameters | Malformed {
  if (end - start < 4 || h265NalType(bytes[start]!) !== H265_NAL.SPS) return MALFORMED;
  const reader = new BitReader(unescapeNal(bytes, start + 2, end));
  reader.skip(4);
  const subLayers = reader.bits(3);
  reader.skip(1);
  const profileSpace = reader.bits(2);
  const tier = reader.bits(1) as 0 | 1;
  const profile = reader.bits(5);
  const compatibility = reader.bits(32);
  const constraints = Array.from({ length: 6 }, () => reader.bits(8));
  const level = reader.bits(8);
  skipSubLayers(reader, subLayers);
  reader.ue();
  const chroma = reader.ue();
  const separatePlanes = chroma === 3 && reader.flag();
  const codedWidth = reader.ue();
  const codedHeight = reader.ue();
  const crop = [0, 0, 0, 0];
  if (reader.flag()) for (let i = 0; i < 4; i++) crop[i] = reader.ue();
  if (reader.failed || chroma > 3) return MALFORMED;
  // SubWidthC and SubHeightC (ITU-T H.265 table 6-1).
  const unitX = !separatePlanes && (chroma === 1 || chroma === 2) ? 2 : 1;
  const unitY = !separatePlanes && chroma === 1 ? 2 : 1;
  const width = codedWidth - unitX * (crop[0]! + crop[1]!);
  const height = codedHeight - unitY * (crop[2]! + crop[3]!);
  if (!(width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE)) return MALFORMED;
  return { profileSpace, tier, profile, compatibility, constraints, level, width, height };
}

function skipSubLayers(reader: BitReader, count: number): void {
  const present = Array.from({ length: count }, () => ({ profile: reader.flag(), level: reader.flag() }));
  if (count > 0) reader.skip(2 * (8 - count));
  for (const { profile, level } of present) reader.skip((profile ? 88 : 0) + (level ? 8 : 0));
}

/** Far beyond level 6.2. */
const MAX_SIDE = 16384;
