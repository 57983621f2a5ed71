import { expect, it } from 'vitest';
import type { RTCRtpCodec } from '../../src/codecs/capabilities.ts';
import type { RTCRtpEncodingParameters, RTCRtpSendParameters } from '../../src/media/parameters/types.ts';
import { RTCRtpSender, senderInternals } from '../../src/media/sender.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { MediaStream } from '../../src/media/stream.ts';
import { agreed, H264, layers, MediaPair, OPUS, opusFrame, RTX, VP8, vp8Frame } from './helpers.ts';

const THREE: RTCRtpEncodingParameters[] = [{ rid: 'q' }, { rid: 'h' }, { rid: 'f' }];

function create(kind: 'audio' | 'video', sendEncodings: RTCRtpEncodingParameters[] = []): RTCRtpSender {
  const { host } = new MediaPair().a;
  return senderInternals.create({ kind, track: null, streamIds: [], sendEncodings, host });
}

async function nameOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    return (error as Error).name;
  }
  return 'none';
}

it('cannot be constructed', () => {
  expect(() => new RTCRtpSender()).toThrow(TypeError);
});

it('tells what could be sent', () => {
  expect(RTCRtpSender.getCapabilities('audio')?.codecs.map(({ mimeType }) => mimeType)).toContain('audio/opus');
  expect(RTCRtpSender.getCapabilities('video')?.headerExtensions.length).toBeGreaterThan(3);
  expect(RTCRtpSender.getCapabilities('text')).toBeNull();
});

it.each<[string, RTCRtpEncodingParameters[], string]>([
  ['several without rids', [{}, {}], 'TypeError'],
  ['a rid twice', [{ rid: 'a' }, { rid: 'a' }], 'TypeError'],
  ['a rid that is none', [{ rid: 'a b' }], 'TypeError'],
  ['a scale below 1', [{ scaleResolutionDownBy: 0.5 }], 'RangeError'],
  ['a negative frame rate', [{ maxFramerate: -1 }], 'RangeError'],
  ['a scalability mode that is none', [{ scalabilityMode: 'L9T9' }], 'OperationError'],
  ['a codec of the other kind', [{ codec: { mimeType: 'audio/opus', clockRate: 48_000 } }], 'InvalidModificationError'],
])('refuses encodings with %s', async (_, encodings, error) => {
  expect(await nameOf(() => create('video', encodings))).toBe(error);
});

it('halves the resolution from layer to layer unless told otherwise', () => {
  const scales = (sender: RTCRtpSender): unknown =>
    sender.getParameters().encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy);
  expect(scales(create('video', THREE))).toEqual([4, 2, 1]);
  expect(scales(create('video', [{ rid: 'a', scaleResolutionDownBy: 3 }, { rid: 'b' }]))).toEqual([3, 1]);
  expect(scales(create('video'))).toEqual([1]);
});

it('keeps audio to one encoding without what video has', () => {
  const { encodings } = create('audio', [
    { rid: 'a', maxFramerate: 3, scaleResolutionDownBy: 9, maxBitrate: 20_000 },
  ]).getParameters();
  expect(encodings).toEqual([{ active: true, maxBitrate: 20_000 }]);
});

