import { H264, H265 } from '../codecs/nal.ts';
import { isWav } from '../formats/wav.ts';
import type { MediaFormat } from '../types.ts';

/** Which format a file is of, by its first bytes; undefined when it is none of them. */
export function detectFormat(head: Uint8Array): MediaFormat | undefined {
  if (startsWith(head, 'DKIF')) return 'ivf';
  if (startsWith(head, 'OggS')) return 'ogg';
  if (isWav(head)) return 'wav';
  if (head[0] === 0x1a && head[1] === 0x45 && head[2] === 0xdf && head[3] === 0xa3) return matroska(head);
  if (isBox(head)) return startsWith(head.subarray(8), 'qt  ') ? 'mov' : 'mp4';
  return byteStream(head);
}

/** EBML says which of the two it is in its DocType, 0x4282. */
function matroska(head: Uint8Array): MediaFormat {
  for (let at = 4; at + 7 < Math.min(head.length, 128); at++) {
    if (head[at] === 0x42 && head[at + 1] === 0x82) return startsWith(head.subarray(at + 3), 'webm') ? 'webm' : 'mkv';
  }
  return 'mkv';
}

/** A box that stands first in files of ISO/IEC 14496-12 and QuickTime. */
function isBox(head: Uint8Array): boolean {
  return ['ftyp', 'styp', 'moov', 'moof', 'wide', 'mdat'].some((type) => startsWith(head.subarray(4), type));
}

/** Start codes, and behind them a NAL unit that can stand first. */
function byteStream(head: Uint8Array): MediaFormat | undefined {
  let at = 0;
  while (at < head.length && head[at] === 0) at++;
  if (at < 2 || head[at] !== 1 || at + 2 >= head.length) return undefined;
  const [first, second] = [head[at + 1]!, head[at + 2]!];
  if ((first & 0x80) !== 0) return undefined;
  // The second byte of H.265 is layer 0 and temporal id 0; there H.264 has its profile, or a payload type.
  if (second === 1 && (H265.opensUnit(H265.type(first)) || (H265.isKeySlice(H265.type(first)) && (first & 1) === 0))) {
    return 'h265';
  }
  const type = H264.type(first);
  return H264.opensUnit(type) || H264.isSlice(type) ? 'h264' : undefined;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
