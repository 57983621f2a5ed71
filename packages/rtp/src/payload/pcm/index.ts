import { AudioDepacketizer, AudioPacketizer } from '../audio.ts';

export type { AudioMetadata } from '../audio.ts';
export type { Depacketizer, DepacketizerCounters, EncodedFrame, Packetizer } from '../types.ts';
export {
  type ComfortNoise,
  comfortNoiseLength,
  decodeComfortNoise,
  encodeComfortNoise,
  reflectionCoefficient,
} from './comfort-noise.ts';
export { decodePcma, decodePcmu, encodePcma, encodePcmu } from './g711.ts';

/** How long G.711 in `bytes[start, end)` lasts: a byte is a sample at 8 kHz (RFC 3551 §4.5.14). -1 when there are none. */
export function pcmDuration(_bytes: Uint8Array, start: number, end: number): number {
  return end > start ? end - start : -1;
}

/** PCMU and PCMA (RFC 3551 §4.5.14): a payload is any number of samples. */
export function createPcmPacketizer(): AudioPacketizer {
  return new AudioPacketizer('G.711', pcmDuration);
}

/** PCMU and PCMA (RFC 3551 §4.5.14): each payload is a frame. */
export function createPcmDepacketizer(): AudioDepacketizer {
  return new AudioDepacketizer(pcmDuration, (_data, duration) => ({ duration }));
}
