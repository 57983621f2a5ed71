import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { RTCEncodedAudioFrame, RTCEncodedVideoFrame } from './encoded-frame.ts';
import { type FramePipe, MAX_WAITING, streamPipe, type TransformFrame } from './frame-pipe.ts';
import type { KeyFrameRequests, RTCRtpScriptTransformer, RTCTransformEventLike } from './script-transform.ts';

/** Sets the worker's end up at once, as the standard does; the function returned puts the pipe to use. */
export function portPipe(
  worker: Worker,
  options: unknown,
  transfer: readonly MessagePort[],
): (requests: KeyFrameRequests) => FramePipe {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ type: TRANSFORM, port: port2, options }, [port2, ...transfer]);
  return (requests) => new PortPipe(port1, requests);
}

/**
 * In a worker: `handler` is called for each `RTCRtpScriptTransform` that is made with this worker. `port` is `parentPort` of
 * `node:worker_threads`. Returns a function that ends this.
 */
export function onRtcTransform(port: MessagePort, handler: (event: RTCTransformEventLike) => void): () => void {
  const listener = (message: unknown): void => {
    if (!isStart(message)) return;
    handler({ transformer: workerTransformer(message.port, message.options) });
  };
  port.on('message', listener);
  return () => void port.off('message', listener);
}

/** The end in the thread of the connection. */
class PortPipe implements FramePipe {
  output: ((frame: TransformFrame) => void) | undefined = undefined;
  dropped = 0;
  readonly #port: MessagePort;
  #waiting = 0;

  constructor(port: MessagePort, requests: KeyFrameRequests) {
    this.#port = port;
    port.on('message', (message: FrameMessage | RequestMessage | { type: 'taken' }) => {
      if (message.type === 'taken') this.#waiting--;
      else if (message.type === 'request') void answer(port, message, requests);
      else this.output?.(fromMessage(message));
    });
    // Frames keep a worker busy, not a process alive.
    port.unref();
  }

  write(frame: TransformFrame): void {
    if (this.#waiting >= MAX_WAITING) {
      this.dropped++;
      return;
    }
    this.#waiting++;
    this.#port.postMessage(toMessage(frame), [frame.data]);
  }

  close(): void {
    this.output = undefined;
    this.#port.close();
  }
}

/** The end in the worker. */
function workerTransformer(port: MessagePort, options: unknown): RTCRtpScriptTransformer {
  const { pipe, streams } = streamPipe();
  const pending = new Map<number, { resolve(): void; reject(error: Error): void }>();
  let requests = 0;
  pipe.output = (frame) => port.postMessage(toMessage(frame), [frame.data]);
  port.on('message', (message: FrameMessage | AnswerMessage) => {
    if (message.type === 'answer') {
      const request = pending.get(message.id);
      pending.delete(message.id);
      if (message.error === undefined) request?.resolve();
      else request?.reject(new DOMException(message.error, 'InvalidStateError'));
      return;
    }
    port.postMessage({ type: 'taken' });
    pipe.write(fromMessage(message));
  });
  port.on('close', () => pipe.close());
  const ask = (what: RequestMessage['what'], rid?: string): Promise<undefined> =>
    new Promise((resolve, reject) => {
      const id = requests++;
      pending.set(id, { resolve: () => resolve(undefined), reject });
      port.postMessage({ type: 'request', id, what, rid });
    });
  return {
    ...streams,
    options,
    generateKeyFrame: (rid) => ask('generate', rid),
    sendKeyFrameRequest: () => ask('request'),
  };
}

async function answer(port: MessagePort, { id, what, rid }: RequestMessage, requests: KeyFrameRequests): Promise<void> {
  try {
    await (what === 'generate' ? requests.generateKeyFrame(rid) : requests.sendKeyFrameRequest());
    port.postMessage({ type: 'answer', id });
  } catch (error) {
    port.postMessage({ type: 'answer', id, error: (error as Error).message });
  }
}

interface FrameMessage {
  readonly type: 'frame';
  /** Undefined for audio. */
  readonly frameType: 'key' | 'delta' | 'empty' | undefined;
  readonly data: ArrayBuffer;
  readonly timestamp: number;
  readonly metadata: object;
}

interface RequestMessage {
  readonly type: 'request';
  readonly id: number;
  readonly what: 'generate' | 'request';
  readonly rid?: string;
}

interface AnswerMessage {
  readonly type: 'answer';
  readonly id: number;
  readonly error?: string;
}

function toMessage(frame: TransformFrame): FrameMessage {
  const { data, timestamp } = frame;
  const frameType = 'type' in frame ? frame.type : undefined;
  return { type: 'frame', frameType, data, timestamp, metadata: frame.getMetadata() };
}

function fromMessage({ frameType, data, timestamp, metadata }: FrameMessage): TransformFrame {
  return frameType === undefined
    ? new RTCEncodedAudioFrame({ data, timestamp, metadata })
    : new RTCEncodedVideoFrame({ data, type: frameType, timestamp, metadata });
}

const TRANSFORM = 'kaon:rtctransform';

function isStart(message: unknown): message is { readonly port: MessagePort; readonly options: unknown } {
  return typeof message === 'object' && message !== null && (message as { type?: unknown }).type === TRANSFORM;
}
