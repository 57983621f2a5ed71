import type { MediaFormat } from '../types.ts';

/** What is known of a codec beyond its bitstream. */
export interface CodecFacts {
  readonly kind: 'audio' | 'video';
  readonly mimeType: string;
  readonly clockRate: number;
  readonly channels?: number;
  /** Its name in mediabunny. */
  readonly container?: 'vp8' | 'vp9' | 'av1' | 'avc' | 'hevc' | 'opus';
  readonly fourcc?: string;
  /** Formats that hold it. */
  readonly formats: readonly MediaFormat[];
}

const VIDEO = { kind: 'video', clockRate: 90_000 } as const;
const G711 = { kind: 'audio', clockRate: 8000, channels: 1, formats: ['wav'] } as const;

const CODECS: readonly CodecFacts[] = [
  { ...VIDEO, mimeType: 'video/VP8', container: 'vp8', fourcc: 'VP80', formats: ['ivf', 'webm', 'mkv'] },
  { ...VIDEO, mimeType: 'video/VP9', container: 'vp9', fourcc: 'VP90', formats: ['ivf', 'webm', 'mkv', 'mp4', 'mov'] },
  { ...VIDEO, mimeType: 'video/AV1', container: 'av1', fourcc: 'AV01', formats: ['ivf', 'webm', 'mkv', 'mp4', 'mov'] },
  { ...VIDEO, mimeType: 'video/H264', container: 'avc', formats: ['h264', 'mkv', 'mp4', 'mov'] },
  { ...VIDEO, mimeType: 'video/H265', container: 'hevc', formats: ['h265', 'mkv', 'mp4', 'mov'] },
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    container: 'opus',
    formats: ['ogg', 'webm', 'mkv', 'mp4', 'mov'],
  },
  { ...G711, mimeType: 'audio/PCMU' },
  { ...G711, mimeType: 'audio/PCMA' },
  { ...G711, mimeType: 'audio/L16', clockRate: 44_100 },
];

/** The codec of a MIME type, in any case; undefined when no file can hold it. */
export function codecByName(mimeType: string): CodecFacts | undefined {
  const name = mimeType.toLowerCase();
  return CODECS.find((codec) => codec.mimeType.toLowerCase() === name);
}

/** The codec by its name in mediabunny. */
export function codecByContainerName(name: string): CodecFacts | undefined {
  return CODECS.find(({ container }) => container === name);
}

/** The codec by its FourCC in an IVF file. */
export function codecByFourcc(fourcc: string): CodecFacts | undefined {
  return CODECS.find((codec) => codec.fourcc === fourcc);
}

/** What an error calls a file of the format. */
export const FORMAT_NAMES: Readonly<Record<MediaFormat, string>> = {
  ivf: 'an IVF file',
  ogg: 'an Ogg file',
  h264: 'an H.264 byte stream',
  h265: 'an H.265 byte stream',
  webm: 'a WebM file',
  mkv: 'a Matroska file',
  mp4: 'an MP4 file',
  mov: 'a QuickTime file',
  wav: 'a WAV file',
};
