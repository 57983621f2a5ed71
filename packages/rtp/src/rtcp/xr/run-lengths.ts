import { checkRange } from '../misuse.ts';
import type { XrRunLengthBlock } from './blocks.ts';

// RFC 3611 §4.1.1, §4.1.2
//
//  0                   1
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |0|R|        run length         |   R: all received (or all duplicated), or none
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |1|        bit vector           |   15 packets
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** Sequence numbers that a block tells: those from `beginSequence` to before `endSequence` divisible by 2^thinning. */
export function thinnedSequences(block: {
  readonly thinning: number;
  readonly beginSequence: number;
  readonly endSequence: number;
}): number[] {
  const step = 2 ** block.thinning;
  const span = (block.endSequence - block.beginSequence) & 0xffff;
  const sequences: number[] = [];
  // 2^thinning divides 2^16: what is divisible stays so over the wrap.
  for (let i = (step - (block.beginSequence % step)) % step; i < span; i += step) {
    sequences.push((block.beginSequence + i) & 0xffff);
  }
  return sequences;
}

/**
 * For each of the block's sequence numbers (`thinnedSequences`) whether it was received (Loss RLE) or came more than once
 * (Duplicate RLE). Never longer than those; shorter when the chunks end before.
 */
export function expandRunLengths(block: XrRunLengthBlock): boolean[] {
  const count = thinnedSequences(block).length;
  const bits: boolean[] = [];
  for (const chunk of block.chunks) {
    // A null chunk ends the list.
    if (chunk === 0) break;
    const isVector = (chunk & 0x8000) !== 0;
    const length = isVector ? 15 : chunk & 0x3fff;
    for (let i = 0; i < length && bits.length < count; i++) {
      bits.push((chunk & (isVector ? 0x4000 >> i : 0x4000)) !== 0);
    }
  }
  return bits;
}

/** Chunks that tell these bits, in order: runs where they are longer than a vector. */
export function runLengthChunks(bits: readonly boolean[]): number[] {
  const chunks: number[] = [];
  for (let at = 0; at < bits.length; ) {
    let run = 1;
    while (at + run < bits.length && run < 0x3fff && bits[at + run] === bits[at]) run++;
    if (run >= 15 || at + run === bits.length) {
      chunks.push((bits[at] ? 0x4000 : 0) | run);
      at += run;
      continue;
    }
    let chunk = 0x8000;
    for (let i = 0; i < 15 && at + i < bits.length; i++) if (bits[at + i]) chunk |= 0x4000 >> i;
    chunks.push(chunk);
    at += 15;
  }
  return chunks;
}

/** Throws RtpError unless every chunk fits 16 bits. */
export function checkChunks(chunks: readonly number[]): void {
  for (const chunk of chunks) checkRange('XR chunk', chunk, 0, 0xffff);
}
