import { keyFrameFacts } from './codecs/key-frame.ts';
import { codecByName, FORMAT_NAMES } from './codecs/names.ts';
import { asMediaError, MediaError } from './errors.ts';
import type { MediaFormat, MediaTrackInit, MediaWriter, MediaWriterCounters, WritableFrame } from './types.ts';
import { ContainerMuxer } from './writing/container-muxer.ts';
import type { Muxer, MuxerTrack } from './writing/muxer.ts';
import { annexBMuxer, ivfMuxer, wavMuxer } from './writing/simple-muxers.ts';
import { type ByteSink, type MediaTarget, openSink } from './writing/sink.ts';
import { Timeline } from './writing/timeline.ts';

/** How a file is made. */
export interface CreateMediaOptions {
  readonly format: MediaFormat;
  /** One for IVF, Ogg, WAV and byte streams. */
  readonly tracks: readonly MediaTrackInit[];
  /** Milliseconds on any clock: when frames arrive. Default: `performance.now`. */
  readonly now?: (() => number) | undefined;
}

/**
 * Makes a file: at a path, a `file:` URL, a stream of bytes, or as `bytes` of an object. To a stream, WebM and MP4 are written so that
 * nothing has to be changed later. Sizes and codec parameters are found from the first key frames.
 * Throws MediaError: `MEDIA_FORMAT` when the format does not hold the codecs, `MEDIA_BAD_OPTION`, `MEDIA_IO`.
 */
export async function createMedia(target: MediaTarget, options: CreateMediaOptions): Promise<MediaWriter> {
  const { format, now = () => performance.now() } = options;
  const tracks = checkTracks(options);
  const sink = await openSink(target);
  return new Writer(sink, muxerFor(sink, format, tracks), tracks, now);
}

class Writer implements MediaWriter {
  readonly #sink: ByteSink;
  readonly #muxer: Muxer;
  readonly #tracks: readonly WriterTrack[];
  readonly #now: () => number;
  /** The first arrival, and the first time that was given. */
  #begin: number | undefined;
  #beginTime: number | undefined;
  #frames = 0;
  #dropped = 0;
  /** The last call: calls are done one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #failure: MediaError | undefined;
  #closing: Promise<void> | undefined;

  constructor(sink: ByteSink, muxer: Muxer, tracks: readonly MuxerTrack[], now: () => number) {
    this.#sink = sink;
    this.#muxer = muxer;
    this.#tracks = tracks.map((track) => ({ ...track, timeline: new Timeline(track.clockRate), last: -1, floor: 0 }));
    this.#now = now;
  }

  get counters(): MediaWriterCounters {
    return { frames: this.#frames, dropped: this.#dropped };
  }

  async write(frame: WritableFrame, track = 0, time?: number): Promise<void> {
    const to = this.#tracks[track];
    if (to === undefined) throw new MediaError('MEDIA_TRACK', `there is no track ${track}`);
    if (this.#closing !== undefined) throw new MediaError('MEDIA_STATE', 'the file is closed');
    if (time !== undefined && !Number.isFinite(time)) throw new MediaError('MEDIA_BAD_OPTION', 'time is no number');
    if (this.#failure !== undefined) throw this.#failure;
    if (!isWanted(to, frame)) {
      this.#dropped++;
      return;
    }
    const place = this.#place(to, frame, time);
    to.last = Math.max(to.last, place);
    this.#frames++;
    const { data, keyFrame } = frame;
    const written = this.#queue.then(() =>
      this.#write({ track, data, keyFrame: keyFrame || to.codec.kind === 'audio', time: place }),
    );
    this.#queue = written.catch(() => undefined);
    await written;
  }

  close(): Promise<void> {
    this.#closing ??= this.#queue.then(() => this.#finish());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Milliseconds from the start of the file. */
  #place(to: WriterTrack, { timestamp, keyFrame }: WritableFrame, time: number | undefined): number {
    const now = this.#now();
    this.#begin ??= now;
    if (time === undefined) return Math.max(0, to.timeline.place(timestamp, now - this.#begin));
    this.#beginTime ??= time - (now - this.#begin);
    // Pictures may be shown before the key frame that they follow, but not before what was shown before it.
    if (keyFrame) to.floor = Math.max(0, to.last);
    return Math.max(time - this.#beginTime, to.floor);
  }

  async #write(frame: Parameters<Muxer['write']>[0]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await this.#muxer.write(frame);
    } catch (error) {
      throw await this.#fail(error);
    }
  }

  async #finish(): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      await this.#muxer.finish();
      await this.#sink.close();
    } catch (error) {
      throw await this.#fail(error);
    }
  }

  async #fail(error: unknown): Promise<MediaError> {
    this.#failure ??= asMediaError(error, 'MEDIA_IO', 'the file cannot be written');
    await this.#sink.abort(error).catch(() => undefined);
    return this.#failure;
  }
}

interface WriterTrack extends MuxerTrack {
  readonly timeline: Timeline;
  /** Milliseconds; latest time of a frame, -1 before the first. */
  last: number;
  /** Milliseconds; latest time before the last key frame. */
  floor: number;
}

/** Video begins with a key frame that says what it is. Frames that are not of the codec are a peer's fault and not an error. */
function isWanted({ codec, last }: WriterTrack, { data, keyFrame, mimeType = codec.mimeType }: WritableFrame): boolean {
  if (mimeType.toLowerCase() !== codec.mimeType.toLowerCase() || data.length === 0) return false;
  if (codec.kind === 'audio' || last >= 0) return true;
  return keyFrame && keyFrameFacts(codec.mimeType, data) !== undefined;
}

function checkTracks({ format, tracks }: CreateMediaOptions): MuxerTrack[] {
  const name = FORMAT_NAMES[format];
  if (name === undefined) throw new MediaError('MEDIA_BAD_OPTION', `no format ${format}`);
  if (tracks.length === 0) throw new MediaError('MEDIA_BAD_OPTION', 'a file has to have a track');
  if (tracks.length > 1 && SINGLE.includes(format)) throw new MediaError('MEDIA_FORMAT', `${name} has one track`);
  return tracks.map(({ kind, mimeType, clockRate, channels }) => {
    const codec = codecByName(mimeType);
    if (codec === undefined || !codec.formats.includes(format)) {
      throw new MediaError('MEDIA_FORMAT', `${name} does not hold ${mimeType}`);
    }
    if (kind !== codec.kind) throw new MediaError('MEDIA_BAD_OPTION', `${mimeType} is not ${kind}`);
    const rate = clockRate ?? codec.clockRate;
    const count = channels ?? codec.channels ?? 0;
    if (!(Number.isInteger(rate) && rate > 0)) throw new MediaError('MEDIA_BAD_OPTION', `no clock rate: ${rate}`);
    if (
      kind === 'audio' &&
      !(Number.isInteger(count) && count > 0 && count <= (codec.container === 'opus' ? 2 : 255))
    ) {
      throw new MediaError('MEDIA_BAD_OPTION', `no count of channels: ${count}`);
    }
    return { codec, clockRate: rate, channels: count };
  });
}

function muxerFor(sink: ByteSink, format: MediaFormat, tracks: readonly MuxerTrack[]): Muxer {
  switch (format) {
    case 'ivf':
      return ivfMuxer(sink, tracks[0]!);
    case 'wav':
      return wavMuxer(sink, tracks[0]!);
    case 'h264':
    case 'h265':
      return annexBMuxer(sink);
    default:
      return new ContainerMuxer(sink, format, tracks);
  }
}

const SINGLE: readonly MediaFormat[] = ['ivf', 'ogg', 'wav', 'h264', 'h265'];
