import { MediaError } from './errors.ts';
import type { MediaFrame, MediaReader } from './types.ts';

/** How frames are paced. */
export interface PacedOptions {
  /** Begins anew at the end, with times and timestamps that go on. Needs a reader, or a function that gives the frames. Default: false. */
  readonly loop?: boolean | undefined;
  /** Of a reader: one track instead of all. */
  readonly track?: number | undefined;
  /** Ends the frames, at once. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds on any clock. Default: `performance.now`. */
  readonly now?: (() => number) | undefined;
  /** Waits for so many milliseconds, or until the signal is aborted. Default: a timer. */
  readonly wait?: ((milliseconds: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
}

/**
 * Gives frames when they are due, for sending a file as if it were live: the first at once, others by their `time`. A frame whose
 * time has passed comes at once, so that a consumer that is late catches up. Files with B-frames come in the order of decoding.
 * Throws MediaError (`MEDIA_BAD_OPTION`) when it is to loop over frames that come once.
 */
export async function* paced(
  frames: MediaReader | AsyncIterable<MediaFrame> | (() => AsyncIterable<MediaFrame>),
  options: PacedOptions = {},
): AsyncGenerator<MediaFrame> {
  const { loop = false, track, signal, now = () => performance.now(), wait = timer } = options;
  const pass = typeof frames === 'function' ? frames : 'frames' in frames ? () => frames.frames(track) : undefined;
  if (loop && pass === undefined) throw new MediaError('MEDIA_BAD_OPTION', 'frames that come once cannot loop');
  let begin: number | undefined;
  let offset = 0;
  do {
    let end = 0;
    let count = 0;
    for await (const frame of pass?.() ?? (frames as AsyncIterable<MediaFrame>)) {
      if (signal?.aborted) return;
      count++;
      end = Math.max(end, frame.time + Math.max(frame.duration, SHORTEST));
      const time = frame.time + offset;
      begin ??= now() - time;
      const left = begin + time - now();
      if (left > 0) await wait(left, signal);
      if (signal?.aborted) return;
      yield offset === 0 ? frame : { ...frame, time, timestamp: moved(frame, offset) };
    }
    if (count === 0) return;
    offset += end;
  } while (loop && !signal?.aborted);
}

/** Milliseconds; frames without a duration last so long before a file begins anew. */
const SHORTEST = 1;

function moved({ timestamp, clockRate }: MediaFrame, offset: number): number {
  return (timestamp + Math.round((offset * clockRate) / 1000)) >>> 0;
}

function timer(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timeout);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timeout = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done);
  });
}
