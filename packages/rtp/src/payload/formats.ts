import { createAv1Depacketizer, createAv1Packetizer, isAv1KeyFrameStart } from './av1/index.ts';
import { decodeBase64 } from './base64.ts';
import { createG722Depacketizer, createG722Packetizer, g722Duration } from './g722/index.ts';
import { createH264Depacketizer, createH264Packetizer, isH264KeyFrameStart } from './h264/index.ts';
import { createH265Depacketizer, createH265Packetizer, isH265KeyFrameStart } from './h265/index.ts';
import { createOpusDepacketizer, createOpusPacketizer, opusDuration } from './opus/index.ts';
import { createPcmDepacketizer, createPcmPacketizer, pcmDuration } from './pcm/index.ts';
import { createRedDepacketizer, createRedPacketizer } from './red/index.ts';
import type { Depacketizer, Packetizer } from './types.ts';
import { createVp8Depacketizer, createVp8Packetizer, isVp8KeyFrameStart } from './vp8/index.ts';
import { createVp9Depacketizer, createVp9Packetizer, isVp9KeyFrameStart } from './vp9/index.ts';

/** What a stream's format depends on. */
export interface PayloadOptions {
  /**
   * Format parameters as agreed on (`a=fmtp`), by name in lower case; what has no name stands under ''. Read are: of H.264
   * `packetization-mode` and `sprop-parameter-sets`, of H.265 `sprop-vps`, `sprop-sps` and `sprop-pps`, of RED the payload types. Without a map, H.264 is sent in mode 1.
   */
  readonly parameters?: ReadonlyMap<string, string> | undefined;
  /**
   * For packetizers of VP8 and VP9: picture id (15 bits) of the first frame that brings none; random, as RFC 7741 §4.2 wants.
   * Default: none is sent. With it a receiver knows after a loss whether a whole frame is missing.
   */
  readonly pictureId?: number | undefined;
}

/** How one codec is carried. */
export interface Format {
  packetizer(options: PayloadOptions): Packetizer | undefined;
  depacketizer(options: PayloadOptions): Depacketizer;
  /** Whether a payload begins a key frame; left out where every one does. */
  readonly keyFrame?: (bytes: Uint8Array, start: number, end: number) => boolean;
  /** For audio: units of the RTP clock. */
  readonly duration?: (bytes: Uint8Array, start: number, end: number) => number;
}

const PCM: Format = {
  packetizer: createPcmPacketizer,
  depacketizer: createPcmDepacketizer,
  duration: pcmDuration,
};

const CODECS: Readonly<Record<string, Format>> = {
  'audio/opus': { packetizer: createOpusPacketizer, depacketizer: createOpusDepacketizer, duration: opusDuration },
  'audio/PCMU': PCM,
  'audio/PCMA': PCM,
  'audio/G722': { packetizer: createG722Packetizer, depacketizer: createG722Depacketizer, duration: g722Duration },
  'audio/red': { packetizer: redPacketizer, depacketizer: () => createRedDepacketizer() },
  'video/VP8': {
    packetizer: ({ pictureId }) => createVp8Packetizer({ pictureId }),
    depacketizer: createVp8Depacketizer,
    keyFrame: isVp8KeyFrameStart,
  },
  'video/VP9': {
    packetizer: ({ pictureId }) => createVp9Packetizer({ pictureId }),
    depacketizer: createVp9Depacketizer,
    keyFrame: isVp9KeyFrameStart,
  },
  'video/H264': { packetizer: h264Packetizer, depacketizer: h264Depacketizer, keyFrame: isH264KeyFrameStart },
  'video/AV1': {
    packetizer: () => createAv1Packetizer(),
    depacketizer: () => createAv1Depacketizer(),
    keyFrame: isAv1KeyFrameStart,
  },
  'video/H265': {
    packetizer: () => createH265Packetizer(),
    depacketizer: h265Depacketizer,
    keyFrame: isH265KeyFrameStart,
  },
};

/** By media type, in its usual spelling and in lower case. */
export const FORMATS: ReadonlyMap<string, Format> = new Map(
  Object.entries(CODECS).flatMap(([name, format]) => [
    [name, format],
    [name.toLowerCase(), format],
  ]),
);

/** RFC 6184 §8.1: the mode is 0 where parameters do not tell. */
function h264Packetizer({ parameters }: PayloadOptions): Packetizer {
  if (parameters === undefined) return createH264Packetizer();
  return createH264Packetizer({ packetizationMode: parameters.get('packetization-mode') === '1' ? 1 : 0 });
}

function h264Depacketizer({ parameters }: PayloadOptions): Depacketizer {
  return createH264Depacketizer({ parameterSets: parameterSets(parameters?.get('sprop-parameter-sets')) });
}

function h265Depacketizer({ parameters }: PayloadOptions): Depacketizer {
  const names = ['sprop-vps', 'sprop-sps', 'sprop-pps'];
  return createH265Depacketizer({ parameterSets: names.flatMap((name) => parameterSets(parameters?.get(name))) });
}

/** NAL units in base64 with commas between; what is no base64 is left out. */
function parameterSets(text = ''): Uint8Array[] {
  return text
    .split(',')
    .map(decodeBase64)
    .filter((bytes) => bytes !== undefined && bytes.length > 0) as Uint8Array[];
}

/** `a=fmtp:63 111/111`: the payload type of the codec inside, repeated for each level of redundancy (RFC 2198 §5). */
function redPacketizer({ parameters }: PayloadOptions): Packetizer | undefined {
  const payloadTypes = (parameters?.get('') ?? '').split('/').map((text) => Number.parseInt(text, 10));
  const payloadType = payloadTypes[0]!;
  if (!(payloadType >= 0 && payloadType <= 127)) return undefined;
  return createRedPacketizer({ payloadType, distance: Math.min(9, Math.max(1, payloadTypes.length - 1)) });
}
