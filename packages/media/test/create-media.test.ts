import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { concatBytes } from '../src/codecs/nal.ts';
import { createMedia, type MediaFormat, type MediaFrame, type MediaTrackInit } from '../src/index.ts';
import { readAll, vector } from './helpers/files.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaon-media-'));
afterAll(() => rmSync(folder, { recursive: true }));

const OPUS = { kind: 'audio', mimeType: 'audio/opus' } as const;
const VP8 = { kind: 'video', mimeType: 'video/VP8' } as const;

const HELD: Readonly<Record<string, readonly MediaFormat[]>> = {
  'vp8.ivf': ['ivf', 'webm', 'mkv'],
  'vp9.ivf': ['ivf', 'webm', 'mkv', 'mp4', 'mov'],
  'av1.ivf': ['ivf', 'webm', 'mkv', 'mp4', 'mov'],
  'h264.h264': ['h264', 'mkv', 'mp4', 'mov'],
  'h265.h265': ['h265', 'mkv', 'mp4', 'mov'],
  'h264-b.mp4': ['mkv', 'mp4', 'mov'],
  'h265.mp4': ['mkv', 'mp4', 'mov'],
  'opus.ogg': ['ogg', 'webm', 'mkv', 'mp4', 'mov'],
  'vp8-opus.webm': ['webm', 'mkv'],
  'h264-opus.mp4': ['mkv', 'mp4', 'mov'],
  'pcmu.wav': ['wav'],
  'pcma.wav': ['wav'],
  'l16.wav': ['wav'],
};

/** What a round trip keeps. Times in Matroska are whole milliseconds. */
function essence(frames: readonly MediaFrame[]): unknown[] {
  return frames.map(({ track, data, keyFrame }) => ({ track, keyFrame, data: Buffer.from(data).toString('base64') }));
}

function stream(): { readonly parts: Uint8Array[]; readonly target: WritableStream<Uint8Array> } {
  const parts: Uint8Array[] = [];
  return {
    parts,
    target: new WritableStream<Uint8Array>({
      write: (part) => {
        parts.push(part);
      },
    }),
  };
}

async function write(
  target: Parameters<typeof createMedia>[0],
  format: MediaFormat,
  tracks: readonly MediaTrackInit[],
  frames: readonly MediaFrame[],
): Promise<void> {
  await using writer = await createMedia(target, { format, tracks });
  for (const frame of frames) await writer.write(frame, frame.track, frame.time);
  await writer.close();
  expect(writer.counters).toEqual({ frames: frames.length, dropped: 0 });
}

describe('what is written is read', () => {
  const cases = Object.entries(HELD).flatMap(([name, formats]) => formats.map((format) => [name, format] as const));

  it.each(cases)('%s as %s', async (name, format) => {
    const { reader, frames } = await readAll(vector(name));
    const memory = { bytes: new Uint8Array() };
    await write(memory, format, reader.tracks, frames);
    const path = join(folder, `${name}.${format}`);
    await write(path, format, reader.tracks, frames);
    const { parts, target } = stream();
    await write(target, format, reader.tracks, frames);
    for (const bytes of [memory.bytes, new Uint8Array(readFileSync(path)), concatBytes(parts)]) {
      const back = await readAll(bytes);
      expect(back.reader.format).toBe(format);
      expect(back.reader.tracks.map(({ mimeType }) => mimeType)).toEqual(reader.tracks.map(({ mimeType }) => mimeType));
      expect(back.reader.truncated).toBe(false);
      expect(essence(back.frames)).toEqual(essence(frames));
      back.frames.forEach((frame, i) => {
        expect(Math.abs(frame.time - frames[i]!.time)).toBeLessThan(1.01);
      });
    }
  });
});

