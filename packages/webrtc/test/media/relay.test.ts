import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { encodeRtp } from '@kaon/rtp';
import { encodeRed } from '@kaon/rtp/payload/red';
import { expect, it } from 'vitest';
import type { RTCRtpReceiver } from '../../src/media/receiver.ts';
import type { ReceivedFrame } from '../../src/media/receiver-core.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { RtpSource } from '../../src/media/sources/rtp-source.ts';
import { agreed, H264, layers, MediaPair, OPUS, opusFrame, RTX, VP8, vp8Frame } from './helpers.ts';

interface Heard {
  readonly frames: ReceivedFrame[];
  readonly packets: { sequenceNumber: number; timestamp: number; ssrc: number; payloadType: number }[];
}

function listen(receiver: RTCRtpReceiver): Heard {
  const heard: Heard = { frames: [], packets: [] };
  receiver.onframe = (frame) => heard.frames.push(frame);
  receiver.onrtp = ({ sequenceNumber, timestamp, ssrc, payloadType }: RtpPacketView) =>
    heard.packets.push({ sequenceNumber, timestamp, ssrc, payloadType });
  return heard;
}

/** Runs several pairs side by side, whose clocks agree. */
function together(pairs: readonly MediaPair[], ms: number): void {
  for (let done = 0; done < ms; done += 5) for (const pair of pairs) pair.line.advance(5);
}

/** Sends frames of 33 ms, key frames when they are asked for. */
function camera(pair: MediaPair, source: FrameSource, count: number, rids: (string | undefined)[] = [undefined]): void {
  const wanted = new Set<string | undefined>(rids);
  source.onkeyframerequest = (rid) => {
    for (const one of rid === undefined ? rids : [rid]) wanted.add(one);
  };
  pair.a.every(33, count, (index) => {
    for (const [layer, rid] of rids.entries()) {
      const keyFrame = wanted.delete(rid);
      source.write({ data: vp8Frame(keyFrame, 800 * (layer + 1), index), time: index * 33, keyFrame, rid });
    }
  });
}

it('passes a received track on to many, each from a key frame on', () => {
  const up = new MediaPair();
  const viewers = [1, 2, 3].map((seed) => new MediaPair({ delay: 5 }, { seed }));
  const source = new FrameSource({ kind: 'video' });
  up.a.sender(agreed('video'), source.track);
  const { track } = up.b.receiver(agreed('video'));
  // Another payload type, and H.264 first: the packets go out as what they are.
  const codecs = [H264, { ...VP8, payloadType: 120 }, { ...RTX, sdpFmtpLine: 'apt=120' }];
  const heard = viewers.map((viewer) => {
    viewer.a.sender(agreed('video', { codecs, mid: 'v' }), track);
    return listen(viewer.b.receiver(agreed('video', { codecs, mid: 'v' })));
  });
  camera(up, source, 60);
  together([up, ...viewers], 500);
  // One who joins late does not wait for the next regular key frame: there is none.
  const late = new MediaPair({ delay: 5 }, { seed: 9 });
  late.line.advance(500);
  late.a.sender(agreed('video', { codecs, mid: 'v' }), track);
  const lateHeard = listen(late.b.receiver(agreed('video', { codecs, mid: 'v' })));
  together([up, ...viewers, late], 2000);
  for (const { frames, packets } of heard) {
    expect(frames.length).toBeGreaterThan(55);
    expect(frames[0]?.keyFrame).toBe(true);
    expect(new Set(packets.map(({ payloadType }) => payloadType))).toEqual(new Set([120]));
    const steps = packets
      .slice(1)
      .map(({ sequenceNumber }, i) => (sequenceNumber - packets[i]!.sequenceNumber) & 0xffff);
    expect(new Set(steps)).toEqual(new Set([1]));
  }
  expect(lateHeard.frames[0]?.keyFrame).toBe(true);
  expect(lateHeard.frames.length).toBeGreaterThan(35);
});

