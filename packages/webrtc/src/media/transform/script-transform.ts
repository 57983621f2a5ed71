import type { MessagePort, Worker } from 'node:worker_threads';
import { domError } from '../../errors.ts';
import { type FramePipe, type FrameStreams, streamPipe } from './frame-pipe.ts';
import { portPipe } from './port-pipe.ts';

/** What a transform may do (W3C WebRTC Encoded Transform §5.4). */
export interface RTCRtpScriptTransformer extends FrameStreams {
  /** As the constructor of `RTCRtpScriptTransform` was given. */
  readonly options: unknown;
  /** At a sender: asks the source for a key frame; resolves with the time of the request. Rejects at a receiver and for audio. */
  generateKeyFrame(rid?: string): Promise<undefined>;
  /** At a receiver: asks the peer for a key frame. Rejects at a sender and for audio. */
  sendKeyFrameRequest(): Promise<undefined>;
}

/** What a function of this thread is called with, and what a worker's `rtctransform` event carries. */
export interface RTCTransformEventLike {
  readonly transformer: RTCRtpScriptTransformer;
}

/** See `ScriptTransformInternals`. */
export let scriptTransformInternals: ScriptTransformInternals;

/**
 * Lets a worker or a function see and change each encoded frame (W3C WebRTC Encoded Transform §5.3), for example to encrypt
 * it end to end.
 *
 * With a `Worker` of `node:worker_threads`, the worker calls `onRtcTransform(handler)` of this package. Kaon's addition: with a
 * function, everything stays in this thread.
 */
export class RTCRtpScriptTransform {
  readonly #start: (control: TransformControl) => FramePipe;
  #pipe: FramePipe | undefined = undefined;

  constructor(
    target: Worker | ((event: RTCTransformEventLike) => void),
    options?: unknown,
    transfer: readonly unknown[] = [],
  ) {
    if (typeof target === 'function') {
      this.#start = (control) => {
        const { pipe, streams } = streamPipe();
        target({ transformer: { ...streams, options, ...keyFrames(control) } });
        return pipe;
      };
    } else if (typeof target?.postMessage === 'function') {
      const start = portPipe(target, options, transfer as readonly MessagePort[]);
      this.#start = (control) => start(keyFrames(control));
    } else throw new TypeError('a transform needs a Worker or a function');
  }

  static {
    scriptTransformInternals = {
      take: (transform, control) => {
        if (transform.#pipe !== undefined) throw domError('InvalidStateError', 'the transform is in use');
        transform.#pipe = transform.#start(control);
        return transform.#pipe;
      },
      release: (transform) => transform.#pipe?.close(),
    };
  }
}

/** What a transform may ask of its sender or receiver. */
export interface TransformControl {
  readonly kind: 'audio' | 'video';
  readonly generateKeyFrame: ((rid: string | undefined) => void) | undefined;
  readonly sendKeyFrameRequest: (() => void) | undefined;
}

/** Key frame requests as a transformer has them. */
export interface KeyFrameRequests {
  generateKeyFrame(rid?: string): Promise<undefined>;
  sendKeyFrameRequest(): Promise<undefined>;
}

/** What senders and receivers may do with a transform and nobody else. */
export interface ScriptTransformInternals {
  /** Puts it to use. Throws InvalidStateError when it is already, or was. */
  take(transform: RTCRtpScriptTransform, control: TransformControl): FramePipe;
  release(transform: RTCRtpScriptTransform): void;
}

function keyFrames({ kind, generateKeyFrame, sendKeyFrameRequest }: TransformControl): KeyFrameRequests {
  return {
    generateKeyFrame: async (rid) => {
      if (generateKeyFrame === undefined || kind === 'audio')
        throw domError('InvalidStateError', 'only a sender of video can generate a key frame');
      generateKeyFrame(rid);
      return undefined;
    },
    sendKeyFrameRequest: async () => {
      if (sendKeyFrameRequest === undefined || kind === 'audio')
        throw domError('InvalidStateError', 'only a receiver of video can ask for a key frame');
      sendKeyFrameRequest();
      return undefined;
    },
  };
}
