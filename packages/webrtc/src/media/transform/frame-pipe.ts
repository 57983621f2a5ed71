import { RTCEncodedAudioFrame, RTCEncodedVideoFrame } from './encoded-frame.ts';

/** A frame on its way through a transform. */
export type TransformFrame = RTCEncodedAudioFrame | RTCEncodedVideoFrame;

/** What frames pass: one end is a sender's or receiver's, the other one the application's. */
export interface FramePipe {
  /** Hands a frame to the transform. It is dropped when too many wait. */
  write(frame: TransformFrame): void;
  /** Called with each frame that comes out. Set by the sender or receiver. */
  output: ((frame: TransformFrame) => void) | undefined;
  /** Frames that were dropped because the transform did not take them. */
  readonly dropped: number;
  /** No more frames come. */
  close(): void;
}

/** The application's end. */
export interface FrameStreams {
  readonly readable: ReadableStream<TransformFrame>;
  readonly writable: WritableStream<TransformFrame>;
}

/** A pipe and its other end as streams in this thread. */
export function streamPipe(): { readonly pipe: FramePipe; readonly streams: FrameStreams } {
  const pipe = new StreamPipe();
  return { pipe, streams: pipe.streams };
}

class StreamPipe implements FramePipe {
  readonly streams: FrameStreams;
  output: ((frame: TransformFrame) => void) | undefined = undefined;
  dropped = 0;
  #controller: ReadableStreamDefaultController<TransformFrame> | undefined = undefined;

  constructor() {
    this.streams = {
      readable: new ReadableStream<TransformFrame>(
        {
          start: (controller) => {
            this.#controller = controller;
          },
          cancel: () => {
            this.#controller = undefined;
          },
        },
        { highWaterMark: MAX_WAITING },
      ),
      writable: new WritableStream<TransformFrame>({ write: (frame) => this.#written(frame) }),
    };
  }

  write(frame: TransformFrame): void {
    const controller = this.#controller;
    if (controller === undefined || (controller.desiredSize ?? 0) <= 0) this.dropped++;
    else controller.enqueue(frame);
  }

  close(): void {
    this.#controller?.close();
    this.#controller = undefined;
    this.output = undefined;
  }

  #written(frame: TransformFrame): void {
    if (!(frame instanceof RTCEncodedVideoFrame || frame instanceof RTCEncodedAudioFrame))
      throw new TypeError('only encoded frames can be written');
    this.output?.(frame);
  }
}

/** Frames that wait for a transform at most. */
export const MAX_WAITING = 256;
