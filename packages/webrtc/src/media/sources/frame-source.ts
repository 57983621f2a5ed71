import {
  AUDIO_LEVEL_LENGTH,
  EXTENSION_URI,
  VIDEO_ORIENTATION_LENGTH,
  writeAudioLevel,
  writeVideoOrientation,
} from '@kaon/rtp';
import { type CodecName, Feed, type FeedFrame, type FeedTarget } from '../feed.ts';
import { type MediaStreamTrack, type MediaTrackSettings, trackInternals } from '../track.ts';

/** What a frame source is made of. */
export interface FrameSourceInit {
  readonly kind: 'audio' | 'video';
  /** Codec of its frames. Default: that of each sender's first negotiated codec, for whoever makes frames to order. */
  readonly codec?: CodecName | undefined;
  /** Layers of a simulcast that frames are written for. */
  readonly rids?: readonly string[] | undefined;
  readonly label?: string | undefined;
  /** What `track.getSettings()` tells. */
  readonly settings?: MediaTrackSettings | undefined;
}

/** A frame as a source is given it. */
export interface SourceFrame {
  /**
   * The codec's own format: VP8 and VP9 frames as they are; H.264 and H.265 access units in Annex B; AV1 temporal units in the
   * low-overhead format; audio as the payload of one packet. The bytes are only read, and only during the call, unless the sender
   * has a transform.
   */
  readonly data: Uint8Array;
  /** In units of the codec's clock rate, 32 bits. One of this and `time` has to be there. */
  readonly timestamp?: number | undefined;
  /** Milliseconds, from any beginning. */
  readonly time?: number | undefined;
  /** Whether it can be decoded without others. Default: true for audio, false for video. */
  readonly keyFrame?: boolean | undefined;
  /** Layer of a simulcast. */
  readonly rid?: string | undefined;
  /** Codec of this frame, where it is not that of the source. */
  readonly codec?: CodecName | undefined;
  /** What the payload format says beyond the frame, such as layers: by codec, as `EncodedFrame` of `@kaon/rtp` has it. */
  readonly metadata?: unknown;
  /** Loudness in -dBov, 0 (loudest) to 127, and whether it is speech (RFC 6464). */
  readonly audioLevel?: { readonly level: number; readonly voice?: boolean } | undefined;
  /** Degrees clockwise by which a video frame is to be turned (3GPP TS 26.114 §7.4.5). */
  readonly rotation?: 0 | 90 | 180 | 270 | undefined;
  /** Data of further header extensions by URI. Those that were not negotiated are left out. */
  readonly extensions?: Readonly<Record<string, Uint8Array>> | undefined;
}

/** What may be sent: what the weakest of a source's senders wants. */
export interface BitrateReport extends FeedTarget {
  /** Layer of a simulcast. */
  readonly rid: string | undefined;
}

/** Gives encoded frames to the senders of its track. */
export class FrameSource {
  /** Called when a receiver needs a key frame (of a layer): the next frame should be one. A plain callback. */
  onkeyframerequest: ((rid: string | undefined) => void) | null = null;
  /** Called when another bit rate may be used, or parameters of a sender were changed. A plain callback. */
  onbitrate: ((report: BitrateReport) => void) | null = null;
  /** Called when the last track of the source was stopped. A plain callback. */
  onstop: (() => void) | null = null;
  readonly #init: FrameSourceInit;
  readonly #feed: SourceFeed;
  readonly #track: MediaStreamTrack;

