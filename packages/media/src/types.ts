import type { EncodedFrame } from '@kaon/interface/rtp/v1';

/**
 * File formats: IVF, Ogg (Opus), byte streams of H.264 and H.265 (Annex B), WebM, Matroska, MP4, QuickTime, WAV.
 */
export type MediaFormat = 'ivf' | 'ogg' | 'h264' | 'h265' | 'webm' | 'mkv' | 'mp4' | 'mov' | 'wav';

/** A track of a file. */
export interface MediaTrackInfo {
  /** Place in `tracks`. */
  readonly index: number;
  readonly kind: 'audio' | 'video';
  /** As in SDP: `video/VP8`, `video/VP9`, `video/AV1`, `video/H264`, `video/H265`, `audio/opus`, `audio/PCMU`, `audio/PCMA`, `audio/L16`. */
  readonly mimeType: string;
  /** Hz; of RTP timestamps. */
  readonly clockRate: number;
  /** Of audio, as in SDP: always 2 for Opus, whatever is inside (RFC 7587 §4.1). */
  readonly channels?: number | undefined;
  /** Of video, in pixels, as the file or its first key frame says. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** Frames in a second, where the format says so: IVF, and Annex B by the option. */
  readonly frameRate?: number | undefined;
  /** Format parameters for SDP: profile and level of H.264. */
  readonly sdpFmtpLine?: string | undefined;
  /** Milliseconds, where the file says so. */
  readonly duration?: number | undefined;
}

/** A frame of a file. */
export interface MediaFrame extends EncodedFrame {
  /** Index of its track. */
  readonly track: number;
  /** Hz; of `timestamp`. */
  readonly clockRate: number;
  /** Milliseconds from the start of the file; when it is shown. Frames come in the order of decoding. */
  readonly time: number;
  /** Milliseconds; 0 when not known. */
  readonly duration: number;
}

/** A file that is read. */
export interface MediaReader extends AsyncDisposable {
  readonly format: MediaFormat;
  /** Tracks of codecs that WebRTC sends. */
  readonly tracks: readonly MediaTrackInfo[];
  /** Tracks that were left out, by kind and codec: `audio aac`. */
  readonly skipped: readonly string[];
  /** Whether the file ended in the middle of a frame or broke off; known when its frames were read. */
  readonly truncated: boolean;
  /**
   * The frames of a track, or of all tracks by time. Each call begins anew, except for sources that can be read once, where a
   * second call throws MediaError (`MEDIA_STATE`). A file that is cut off gives what is whole. Leaving the loop early is fine.
   * Throws MediaError (`MEDIA_TRACK`) when there is no such track.
   */
  frames(track?: number): AsyncIterable<MediaFrame>;
  /** Closes the file; frames end. More than once is fine. */
  close(): Promise<void>;
}

/** A track to write. */
export interface MediaTrackInit {
  readonly kind: 'audio' | 'video';
  /** As in `MediaTrackInfo`. */
  readonly mimeType: string;
  /** Hz. Default: 90000 for video, 48000 for Opus, 8000 for G.711, 44100 for L16. */
  readonly clockRate?: number | undefined;
  /** Of audio. Default: 2 for Opus, else 1. */
  readonly channels?: number | undefined;
}

/** A frame as a writer takes it: those of receivers and of readers. */
export interface WritableFrame extends EncodedFrame {
  /** Where it is given and is not that of the track, the frame is dropped and counted. */
  readonly mimeType?: string | undefined;
}

/** What a writer did. */
export interface MediaWriterCounters {
  /** Frames written. */
  readonly frames: number;
  /** Frames left out: before the first key frame, of another codec, or not of the codec at all. */
  readonly dropped: number;
}

/** A file that is written. */
export interface MediaWriter extends AsyncDisposable {
  readonly counters: MediaWriterCounters;
  /**
   * Writes a frame. Its bytes have to stay until the promise is done; calls may be made without waiting, they are done in order.
   * A video track begins with its first key frame. `time` is in milliseconds on a clock that all tracks have in common; without it
   * the RTP timestamp tells how far a frame is from the one before, and its arrival where a track begins.
   * Rejects with MediaError: `MEDIA_IO` when it cannot be written (the file is closed then), `MEDIA_STATE` after `close`,
   * `MEDIA_TRACK` when there is no such track.
   */
  write(frame: WritableFrame, track?: number, time?: number): Promise<void>;
  /** Finishes the file. Rejects with MediaError `MEDIA_IO`; more than once is fine. */
  close(): Promise<void>;
}

/** A target in memory. */
export interface MediaBuffer {
  /** The whole file, once the writer is closed; empty before. */
  bytes: Uint8Array;
}
