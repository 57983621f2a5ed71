import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MediaFile } from './agent/protocol.ts';

const FOLDER = fileURLToPath(new URL('../.cache/media/', import.meta.url));

/** Three seconds of a moving test picture, a key frame each second; or of a tone. No B-frames: WebRTC has none. */
const VIDEO = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=30:duration=3', '-pix_fmt', 'yuv420p', '-g', '30'];
const AUDIO = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=3:sample_rate=48000'];

const RECIPES: Readonly<Record<string, { readonly file: string; readonly options: readonly string[] }>> = {
  'video/VP8': {
    file: 'vp8.ivf',
    options: [...VIDEO, '-c:v', 'libvpx', '-b:v', '500k', '-deadline', 'realtime', '-auto-alt-ref', '0'],
  },
  'video/VP9': {
    file: 'vp9.ivf',
    options: [
      ...VIDEO,
      '-c:v',
      'libvpx-vp9',
      '-b:v',
      '500k',
      '-deadline',
      'realtime',
      '-cpu-used',
      '8',
      '-lag-in-frames',
      '0',
    ],
  },
  'video/AV1': {
    file: 'av1.ivf',
    options: [
      ...VIDEO,
      '-c:v',
      'libaom-av1',
      '-b:v',
      '300k',
      '-usage',
      'realtime',
      '-cpu-used',
      '8',
      '-lag-in-frames',
      '0',
    ],
  },
  'video/H264': {
    file: 'h264.h264',
    options: [
      ...VIDEO,
      ...['-c:v', 'libx264', '-profile:v', 'baseline', '-level', '3.1', '-b:v', '500k', '-tune', 'zerolatency'],
      ...['-x264-params', 'slices=1:sliced-threads=0:repeat-headers=1', '-bsf:v', 'h264_mp4toannexb'],
    ],
  },
  // Slices that fit in a packet each, for a mode that cannot cut them.
  'video/H264;packetization-mode=0': {
    file: 'h264-slices.h264',
    options: [
      ...VIDEO,
      ...['-c:v', 'libx264', '-profile:v', 'baseline', '-level', '3.1', '-b:v', '500k', '-tune', 'zerolatency'],
      ...['-x264-params', 'slice-max-size=1000:sliced-threads=0:repeat-headers=1', '-bsf:v', 'h264_mp4toannexb'],
    ],
  },
  'video/H265': {
    file: 'h265.h265',
    options: [
      ...VIDEO,
      ...['-c:v', 'libx265', '-b:v', '500k', '-tune', 'zerolatency'],
      ...['-x265-params', 'bframes=0:repeat-headers=1:log-level=error'],
    ],
  },
  'audio/opus': { file: 'opus.ogg', options: [...AUDIO, '-c:a', 'libopus', '-b:a', '48k', '-page_duration', '20000'] },
  'audio/PCMU': { file: 'pcmu.wav', options: [...AUDIO, '-ar', '8000', '-ac', '1', '-c:a', 'pcm_mulaw'] },
  'audio/PCMA': { file: 'pcma.wav', options: [...AUDIO, '-ar', '8000', '-ac', '1', '-c:a', 'pcm_alaw'] },
  'audio/G722': { file: 'g722.g722', options: [...AUDIO, '-ar', '16000', '-ac', '1', '-c:a', 'g722', '-f', 'g722'] },
};

/**
 * A file of encoded media, by its codec and where needed a parameter of it; made by ffmpeg the first time. Throws on a codec
 * without a recipe, and where ffmpeg is missing.
 */
export function mediaFile(name: string): MediaFile {
  const recipe = RECIPES[name];
  if (recipe === undefined) throw new Error(`no file of ${name}`);
  const path = `${FOLDER}${recipe.file}`;
  if (!existsSync(path)) {
    mkdirSync(FOLDER, { recursive: true });
    const extension = recipe.file.slice(recipe.file.lastIndexOf('.'));
    const unfinished = `${path}.${process.pid}${extension}`;
    execFileSync('ffmpeg', ['-v', 'error', '-y', ...recipe.options, unfinished], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    renameSync(unfinished, path);
  }
  return { path, mimeType: name.replace(/;.*/, '') };
}
