import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type MediaFrame, type MediaReader, openMedia } from '../../src/index.ts';

/**
 * Made by ffmpeg 5.1 from testsrc2 (160x120, or 128x96 for the byte streams and IVF) and a sine, each with a key frame every six
 * frames; twelve frames of video, 0.4 seconds of audio.
 */
export function vectorPath(name: string): string {
  return fileURLToPath(new URL(`../vectors/${name}`, import.meta.url));
}

export function vector(name: string): Uint8Array {
  return new Uint8Array(readFileSync(vectorPath(name)));
}

export async function framesOf(reader: MediaReader, track?: number): Promise<MediaFrame[]> {
  const frames: MediaFrame[] = [];
  for await (const frame of reader.frames(track)) frames.push(frame);
  return frames;
}

/** All frames of a file. */
export async function readAll(
  source: Parameters<typeof openMedia>[0],
  options?: Parameters<typeof openMedia>[1],
): Promise<{ readonly reader: MediaReader; readonly frames: MediaFrame[] }> {
  await using reader = await openMedia(source, options);
  return { reader, frames: await framesOf(reader) };
}

/** Bytes in pieces. */
export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}
