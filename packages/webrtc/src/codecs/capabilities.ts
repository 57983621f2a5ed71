/**
 * What can be negotiated. The order is the order of offers: Chromium's of what it receives (VP8, VP9, H.264, AV1), with H.264
 * High and H.265 beside their kin. No codec is built in: whoever hands frames in decides what is really sent.
 */
import { EXTENSION_URI } from '@kaon/rtp';
import type { Direction } from '@kaon/sdp';
import type { CodecIdentity } from './match.ts';

/** A codec as the API names it (W3C WebRTC §5.2.7). */
export interface RTCRtpCodec {
  /** `video/VP8`. Letter case does not count. */
  mimeType: string;
  /** Hz. */
  clockRate: number;
  /** Audio only. */
  channels?: number;
  /** What stands behind `a=fmtp:<payload type> `. */
  sdpFmtpLine?: string;
}

/** A header extension as the API names it (W3C WebRTC Extensions §5.5). */
export interface RTCRtpHeaderExtensionCapability {
  uri: string;
  /** How it is offered when nothing else was asked for; `stopped`: not at all. */
  direction?: Direction | 'stopped';
}

/** What `RTCRtpSender.getCapabilities` and `RTCRtpReceiver.getCapabilities` give (W3C WebRTC §5.2.7). */
export interface RTCRtpCapabilities {
  codecs: RTCRtpCodec[];
  headerExtensions: RTCRtpHeaderExtensionCapability[];
}

/** The codecs of a kind, best first. `rtx` stands once for all codecs that can be retransmitted. */
export function codecCapabilities(kind: 'audio' | 'video'): readonly RTCRtpCodec[] {
  return kind === 'audio' ? AUDIO : VIDEO;
}

/** The header extensions of a kind. */
export function extensionCapabilities(kind: 'audio' | 'video'): readonly RTCRtpHeaderExtensionCapability[] {
  return kind === 'audio' ? AUDIO_EXTENSIONS : VIDEO_EXTENSIONS;
}

/** Fresh objects, for callers who may change them. */
export function capabilities(kind: 'audio' | 'video'): RTCRtpCapabilities {
  return {
    codecs: codecCapabilities(kind).map((codec) => ({ ...codec })),
    headerExtensions: extensionCapabilities(kind).map((extension) => ({ ...extension })),
  };
}

/** The payload type that Chromium gives a codec, which logs of all the world have made familiar, and that of its `rtx`. */
export function customPayloadTypes(
  codec: CodecIdentity,
): { readonly payloadType: number; readonly rtx?: number } | undefined {
  return CUSTOM.get(key(codec)) ?? CUSTOM.get(key({ ...codec, sdpFmtpLine: undefined }));
}

/** The id that Chromium gives a header extension. */
export function customExtensionId(uri: string): number | undefined {
  return EXTENSION_IDS.get(uri);
}

/** The spelling of the standards for a media type: `video/vp8` is `video/VP8`. Unknown ones stay as they are. */
export function canonicalMimeType(mimeType: string): string {
  return SPELLINGS.get(mimeType.toLowerCase()) ?? mimeType;
}

const audio = (name: string, clockRate: number, channels: number, sdpFmtpLine?: string): RTCRtpCodec => ({
  mimeType: `audio/${name}`,
  clockRate,
  channels,
  ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
});

const video = (name: string, sdpFmtpLine?: string): RTCRtpCodec => ({
  mimeType: `video/${name}`,
  clockRate: 90000,
  ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
});

const h264 = (profileLevelId: string, mode: 0 | 1): RTCRtpCodec =>
  video('H264', `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profileLevelId}`);

const AUDIO: readonly RTCRtpCodec[] = [
  audio('opus', 48000, 2, 'minptime=10;useinbandfec=1'),
  audio('red', 48000, 2),
  // RTP counts G.722 in 8000 Hz (RFC 3551 §4.5.2).
  audio('G722', 8000, 1),
  audio('PCMU', 8000, 1),
  audio('PCMA', 8000, 1),
  audio('CN', 8000, 1),
  audio('telephone-event', 48000, 1),
  audio('telephone-event', 8000, 1),
];

