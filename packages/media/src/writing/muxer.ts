import type { CodecFacts } from '../codecs/names.ts';

/** A track as it is written. */
export interface MuxerTrack {
  readonly codec: CodecFacts;
  readonly clockRate: number;
  readonly channels: number;
}

/** A frame with its place in the file. */
export interface PlacedFrame {
  readonly track: number;
  readonly data: Uint8Array;
  readonly keyFrame: boolean;
  /** Milliseconds from the start, not below that of the last key frame of the track. */
  readonly time: number;
}

/** Writes one format. Calls come one after the other. */
export interface Muxer {
  write(frame: PlacedFrame): Promise<void>;
  /** Writes all that is left; the sink stays open. */
  finish(): Promise<void>;
}
