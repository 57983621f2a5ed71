import { MALFORMED, type Malformed } from '@kaon/wire';
import { BitReader } from '../bit-reader.ts';

/** What a sequence header says (AV1 bitstream specification §5.5). */
export interface Av1SequenceHeader {
  /** 0 Main, 1 High, 2 Professional. */
  readonly profile: number;
  /** seq_level_idx of the first operating point: 0 is level 2.0, 5 is 3.1, 8 is 4.0. */
  readonly level: number;
  /** 0 Main, 1 High. */
  readonly tier: number;
  /** Largest size in pixels. */
  readonly width: number;
  readonly height: number;
  /** 8, 10 or 12. */
  readonly bitDepth: number;
}

/** Reads the payload of a sequence header OBU, in `bytes[start, end)`. */
export function decodeAv1SequenceHeader(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): Av1SequenceHeader | Malformed {
  const reader = new BitReader(bytes.subarray(start, end));
  const profile = reader.bits(3);
  reader.skip(1);
  const isReduced = reader.flag();
  let level = 0;
  let tier = 0;
  if (isReduced) level = reader.bits(5);
  else ({ level, tier } = readOperatingPoints(reader));
  const widthBits = reader.bits(4) + 1;
  const heightBits = reader.bits(4) + 1;
  const width = reader.bits(widthBits) + 1;
  const height = reader.bits(heightBits) + 1;
  if (!isReduced && reader.flag()) reader.skip(4 + 3);
  reader.skip(3);
  if (!isReduced) skipTools(reader);
  reader.skip(3);
  const isHigh = reader.flag();
  const bitDepth = !isHigh ? 8 : profile === 2 && reader.flag() ? 12 : 10;
  if (reader.failed || profile > 2) return MALFORMED;
  return { profile, level, tier, width, height, bitDepth };
}

/** Level and tier of the first operating point. */
function readOperatingPoints(reader: BitReader): { level: number; tier: number } {
  let decoderModel = false;
  let delayBits = 0;
  if (reader.flag()) {
    reader.skip(64);
    if (reader.flag()) reader.ue();
    decoderModel = reader.flag();
    if (decoderModel) {
      delayBits = reader.bits(5) + 1;
      reader.skip(32 + 5 + 5);
    }
  }
  const initialDelay = reader.flag();
  const count = reader.bits(5) + 1;
  let first: { level: number; tier: number } | undefined;
  for (let i = 0; i < count && !reader.failed; i++) {
    reader.skip(12);
    const level = reader.bits(5);
    const tier = level > 7 ? reader.bits(1) : 0;
    first ??= { level, tier };
    if (decoderModel && reader.flag()) reader.skip(2 * delayBits + 1);
    if (initialDelay && reader.flag()) reader.skip(4);
  }
  return first ?? { level: 0, tier: 0 };
}

/** From enable_interintra_compound to the order hint. */
function skipTools(reader: BitReader): void {
  reader.skip(4);
  const orderHint = reader.flag();
  if (orderHint) reader.skip(2);
  // seq_choose_screen_content_tools, else one bit that says it.
  const screenContent = reader.flag() ? 2 : reader.bits(1);
  if (screenContent > 0 && !reader.flag()) reader.skip(1);
  if (orderHint) reader.skip(3);
}
