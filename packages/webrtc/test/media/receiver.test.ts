import { EXTENSION_URI, encodeRtp } from '@kaon/rtp';
import { expect, it } from 'vitest';
import { RTCRtpReceiver, receiverInternals } from '../../src/media/receiver.ts';
import type { ReceivedFrame } from '../../src/media/receiver-core.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { RtpSource } from '../../src/media/sources/rtp-source.ts';
import { AUDIO_LEVEL_ID, agreed, MediaPair, OPUS, opusFrame, VP8, vp8Frame } from './helpers.ts';

it('cannot be constructed, and tells what could be received', () => {
  expect(() => new RTCRtpReceiver()).toThrow(TypeError);
  expect(RTCRtpReceiver.getCapabilities('video')?.codecs.map(({ mimeType }) => mimeType)).toContain('video/AV1');
  expect(RTCRtpReceiver.getCapabilities('x')).toBeNull();
});

it('shows what was agreed on', () => {
  const { b } = new MediaPair();
  const receiver = b.receiver(agreed('video'));
  expect(receiver.getParameters().codecs[0]).toEqual({ payloadType: 96, mimeType: 'video/VP8', clockRate: 90_000 });
  expect(receiver.getParameters().headerExtensions).toContainEqual({ id: 4, uri: EXTENSION_URI.mid, encrypted: false });
  receiverInternals.agree(receiver, undefined, undefined, null);
  expect(receiver.getParameters().codecs).toEqual([]);
});

it('gives packets with what is known of them', () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'audio' });
  pair.a.sender(agreed('audio'), source.track);
  const seen: unknown[] = [];
  pair.b.receiver(agreed('audio')).onrtp = ({ payloadType }, { mid, rid, codec, ssrc, extensionId }) =>
    seen.push([
      payloadType,
      mid,
      rid,
      codec.mimeType,
      typeof ssrc,
      extensionId(EXTENSION_URI.audioLevel),
      extensionId('x'),
    ]);
  source.write({ data: opusFrame(), time: 0 });
  pair.line.advance(100);
  expect(seen).toEqual([[111, '0', undefined, 'audio/opus', 'number', AUDIO_LEVEL_ID, -1]]);
});

it('gives frames one by one to whoever waits for them', async () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'audio' });
  pair.a.sender(agreed('audio'), source.track);
  const receiver = pair.b.receiver(agreed('audio'));
  const frames = receiver.frames(3);
  pair.a.every(20, 5, (index) => source.write({ data: opusFrame(20 + index), time: index * 20 }));
  pair.line.advance(300);
  receiverInternals.stop(receiver);
  const sizes: number[] = [];
  // The oldest two did not fit.
  for await (const { data } of frames) sizes.push(data.length);
  expect(sizes).toEqual([22, 23, 24]);
  expect(receiver.onframe).toBeNull();
  expect((await receiver.frames().next()).done).toBe(true);
});

it('names the sources of the last ten seconds', () => {
  const pair = new MediaPair({ delay: 0 });
  const source = new RtpSource({ kind: 'audio', codec: OPUS, extensions: { [EXTENSION_URI.audioLevel]: 9 } });
  pair.a.sender(agreed('audio'), source.track);
  const receiver = pair.b.receiver(agreed('audio'));
  const bytes = encodeRtp({
    ssrc: 1,
    payloadType: 50,
    sequenceNumber: 1,
    timestamp: 7,
    payload: opusFrame(),
    extensions: [{ id: 9, data: Uint8Array.of(20) }],
  });
  source.write(bytes);
  pair.line.advance(1000);
  const [heard] = receiver.getSynchronizationSources();
  expect(heard).toMatchObject({
    source: pair.b.transport.remoteStreams[0]?.info.ssrc,
    rtpTimestamp: expect.any(Number),
  });
  expect(heard?.audioLevel).toBeCloseTo(0.1);
  expect(pair.b.host.wallClock() - (heard?.timestamp as number)).toBeGreaterThanOrEqual(900);
  expect(receiver.getContributingSources()).toEqual([]);
  pair.line.advance(10_000);
  expect(receiver.getSynchronizationSources()).toEqual([]);
});