it.each<[string, (parameters: RTCRtpSendParameters) => void, string]>([
  ['the number of encodings', ({ encodings }) => encodings.pop(), 'InvalidModificationError'],
  ['a rid', ({ encodings }) => Object.assign(encodings[0]!, { rid: 'x' }), 'InvalidModificationError'],
  ['the order of encodings', ({ encodings }) => encodings.reverse(), 'InvalidModificationError'],
  ['the transaction', (parameters) => Object.assign(parameters, { transactionId: 'x' }), 'InvalidModificationError'],
  ['codecs', ({ codecs }) => codecs.pop(), 'InvalidModificationError'],
  ['header extensions', ({ headerExtensions }) => headerExtensions.pop(), 'InvalidModificationError'],
  ['rtcp', ({ rtcp }) => Object.assign(rtcp, { cname: 'x' }), 'InvalidModificationError'],
  [
    'the scale to less than 1',
    ({ encodings }) => Object.assign(encodings[0]!, { scaleResolutionDownBy: 0 }),
    'RangeError',
  ],
  [
    'the frame rate to less than 0',
    ({ encodings }) => Object.assign(encodings[0]!, { maxFramerate: -3 }),
    'RangeError',
  ],
  [
    'the codec to one not negotiated',
    ({ encodings }) => Object.assign(encodings[0]!, { codec: { mimeType: 'video/AV1', clockRate: 90_000 } }),
    'InvalidModificationError',
  ],
  ['nothing', () => {}, 'none'],
])('setParameters may not change %s', async (_, change, error) => {
  const { a } = new MediaPair();
  const sender = a.sender(agreed('video', { layers: layers('q', 'h', 'f') }), null, THREE);
  const parameters = sender.getParameters();
  change(parameters);
  expect(await nameOf(() => sender.setParameters(parameters))).toBe(error);
});

it('setParameters wants what getParameters returned in the same turn', async () => {
  const pair = new MediaPair();
  const sender = pair.a.sender(agreed('video'), null);
  const parameters = sender.getParameters();
  expect(sender.getParameters().transactionId).toBe(parameters.transactionId);
  pair.line.advance(1);
  expect(await nameOf(() => sender.setParameters(parameters))).toBe('InvalidStateError');
  const again = sender.getParameters();
  await sender.setParameters(again);
  expect(await nameOf(() => sender.setParameters(again))).toBe('InvalidStateError');
  senderInternals.stop(sender);
  expect(await nameOf(() => sender.setParameters(sender.getParameters()))).toBe('InvalidStateError');
});

it('sends nothing of an encoding that is not active, and a key frame when it is again', async () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'video' });
  const sender = pair.a.sender(agreed('video'), source.track);
  const requests: unknown[] = [];
  source.onkeyframerequest = (rid) => requests.push(rid);
  const set = async (active: boolean): Promise<void> => {
    const parameters = sender.getParameters();
    parameters.encodings[0]!.active = active;
    await sender.setParameters(parameters);
  };
  source.write({ data: vp8Frame(true), time: 0, keyFrame: true });
  const { packets } = sender.counters;
  expect(packets).toBeGreaterThan(0);
  await set(false);
  source.write({ data: vp8Frame(true), time: 33, keyFrame: true });
  expect(sender.counters.packets).toBe(packets);
  expect(source.bitrate()).toBe(0);
  await set(true);
  expect(requests).toHaveLength(1);
  source.write({ data: vp8Frame(false), time: 66 });
  expect(sender.counters.packets).toBe(packets);
  source.write({ data: vp8Frame(true), time: 99, keyFrame: true });
  expect(sender.counters.packets).toBeGreaterThan(packets);
});

it('sends the codec that an encoding asks for', async () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'video' });
  const sender = pair.a.sender(agreed('video', { codecs: [H264, VP8, RTX] }), source.track);
  const parameters = sender.getParameters();
  parameters.encodings[0]!.codec = { mimeType: 'video/VP8', clockRate: 90_000 } satisfies RTCRtpCodec;
  await sender.setParameters(parameters);
  const types: string[] = [];
  pair.b.receiver(agreed('video', { codecs: [H264, VP8, RTX] })).onframe = ({ mimeType }) => types.push(mimeType);
  source.write({ data: vp8Frame(true), time: 0, keyFrame: true });
  pair.line.advance(100);
  expect(types).toEqual(['video/VP8']);
});

