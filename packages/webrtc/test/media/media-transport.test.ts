import { expect, it } from 'vitest';
import type { ReceivedFrame } from '../../src/media/receiver-core.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { agreed, MediaPair, opusFrame, vp8Frame } from './helpers.ts';

it.each([0, 0.05])('carries audio and video frames whole at a loss of %d', (loss) => {
  const pair = new MediaPair({ delay: 10, loss }, { seed: 3 });
  const video = new FrameSource({ kind: 'video' });
  const audio = new FrameSource({ kind: 'audio' });
  pair.a.sender(agreed('video'), video.track);
  pair.a.sender(agreed('audio'), audio.track);
  const frames: ReceivedFrame[] = [];
  const heard: ReceivedFrame[] = [];
  pair.b.receiver(agreed('video')).onframe = (frame) => frames.push(frame);
  pair.b.receiver(agreed('audio')).onframe = (frame) => heard.push(frame);
  const sent: Uint8Array[] = [];
  let wantsKey = true;
  video.onkeyframerequest = () => {
    wantsKey = true;
  };
  pair.a.every(33, 100, (index) => {
    const data = vp8Frame(wantsKey, 3000, index);
    video.write({ data, time: index * 33, keyFrame: wantsKey });
    wantsKey = false;
    sent.push(data);
  });
  pair.a.every(20, 150, (index) => audio.write({ data: opusFrame(80, index), time: index * 20 }));
  pair.line.advance(6000);
  expect(frames.length).toBeGreaterThanOrEqual(loss === 0 ? 100 : 95);
  for (const frame of frames) expect(sent.some((data) => Buffer.from(data).equals(frame.data))).toBe(true);
  expect(frames[0]?.keyFrame).toBe(true);
  expect(frames.map(({ time }) => time)).toEqual(frames.map(({ time }) => time).toSorted((a, b) => a - b));
  expect(heard.length).toBeGreaterThanOrEqual(loss === 0 ? 150 : 130);
});
