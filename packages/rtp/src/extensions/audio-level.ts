import { checkValue } from './check.ts';

/**
 * How loud the audio in a packet is, from its sender (RFC 6464 §3).
 *
 * ```
 *  0 1 2 3 4 5 6 7
 * +-+-+-+-+-+-+-+-+
 * |V|   level     |
 * +-+-+-+-+-+-+-+-+
 * ```
 */

/** The level in -dBov: 0 is the loudest, 127 is silence; -1 when the element has not one byte. */
export function readAudioLevel(bytes: Uint8Array, offset: number, length: number): number {
  return length === 1 ? bytes[offset]! & 0x7f : -1;
}

/** Whether the sender takes it for voice. Without meaning where `vad=off` was agreed on. */
export function readVoiceActivity(bytes: Uint8Array, offset: number, length: number): boolean {
  return length === 1 && bytes[offset]! >= 0x80;
}

/** Writes the level (0 to 127) and the V bit; returns 1. */
export function writeAudioLevel(buffer: Uint8Array, offset: number, level: number, voiceActivity: boolean): number {
  checkValue('audio level', level, 0, 127);
  buffer[offset] = (voiceActivity ? 0x80 : 0) | level;
  return AUDIO_LEVEL_LENGTH;
}

/** Bytes that `writeAudioLevel` writes. */
export const AUDIO_LEVEL_LENGTH = 1;