it('sends audio with redundancy when an encoding asks for it', async () => {
  const pair = new MediaPair();
  const red = {
    payloadType: 63,
    mimeType: 'audio/red',
    clockRate: 48_000,
    channels: 2,
    sdpFmtpLine: '111/111',
    rtcpFeedback: [],
  };
  const agreement = agreed('audio', { codecs: [red, OPUS] });
  const source = new FrameSource({ kind: 'audio' });
  const sender = pair.a.sender(agreement, source.track);
  const receiver = pair.b.receiver(agreement);
  const types: number[] = [];
  const sizes: number[] = [];
  receiver.onrtp = ({ payloadType }) => types.push(payloadType);
  receiver.onframe = ({ data, mimeType }) => sizes.push(mimeType === 'audio/opus' ? data.length : -1);
  source.write({ data: opusFrame(60), time: 0 });
  const parameters = sender.getParameters();
  parameters.encodings[0]!.codec = { mimeType: 'audio/red', clockRate: 48_000, channels: 2, sdpFmtpLine: '111/111' };
  await sender.setParameters(parameters);
  for (const index of [1, 2, 3]) {
    pair.line.advance(20);
    source.write({ data: opusFrame(60, index), time: index * 20 });
  }
  pair.line.advance(200);
  expect(types).toEqual([111, 63, 63, 63]);
  expect(sizes).toEqual([60, 60, 60, 60]);
});

it('goes on evenly over replaceTrack', async () => {
  const pair = new MediaPair();
  const first = new FrameSource({ kind: 'audio' });
  const second = new FrameSource({ kind: 'audio' });
  const sender = pair.a.sender(agreed('audio'), first.track);
  const seen: { sequenceNumber: number; timestamp: number; marker: boolean }[] = [];
  pair.b.receiver(agreed('audio')).onrtp = ({ sequenceNumber, timestamp, marker }) =>
    seen.push({ sequenceNumber, timestamp, marker });
  first.write({ data: opusFrame(), timestamp: 5000 });
  pair.line.advance(20);
  first.write({ data: opusFrame(), timestamp: 5960 });
  pair.line.advance(100);
  await sender.replaceTrack(second.track);
  expect(sender.track).toBe(second.track);
  second.write({ data: opusFrame(), timestamp: 900_000 });
  first.write({ data: opusFrame(), timestamp: 6920 });
  pair.line.advance(100);
  expect(seen).toHaveLength(3);
  expect(seen.map(({ marker }) => marker)).toEqual([true, false, true]);
  const steps = seen.slice(1).map(({ sequenceNumber }, i) => (sequenceNumber - seen[i]!.sequenceNumber) & 0xffff);
  expect(steps).toEqual([1, 1]);
  // 20 ms and then 100 ms at 48 kHz.
  expect(seen.slice(1).map(({ timestamp }, i) => (timestamp - seen[i]!.timestamp) >>> 0)).toEqual([960, 4800]);
  const video = new FrameSource({ kind: 'video' });
  expect(await nameOf(() => sender.replaceTrack(video.track))).toBe('TypeError');
  await sender.replaceTrack(null);
  expect(sender.track).toBeNull();
  senderInternals.stop(sender);
  expect(await nameOf(() => sender.replaceTrack(null))).toBe('InvalidStateError');
});

it('asks for negotiation when its streams change', () => {
  const { a } = new MediaPair();
  const sender = a.sender(agreed('audio'), null);
  const stream = new MediaStream();
  sender.setStreams(stream);
  expect(senderInternals.facts(sender).streamIds).toEqual([stream.id]);
  sender.setStreams(stream);
  expect(a.negotiationNeeded).toBe(1);
  a.host.closed = true;
  expect(() => sender.setStreams()).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
});