describe('a writer', () => {
  it('begins with a key frame and leaves out what is not of the codec', async () => {
    const { frames } = await readAll(vector('vp8.ivf'));
    const file = { bytes: new Uint8Array() };
    const writer = await createMedia(file, { format: 'webm', tracks: [VP8] });
    await writer.write(frames[1]!);
    await writer.write({ ...frames[0]!, mimeType: 'video/VP9' });
    await writer.write({ data: new Uint8Array([0, 1, 2]), timestamp: 0, keyFrame: true });
    for (const frame of frames) await writer.write({ ...frame, mimeType: 'video/VP8' });
    await writer.close();
    expect(writer.counters).toEqual({ frames: 12, dropped: 3 });
    expect((await readAll(file.bytes)).frames[0]?.keyFrame).toBe(true);
  });

  it('takes times from timestamps that wrap, gaps and all', async () => {
    const { frames } = await readAll(vector('vp8.ivf'));
    const file = { bytes: new Uint8Array() };
    const writer = await createMedia(file, { format: 'ivf', tracks: [VP8], now: () => 5 });
    const steps = [0, 3000, 6000, 6000 + 90_000 * 4];
    for (const [i, step] of steps.entries())
      await writer.write({ ...frames[i]!, timestamp: (2 ** 32 - 4000 + step) % 2 ** 32 });
    await writer.close();
    expect((await readAll(file.bytes)).frames.map(({ time }) => time)).toEqual([0, 33, 67, 4067]);
  });

  it('keeps tracks together by when they arrive, and goes on after timestamps begin anew', async () => {
    const { frames } = await readAll(vector('vp8-opus.webm'));
    const audio = frames.filter(({ track }) => track === 1);
    const video = frames.filter(({ track }) => track === 0);
    let now = 1000;
    const file = { bytes: new Uint8Array() };
    const writer = await createMedia(file, { format: 'webm', tracks: [VP8, OPUS], now: () => now });
    await writer.write({ ...audio[0]!, timestamp: 7 }, 1);
    now = 1500;
    await writer.write({ ...video[0]!, timestamp: 4_000_000_000 }, 0);
    now = 1540;
    await writer.write({ ...video[1]!, timestamp: 100 }, 0);
    await writer.close();
    expect((await readAll(file.bytes)).frames.map(({ track, time }) => [track, time])).toEqual([
      [1, 0],
      [0, 500],
      [0, 540],
    ]);
  });

  it('fills gaps of Ogg with packets to conceal, and those of WAV with silence', async () => {
    const opus = (await readAll(vector('opus.ogg'))).frames;
    const ogg = { bytes: new Uint8Array() };
    const first = await createMedia(ogg, { format: 'ogg', tracks: [{ ...OPUS, channels: 1 }] });
    await first.write(opus[0]!, 0, 0);
    await first.write(opus[1]!, 0, 200);
    await first.close();
    const read = await readAll(ogg.bytes);
    // The tenth byte of OpusHead, in the first page.
    expect(Buffer.from(ogg.bytes).indexOf('OpusHead')).toBe(28);
    expect(ogg.bytes[28 + 9]).toBe(1);
    expect(read.reader.tracks[0]?.channels).toBe(2);
    expect(read.frames.length).toBe(11);
    expect(read.frames.slice(1, 10).every(({ data }) => data.length === 1)).toBe(true);
    expect(read.frames.at(-1)).toMatchObject({ time: 200, data: opus[1]?.data });

    const wav = { bytes: new Uint8Array() };
    const second = await createMedia(wav, { format: 'wav', tracks: [{ kind: 'audio', mimeType: 'audio/PCMU' }] });
    const sound = new Uint8Array(160).fill(1);
    await second.write({ data: sound, timestamp: 0, keyFrame: true }, 0, 0);
    await second.write({ data: sound, timestamp: 0, keyFrame: true }, 0, 100);
    await second.close();
    const { frames } = await readAll(wav.bytes);
    expect(frames.map(({ data }) => data[0])).toEqual([1, 0xff, 0xff, 0xff, 0xff, 1]);
  });

  it('leaves out a track that never begins', async () => {
    const { frames } = await readAll(vector('opus.ogg'));
    const file = { bytes: new Uint8Array() };
    const writer = await createMedia(file, { format: 'webm', tracks: [VP8, OPUS] });
    for (let i = 0; i < 400; i++) await writer.write(frames[i % 21]!, 1, i * 20);
    await writer.close();
    const { reader, frames: read } = await readAll(file.bytes);
    expect(reader.tracks.map(({ mimeType }) => mimeType)).toEqual(['audio/opus']);
    expect(read.length).toBe(400);
  });

  it('goes by clockRate and channels', async () => {
    const file = { bytes: new Uint8Array() };
    const track = { kind: 'audio', mimeType: 'audio/L16', clockRate: 16_000, channels: 2 } as const;
    const writer = await createMedia(file, { format: 'wav', tracks: [track] });
    await writer.write({ data: new Uint8Array(1280).fill(3), timestamp: 0, keyFrame: true });
    await writer.close();
    expect((await readAll(file.bytes)).reader.tracks[0]).toMatchObject({
      clockRate: 16_000,
      channels: 2,
      duration: 20,
    });
  });

  it('does calls in order without being waited for', async () => {
    const { frames } = await readAll(vector('vp8.ivf'));
    const path = join(folder, 'order.ivf');
    const writer = await createMedia(path, { format: 'ivf', tracks: [VP8] });
    const calls = frames.map((frame) => writer.write(frame, 0, frame.time));
    await writer.close();
    await Promise.all(calls);
    expect(essence((await readAll(path)).frames)).toEqual(essence(frames));
    await expect(writer.write(frames[0]!)).rejects.toMatchObject({ code: 'MEDIA_STATE' });
    await writer.close();
  });

  it.each(['ivf', 'webm', 'mkv'] as const)('makes a file of %s without frames', async (format) => {
    const file = { bytes: new Uint8Array() };
    await (await createMedia(file, { format, tracks: [VP8] })).close();
    expect(file.bytes).toBeInstanceOf(Uint8Array);
  });

  it('says what it cannot do', async () => {
    const refused = (format: MediaFormat, ...tracks: MediaTrackInit[]): Promise<unknown> =>
      createMedia({ bytes: new Uint8Array() }, { format, tracks }).then(
        () => 'made',
        ({ code, message }) => `${code}: ${message}`,
      );
    expect(await refused('ogg', VP8)).toBe('MEDIA_FORMAT: an Ogg file does not hold video/VP8');
    expect(await refused('ivf', VP8, VP8)).toBe('MEDIA_FORMAT: an IVF file has one track');
    expect(await refused('webm', { ...VP8, mimeType: 'video/H264' })).toMatch(/^MEDIA_FORMAT/);
    expect(await refused('webm')).toMatch(/^MEDIA_BAD_OPTION/);
    expect(await refused('avi' as 'ivf', VP8)).toMatch(/^MEDIA_BAD_OPTION/);
    expect(await refused('webm', { ...VP8, kind: 'audio' })).toMatch(/^MEDIA_BAD_OPTION/);
    expect(await refused('webm', { ...VP8, clockRate: 0 })).toMatch(/^MEDIA_BAD_OPTION/);
    expect(await refused('webm', { ...OPUS, channels: 3 })).toMatch(/^MEDIA_BAD_OPTION/);
    await expect(createMedia('/nowhere/x.webm', { format: 'webm', tracks: [VP8] })).rejects.toMatchObject({
      code: 'MEDIA_IO',
    });
    const writer = await createMedia({ bytes: new Uint8Array() }, { format: 'webm', tracks: [VP8] });
    const frame = { data: new Uint8Array(1), timestamp: 0, keyFrame: true };
    await expect(writer.write(frame, 1)).rejects.toMatchObject({ code: 'MEDIA_TRACK' });
    await expect(writer.write(frame, 0, Number.NaN)).rejects.toMatchObject({ code: 'MEDIA_BAD_OPTION' });
  });

  it('gives up when the target fails, and says so from then on', async () => {
    const { frames } = await readAll(vector('vp8.ivf'));
    const target = new WritableStream<Uint8Array>({
      write: () => {
        throw new Error('the disk is full');
      },
    });
    for (const format of ['ivf'] as const) {
      const writer = await createMedia(target, { format, tracks: [VP8] });
      await expect(writer.write(frames[0]!)).rejects.toMatchObject({ code: 'MEDIA_IO', message: /the disk is full/ });
      await expect(writer.write(frames[0]!)).rejects.toMatchObject({ code: 'MEDIA_IO' });
      await writer.close();
    }
  });
});
