import { MediaError } from '../errors.ts';
import type { MediaFormat, MediaFrame, MediaReader, MediaTrackInfo } from '../types.ts';
import { ByteReader } from './byte-reader.ts';
import type { ByteSource } from './source.ts';

/** A frame as a format's parser gives it. */
export interface ParsedFrame {
  readonly data: Uint8Array;
  readonly keyFrame: boolean;
  /** Milliseconds. */
  readonly time: number;
  readonly duration: number;
}

/** What a format of one track is read by. */
export interface SingleTrack {
  readonly format: MediaFormat;
  readonly track: Omit<MediaTrackInfo, 'index'>;
  /** Parses the file from its first byte on; returns whether it was whole. */
  parse(bytes: ByteReader): AsyncGenerator<ParsedFrame, boolean>;
}

/** A file with one track. */
export class SingleTrackReader implements MediaReader {
  readonly format: MediaFormat;
  readonly tracks: readonly [MediaTrackInfo];
  readonly skipped: readonly string[] = [];
  truncated = false;
  readonly #source: ByteSource;
  readonly #parse: SingleTrack['parse'];
  #isClosed = false;

  constructor(source: ByteSource, { format, track, parse }: SingleTrack) {
    this.#source = source;
    this.format = format;
    this.tracks = [{ index: 0, ...track }];
    this.#parse = parse;
  }

  async *frames(track = 0): AsyncGenerator<MediaFrame> {
    if (track !== 0) throw new MediaError('MEDIA_TRACK', `there is no track ${track}`);
    if (this.#isClosed) throw new MediaError('MEDIA_STATE', 'the file is closed');
    const { clockRate } = this.tracks[0];
    const parsed = this.#parse(new ByteReader(this.#source.chunks()));
    for (;;) {
      const { done, value } = await parsed.next();
      if (this.#isClosed) return;
      if (done) {
        if (!value) this.truncated = true;
        return;
      }
      yield { ...value, track: 0, clockRate, timestamp: Math.round((value.time * clockRate) / 1000) >>> 0 };
    }
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
