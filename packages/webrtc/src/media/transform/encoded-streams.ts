import { type FramePipe, type FrameStreams, streamPipe } from './frame-pipe.ts';

/** What `createEncodedStreams` returns: frames to be read, changed and written back in order. */
export type RTCEncodedStreams = FrameStreams;

/** Both ends of a transform that is made of streams. */
export function encodedStreams(): { readonly streams: RTCEncodedStreams; readonly pipe: FramePipe } {
  const { pipe, streams } = streamPipe();
  return { pipe, streams };
}