/** Each with Chromium's payload type and that of its `rtx`. */
const VIDEO_TABLE: readonly (readonly [codec: RTCRtpCodec, payloadType?: number, rtx?: number])[] = [
  [video('VP8'), 96, 97],
  [video('rtx')],
  [video('VP9', 'profile-id=0'), 98, 99],
  [video('VP9', 'profile-id=2'), 100, 101],
  [h264('42001f', 1), 102, 103],
  [h264('42001f', 0), 104, 107],
  [h264('42e01f', 1), 108, 109],
  [h264('42e01f', 0), 114, 115],
  [h264('4d001f', 1), 116, 117],
  [h264('4d001f', 0), 39, 40],
  [h264('64001f', 1), 41, 42],
  [h264('64001f', 0), 43, 44],
  // Constrained High, Safari's first choice.
  [h264('640c1f', 1), 35, 36],
  [video('AV1', 'level-idx=5;profile=0;tier=0'), 45, 46],
  [video('H265', 'level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST'), 47, 48],
  [video('red'), 118, 119],
  [video('ulpfec'), 120],
  [video('flexfec-03', 'repair-window=10000000'), 49],
];

const VIDEO: readonly RTCRtpCodec[] = VIDEO_TABLE.map(([codec]) => codec);

const AUDIO_PAYLOAD_TYPES = [111, 63, 9, 0, 8, 13, 110, 126] as const;

const CUSTOM: ReadonlyMap<string, { readonly payloadType: number; readonly rtx?: number }> = new Map([
  ...AUDIO.map((codec, i) => [key(codec), { payloadType: AUDIO_PAYLOAD_TYPES[i] as number }] as const),
  ...VIDEO_TABLE.flatMap(([codec, payloadType, rtx]) =>
    payloadType === undefined ? [] : [[key(codec), { payloadType, ...(rtx !== undefined && { rtx }) }] as const],
  ),
]);

function key({ mimeType, clockRate, sdpFmtpLine = '' }: CodecIdentity): string {
  return `${mimeType}/${clockRate} ${sdpFmtpLine}`.toLowerCase();
}

const SPELLINGS: ReadonlyMap<string, string> = new Map(
  [...AUDIO, ...VIDEO].map(({ mimeType }) => [mimeType.toLowerCase(), mimeType]),
);

const extension = (uri: string, direction: Direction | 'stopped' = 'sendrecv'): RTCRtpHeaderExtensionCapability => ({
  uri,
  direction,
});

const AUDIO_EXTENSIONS: readonly RTCRtpHeaderExtensionCapability[] = [
  extension(EXTENSION_URI.audioLevel),
  extension(EXTENSION_URI.absSendTime),
  extension(EXTENSION_URI.transportSequenceNumber),
  extension(EXTENSION_URI.mid),
  // Only mixers send it.
  extension(EXTENSION_URI.mixerAudioLevels, 'recvonly'),
  extension(EXTENSION_URI.absCaptureTime, 'stopped'),
];

const VIDEO_EXTENSIONS: readonly RTCRtpHeaderExtensionCapability[] = [
  extension(EXTENSION_URI.transmissionOffset),
  extension(EXTENSION_URI.absSendTime),
  extension(EXTENSION_URI.videoOrientation),
  extension(EXTENSION_URI.transportSequenceNumber),
  extension(EXTENSION_URI.playoutDelay),
  extension(EXTENSION_URI.videoContentType),
  extension(EXTENSION_URI.videoTiming),
  extension(EXTENSION_URI.colorSpace),
  extension(EXTENSION_URI.mid),
  extension(EXTENSION_URI.rid),
  extension(EXTENSION_URI.repairedRid),
  extension(EXTENSION_URI.dependencyDescriptor),
  extension(EXTENSION_URI.absCaptureTime, 'stopped'),
  extension(EXTENSION_URI.videoLayersAllocation, 'stopped'),
];

const EXTENSION_IDS: ReadonlyMap<string, number> = new Map<string, number>([
  [EXTENSION_URI.audioLevel, 1],
  [EXTENSION_URI.absSendTime, 2],
  [EXTENSION_URI.transportSequenceNumber, 3],
  [EXTENSION_URI.mid, 4],
  [EXTENSION_URI.playoutDelay, 5],
  [EXTENSION_URI.videoContentType, 6],
  [EXTENSION_URI.videoTiming, 7],
  [EXTENSION_URI.colorSpace, 8],
  // Not one of Chromium's: the number that is left.
  [EXTENSION_URI.mixerAudioLevels, 9],
  [EXTENSION_URI.rid, 10],
  [EXTENSION_URI.repairedRid, 11],
  [EXTENSION_URI.dependencyDescriptor, 12],
  [EXTENSION_URI.videoOrientation, 13],
  [EXTENSION_URI.transmissionOffset, 14],
]);
