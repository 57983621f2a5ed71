import type { CodedError } from '@kaon/interface/core/v1';

/** What can be wrong with a file, or with what is asked of it. */
export type MediaErrorCode =
  /** The file is of no format that is known, or the format cannot hold the codec. */
  | 'MEDIA_FORMAT'
  /** The file says that it is of a format, and is broken. */
  | 'MEDIA_MALFORMED'
  /** The file has no track of a codec that WebRTC sends, or the track asked for is not there. */
  | 'MEDIA_TRACK'
  /** Reading or writing failed below: the file does not exist, the disk is full. `cause` has the reason. */
  | 'MEDIA_IO'
  /** The reader or writer is closed, or a source that can be read once is read twice. */
  | 'MEDIA_STATE'
  /** An option or argument makes no sense. */
  | 'MEDIA_BAD_OPTION';

/** The one error class of this package, told apart by `code`. */
export class MediaError extends Error implements CodedError {
  override readonly name = 'MediaError';
  readonly code: MediaErrorCode;

  constructor(code: MediaErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** An error of a layer below as one of this package. */
export function asMediaError(error: unknown, code: MediaErrorCode, what: string): MediaError {
  if (error instanceof MediaError) return error;
  return new MediaError(code, `${what}: ${error instanceof Error ? error.message : String(error)}`, error);
}
