import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { encodeIvfFrameHeader } from '../src/formats/ivf.ts';
import { MediaError, openMedia } from '../src/index.ts';
import { framesOf, pieces, readAll, vector, vectorPath } from './helpers/files.ts';

interface Expected {
  readonly format: string;
  readonly codecs: readonly string[];
  readonly frames: number;
  readonly size?: readonly [number, number];
  readonly fmtp?: string;
}

const FILES: Readonly<Record<string, Expected>> = {
  'vp8.ivf': { format: 'ivf', codecs: ['video/VP8'], frames: 12, size: [128, 96] },
  'vp9.ivf': { format: 'ivf', codecs: ['video/VP9'], frames: 12, size: [128, 96], fmtp: 'profile-id=0' },
  'av1.ivf': {
    format: 'ivf',
    codecs: ['video/AV1'],
    frames: 12,
    size: [128, 96],
    fmtp: 'profile=0;level-idx=0;tier=0',
  },
  'h264.h264': { format: 'h264', codecs: ['video/H264'], frames: 12, size: [128, 96] },
  'h265.h265': { format: 'h265', codecs: ['video/H265'], frames: 12, size: [128, 96] },
  'opus.ogg': { format: 'ogg', codecs: ['audio/opus'], frames: 21 },
  'pcmu.wav': { format: 'wav', codecs: ['audio/PCMU'], frames: 20 },
  'pcma.wav': { format: 'wav', codecs: ['audio/PCMA'], frames: 20 },
  'l16.wav': { format: 'wav', codecs: ['audio/L16'], frames: 20 },
  'vp8-opus.webm': { format: 'webm', codecs: ['video/VP8', 'audio/opus'], frames: 33, size: [160, 120] },
  'av1.webm': { format: 'webm', codecs: ['video/AV1'], frames: 12, size: [160, 120] },
  'vp9.mkv': { format: 'mkv', codecs: ['video/VP9'], frames: 12, size: [160, 120] },
  'h264-opus.mp4': { format: 'mp4', codecs: ['video/H264', 'audio/opus'], frames: 33, size: [160, 120] },
  'h264-b.mp4': {
    format: 'mp4',
    codecs: ['video/H264'],
    frames: 12,
    size: [160, 120],
    fmtp: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640009',
  },
  'h265.mp4': { format: 'mp4', codecs: ['video/H265'], frames: 12, size: [160, 120] },
  'av1.mp4': { format: 'mp4', codecs: ['video/AV1'], frames: 12, size: [160, 120] },
};

describe('files are known by their content', () => {
  it.each(Object.entries(FILES))('%s', async (name, { format, codecs, frames, size, fmtp }) => {
    const { reader, frames: read } = await readAll(vector(name));
    expect(reader.format).toBe(format);
    expect(reader.tracks.map(({ mimeType }) => mimeType)).toEqual(codecs);
    expect([reader.skipped, reader.truncated]).toEqual([[], false]);
    expect(read.length).toBe(frames);
    const [first] = reader.tracks;
    if (size !== undefined) {
      expect([first?.width, first?.height]).toEqual(size);
      expect(read.filter(({ track, keyFrame }) => track === 0 && keyFrame).length).toBe(2);
      expect(read.find(({ track }) => track === 0)?.keyFrame).toBe(true);
    }
    if (fmtp !== undefined) expect(first?.sdpFmtpLine).toBe(fmtp);
    for (const { timestamp, time, clockRate } of read) expect(timestamp).toBe(Math.round((time * clockRate) / 1000));
  });

  it.each(Object.keys(FILES))('%s is the same from a path, a URL, a Blob and a stream', async (name) => {
    const { frames } = await readAll(vector(name));
    expect(frames.length).toBeGreaterThan(0);
    expect((await readAll(vectorPath(name))).frames).toEqual(frames);
    expect((await readAll(pathToFileURL(vectorPath(name)))).frames).toEqual(frames);
    expect((await readAll(new Blob([vector(name).slice()]))).frames).toEqual(frames);
    // The index of these files is at their end.
    if (!name.endsWith('.mp4')) expect((await readAll(pieces(vector(name), 777))).frames).toEqual(frames);
  });

  it.each(Object.keys(FILES))('%s that is cut off anywhere gives what is whole', async (name) => {
    const bytes = vector(name);
    const { frames } = await readAll(bytes);
    for (let i = 1; i < 40; i++) {
      const cut = bytes.subarray(0, Math.floor((bytes.length * i) / 40));
      try {
        const { frames: part } = await readAll(cut);
        expect(part.length).toBeLessThanOrEqual(frames.length);
        // The last one may have been cut where nothing says how long it is, and interleaving is another at the end.
        for (const { track, data } of part.slice(0, -2)) {
          expect(frames.some((whole) => whole.track === track && Buffer.compare(whole.data, data) === 0)).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(MediaError);
      }
    }
  });

  it.each(Object.keys(FILES))('%s with broken bytes is read or refused, and never hangs', async (name) => {
    const bytes = vector(name);
    for (let i = 0; i < 60; i++) {
      const broken = bytes.slice();
      const at = i < 40 ? i * 2 : Math.floor((bytes.length * (i - 40)) / 20);
      broken[at] = (broken[at] ?? 0) ^ (1 << (i % 8));
      await readAll(broken).catch((error) => expect(error).toBeInstanceOf(MediaError));
    }
  });
});

describe('a reader', () => {
  it('gives one track, or all of them by time', async () => {
    await using reader = await openMedia(vector('vp8-opus.webm'));
    expect((await framesOf(reader, 0)).length).toBe(12);
    expect((await framesOf(reader, 1)).every(({ track }) => track === 1)).toBe(true);
    const times = (await framesOf(reader)).map(({ time }) => time);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    await expect(framesOf(reader, 2)).rejects.toMatchObject({ code: 'MEDIA_TRACK' });
  });

  it('reads byte streams at a frame rate', async () => {
    const { reader, frames } = await readAll(vector('h264.h264'), { frameRate: 10 });
    expect(reader.tracks[0]?.frameRate).toBe(10);
    expect(frames[3]).toMatchObject({ time: 300, duration: 100, timestamp: 27_000 });
  });

  it('puts parameter sets in front of key frames', async () => {
    const { frames } = await readAll(vector('h264-b.mp4'));
    const [first] = frames;
    expect([...(first?.data.subarray(0, 5) ?? [])]).toEqual([0, 0, 0, 1, 0x67]);
    expect(frames.filter(({ data }) => (data[4]! & 0x1f) === 7).length).toBe(2);
  });

  it('gives AV1 without temporal delimiters', async () => {
    for (const name of ['av1.ivf', 'av1.mp4', 'av1.webm']) {
      const { frames } = await readAll(vector(name));
      expect(frames.every(({ data }) => data[0] !== 0x12)).toBe(true);
      // A sequence header, with its size.
      expect(frames[0]?.data[0]).toBe(0x0a);
    }
  });

  it('turns linear samples to the order of RTP', async () => {
    const bytes = vector('l16.wav');
    const data = bytes.subarray(bytes.length - 12_800);
    const { frames } = await readAll(bytes);
    expect([...frames[0]!.data.subarray(0, 4)]).toEqual([data[1], data[0], data[3], data[2]]);
  });

  it('takes the format that it is told', async () => {
    await expect(openMedia(vector('vp8.ivf'), { format: 'wav' })).rejects.toMatchObject({ code: 'MEDIA_MALFORMED' });
  });

  it('reads a stream once', async () => {
    for (const name of ['vp8.ivf', 'vp8-opus.webm']) {
      await using reader = await openMedia(pieces(vector(name), 100));
      await framesOf(reader);
      await expect(framesOf(reader)).rejects.toMatchObject({ code: 'MEDIA_STATE' });
    }
  });

  it('ends its frames when it is closed, even while a stream says nothing', async () => {
    const silent = async function* (): AsyncGenerator<Uint8Array> {
      yield vector('vp8.ivf');
      // Larger than what is looked at first, so that the file opens; the thirteenth frame never ends.
      yield encodeIvfFrameHeader(200_000, 12);
      yield new Uint8Array(70_000);
      await new Promise(() => undefined);
    };
    const reader = await openMedia(silent());
    const frames = reader.frames()[Symbol.asyncIterator]();
    for (let i = 0; i < 11; i++) expect((await frames.next()).done).toBe(false);
    const next = frames.next();
    await reader.close();
    expect((await next).done).toBe(true);
    await expect(framesOf(reader)).rejects.toMatchObject({ code: 'MEDIA_STATE' });
  });
});

/** Files that this process has open, where the system tells. */
function openFiles(): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return [];
    }
  });
}

