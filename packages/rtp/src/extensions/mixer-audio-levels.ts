import { MALFORMED, type Malformed } from '@kaon/wire';
import { checkValue } from './check.ts';

/**
 * How loud each contributing source is, from a mixer to its clients (RFC 6465 §3): one byte for each CSRC of the packet, in
 * their order, in -dBov; 0 is the loudest, 127 is silence. The highest bit is reserved.
 */
export function readMixerAudioLevels(bytes: Uint8Array, offset: number, length: number): readonly number[] | Malformed {
  if (length < 1 || length > MAX_CSRCS) return MALFORMED;
  const levels: number[] = [];
  for (let i = 0; i < length; i++) levels.push(bytes[offset + i]! & 0x7f);
  return levels;
}

/** Writes the levels (0 to 127), of which there are 1 to 15; returns how many. */
export function writeMixerAudioLevels(buffer: Uint8Array, offset: number, levels: readonly number[]): number {
  checkValue('count of levels', levels.length, 1, MAX_CSRCS);
  for (let i = 0; i < levels.length; i++) {
    checkValue('audio level', levels[i]!, 0, 127);
    buffer[offset + i] = levels[i]!;
  }
  return levels.length;
}

/** Bytes that `writeMixerAudioLevels` writes. */
export function mixerAudioLevelsLength(levels: readonly number[]): number {
  return levels.length;
}

/** A packet has no more CSRCs (RFC 3550 §5.1). */
const MAX_CSRCS = 15;