it('holds packets back for as long as jitterBufferTarget says', () => {
  const delays = [0, 200].map((target) => {
    const pair = new MediaPair({ delay: 5 });
    const source = new FrameSource({ kind: 'audio' });
    pair.a.sender(agreed('audio'), source.track);
    const receiver = pair.b.receiver(agreed('audio'));
    receiver.jitterBufferTarget = target;
    const sent: number[] = [];
    const delay: number[] = [];
    receiver.onframe = () => delay.push(pair.line.now - (sent[delay.length] as number));
    pair.a.every(20, 50, (index) => {
      sent.push(pair.line.now);
      source.write({ data: opusFrame(), time: index * 20 });
    });
    pair.line.advance(3000);
    return delay.at(-1) as number;
  });
  expect((delays[1] as number) - (delays[0] as number)).toBeGreaterThan(150);
  const receiver = new MediaPair().b.receiver(agreed('audio'));
  expect(receiver.jitterBufferTarget).toBeNull();
  for (const wrong of [-1, 4001, Number.NaN])
    expect(() => {
      receiver.jitterBufferTarget = wrong;
    }).toThrow(RangeError);
});

it('leaves out frames that need a lost one, and asks for a key frame', () => {
  const pair = new MediaPair({ delay: 5 }, { a: { nack: false }, b: { nack: false } });
  const source = new FrameSource({ kind: 'video' });
  pair.a.sender(agreed('video'), source.track);
  const receiver = pair.b.receiver(agreed('video'));
  const frames: ReceivedFrame[] = [];
  receiver.onframe = (frame) => frames.push(frame);
  let wantsKey = true;
  source.onkeyframerequest = () => {
    wantsKey = true;
  };
  // One packet of the tenth frame is lost.
  let lost = false;
  let writing = 0;
  pair.line.tap(({ from, bytes }) => {
    if (from !== 'a' || lost || writing !== 10 || bytes.length < 900) return undefined;
    lost = true;
    return false;
  });
  const keys: number[] = [];
  pair.a.every(33, 40, (index) => {
    writing = index;
    if (wantsKey) keys.push(index);
    source.write({ data: vp8Frame(wantsKey, 3000, index), time: index * 33, keyFrame: wantsKey });
    wantsKey = false;
  });
  pair.line.advance(3000);
  const gap = frames.findIndex(({ time }, index) => index > 0 && time - (frames[index - 1] as ReceivedFrame).time > 40);
  expect(frames[gap]?.keyFrame).toBe(true);
  expect(keys.length).toBe(2);
  expect(receiver.counters.undecodable).toBeGreaterThan(0);
  expect(receiver.counters.keyFrameRequests).toBeGreaterThan(0);
});

it('takes RTP of another stack, whatever its numbers', () => {
  const pair = new MediaPair();
  const source = new RtpSource({ kind: 'video', codec: new Map([[33, VP8]]) });
  const sender = pair.a.sender(agreed('video'), source.track);
  const frames: ReceivedFrame[] = [];
  pair.b.receiver(agreed('video')).onframe = (frame) => frames.push(frame);
  const data = vp8Frame(true, 500);
  const packet = (sequenceNumber: number, changes: object = {}): Uint8Array =>
    encodeRtp({
      ssrc: 77,
      payloadType: 33,
      sequenceNumber,
      timestamp: sequenceNumber * 3000,
      marker: true,
      payload: Uint8Array.of(0x10, ...data),
      ...changes,
    });
  expect(source.write(packet(65_535))).toBe(true);
  expect(source.write(packet(0))).toBe(true);
  // Of a payload type that nobody knows; no RTP at all.
  source.write(packet(1, { payloadType: 34 }));
  expect(source.write(Uint8Array.of(1, 2, 3))).toBe(false);
  pair.line.advance(500);
  expect(frames.map((frame) => Buffer.from(frame.data).equals(data))).toEqual([true, true]);
  expect(source.malformed).toBe(1);
  expect(sender.counters.dropped).toBe(1);
});