describe('what cannot be opened is said', () => {
  const refused: readonly [string, Parameters<typeof openMedia>[0], string, RegExp][] = [
    ['a file that is not there', '/nowhere/x.webm', 'MEDIA_IO', /\/nowhere\/x\.webm cannot be opened/],
    ['a directory', tmpdir(), 'MEDIA_IO', /it is a directory/],
    ['an address', new URL('https://example.org/x.webm'), 'MEDIA_BAD_OPTION', /only file: URLs/],
    ['an empty file', new Uint8Array(), 'MEDIA_FORMAT', /an empty file/],
    ['some text', new TextEncoder().encode('What is this?'), 'MEDIA_FORMAT', /none of: IVF, Ogg/],
    ['AAC', vector('aac.mp4'), 'MEDIA_TRACK', /an MP4 file with no track that WebRTC sends, only: audio aac/],
    ['IVF of another codec', vector('vp8.ivf').fill(0x41, 8, 12), 'MEDIA_TRACK', /this IVF file holds "AAAA"/],
    ['an MP4 file without an index', vector('h264-b.mp4').subarray(0, 4000), 'MEDIA_TRACK', /an MP4 file/],
    ['no source at all', 5 as unknown as string, 'MEDIA_BAD_OPTION', /no path/],
  ];
  it.each(refused)('%s', async (_, source, code, message) => {
    await expect(openMedia(source)).rejects.toMatchObject({ name: 'MediaError', code });
    await expect(openMedia(source)).rejects.toThrow(message);
  });

  it('bad options', async () => {
    const bytes = vector('h264.h264');
    await expect(openMedia(bytes, { frameRate: 0 })).rejects.toMatchObject({ code: 'MEDIA_BAD_OPTION' });
    await expect(openMedia(bytes, { format: 'avi' as 'ivf' })).rejects.toMatchObject({ code: 'MEDIA_BAD_OPTION' });
  });

  it('and the file is closed', async () => {
    const path = vectorPath('aac.mp4');
    await using reader = await openMedia(vectorPath('vp8.ivf'));
    await expect(openMedia(path)).rejects.toMatchObject({ code: 'MEDIA_TRACK' });
    const open = openFiles();
    if (open.length > 0) expect(open.some((name) => name.endsWith('vp8.ivf'))).toBe(true);
    expect(open.filter((name) => name.endsWith('aac.mp4'))).toEqual([]);
    await reader.close();
    expect(openFiles().filter((name) => name.endsWith('vp8.ivf'))).toEqual([]);
  });

  it('a stream that fails', async () => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield vector('vp8.ivf').subarray(0, 100);
      throw new Error('the line is dead');
    };
    await expect(openMedia(failing())).rejects.toMatchObject({ code: 'MEDIA_IO', message: /the line is dead/ });
  });
});
