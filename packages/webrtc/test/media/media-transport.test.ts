import { expect, it } from 'vitest';
import type { ReceivedFrame } from '../../src/media/receiver-core.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { agreed, layers, MediaPair, opusFrame, vp8Frame } from './helpers.ts';

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

it('brings lost packets of each layer back by its own retransmissions', () => {
  const pair = new MediaPair({ delay: 10, loss: 0.05 }, { a: { startBitrate: 3_000_000, fec: false }, seed: 6 });
  const rids = ['q', 'h', 'f'];
  const source = new FrameSource({ kind: 'video', rids });
  const agreement = agreed('video', { layers: layers(...rids) });
  pair.a.sender(
    agreement,
    source.track,
    rids.map((rid) => ({ rid })),
  );
  const frames = new Map(rids.map((rid) => [rid, 0]));
  pair.b.receiver(agreement).onframe = ({ rid = '' }) => frames.set(rid, (frames.get(rid) as number) + 1);
  const wanted = new Set<string | undefined>(rids);
  source.onkeyframerequest = (rid) => {
    for (const one of rid === undefined ? rids : [rid]) wanted.add(one);
  };
  pair.a.every(33, 100, (index) => {
    for (const rid of rids) {
      const keyFrame = wanted.delete(rid);
      source.write({ data: vp8Frame(keyFrame, 2000, index), time: index * 33, keyFrame, rid });
    }
  });
  pair.line.advance(6000);
  for (const count of frames.values()) expect(count).toBeGreaterThanOrEqual(95);
  const restored = pair.b.transport.stages?.statistics().inbound.map(({ packetsRestored }) => packetsRestored);
  expect(restored).toHaveLength(3);
  for (const count of restored as number[]) expect(count).toBeGreaterThan(0);
});

it('keeps to the MTU', () => {
  const sizes = [600, 1200].map((mtu) => {
    const pair = new MediaPair({ delay: 5 }, { mtu });
    const source = new FrameSource({ kind: 'video' });
    pair.a.sender(agreed('video'), source.track);
    let largest = 0;
    pair.line.tap(({ bytes }) => {
      largest = Math.max(largest, bytes.length);
      return undefined;
    });
    source.write({ data: vp8Frame(true, 20_000), time: 0, keyFrame: true });
    pair.line.advance(1000);
    return largest;
  });
  expect(sizes[0]).toBeGreaterThan(550);
  expect(sizes[0]).toBeLessThanOrEqual(600);
  expect(sizes[1]).toBeGreaterThan(1150);
  expect(sizes[1]).toBeLessThanOrEqual(1200);
});

it.each([1, 2, 7, 8])('speaks SRTP profile %d, also with the portable ciphers', (profile) => {
  const pair = new MediaPair({ delay: 5 }, { profile, portable: true });
  const source = new FrameSource({ kind: 'audio' });
  pair.a.sender(agreed('audio'), source.track);
  let frames = 0;
  pair.b.receiver(agreed('audio')).onframe = () => frames++;
  pair.a.every(20, 5, (index) => source.write({ data: opusFrame(), time: index * 20 }));
  pair.line.advance(300);
  expect(frames).toBe(5);
});