it('changes layers at a key frame, with numbers that go on evenly', () => {
  const up = new MediaPair();
  const viewer = new MediaPair({ delay: 5 }, { seed: 2 });
  const source = new FrameSource({ kind: 'video', rids: ['q', 'f'] });
  const simulcast = agreed('video', { layers: layers('q', 'f') });
  up.a.sender(simulcast, source.track, [{ rid: 'q' }, { rid: 'f' }]);
  const receiver = up.b.receiver(simulcast);
  const sender = viewer.a.sender(agreed('video'), receiver.track);
  sender.selectLayer('q');
  const heard = listen(viewer.b.receiver(agreed('video')));
  camera(up, source, 150, ['q', 'f']);
  together([up, viewer], 1500);
  expect(sender.activeLayer).toBe('q');
  const before = heard.frames.length;
  expect(before).toBeGreaterThan(30);
  for (const { data } of heard.frames) expect(data.length).toBe(800);
  sender.selectLayer('f');
  together([up, viewer], 1500);
  expect(sender.activeLayer).toBe('f');
  const after = heard.frames.slice(before);
  const changed = after.findIndex(({ data }) => data.length === 1600);
  expect(after[changed]?.keyFrame).toBe(true);
  // Frames go on without a gap: none was lost for the change.
  const times = heard.frames.map(({ time }) => time);
  for (const [index, time] of times.slice(1).entries()) expect(time - (times[index] as number)).toBeLessThan(70);
  const { packets } = heard;
  for (const [index, { sequenceNumber, ssrc }] of packets.slice(1).entries()) {
    expect((sequenceNumber - (packets[index]?.sequenceNumber as number)) & 0xffff).toBe(1);
    expect(ssrc).toBe(packets[0]?.ssrc);
  }
});

it('chooses the best layer that fits when nobody chooses', () => {
  const up = new MediaPair();
  const viewer = new MediaPair({ delay: 5 }, { seed: 2 });
  const source = new FrameSource({ kind: 'video', rids: ['q', 'f'] });
  const simulcast = agreed('video', { layers: layers('q', 'f') });
  up.a.sender(simulcast, source.track, [{ rid: 'q' }, { rid: 'f' }]);
  const receiver = up.b.receiver(simulcast);
  // The peer wants 250 kbit/s at most: q needs about 200 and f about 400.
  const narrow = viewer.a.sender(agreed('video', { maxBitrate: 250_000 }), receiver.track);
  camera(up, source, 150, ['q', 'f']);
  listen(viewer.b.receiver(agreed('video')));
  together([up, viewer], 4000);
  expect(narrow.activeLayer).toBe('q');
});

it('sends key frame requests of a viewer back up to the source', () => {
  const up = new MediaPair();
  const viewer = new MediaPair({ delay: 5 }, { seed: 2 });
  const source = new FrameSource({ kind: 'video' });
  up.a.sender(agreed('video'), source.track);
  const sender = viewer.a.sender(agreed('video'), up.b.receiver(agreed('video')).track);
  const receiver = viewer.b.receiver(agreed('video'));
  receiver.onframe = () => {};
  camera(up, source, 100);
  together([up, viewer], 1500);
  let asked = 0;
  source.onkeyframerequest = () => asked++;
  receiver.requestKeyFrame();
  together([up, viewer], 100);
  expect(asked).toBeGreaterThan(0);
  expect(sender.counters.keyFrameRequests).toBeGreaterThan(0);
});

it('drops what the viewer did not agree on', () => {
  const up = new MediaPair();
  const viewer = new MediaPair({ delay: 5 }, { seed: 2 });
  const source = new FrameSource({ kind: 'video' });
  up.a.sender(agreed('video'), source.track);
  const only = agreed('video', { codecs: [H264] });
  const sender = viewer.a.sender(only, up.b.receiver(agreed('video')).track);
  const heard = listen(viewer.b.receiver(only));
  camera(up, source, 20);
  together([up, viewer], 1000);
  expect(heard.packets).toEqual([]);
  expect(sender.counters.dropped).toBeGreaterThan(0);
});

