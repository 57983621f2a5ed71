import { withDelimiter } from '../codecs/av1.ts';
import { keyFrameFacts } from '../codecs/key-frame.ts';
import { encodeIvfFrameHeader, encodeIvfHeader, IVF_HEADER_LENGTH } from '../formats/ivf.ts';
import { encodeWavHeader, WAV_HEADER_LENGTH, type WavFormat } from '../formats/wav.ts';
import { swapPairs } from '../reading/wav.ts';
import type { Muxer, MuxerTrack, PlacedFrame } from './muxer.ts';
import type { ByteSink } from './sink.ts';

/** Access units one behind the other. */
export function annexBMuxer(sink: ByteSink): Muxer {
  let at = 0;
  return {
    write: async ({ data }) => {
      await sink.write(data, at);
      at += data.length;
    },
    finish: async () => undefined,
  };
}

/** IVF, with times in milliseconds. */
export function ivfMuxer(sink: ByteSink, { codec }: MuxerTrack): Muxer {
  const header = { fourcc: codec.fourcc!, width: 0, height: 0, rate: 1000, scale: 1, frames: 0 };
  let at = 0;
  let last = -1;
  return {
    write: async ({ data, time }: PlacedFrame) => {
      if (at === 0) {
        const { width, height } = keyFrameFacts(codec.mimeType, data) ?? header;
        Object.assign(header, { width, height });
        await sink.write(encodeIvfHeader(header), 0);
        at = IVF_HEADER_LENGTH;
      }
      const unit = codec.mimeType === 'video/AV1' ? withDelimiter(data) : data;
      last = Math.max(last + 1, Math.round(time));
      const head = encodeIvfFrameHeader(unit.length, last);
      await sink.write(head, at);
      await sink.write(unit, at + head.length);
      at += head.length + unit.length;
      header.frames++;
    },
    finish: async () => {
      if (at === 0 || sink.seekable) await sink.write(encodeIvfHeader(header), 0);
    },
  };
}

/** WAV: samples without times, so that gaps become silence. */
export function wavMuxer(sink: ByteSink, { codec, clockRate, channels }: MuxerTrack): Muxer {
  const { tag, bits, silence } = WAV_CODECS[codec.mimeType]!;
  const format: WavFormat = { tag, channels, sampleRate: clockRate, bitsPerSample: bits };
  const block = (channels * bits) / 8;
  let at = 0;
  const begin = async (): Promise<void> => {
    if (at > 0) return;
    await sink.write(encodeWavHeader(format, sink.seekable ? 0 : undefined), 0);
    at = WAV_HEADER_LENGTH;
  };
  return {
    write: async ({ data, time }) => {
      await begin();
      const due = WAV_HEADER_LENGTH + Math.round((time / 1000) * clockRate) * block;
      // Less than two packets are the clock's doing, not a gap.
      for (let gap = due - at > (clockRate / 25) * block ? due - at : 0; gap > 0; ) {
        const filling = new Uint8Array(Math.min(gap, LARGEST_FILLING)).fill(silence);
        await sink.write(filling, at);
        at += filling.length;
        gap -= filling.length;
      }
      const samples = tag === 1 ? data.slice() : data;
      if (tag === 1) swapPairs(samples);
      await sink.write(samples, at);
      at += samples.length;
    },
    finish: async () => {
      await begin();
      const length = at - WAV_HEADER_LENGTH;
      if (length % 2 === 1) await sink.write(new Uint8Array(1), at);
      if (sink.seekable) await sink.write(encodeWavHeader(format, length), 0);
    },
  };
}

const LARGEST_FILLING = 65_536;

const WAV_CODECS: Readonly<Record<string, { readonly tag: number; readonly bits: number; readonly silence: number }>> =
  {
    'audio/L16': { tag: 1, bits: 16, silence: 0 },
    'audio/PCMA': { tag: 6, bits: 8, silence: 0xd5 },
    'audio/PCMU': { tag: 7, bits: 8, silence: 0xff },
  };
