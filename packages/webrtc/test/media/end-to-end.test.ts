import { afterEach, expect, it } from 'vitest';
import type { RTCRtpReceiver } from '../../src/media/receiver.ts';
import type { ReceivedFrame } from '../../src/media/receiver-core.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import type { MediaStreamTrack } from '../../src/media/track.ts';
import { negotiate } from '../helpers/connect.ts';
import { World } from '../helpers/world.ts';
import { opusFrame, vp8Frame } from './helpers.ts';

let world: World;
afterEach(() => world?.close());

/** Calls back each `interval` ms. */
function every(world: World, interval: number, count: number, callback: (index: number) => void): void {
  const start = world.clock.now();
  for (let index = 0; index < count; index++) world.clock.timer(() => callback(index)).reset(start + index * interval);
}

it.each([0, 0.05])('audio and video reach the peer whole at a loss of %d', async (loss) => {
  world = new World({ delay: 10, loss });
  const [a, b] = world.pair();
  const video = new FrameSource({ kind: 'video', codec: { mimeType: 'video/VP8', clockRate: 90_000 } });
  const audio = new FrameSource({ kind: 'audio' });
  a.addTrack(video.track);
  a.addTrack(audio.track);
  const frames: ReceivedFrame[] = [];
  const heard: ReceivedFrame[] = [];
  const tracks: MediaStreamTrack[] = [];
  b.addEventListener('track', (event) => {
    const { receiver, track } = event as unknown as { receiver: RTCRtpReceiver; track: MediaStreamTrack };
    tracks.push(track);
    receiver.onframe = (frame) => (frame.kind === 'video' ? frames : heard).push(frame);
  });
  await world.until(negotiate(a, b));
  await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
  let wantsKey = true;
  video.onkeyframerequest = () => {
    wantsKey = true;
  };
  const sent = new Set<string>();
  every(world, 33, 90, (index) => {
    const data = vp8Frame(wantsKey, 3000, index);
    sent.add(Buffer.from(data).toString('base64'));
    video.write({ data, time: index * 33, keyFrame: wantsKey });
    wantsKey = false;
  });
  every(world, 20, 150, (index) => audio.write({ data: opusFrame(80, index), time: index * 20 }));
  await world.advance(5000);
  expect(frames.length).toBeGreaterThanOrEqual(loss === 0 ? 90 : 80);
  for (const { data } of frames) expect(sent.has(Buffer.from(data).toString('base64'))).toBe(true);
  expect(heard.length).toBeGreaterThanOrEqual(loss === 0 ? 150 : 130);
  expect(tracks.map(({ muted }) => muted)).toEqual([false, false]);
});

it('plays tones to the peer', async () => {
  world = new World();
  const [a, b] = world.pair();
  const audio = new FrameSource({ kind: 'audio' });
  const sender = a.addTrack(audio.track);
  const payloads = new Set<string>();
  b.addEventListener('track', (event) => {
    (event as unknown as { receiver: RTCRtpReceiver }).receiver.onrtp = (_, { codec }) => payloads.add(codec.mimeType);
  });
  await world.until(negotiate(a, b));
  await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
  expect(sender.dtmf?.canInsertDTMF).toBe(true);
  sender.dtmf?.insertDTMF('12');
  await world.advance(1500);
  expect(payloads).toEqual(new Set(['audio/telephone-event']));
  expect(sender.dtmf?.toneBuffer).toBe('');
});

it('brings all layers of a simulcast', async () => {
  world = new World();
  const [a, b] = world.pair({ kaon: { media: { startBitrate: 3_000_000 } } });
  const rids = ['q', 'h', 'f'];
  const video = new FrameSource({ kind: 'video', rids, codec: { mimeType: 'video/VP8', clockRate: 90_000 } });
  a.addTransceiver(video.track as never, { direction: 'sendonly', sendEncodings: rids.map((rid) => ({ rid })) });
  const sizes = new Map<string, Set<number>>();
  b.addEventListener('track', (event) => {
    (event as unknown as { receiver: RTCRtpReceiver }).receiver.onframe = ({ rid = '', data }) => {
      sizes.set(rid, (sizes.get(rid) ?? new Set()).add(data.length));
    };
  });
  await world.until(negotiate(a, b));
  await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
  every(world, 33, 30, (index) => {
    for (const [layer, rid] of rids.entries())
      video.write({ data: vp8Frame(true, 500 * (layer + 1)), time: index * 33, keyFrame: true, rid });
  });
  await world.advance(2000);
  expect(sizes).toEqual(new Map(rids.map((rid, layer) => [rid, new Set([500 * (layer + 1)])])));
});

