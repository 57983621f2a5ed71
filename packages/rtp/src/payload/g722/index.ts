import { AudioDepacketizer, AudioPacketizer } from '../audio.ts';

export type { AudioMetadata } from '../audio.ts';
export type { Depacketizer, DepacketizerCounters, EncodedFrame, Packetizer } from '../types.ts';

/**
 * How long G.722 in `bytes[start, end)` lasts, in units of its RTP timestamps: 8 kHz, although it is sampled at 16 kHz, for
 * history's sake (RFC 3551 §4.5.2). A byte holds two samples, so there is one unit to a byte. -1 when there are none.
 */
export function g722Duration(_bytes: Uint8Array, start: number, end: number): number {
  return end > start ? end - start : -1;
}

/** G.722 (RFC 3551 §4.5.2): a payload is any number of bytes of the codec. */
export function createG722Packetizer(): AudioPacketizer {
  return new AudioPacketizer('G.722', g722Duration);
}

/** G.722 (RFC 3551 §4.5.2): each payload is a frame. */
export function createG722Depacketizer(): AudioDepacketizer {
  return new AudioDepacketizer(g722Duration, (_data, duration) => ({ duration }));
}
