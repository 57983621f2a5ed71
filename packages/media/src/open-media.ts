import { FORMAT_NAMES } from './codecs/names.ts';
import { asMediaError, MediaError } from './errors.ts';
import { annexBTrack } from './reading/annex-b.ts';
import { openContainer } from './reading/container.ts';
import { detectFormat } from './reading/detect.ts';
import { ivfTrack } from './reading/ivf.ts';
import { SingleTrackReader } from './reading/single.ts';
import { type ByteSource, type MediaSource, openSource } from './reading/source.ts';
import { wavTrack } from './reading/wav.ts';
import type { MediaFormat, MediaReader } from './types.ts';

/** How a file is opened. */
export interface OpenMediaOptions {
  /** Default: found from the first bytes. */
  readonly format?: MediaFormat | undefined;
  /** Frames in a second of H.264 and H.265 byte streams, which have no times. Default: 30. */
  readonly frameRate?: number | undefined;
}

/**
 * Opens a file: a path, a `file:` URL, bytes, a Blob, or a stream of bytes. What it is is found from its content. Nothing is read
 * beyond what is asked for; a stream can be read once, and MP4 files come by a stream only when their index is in front.
 * Throws MediaError, whose message says what the file is and what is wrong with it; the file is closed then.
 */
export async function openMedia(source: MediaSource, options: OpenMediaOptions = {}): Promise<MediaReader> {
  const { format, frameRate = 30 } = options;
  if (format !== undefined && !(format in FORMAT_NAMES))
    throw new MediaError('MEDIA_BAD_OPTION', `no format ${format}`);
  if (!(frameRate > 0 && Number.isFinite(frameRate))) {
    throw new MediaError('MEDIA_BAD_OPTION', 'the frame rate has to be above 0');
  }
  const opened = await openSource(source);
  try {
    return await read(opened, format, frameRate);
  } catch (error) {
    await opened.close();
    throw asMediaError(error, 'MEDIA_IO', 'the file cannot be read');
  }
}

async function read(source: ByteSource, wanted: MediaFormat | undefined, frameRate: number): Promise<MediaReader> {
  const head = await source.head(HEAD);
  const format = wanted ?? detectFormat(head);
  switch (format) {
    case undefined:
      throw new MediaError(
        'MEDIA_FORMAT',
        head.length === 0
          ? 'an empty file'
          : 'a file that is none of: IVF, Ogg, WebM, Matroska, MP4, WAV, a byte stream of H.264 or H.265',
      );
    case 'ivf':
      return new SingleTrackReader(source, ivfTrack(head));
    case 'wav':
      return new SingleTrackReader(source, wavTrack(head));
    case 'h264':
    case 'h265':
      return new SingleTrackReader(source, annexBTrack(head, format, frameRate));
    default:
      return openContainer(source, format);
  }
}

/** Bytes that are looked at first: the header of a file and its first key frame, mostly. */
const HEAD = 65_536;