it('passes a track on from one connection to others, a key frame first', async () => {
  world = new World();
  const [a, b] = world.pair();
  const video = new FrameSource({ kind: 'video', codec: { mimeType: 'video/VP8', clockRate: 90_000 } });
  a.addTrack(video.track);
  let track: MediaStreamTrack | undefined;
  b.addEventListener('track', (event) => {
    track = (event as unknown as { track: MediaStreamTrack }).track;
  });
  await world.until(negotiate(a, b));
  let wantsKey = true;
  video.onkeyframerequest = () => {
    wantsKey = true;
  };
  every(world, 33, 200, (index) => {
    video.write({ data: vp8Frame(wantsKey, 2000, index), time: index * 33, keyFrame: wantsKey });
    wantsKey = false;
  });
  await world.run(() => track?.muted === false);
  const [c, d] = world.pair();
  c.addTrack(track as never);
  const frames: ReceivedFrame[] = [];
  d.addEventListener('track', (event) => {
    (event as unknown as { receiver: RTCRtpReceiver }).receiver.onframe = (frame) => frames.push(frame);
  });
  await world.until(negotiate(c, d));
  await world.advance(3000);
  expect(frames[0]?.keyFrame).toBe(true);
  expect(frames.length).toBeGreaterThan(60);
});

it('holds nothing when it is closed', async () => {
  world = new World();
  const [a, b] = world.pair();
  const video = new FrameSource({ kind: 'video' });
  a.addTrack(video.track);
  let receiver: RTCRtpReceiver | undefined;
  b.addEventListener('track', (event) => {
    receiver = (event as unknown as { receiver: RTCRtpReceiver }).receiver;
  });
  await world.until(negotiate(a, b));
  await world.run(() => a.connectionState === 'connected');
  b.close();
  expect(receiver?.track.readyState).toBe('ended');
  a.close();
  expect(video.senders).toBe(0);
  expect(video.track.readyState).toBe('live');
});

it.each([
  ['congestionFeedback', { congestionFeedback: 'rfc8888' }, 'ack ccfb'],
  ['audioNack', { audioNack: true }, 'nack'],
] as const)('%s is negotiated when both sides want it', async (_, media, feedback) => {
  const answered = async (theirs: typeof media | undefined): Promise<string[]> => {
    const [a, b] = world.pair({ kaon: { media } }, { kaon: { media: theirs } });
    a.addTransceiver('audio');
    await world.until(negotiate(a, b));
    const sdp = b.localDescription?.sdp ?? '';
    const opus = /a=rtpmap:(\d+) opus/.exec(sdp)?.[1];
    return Array.from(sdp.matchAll(new RegExp(`^a=rtcp-fb:${opus} (.*)$`, 'gm')), ([, text]) => text as string);
  };
  world = new World();
  expect(await answered(undefined)).not.toContain(feedback);
  expect(await answered(media)).toContain(feedback);
});

it('measures the network by the feedback of RFC 8888', async () => {
  world = new World();
  const kaon = { media: { congestionFeedback: 'rfc8888' as const } };
  const [a, b] = world.pair({ kaon }, { kaon });
  const video = new FrameSource({ kind: 'video', codec: { mimeType: 'video/VP8', clockRate: 90_000 } });
  a.addTrack(video.track);
  let bitrate = 0;
  video.onbitrate = (report) => {
    bitrate = report.bitrate;
  };
  await world.until(negotiate(a, b));
  await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
  const start = bitrate;
  every(world, 33, 150, (index) =>
    video.write({ data: vp8Frame(index === 0, 1500), time: index * 33, keyFrame: index === 0 }),
  );
  await world.advance(5000);
  expect(bitrate).toBeGreaterThan(2 * start);
});

it('tells a receiver that sends nothing the round trip, by reference times', async () => {
  world = new World({ delay: 20 });
  const [a, b] = world.pair();
  const audio = new FrameSource({ kind: 'audio' });
  a.addTransceiver(audio.track, { direction: 'sendonly' });
  await world.until(negotiate(a, b));
  await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
  every(world, 20, 1500, (index) => audio.write({ data: opusFrame(80, index), time: index * 20 }));
  await world.advance(30_000);
  const remote = [...(await b.getStats()).values()].find(({ type }) => type === 'remote-outbound-rtp');
  expect(remote?.['roundTripTime']).toBeCloseTo(0.08, 1);
});