  constructor(init: FrameSourceInit) {
    if (init.kind !== 'audio' && init.kind !== 'video') throw new TypeError('kind has to be audio or video');
    this.#init = init;
    this.#feed = new SourceFeed(init.rids ?? [], {
      keyFrame: (rid) => this.onkeyframerequest?.(rid),
      bitrate: (report) => this.onbitrate?.(report),
      stop: () => this.onstop?.(),
    });
    this.#track = trackInternals.create({
      kind: init.kind,
      label: init.label,
      feed: this.#feed,
      settings: () => init.settings ?? {},
    });
  }

  /** The source's track; `clone` it for more of them. */
  get track(): MediaStreamTrack {
    return this.#track;
  }

  /** Senders that take frames at present. */
  get senders(): number {
    return this.#feed.sinks.length;
  }

  /** bit/s that may be used (for a layer); undefined while nothing can be sent. */
  bitrate(rid?: string): number | undefined {
    return this.#feed.target(rid)?.bitrate;
  }

  /**
   * Sends a frame by all senders of the track. Throws TypeError when it has neither timestamp nor time, and RtpError
   * (`RTP_BAD_FRAME`) when it is not one of the codec that was negotiated.
   */
  write(frame: SourceFrame): void {
    const { sinks } = this.#feed;
    if (sinks.length === 0) return;
    const { codec = this.#init.codec } = frame;
    const taken: FeedFrame = {
      data: frame.data,
      timestamp: timestampOf(frame, codec?.clockRate ?? (this.#init.kind === 'video' ? 90_000 : 48_000)),
      keyFrame: frame.keyFrame ?? this.#init.kind === 'audio',
      rid: frame.rid,
      codec,
      metadata: frame.metadata,
      extensions: extensionsOf(frame),
    };
    let failure: unknown;
    for (const sink of sinks) {
      try {
        sink.frame(taken);
      } catch (error) {
        // What one sender cannot cut may still be what another one agreed on.
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  /** The media is through: its tracks end. */
  end(): void {
    this.#feed.end(false);
  }
}

/** The feed of a source of the application's. */
export class SourceFeed extends Feed {
  readonly rids: readonly string[];
  readonly #calls: {
    keyFrame(rid: string | undefined): void;
    bitrate(report: BitrateReport): void;
    stop(): void;
  };
  readonly #reported = new Map<string | undefined, FeedTarget>();

  constructor(
    rids: readonly string[],
    calls: { keyFrame(rid: string | undefined): void; bitrate(report: BitrateReport): void; stop(): void },
  ) {
    super();
    this.rids = [...rids];
    this.#calls = calls;
  }

  requestKeyFrame(rid: string | undefined): void {
    this.#calls.keyFrame(rid);
  }

  targetChanged(): void {
    for (const rid of this.rids.length === 0 ? [undefined] : this.rids) {
      const target = this.target(rid) ?? NOTHING;
      const before = this.#reported.get(rid);
      if (before !== undefined && same(before, target)) continue;
      this.#reported.set(rid, target);
      this.#calls.bitrate({ rid, ...target });
    }
  }

  protected override sinksChanged(): void {
    this.targetChanged();
  }

  protected override abandoned(): void {
    this.#calls.stop();
  }
}

const NOTHING: FeedTarget = {
  bitrate: 0,
  maxFramerate: undefined,
  scaleResolutionDownBy: 1,
  scalabilityMode: undefined,
};

function same(a: FeedTarget, b: FeedTarget): boolean {
  return (
    a.bitrate === b.bitrate &&
    a.maxFramerate === b.maxFramerate &&
    a.scaleResolutionDownBy === b.scaleResolutionDownBy &&
    a.scalabilityMode === b.scalabilityMode
  );
}

function timestampOf({ timestamp, time }: SourceFrame, clockRate: number): number {
  if (timestamp !== undefined) return timestamp >>> 0;
  if (time === undefined || !Number.isFinite(time)) throw new TypeError('a frame has to have a timestamp or a time');
  return Math.round((time * clockRate) / 1000) >>> 0;
}

function extensionsOf({ extensions, audioLevel, rotation }: SourceFrame): FeedFrame['extensions'] {
  if (audioLevel === undefined && rotation === undefined) return extensions;
  const all: Record<string, Uint8Array> = { ...extensions };
  if (audioLevel !== undefined) {
    const data = new Uint8Array(AUDIO_LEVEL_LENGTH);
    writeAudioLevel(data, 0, Math.min(127, Math.max(0, Math.round(audioLevel.level))), audioLevel.voice ?? false);
    all[EXTENSION_URI.audioLevel] = data;
  }
  if (rotation !== undefined) {
    const data = new Uint8Array(VIDEO_ORIENTATION_LENGTH);
    writeVideoOrientation(data, 0, { rotation, flip: false, camera: 'front' });
    all[EXTENSION_URI.videoOrientation] = data;
  }
  return all;
}