it('passes the new part of redundant audio on', () => {
  const up = new MediaPair();
  const viewer = new MediaPair({ delay: 5 }, { seed: 2 });
  const red = {
    payloadType: 63,
    mimeType: 'audio/red',
    clockRate: 48_000,
    channels: 2,
    sdpFmtpLine: '111/111',
    rtcpFeedback: [],
  };
  const receiver = up.b.receiver(agreed('audio', { codecs: [OPUS, red] }));
  const heard: ReceivedFrame[] = [];
  receiver.onframe = (frame) => heard.push(frame);
  viewer.a.sender(agreed('audio'), receiver.track);
  const passed = listen(viewer.b.receiver(agreed('audio')));
  const source = new RtpSource({ kind: 'audio', codec: red });
  up.a.sender(agreed('audio', { codecs: [OPUS, red] }), source.track);
  const frames = [1, 2, 3].map((seed) => opusFrame(60, seed));
  for (const [index, data] of frames.entries()) {
    const older =
      index === 0 ? [] : [{ payloadType: 111, timestampOffset: 960, data: frames[index - 1] as Uint8Array }];
    const payload = encodeRed([...older, { payloadType: 111, timestampOffset: 0, data }]);
    source.write(encodeRtp({ ssrc: 1, payloadType: 63, sequenceNumber: index, timestamp: 960 * index, payload }));
  }
  together([up, viewer], 300);
  expect(heard.map(({ mimeType, payloadType, data }) => [mimeType, payloadType, data.length])).toEqual(
    frames.map(() => ['audio/opus', 111, 60]),
  );
  expect(passed.frames.map(({ data }) => Buffer.from(data).toString('hex'))).toEqual(
    frames.map((data) => Buffer.from(data).toString('hex')),
  );
});

it('leaves padding of the publisher out without a gap, and nothing goes twice under one number', () => {
  const viewer = new MediaPair({ delay: 5 }, { b: { jitterBuffer: 'off' } });
  const source = new RtpSource({ kind: 'audio', codec: OPUS });
  viewer.a.sender(agreed('audio'), source.track);
  const heard = listen(viewer.b.receiver(agreed('audio')));
  const write = (sequenceNumber: number, payload = opusFrame()): void => {
    source.write(encodeRtp({ ssrc: 1, payloadType: 1, sequenceNumber, timestamp: 960 * sequenceNumber, payload }));
  };
  for (const sequenceNumber of [1, 2, 4]) write(sequenceNumber);
  write(5, new Uint8Array(0));
  write(6);
  // Late, from before the padding: its number is not that of another packet.
  write(3);
  viewer.line.advance(100);
  const first = heard.packets[0]?.sequenceNumber as number;
  expect(heard.packets.map(({ sequenceNumber }) => (sequenceNumber - first) & 0xffff)).toEqual([0, 1, 3, 4]);
  expect(viewer.a.transport.counters.sendFailures).toBe(0);
});

it('sends lost packets again as they were where there is no RTX, if the cipher allows it', () => {
  const failures = [1, 7].map((profile) => {
    const pair = new MediaPair({ delay: 5 }, { profile });
    const agreement = agreed('video', { codecs: [VP8] });
    const source = new FrameSource({ kind: 'video' });
    pair.a.sender(agreement, source.track);
    const heard = listen(pair.b.receiver(agreement));
    pair.line.drop('a', 6, 11);
    camera(pair, source, 40);
    pair.line.advance(3000);
    const { requested = 0, resent, unrepeatable } = pair.a.transport.stages?.retransmission?.counters ?? {};
    expect(pair.a.transport.counters.sendFailures).toBe(0);
    return [heard.frames.length === 40, requested > 0, resent === requested, unrepeatable === requested];
  });
  expect(failures[0]).toEqual([true, true, true, false]);
  expect(failures[1]).toEqual([false, true, false, true]);
});
