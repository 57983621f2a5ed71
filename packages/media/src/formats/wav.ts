/**
 * WAV: chunks in a RIFF file. All numbers are little-endian.
 *
 * ```
 * "RIFF" | length 32 | "WAVE" | ( name 32 | length 32 | data | pad to even )*
 * fmt: tag 16 | channels 16 | rate 32 | bytes per second 32 | block 16 | bits 16 | ...
 * ```
 */
import { MALFORMED, type Malformed } from '@kaon/wire';

/** What the `fmt` chunk says. */
export interface WavFormat {
  /** 1: linear, 6: PCMA, 7: PCMU. Of WAVE_FORMAT_EXTENSIBLE, the one inside. */
  readonly tag: number;
  readonly channels: number;
  /** Hz. */
  readonly sampleRate: number;
  readonly bitsPerSample: number;
}

/** A chunk's name and length. */
export interface WavChunk {
  readonly name: string;
  readonly length: number;
}

/** Bytes in front of the first chunk, and in front of each chunk's data. */
export const RIFF_HEADER_LENGTH = 12;
export const CHUNK_HEADER_LENGTH = 8;
/** Bytes in front of the samples in the files that we write. */
export const WAV_HEADER_LENGTH = 58;

/** Whether a file begins like a WAV file. */
export function isWav(bytes: Uint8Array): boolean {
  return bytes.length >= RIFF_HEADER_LENGTH && text(bytes, 0) === 'RIFF' && text(bytes, 8) === 'WAVE';
}

/** Reads the head of a chunk. */
export function decodeWavChunk(bytes: Uint8Array): WavChunk | Malformed {
  if (bytes.length < CHUNK_HEADER_LENGTH) return MALFORMED;
  return { name: text(bytes, 0), length: viewOf(bytes).getUint32(4, true) };
}

/** Reads the data of a `fmt` chunk. */
export function decodeWavFormat(bytes: Uint8Array): WavFormat | Malformed {
  if (bytes.length < 16) return MALFORMED;
  const view = viewOf(bytes);
  let tag = view.getUint16(0, true);
  if (tag === EXTENSIBLE) {
    if (bytes.length < 26) return MALFORMED;
    tag = view.getUint16(24, true);
  }
  const [channels, sampleRate, bitsPerSample] = [
    view.getUint16(2, true),
    view.getUint32(4, true),
    view.getUint16(14, true),
  ];
  return channels === 0 || sampleRate === 0 ? MALFORMED : { tag, channels, sampleRate, bitsPerSample };
}

/** Writes all that stands in front of the samples. `dataLength` is in bytes; undefined: not known, as in a stream. */
export function encodeWavHeader(format: WavFormat, dataLength: number | undefined): Uint8Array {
  const bytes = new Uint8Array(WAV_HEADER_LENGTH);
  const view = viewOf(bytes);
  const block = (format.channels * format.bitsPerSample) / 8;
  const pad = (dataLength ?? 0) & 1;
  put(bytes, 0, 'RIFF');
  view.setUint32(4, dataLength === undefined ? UNKNOWN : limited(dataLength + pad + WAV_HEADER_LENGTH - 8), true);
  put(bytes, 8, 'WAVEfmt ');
  view.setUint32(16, 18, true);
  view.setUint16(20, format.tag, true);
  view.setUint16(22, format.channels, true);
  view.setUint32(24, format.sampleRate, true);
  view.setUint32(28, format.sampleRate * block, true);
  view.setUint16(32, block, true);
  view.setUint16(34, format.bitsPerSample, true);
  put(bytes, 38, 'fact');
  view.setUint32(42, 4, true);
  view.setUint32(46, dataLength === undefined ? UNKNOWN : limited(dataLength / block), true);
  put(bytes, 50, 'data');
  view.setUint32(54, dataLength === undefined ? UNKNOWN : limited(dataLength), true);
  return bytes;
}

/** What stands for a length that is not known, or does not fit. */
export const UNKNOWN = 0xffff_ffff;
const EXTENSIBLE = 0xfffe;

function limited(value: number): number {
  return Math.min(value, UNKNOWN);
}

function text(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function put(bytes: Uint8Array, at: number, name: string): void {
  for (let i = 0; i < name.length; i++) bytes[at + i] = name.charCodeAt(i);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
