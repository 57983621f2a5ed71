import { expect, it } from 'vitest';
import { receiverInternals } from '../../src/media/receiver.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { RtpSource } from '../../src/media/sources/rtp-source.ts';
import { MediaStream, type MediaStreamTrackEvent, streamInternals } from '../../src/media/stream.ts';
import { MediaStreamTrack } from '../../src/media/track.ts';
import { agreed, MediaPair, opusFrame, vp8Frame } from './helpers.ts';

it('is an EventTarget with the attributes of the standard', () => {
  const { track } = new FrameSource({ kind: 'video', label: 'camera', settings: { width: 640, height: 480 } });
  expect(track).toBeInstanceOf(EventTarget);
  expect(track).toBeInstanceOf(MediaStreamTrack);
  expect(track).toMatchObject({ kind: 'video', label: 'camera', enabled: true, muted: false, readyState: 'live' });
  expect(track.id).toMatch(/^[0-9a-f-]{36}$/);
  expect(track.getSettings()).toEqual({ width: 640, height: 480 });
  track.contentHint = 'detail';
  expect(track.contentHint).toBe('detail');
  track.contentHint = 'speech';
  expect(track.contentHint).toBe('detail');
  expect(() => new MediaStreamTrack()).toThrow(TypeError);
});

it('keeps constraints, and refuses those that would have to be met', async () => {
  const { track } = new FrameSource({ kind: 'video' });
  await track.applyConstraints({ width: { ideal: 640 } });
  expect(track.getConstraints()).toEqual({ width: { ideal: 640 } });
  await expect(track.applyConstraints({ width: { exact: 5 } })).rejects.toThrow();
  expect(track.getConstraints()).toEqual({ width: { ideal: 640 } });
  expect(track.getCapabilities()).toEqual({});
});

it('stops without an event, and its source with the last clone', () => {
  const source = new FrameSource({ kind: 'audio' });
  let stopped = 0;
  source.onstop = () => stopped++;
  const clone = source.track.clone();
  expect(clone.id).not.toBe(source.track.id);
  const ended: string[] = [];
  source.track.onended = () => ended.push('track');
  clone.onended = () => ended.push('clone');
  source.track.stop();
  expect([source.track.readyState, clone.readyState, stopped]).toEqual(['ended', 'live', 0]);
  clone.stop();
  expect([clone.readyState, stopped, ended]).toEqual(['ended', 1, []]);
  expect(source.track.clone().readyState).toBe('ended');
});

it('ends with its source, clones too', () => {
  const source = new RtpSource({ kind: 'audio', codec: { mimeType: 'audio/opus', clockRate: 48_000 } });
  const ended: string[] = [];
  source.track.addEventListener('ended', { handleEvent: ({ type }: Event) => ended.push(type) });
  source.track.clone().onended = () => ended.push('clone');
  source.end();
  expect(ended).toEqual(['ended', 'clone']);
});

it('sends nothing while it is not enabled', () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'video' });
  const sender = pair.a.sender(agreed('video'), source.track);
  let requests = 0;
  source.onkeyframerequest = () => requests++;
  source.track.enabled = false;
  source.write({ data: vp8Frame(true), time: 0, keyFrame: true });
  expect(sender.counters.packets).toBe(0);
  source.track.enabled = true;
  expect(requests).toBe(1);
  source.write({ data: vp8Frame(true), time: 33, keyFrame: true });
  expect(sender.counters.frames).toBe(1);
});

it('of a receiver is muted until packets come, and again when the peer leaves', () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'audio' });
  const sender = pair.a.sender(agreed('audio'), source.track);
  const { track } = pair.b.receiver(agreed('audio'));
  const clone = track.clone();
  const events: string[] = [];
  for (const type of ['mute', 'unmute', 'ended']) track.addEventListener(type, () => events.push(type));
  expect(track.muted).toBe(true);
  source.write({ data: opusFrame(), time: 0 });
  pair.line.advance(100);
  expect([track.muted, clone.muted, events]).toEqual([false, false, ['unmute']]);
  // Unbinding a stream sends BYE.
  pair.a.transport.unbindLocal(pair.a.senders.indexOf(sender) === 0 ? ssrcOf(pair) : 0, pair.line.now);
  pair.line.advance(200);
  expect([track.muted, events]).toEqual([true, ['unmute', 'mute']]);
});

function ssrcOf(pair: MediaPair): number {
  return pair.b.transport.remoteStreams[0]?.info.ssrc as number;
}

it('of a receiver ends with it, with an event or without', () => {
  const { b } = new MediaPair();
  const receiver = b.receiver(agreed('audio'));
  let ended = 0;
  receiver.track.onended = () => ended++;
  receiverInternals.stop(receiver);
  expect([receiver.track.readyState, ended]).toEqual(['ended', 1]);
  const silent = b.receiver(agreed('audio'));
  silent.track.onended = () => ended++;
  receiverInternals.stop(silent, true);
  expect([silent.track.readyState, ended]).toEqual(['ended', 1]);
});

it('goes into streams as the standard has it', () => {
  const audio = new FrameSource({ kind: 'audio' }).track;
  const video = new FrameSource({ kind: 'video' }).track;
  const stream = new MediaStream([audio]);
  stream.addTrack(audio);
  stream.addTrack(video);
  expect(stream.getTracks()).toEqual([audio, video]);
  expect([stream.getAudioTracks(), stream.getVideoTracks()]).toEqual([[audio], [video]]);
  expect(stream.getTrackById(video.id)).toBe(video);
  expect(stream.getTrackById('x')).toBeNull();
  const copy = new MediaStream(stream);
  expect(copy.getTracks()).toEqual([audio, video]);
  expect(copy.id).not.toBe(stream.id);
  const clone = stream.clone();
  expect(clone.getTracks().map(({ kind }) => kind)).toEqual(['audio', 'video']);
  expect(clone.getTrackById(audio.id)).toBeNull();
  expect(stream.active).toBe(true);
  audio.stop();
  stream.removeTrack(video);
  expect(stream.active).toBe(false);
});

it('tells streams of the peer what the peer did', () => {
  const stream = streamInternals.create('peer');
  expect(stream.id).toBe('peer');
  const { track } = new FrameSource({ kind: 'audio' });
  const events: [string, MediaStreamTrack][] = [];
  stream.onaddtrack = (event) => events.push([event.type, (event as MediaStreamTrackEvent).track]);
  stream.onremovetrack = (event) => events.push([event.type, (event as MediaStreamTrackEvent).track]);
  streamInternals.add(stream, track);
  streamInternals.add(stream, track);
  streamInternals.remove(stream, track);
  streamInternals.remove(stream, track);
  expect(events).toEqual([
    ['addtrack', track],
    ['removetrack', track],
  ]);
});
