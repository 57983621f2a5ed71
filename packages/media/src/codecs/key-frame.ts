import { AV1_OBU, av1SequenceHeader, splitObus } from '@kaon/rtp/payload/av1';
import { decodeH264Sps, H264_NAL, h264NalType } from '@kaon/rtp/payload/h264';
import { decodeH265Sps, H265_NAL, type H265SequenceParameters, h265NalType } from '@kaon/rtp/payload/h265';
import { isVp8KeyFrame, vp8Dimensions } from '@kaon/rtp/payload/vp8';
import { readVp9Frame } from '@kaon/rtp/payload/vp9';
import { isMalformed } from '@kaon/wire';
import { nalCodec, nalUnits } from './nal.ts';
import { encodeAvcC, encodeHvcC } from './parameter-sets.ts';

/** What a key frame says of its stream. */
export interface KeyFrameFacts {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** The codec string of RFC 6381 and WebCodecs: `vp8`, `vp09.00.10.08`, `av01.0.00M.08`, `avc1.42c01f`, `hvc1.1.6.L60.90`. */
  readonly codec: string;
  /** Format parameters for SDP. */
  readonly sdpFmtpLine?: string;
  /** The decoder configuration record: `avcC` and `hvcC`. */
  readonly description?: Uint8Array;
}

/**
 * Reads a key frame in the codec's own format (that of `EncodedFrame`). Undefined when it is no key frame that can be read,
 * or comes without its parameter sets.
 */
export function keyFrameFacts(mimeType: string, data: Uint8Array): KeyFrameFacts | undefined {
  return FACTS[mimeType]?.(data);
}

/** Whether a frame can be decoded without others, by its bits. */
export function isKeyFrame(mimeType: string, data: Uint8Array): boolean {
  const codec = nalCodec(mimeType);
  if (codec !== undefined) return nalUnits(data).some((unit) => codec.isKeySlice(codec.type(unit[0]!)));
  switch (mimeType) {
    case 'video/VP8':
      return isVp8KeyFrame(data);
    case 'video/VP9':
      return readVp9Frame(data)?.keyFrame ?? false;
    case 'video/AV1':
      return isAv1KeyFrame(data);
    default:
      return true;
  }
}

function isAv1KeyFrame(data: Uint8Array): boolean {
  const obus = splitObus(data);
  if (isMalformed(obus) || !obus.some(({ type }) => type === AV1_OBU.SEQUENCE_HEADER)) return false;
  const frame = obus.find(({ type }) => type === AV1_OBU.FRAME || type === AV1_OBU.FRAME_HEADER);
  // AV1 §5.9.2: show_existing_frame is 0, frame_type is KEY_FRAME.
  return frame !== undefined && frame.payloadStart < frame.end && (data[frame.payloadStart]! & 0xe0) === 0;
}

const FACTS: Readonly<Record<string, (data: Uint8Array) => KeyFrameFacts | undefined>> = {
  'video/VP8': (data) => {
    const size = vp8Dimensions(data);
    return size === undefined ? undefined : withSize(size, { codec: 'vp8' });
  },
  'video/VP9': (data) => {
    const { profile = 0, width, height, bitDepth = 8 } = readVp9Frame(data) ?? {};
    if (width === undefined || height === undefined) return undefined;
    const codec = `vp09.${two(profile)}.${vp9Level(width * height)}.${two(bitDepth)}`;
    return withSize({ width, height }, { codec, sdpFmtpLine: `profile-id=${profile}` });
  },
  'video/AV1': (data) => {
    const header = av1SequenceHeader(data);
    if (header === undefined) return undefined;
    const { profile, level, tier, bitDepth } = header;
    return withSize(header, {
      codec: `av01.${profile}.${two(level)}${tier === 0 ? 'M' : 'H'}.${two(bitDepth)}`,
      sdpFmtpLine: `profile=${profile};level-idx=${level};tier=${tier}`,
    });
  },
  'video/H264': (data) => {
    const units = nalUnits(data);
    const sps = units.find((unit) => h264NalType(unit[0]!) === H264_NAL.SPS);
    const facts = sps && decodeH264Sps(sps);
    const description = encodeAvcC(units);
    if (facts === undefined || isMalformed(facts) || description === undefined) return undefined;
    return withSize(facts, {
      codec: `avc1.${facts.profileLevelId}`,
      sdpFmtpLine: `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${facts.profileLevelId}`,
      description,
    });
  },
  'video/H265': (data) => {
    const units = nalUnits(data);
    const sps = units.find((unit) => h265NalType(unit[0]!) === H265_NAL.SPS);
    const facts = sps && decodeH265Sps(sps);
    const description = encodeHvcC(units);
    if (facts === undefined || isMalformed(facts) || description === undefined) return undefined;
    return withSize(facts, {
      codec: h265CodecString(facts),
      sdpFmtpLine: `level-id=${facts.level};profile-id=${facts.profile};tier-flag=${facts.tier};tx-mode=SRST`,
      description,
    });
  },
};

function withSize(
  { width, height }: { readonly width: number; readonly height: number },
  rest: Omit<KeyFrameFacts, 'width' | 'height'>,
): KeyFrameFacts | undefined {
  return width > 0 && height > 0 ? { width, height, ...rest } : undefined;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** ISO/IEC 14496-15 annex E.3: profile, compatibility in reverse bit order, tier and level, constraint bytes without trailing zeros. */
function h265CodecString({
  profileSpace,
  profile,
  compatibility,
  tier,
  level,
  constraints,
}: H265SequenceParameters): string {
  let reversed = 0;
  for (let i = 0; i < 32; i++) if ((compatibility >>> i) & 1) reversed += 2 ** (31 - i);
  const bytes = [...constraints];
  while (bytes.at(-1) === 0) bytes.pop();
  const space = ['', 'A', 'B', 'C'][profileSpace] ?? '';
  return [
    'hvc1',
    `${space}${profile}`,
    reversed.toString(16),
    `${tier === 0 ? 'L' : 'H'}${level}`,
    ...bytes.map((byte) => byte.toString(16)),
  ].join('.');
}

/** The level whose pictures are large enough (VP9 levels: maximum luma picture size). */
function vp9Level(pixels: number): string {
  return VP9_LEVELS.find(([largest]) => pixels <= largest)?.[1] ?? '62';
}

const VP9_LEVELS: readonly (readonly [number, string])[] = [
  [36_864, '10'],
  [73_728, '11'],
  [122_880, '20'],
  [245_760, '21'],
  [552_960, '30'],
  [983_040, '31'],
  [2_228_224, '40'],
  [8_912_896, '50'],
  [35_651_584, '60'],
];
