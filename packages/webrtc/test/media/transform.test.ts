import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import type { ReceivedFrame } from '../../src/media/receiver-core.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { RTCEncodedAudioFrame, RTCEncodedVideoFrame } from '../../src/media/transform/encoded-frame.ts';
import type { TransformFrame } from '../../src/media/transform/frame-pipe.ts';
import { RTCRtpScriptTransform, type RTCRtpScriptTransformer } from '../../src/media/transform/script-transform.ts';
import { agreed, MediaPair, opusFrame, vp8Frame } from './helpers.ts';

/** "Encrypts" all but the first ten bytes, which packets need to be cut. */
function scramble(frame: TransformFrame): TransformFrame {
  const data = new Uint8Array(frame.data);
  for (let i = 10; i < data.length; i++) data[i] = (data[i] as number) ^ 0x5a;
  frame.data = data.buffer;
  return frame;
}

function through({
  readable,
  writable,
}: {
  readable: ReadableStream<TransformFrame>;
  writable: WritableStream<TransformFrame>;
}): void {
  void readable
    .pipeThrough(
      new TransformStream<TransformFrame, TransformFrame>({ transform: (frame, out) => out.enqueue(scramble(frame)) }),
    )
    .pipeTo(writable);
}

/** Streams need turns of the real event loop. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

it('passes frames through functions at both ends', async () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'video' });
  const sender = pair.a.sender(agreed('video'), source.track);
  const receiver = pair.b.receiver(agreed('video'));
  const options: unknown[] = [];
  sender.transform = new RTCRtpScriptTransform(({ transformer }) => {
    options.push(transformer.options);
    through(transformer);
  }, 'secret');
  const raw: Uint8Array[] = [];
  const plain: ReceivedFrame[] = [];
  receiver.onframe = (frame) => raw.push(frame.data);
  const data = vp8Frame(true, 4000);
  source.write({ data, time: 0, keyFrame: true });
  await turns();
  pair.line.advance(100);
  expect(raw).toHaveLength(1);
  expect(raw[0]).not.toEqual(data);
  expect(raw[0]?.subarray(0, 10)).toEqual(data.subarray(0, 10));
  receiver.transform = new RTCRtpScriptTransform(({ transformer }) => through(transformer));
  receiver.onframe = (frame) => plain.push(frame);
  source.write({ data, time: 33, keyFrame: true });
  await turns();
  pair.line.advance(100);
  await turns();
  expect(options).toEqual(['secret']);
  expect(plain.map((frame) => Buffer.from(frame.data).equals(data))).toEqual([true]);
  expect(plain[0]).toMatchObject({ kind: 'video', keyFrame: true, mimeType: 'video/VP8', payloadType: 96 });
});

it('gives frames out as streams in the older shape', async () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'audio' });
  const sender = pair.a.sender(agreed('audio'), source.track);
  through(sender.createEncodedStreams());
  const heard: Uint8Array[] = [];
  pair.b.receiver(agreed('audio')).onframe = ({ data }) => heard.push(data);
  source.write({ data: opusFrame(), time: 0 });
  await turns();
  pair.line.advance(100);
  expect(heard[0]).toEqual(
    new Uint8Array(
      scramble(new RTCEncodedAudioFrame({ data: opusFrame().buffer as ArrayBuffer, timestamp: 0, metadata: {} })).data,
    ),
  );
  expect(() => sender.createEncodedStreams()).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
  expect(() => {
    sender.transform = new RTCRtpScriptTransform(() => {});
  }).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
});

it('lets a worker see the frames', async () => {
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     import(workerData).then(({ onRtcTransform }) => {
       onRtcTransform(parentPort, ({ transformer }) => {
         const { readable, writable, options } = transformer;
         void readable.pipeThrough(new TransformStream({
           async transform(frame, out) {
             if (frame.type === 'key') await transformer.generateKeyFrame();
             const data = new Uint8Array(frame.data);
             for (let i = 10; i < data.length; i++) data[i] ^= options.mask;
             frame.data = data.buffer;
             out.enqueue(frame);
           },
         })).pipeTo(writable);
       });
       parentPort.postMessage('ready');
     });`,
    {
      eval: true,
      workerData: new URL('../../src/media/transform/port-pipe.ts', import.meta.url).href,
      execArgv: ['--conditions=@kaon/source'],
    },
  );
  await new Promise((resolve) => worker.once('message', resolve));
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'video' });
  const sender = pair.a.sender(agreed('video'), source.track);
  const raw: Uint8Array[] = [];
  pair.b.receiver(agreed('video')).onframe = ({ data }) => raw.push(data);
  let asked = 0;
  source.onkeyframerequest = () => asked++;
  sender.transform = new RTCRtpScriptTransform(worker, { mask: 0x5a });
  const data = vp8Frame(true, 2000);
  source.write({ data, time: 0, keyFrame: true });
  while (sender.counters.frames === 0) await new Promise((resolve) => setImmediate(resolve));
  pair.line.advance(100);
  const expected = scramble(
    new RTCEncodedVideoFrame({ data: data.slice().buffer, type: 'key', timestamp: 0, metadata: {} }),
  );
  expect(raw[0]).toEqual(new Uint8Array(expected.data));
  expect(asked).toBe(1);
  await worker.terminate();
}, 20_000);

it('is for one sender or receiver only', () => {
  const { a } = new MediaPair();
  const first = a.sender(agreed('video'), null);
  const second = a.sender(agreed('video'), null);
  const transform = new RTCRtpScriptTransform(() => {});
  first.transform = transform;
  expect(first.transform).toBe(transform);
  expect(() => {
    second.transform = transform;
  }).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
  first.transform = null;
  expect(first.transform).toBeNull();
  expect(() => new RTCRtpScriptTransform({} as never)).toThrow(TypeError);
});

it('lets key frames be asked for on the side where that makes sense', async () => {
  const { a, b } = new MediaPair();
  const source = new FrameSource({ kind: 'video' });
  let asked = 0;
  source.onkeyframerequest = () => asked++;
  const sender = a.sender(agreed('video'), source.track);
  asked = 0;
  let sending: RTCRtpScriptTransformer | undefined;
  let receiving: RTCRtpScriptTransformer | undefined;
  sender.transform = new RTCRtpScriptTransform(({ transformer }) => {
    sending = transformer;
  });
  b.receiver(agreed('video')).transform = new RTCRtpScriptTransform(({ transformer }) => {
    receiving = transformer;
  });
  await sending?.generateKeyFrame();
  expect(asked).toBe(1);
  await expect(sending?.sendKeyFrameRequest()).rejects.toMatchObject({ name: 'InvalidStateError' });
  await expect(receiving?.generateKeyFrame()).rejects.toMatchObject({ name: 'InvalidStateError' });
  await receiving?.sendKeyFrameRequest();
  await expect(sending?.generateKeyFrame('x')).rejects.toMatchObject({ name: 'NotFoundError' });
});

it('drops frames that a transform does not take, and those that it made useless', async () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'video' });
  const sender = pair.a.sender(agreed('video'), source.track);
  const { writable } = sender.createEncodedStreams();
  for (let i = 0; i < 300; i++) source.write({ data: vp8Frame(true, 100), time: i, keyFrame: true });
  expect(sender.counters.transformDropped).toBeGreaterThan(0);
  const before = sender.counters.transformDropped;
  const writer = writable.getWriter();
  await writer.write(new RTCEncodedVideoFrame({ data: new ArrayBuffer(0), type: 'key', timestamp: 0, metadata: {} }));
  expect(sender.counters.transformDropped).toBe(before + 1);
  await expect(writer.write({} as TransformFrame)).rejects.toThrow(TypeError);
});

it('copies frames and what is known of them', () => {
  const frame = new RTCEncodedVideoFrame({
    data: Uint8Array.of(1, 2).buffer,
    type: 'delta',
    timestamp: 9,
    metadata: { width: 3, dependencies: [1] },
  });
  const copy = new RTCEncodedVideoFrame(frame);
  frame.setMetadata({ ...frame.getMetadata(), width: 4 });
  new Uint8Array(frame.data)[0] = 9;
  expect(copy).toMatchObject({ type: 'delta', timestamp: 9 });
  expect(copy.getMetadata()).toEqual({ width: 3, dependencies: [1] });
  expect(new Uint8Array(copy.data)).toEqual(Uint8Array.of(1, 2));
});