it('sends each layer of a simulcast under its own SSRC, and only layers that the peer took', () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'video', rids: ['q', 'h', 'f'] });
  const agreement = agreed('video', { layers: layers('q', 'f') });
  const sender = pair.a.sender(agreement, source.track, THREE);
  expect(senderInternals.facts(sender).encodings.map(({ rid }) => rid)).toEqual(['q', 'f']);
  const seen = new Map<string | undefined, number>();
  const receiver = pair.b.receiver(agreement);
  receiver.onframe = ({ rid, ssrc }) => seen.set(rid, ssrc);
  for (const rid of ['q', 'h', 'f']) source.write({ data: vp8Frame(true), time: 0, keyFrame: true, rid });
  pair.line.advance(200);
  const { encodings } = senderInternals.facts(sender);
  expect(seen).toEqual(new Map(encodings.map(({ rid, ssrc }) => [rid, ssrc])));
});

it('leaves MID and RID out once the peer has reported', () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'audio' });
  pair.a.sender(agreed('audio'), source.track);
  const lengths: number[] = [];
  pair.b.receiver(agreed('audio')).onrtp = (packet) => lengths.push(packet.extensionLength(4));
  pair.a.every(20, 500, (index) => source.write({ data: opusFrame(), time: index * 20 }));
  pair.line.advance(10_500);
  expect(lengths[0]).toBe(1);
  expect(lengths.at(-1)).toBe(-1);
  expect(lengths).toHaveLength(500);
});

it('writes audio level and rotation where they were negotiated, and nothing else', () => {
  const pair = new MediaPair();
  const audio = new FrameSource({ kind: 'audio' });
  const video = new FrameSource({ kind: 'video' });
  const without = agreed('video', { headerExtensions: agreed('video').headerExtensions.filter(({ id }) => id !== 13) });
  pair.a.sender(agreed('audio'), audio.track);
  pair.a.sender(without, video.track);
  const seen: (number | undefined)[] = [];
  const receiver = pair.b.receiver(agreed('audio'));
  receiver.onrtp = (packet) => seen.push(packet.bytes[packet.extensionOffset(1)]);
  const rotations: number[] = [];
  pair.b.receiver(agreed('video')).onrtp = (packet) => rotations.push(packet.extensionOffset(13));
  audio.write({ data: opusFrame(), time: 0, audioLevel: { level: 30, voice: true } });
  video.write({ data: vp8Frame(true, 500), time: 0, keyFrame: true, rotation: 90 });
  pair.line.advance(100);
  expect(seen).toEqual([0x80 | 30]);
  expect(rotations).toEqual([-1]);
  expect(receiver.getSynchronizationSources()[0]?.audioLevel).toBeCloseTo(10 ** -1.5);
});

it('tells the source what encodings ask for', async () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'video' });
  const reports: unknown[] = [];
  source.onbitrate = (report) => reports.push(report);
  const sender = pair.a.sender(agreed('video'), source.track);
  const parameters = sender.getParameters();
  Object.assign(parameters.encodings[0]!, {
    maxFramerate: 15,
    scaleResolutionDownBy: 2,
    scalabilityMode: 'L1T3',
    maxBitrate: 200_000,
  });
  await sender.setParameters(parameters);
  expect(reports.at(-1)).toEqual({
    rid: undefined,
    bitrate: 200_000,
    maxFramerate: 15,
    scaleResolutionDownBy: 2,
    scalabilityMode: 'L1T3',
  });
});

it('sends frames of a codec named without parameters as what was agreed on', () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'video', codec: { mimeType: 'video/H264', clockRate: 90_000 } });
  const codecs = [VP8, { ...H264, sdpFmtpLine: 'packetization-mode=1;profile-level-id=42e01f' }];
  pair.a.sender(agreed('video', { codecs }), source.track);
  const types: string[] = [];
  pair.b.receiver(agreed('video', { codecs })).onframe = ({ mimeType }) => types.push(mimeType);
  const data = new Uint8Array([
    0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 0, 0, 0, 1, 0x68, 0xce, 6, 0, 0, 0, 1, 0x65, 0x88, 1,
  ]);
  pair.a.every(33, 10, (index) => source.write({ data, time: index * 33, keyFrame: true }));
  pair.line.advance(1000);
  expect(new Set(types)).toEqual(new Set(['video/H264']));
});
