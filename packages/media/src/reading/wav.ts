import { isMalformed } from '@kaon/wire';
import { MediaError } from '../errors.ts';
import {
  CHUNK_HEADER_LENGTH,
  decodeWavChunk,
  decodeWavFormat,
  isWav,
  RIFF_HEADER_LENGTH,
  UNKNOWN,
  type WavFormat,
} from '../formats/wav.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ParsedFrame, SingleTrack } from './single.ts';

/** Reads a WAV file by its first bytes: PCMU, PCMA, and linear samples of 16 bits, in frames of 20 ms. */
export function wavTrack(head: Uint8Array): SingleTrack {
  const found = isWav(head) ? findData(head) : undefined;
  if (found === undefined) throw new MediaError('MEDIA_MALFORMED', 'this WAV file has no format or no samples');
  const { format, offset, length } = found;
  const codec = CODECS.find(({ tag, bits }) => tag === format.tag && bits === format.bitsPerSample);
  if (codec === undefined) {
    throw new MediaError(
      'MEDIA_TRACK',
      `this WAV file holds format ${format.tag} with ${format.bitsPerSample} bits, not PCMU, PCMA or 16 bits linear`,
    );
  }
  const { channels, sampleRate } = format;
  const block = (channels * format.bitsPerSample) / 8;
  return {
    format: 'wav',
    track: {
      kind: 'audio',
      mimeType: codec.mimeType,
      clockRate: sampleRate,
      channels,
      duration: length === undefined ? undefined : (length / block / sampleRate) * 1000,
    },
    parse: (bytes) => frames(bytes, { offset, length, block, sampleRate, swaps: format.tag === 1 }),
  };
}

async function* frames(
  bytes: ByteReader,
  {
    offset,
    length = Number.POSITIVE_INFINITY,
    block,
    sampleRate,
    swaps,
  }: { offset: number; length: number | undefined; block: number; sampleRate: number; swaps: boolean },
): AsyncGenerator<ParsedFrame, boolean> {
  await bytes.skip(offset);
  const size = Math.max(1, Math.round(sampleRate / 50)) * block;
  for (let at = 0; at < length; ) {
    const wanted = Math.min(size, length - at);
    const read = await bytes.take(wanted);
    const whole = read.length - (read.length % block);
    if (whole > 0) {
      const data = read.slice(0, whole);
      if (swaps) swapPairs(data);
      const time = (at / block / sampleRate) * 1000;
      yield { data, keyFrame: true, time, duration: (whole / block / sampleRate) * 1000 };
    }
    at += read.length;
    if (read.length < wanted) return length === Number.POSITIVE_INFINITY;
  }
  return true;
}

/** Where the samples are. They have no length when the file was written as a stream. */
function findData(
  head: Uint8Array,
): { readonly format: WavFormat; readonly offset: number; readonly length: number | undefined } | undefined {
  let format: WavFormat | undefined;
  for (let at = RIFF_HEADER_LENGTH; at < head.length; ) {
    const chunk = decodeWavChunk(head.subarray(at));
    if (isMalformed(chunk)) return undefined;
    const data = at + CHUNK_HEADER_LENGTH;
    if (chunk.name === 'fmt ') {
      const read = decodeWavFormat(head.subarray(data, data + chunk.length));
      if (isMalformed(read)) return undefined;
      format = read;
    }
    if (chunk.name === 'data') {
      return format && { format, offset: data, length: chunk.length === UNKNOWN ? undefined : chunk.length };
    }
    at = data + chunk.length + (chunk.length & 1);
  }
  return undefined;
}

/** Files are little-endian, RTP is not (RFC 3551 §4.5.11). */
export function swapPairs(bytes: Uint8Array): void {
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    const byte = bytes[i]!;
    bytes[i] = bytes[i + 1]!;
    bytes[i + 1] = byte;
  }
}

const CODECS: readonly { readonly tag: number; readonly bits: number; readonly mimeType: string }[] = [
  { tag: 1, bits: 16, mimeType: 'audio/L16' },
  { tag: 6, bits: 8, mimeType: 'audio/PCMA' },
  { tag: 7, bits: 8, mimeType: 'audio/PCMU' },
];
