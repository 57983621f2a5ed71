import { AudioDepacketizer, type AudioMetadata, AudioPacketizer } from '../audio.ts';
import { isOpusDtx, opusChannels, opusDuration } from './toc.ts';

export type { AudioMetadata } from '../audio.ts';
export type { Depacketizer, DepacketizerCounters, EncodedFrame, Packetizer } from '../types.ts';
export { isOpusDtx, type OpusToc, opusChannels, opusDuration, opusFrameCount, opusToc } from './toc.ts';

/** What an Opus frame says beyond its bytes: `metadata` of a depacketized one. */
export interface OpusMetadata extends AudioMetadata {
  readonly channels: 1 | 2;
  /** Whether it stands for silence: discontinuous transmission. */
  readonly dtx: boolean;
}

/** Opus (RFC 7587): a payload is one Opus packet, of one or more frames, and is never split. Timestamps count 48 kHz. */
export function createOpusPacketizer(): AudioPacketizer {
  return new AudioPacketizer('Opus', opusDuration);
}

/** Opus (RFC 7587): each payload is a frame. */
export function createOpusDepacketizer(): AudioDepacketizer<OpusMetadata> {
  return new AudioDepacketizer(opusDuration, (data, duration) => ({
    duration,
    channels: opusChannels(data),
    dtx: isOpusDtx(data.length),
  }));
}
