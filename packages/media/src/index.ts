export { type KeyFrameFacts, keyFrameFacts } from './codecs/key-frame.ts';
export { type CreateMediaOptions, createMedia } from './create-media.ts';
export { MediaError, type MediaErrorCode } from './errors.ts';
export { type OpenMediaOptions, openMedia } from './open-media.ts';
export { type PacedOptions, paced } from './paced.ts';
export type { MediaSource } from './reading/source.ts';
export type {
  MediaBuffer,
  MediaFormat,
  MediaFrame,
  MediaReader,
  MediaTrackInfo,
  MediaTrackInit,
  MediaWriter,
  MediaWriterCounters,
  WritableFrame,
} from './types.ts';
export type { MediaTarget } from './writing/sink.ts';
