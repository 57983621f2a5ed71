/** Encoded media in files: what Kaon sends, and what it received, for ffprobe to judge. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { MediaFile, MediaKind } from './agent/protocol.ts';

/** A frame, or the payload of one audio packet. */
export interface FileFrame {
  readonly data: Uint8Array;
  readonly keyFrame: boolean;
}

/** A file in memory. */
export interface EncodedFile {
  readonly kind: MediaKind;
  readonly mimeType: string;
  readonly frames: readonly FileFrame[];
  /** Milliseconds from one frame to the next. */
  readonly interval: number;
}

const VIDEO_INTERVAL = 1000 / 30;
const AUDIO_INTERVAL = 20;

const read = new Map<string, EncodedFile>();

/** Reads a file of media-files.ts, once. */
export function readFrames({ path, mimeType }: MediaFile): EncodedFile {
  const known = read.get(path);
  if (known !== undefined) return known;
  const kind = mimeType.startsWith('video/') ? 'video' : 'audio';
  const file = {
    kind,
    mimeType,
    frames: framesOf(readFileSync(path), mimeType),
    interval: kind === 'video' ? VIDEO_INTERVAL : AUDIO_INTERVAL,
  } as const;
  read.set(path, file);
  return file;
}

function framesOf(bytes: Uint8Array, mimeType: string): FileFrame[] {
  switch (mimeType) {
    case 'video/H264':
      return accessUnits(bytes, 1, (header) => header & 0x1f, { slices: [1, 5], key: [5] });
    case 'video/H265':
      return accessUnits(bytes, 2, (header) => (header >> 1) & 0x3f, { slices: range(0, 31), key: range(16, 23) });
    case 'audio/opus':
      return oggPackets(bytes)
        .slice(2)
        .map((data) => ({ data, keyFrame: true }));
    case 'audio/PCMU':
    case 'audio/PCMA':
      return pieces(waveData(bytes), 160);
    case 'audio/G722':
      return pieces(bytes, 160);
    default:
      return ivfFrames(bytes).map((data) => ({ data, keyFrame: KEY_FRAME[mimeType]?.(data) ?? false }));
  }
}

/** Whether a frame begins anew, by its first bits. */
const KEY_FRAME: Readonly<Record<string, (data: Uint8Array) => boolean>> = {
  // RFC 6386 §9.1: bit 0 is clear.
  'video/VP8': ([first = 1]) => (first & 1) === 0,
  // VP9 §6.2, profile 0: frame_marker, profile, show_existing_frame, then frame_type, 0 for a key frame.
  'video/VP9': ([first = 0xff]) => (first & 0x0c) === 0,
  // AV1 §5.3: a key frame brings a sequence header; a temporal delimiter stands before it.
  'video/AV1': (data) => data[0] === 0x12 && data[2] !== undefined && ((data[2] >> 3) & 15) === 1,
};

/** Files begin with 32 bytes, frames with their length and 8 bytes of time. */
function ivfFrames(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = view.getUint16(6, true); at + 12 <= bytes.length; ) {
    const length = view.getUint32(at, true);
    frames.push(bytes.subarray(at + 12, at + 12 + length));
    at += 12 + length;
  }
  return frames;
}

/** One access unit per picture: a slice that is the first of its picture has the first bit behind the NAL header set. */
function accessUnits(
  bytes: Uint8Array,
  header: number,
  typeOf: (header: number) => number,
  types: { readonly slices: readonly number[]; readonly key: readonly number[] },
): FileFrame[] {
  const starts: number[] = [];
  for (let i = 0; i + 3 < bytes.length; i++)
    if (bytes[i] === 0 && bytes[i + 1] === 0 && bytes[i + 2] === 1)
      starts.push(i > 0 && bytes[i - 1] === 0 ? i - 1 : i);
  const frames: FileFrame[] = [];
  let begin = 0;
  let sliced = false;
  let keyFrame = false;
  for (const start of starts) {
    const nal = start + (bytes[start + 2] === 1 ? 3 : 4);
    const type = typeOf(bytes[nal] ?? 0);
    const isSlice = types.slices.includes(type);
    if (sliced && (!isSlice || (bytes[nal + header] ?? 0) & 0x80)) {
      frames.push({ data: bytes.subarray(begin, start), keyFrame });
      begin = start;
      sliced = keyFrame = false;
    }
    sliced ||= isSlice;
    keyFrame ||= types.key.includes(type);
  }
  frames.push({ data: bytes.subarray(begin), keyFrame });
  return frames;
}

/** RFC 3533 §6: packets are put together from the lacing of the pages. */
function oggPackets(bytes: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  for (let at = 0; at + 27 <= bytes.length; ) {
    const count = bytes[at + 26] ?? 0;
    let data = at + 27 + count;
    for (const length of bytes.subarray(at + 27, data)) {
      parts.push(bytes.subarray(data, data + length));
      data += length;
      if (length === 255) continue;
      packets.push(Buffer.concat(parts));
      parts = [];
    }
    at = data;
  }
  return packets;
}

function waveData(bytes: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf('data');
  return bytes.subarray(at + 8);
}

function pieces(bytes: Uint8Array, size: number): FileFrame[] {
  const frames: FileFrame[] = [];
  for (let at = 0; at + size <= bytes.length; at += size)
    frames.push({ data: bytes.subarray(at, at + size), keyFrame: true });
  return frames;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Writes video frames as ffprobe reads them: IVF, or Annex B as they are. */
export function writeFrames(path: string, mimeType: string, frames: readonly Uint8Array[]): void {
  const fourcc = { 'video/VP8': 'VP80', 'video/VP9': 'VP90', 'video/AV1': 'AV01' }[mimeType];
  if (fourcc === undefined) {
    writeFileSync(path, Buffer.concat(frames));
    return;
  }
  const header = Buffer.alloc(32);
  header.write('DKIF', 0);
  header.writeUInt16LE(32, 6);
  header.write(fourcc, 8);
  header.writeUInt32LE(30, 16);
  header.writeUInt32LE(1, 20);
  const parts = frames.flatMap((frame, index) => {
    const head = Buffer.alloc(12);
    head.writeUInt32LE(frame.length, 0);
    head.writeUInt32LE(index, 4);
    return [head, frame];
  });
  writeFileSync(path, Buffer.concat([header, ...parts]));
}

/** How many frames of which size ffprobe decodes in a file. Throws with what it complains of. */
export function probe(path: string): { readonly frames: number; readonly width: number; readonly height: number } {
  const text = execFileSync(
    'ffprobe',
    [
      ...['-v', 'error', '-count_frames', '-select_streams', 'v:0'],
      ...['-show_entries', 'stream=width,height,nb_read_frames', '-of', 'json', path],
    ],
    { encoding: 'utf8' },
  );
  const [stream] = (JSON.parse(text) as { streams: Record<string, string | number>[] }).streams;
  return {
    frames: Number(stream?.['nb_read_frames']),
    width: Number(stream?.['width']),
    height: Number(stream?.['height']),
  };
}
