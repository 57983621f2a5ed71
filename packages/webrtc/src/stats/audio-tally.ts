import { packetDuration } from '@kaon/rtp/payload';

/** Duration and loudness of audio, by what stands on its packets. */
export class AudioTally {
  /** In units of the RTP clock, which are samples for all codecs but G.722. */
  samples = 0;
  seconds = 0;
  /** Squares of the levels by seconds, summed up (W3C webrtc-stats, totalAudioEnergy). */
  energy = 0;
  /** 0 (silence) to 1 (loudest) of the last packet that said it (RFC 6464); undefined: none has. */
  level: number | undefined = undefined;
  #timestamp = -1;

  /** One payload, in `bytes[start, end)`; `level` in -dBov as RFC 6464 has it, or -1. */
  note(
    mimeType: string,
    clockRate: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    timestamp: number,
    level: number,
  ): void {
    let samples = packetDuration(mimeType, bytes, start, end);
    // RED and codecs that are not known: as long as the packet before it was.
    if (samples < 0) samples = this.#timestamp < 0 ? 0 : (timestamp - this.#timestamp) | 0;
    this.#timestamp = timestamp;
    if (level >= 0) this.level = linearLevel(level);
    if (samples <= 0 || samples > clockRate * LONGEST) return;
    const seconds = samples / clockRate;
    this.samples += samples;
    this.seconds += seconds;
    if (this.level !== undefined) this.energy += this.level * this.level * seconds;
  }
}

/** RFC 6464 and W3C webrtc-stats: 127 is silence, 0 the loudest. */
function linearLevel(level: number): number {
  return level >= 127 ? 0 : 10 ** (-level / 20);
}

/** Seconds in one packet: 120 ms is the most that Opus has. */
const LONGEST = 0.12;
