import { readFileSync } from 'node:fs';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import { EXTENSION_URI, encodeRtp, RtpPacket } from '@kaon/rtp';
import { createPacketizer } from '@kaon/rtp/payload';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeedFrame, FeedStream } from '../../src/media/feed.ts';
import { AudioTally } from '../../src/stats/audio-tally.ts';
import { packetDimensions } from '../../src/stats/dimensions.ts';
import { FrameRate } from '../../src/stats/frame-rate.ts';
import { QualityLimitation } from '../../src/stats/quality-limitation.ts';
import { SourceTally } from '../../src/stats/source-tally.ts';
import { StreamWatch } from '../../src/stats/stream-watch.ts';
import { opusFrame, vp8Frame } from '../media/helpers.ts';

/** The packets of one frame. */
function packets(mimeType: string, data: Uint8Array, timestamp = 9000, maxPayloadSize = 1000): RtpPacket[] {
  const packetizer = createPacketizer(mimeType);
  const all: RtpPacket[] = [];
  const frame = { data, timestamp, keyFrame: true, metadata: undefined };
  packetizer?.start(frame as never, maxPayloadSize);
  for (;;) {
    const buffer = new Uint8Array(maxPayloadSize);
    const length = packetizer?.next(buffer, 0) ?? 0;
    if (length === 0) return all;
    const payload = buffer.subarray(0, length);
    const marker = packetizer?.isLast ?? false;
    const header = { ssrc: 1, payloadType: 96, sequenceNumber: all.length, timestamp, marker };
    all.push(new RtpPacket(encodeRtp({ ...header, payload })));
  }
}

/** Pictures of 128 by 96, made by ffmpeg. */
function vector(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../../rtp/test/vectors/video/${name}`, import.meta.url)));
}

/** The first frame of an IVF file. */
function firstFrame(name: string): Uint8Array {
  const bytes = vector(name);
  const at = (bytes[6] as number) + 12;
  const length = new DataView(bytes.buffer).getUint32(at - 12, true);
  return bytes.subarray(at, at + length);
}

describe('the size of pictures', () => {
  it.each([
    ['video/VP8', firstFrame('vp8.ivf')],
    ['video/VP9', firstFrame('vp9.ivf')],
    ['video/AV1', firstFrame('av1.ivf')],
    ['video/H264', vector('h264.h264')],
    ['video/H265', vector('h265.h265')],
  ])('stands in packets of %s', (mimeType, data) => {
    for (const size of [100, 1000]) {
      const found = packets(mimeType, data, 0, size).map((packet) => packetDimensions(mimeType, packet));
      expect(found.find((one) => one !== undefined)).toMatchObject({ width: 128, height: 96 });
    }
  });

  it('stands in no other packets, and reading any never throws', () => {
    const [, second] = packets('video/VP8', vp8Frame(true, 3000));
    expect(packetDimensions('video/VP8', second as RtpPacket)).toBeUndefined();
    expect(packetDimensions('video/unknown', second as RtpPacket)).toBeUndefined();
    fc.assert(
      fc.property(
        fc.constantFrom('video/VP8', 'video/VP9', 'video/AV1', 'video/H264', 'video/H265'),
        fc.constantFrom(0, 0x67, 0x78, 0x42, 0x60, 0x08, 0x18),
        fc.uint8Array({ maxLength: 60 }),
        (mimeType, first, rest) => {
          const payload = new Uint8Array([first, ...rest]);
          const header = { ssrc: 1, payloadType: 96, sequenceNumber: 0, timestamp: 0 };
          const size = packetDimensions(mimeType, new RtpPacket(encodeRtp({ ...header, payload })));
          if (size !== undefined) expect(size.width * size.height).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});

describe('the frame rate', () => {
  it('is that of the last second', () => {
    const rate = new FrameRate();
    for (let at = 5000; at < 7000; at += 20) rate.note(at);
    expect(rate.perSecond(7000)).toBe(50);
    expect(rate.perSecond(7550)).toBe(25);
    expect(rate.perSecond(8200)).toBe(0);
    rate.note(100_000);
    expect(rate.perSecond(100_000)).toBe(0);
    expect(rate.perSecond(100_100)).toBe(1);
  });
});

describe('audio', () => {
  it('adds durations up, and energies where the level is known', () => {
    const tally = new AudioTally();
    const data = opusFrame(80);
    tally.note('audio/opus', 48_000, data, 0, data.length, 960, -1);
    expect([tally.samples, tally.level, tally.energy]).toEqual([960, undefined, 0]);
    tally.note('audio/opus', 48_000, data, 0, data.length, 1920, 20);
    tally.note('audio/opus', 48_000, data, 0, data.length, 2880, 127);
    expect([tally.samples, tally.level]).toEqual([2880, 0]);
    expect(tally.seconds).toBeCloseTo(0.06, 9);
    expect(tally.energy).toBeCloseTo(0.01 * 0.02, 9);
  });

  it('goes by timestamps where payloads do not tell their duration', () => {
    const tally = new AudioTally();
    const data = new Uint8Array(10);
    for (const timestamp of [0xffff_ff00, 0x2c0, 0x680, 0x680, 0x100_0000])
      tally.note('audio/red', 48_000, data, 0, data.length, timestamp, -1);
    expect(tally.samples).toBe(1920);
  });
});

describe('quality limitation', () => {
  it('tells for how long each reason lasted', () => {
    const limitation = new QualityLimitation(1000);
    limitation.set('bandwidth', 3000);
    limitation.set('bandwidth', 3500);
    expect([limitation.reason, limitation.durations(4000)]).toEqual([
      'bandwidth',
      { none: 2, cpu: 0, bandwidth: 1, other: 0 },
    ]);
    limitation.set('none', 4000);
    expect(limitation.durations(5000)).toEqual({ none: 3, cpu: 0, bandwidth: 1, other: 0 });
  });
});

const INFO: StreamInfo = {
  ssrc: 1,
  kind: 'video',
  payloads: [{ payloadType: 96, mimeType: 'video/VP8', clockRate: 90_000 }],
  feedback: [],
  extensions: [],
};

describe('a stream', () => {
  it('is watched while it is bound', () => {
    const watch = new StreamWatch();
    const [first, second] = packets('video/VP8', vp8Frame(true)) as [RtpPacket, RtpPacket];
    watch.handleOutgoingRtp(first, 0);
    expect(watch.local(1)).toBeUndefined();
    watch.bindLocalStream(INFO);
    for (const packet of [first, second]) expect(watch.handleOutgoingRtp(packet, 50)).toBe(true);
    for (const packet of packets('video/VP8', vp8Frame(false), 12_000)) watch.handleOutgoingRtp(packet, 90);
    // Late, and of another payload type.
    watch.handleOutgoingRtp(first, 95);
    const other = encodeRtp({
      ssrc: 1,
      payloadType: 97,
      sequenceNumber: 9,
      timestamp: 90_000,
      payload: Uint8Array.of(1),
    });
    watch.handleOutgoingRtp(new RtpPacket(other), 96);
    expect(watch.local(1)).toMatchObject({
      frames: 2,
      keyFrames: 1,
      dimensions: { width: 320, height: 240 },
      payloadType: 96,
      clockRate: 90_000,
      timestamp: 12_000,
      seenAt: 90,
    });
    watch.bindLocalStream({ ...INFO, rtxSsrc: 2 });
    expect(watch.local(1)?.frames).toBe(2);
    watch.unbindLocalStream(1);
    expect([watch.local(1), watch.remote(1)]).toEqual([undefined, undefined]);
    watch.bindRemoteStream(INFO);
    expect(watch.handleIncomingRtp(first, 100)).toBe(true);
    expect(watch.remote(1)?.keyFrames).toBe(1);
    watch.unbindRemoteStream(1);
    expect(watch.remote(1)).toBeUndefined();
  });

  it('may begin anew with earlier timestamps', () => {
    const watch = new StreamWatch();
    watch.bindRemoteStream(INFO);
    for (const timestamp of [3_000_000, 2_999_000, 1000, 4000])
      for (const packet of packets('video/VP8', vp8Frame(true), timestamp)) watch.handleIncomingRtp(packet, 0);
    expect(watch.remote(1)?.frames).toBe(3);
  });

  it('has the feedback of RFC 8888 counted', () => {
    const watch = new StreamWatch();
    watch.handleOutgoingRtcp([{ type: 'rr' }, { type: 'ccfb' }]);
    watch.handleIncomingRtcp([{ type: 'ccfb' }, { type: 'ccfb' }]);
    expect([watch.ccfbMessagesSent, watch.ccfbMessagesReceived]).toEqual([1, 2]);
  });
});

describe('a source', () => {
  const frame = (timestamp: number, data = vp8Frame(true), extensions?: FeedFrame['extensions']): FeedFrame => ({
    ...{ data, timestamp, keyFrame: true, rid: undefined, codec: undefined, metadata: undefined },
    extensions,
  });
  const stream = (rid: string | undefined, mimeType = 'video/VP8', level = -1): FeedStream => ({
    rid,
    codec: () => ({ mimeType, clockRate: mimeType === 'audio/opus' ? 48_000 : 90_000 }),
    extensionId: () => level,
  });

  it('counts a frame of several layers once', () => {
    const tally = new SourceTally('video', 0);
    for (const timestamp of [0, 0, 3000, 3000, 0, 6000]) tally.frame(frame(timestamp), undefined, 10);
    expect([tally.frames, tally.rate.perSecond(100)]).toEqual([3, 3]);
  });

  it('follows one of the streams that it gives, and another one when that is silent', () => {
    const tally = new SourceTally('video', 0);
    const [one, other] = [stream('a'), stream('b')];
    for (const timestamp of [0, 3000]) {
      for (const packet of packets('video/VP8', vp8Frame(true), timestamp)) tally.packet(packet, one, 0);
      for (const packet of packets('video/VP8', vp8Frame(true), timestamp + 77)) tally.packet(packet, other, 0);
    }
    expect(tally.frames).toBe(2);
    for (const packet of packets('video/VP8', vp8Frame(true), 50)) tally.packet(packet, other, 5000);
    expect(tally.frames).toBe(3);
  });

  it('is as loud as its frames and packets say', () => {
    const tally = new SourceTally('audio', 0);
    const codec = { mimeType: 'audio/opus', clockRate: 48_000 };
    tally.frame(frame(0, opusFrame(), { [EXTENSION_URI.audioLevel]: Uint8Array.of(0x80 | 20) }), codec, 0);
    expect([tally.audio.samples, tally.audio.level]).toEqual([960, 0.1]);
    tally.frame(frame(960, opusFrame()), undefined, 0);
    expect(tally.audio.samples).toBe(960);
    const header = { ssrc: 1, payloadType: 111, sequenceNumber: 1, timestamp: 960 };
    const extensions = [{ id: 3, data: Uint8Array.of(40) }];
    const packet = new RtpPacket(encodeRtp({ ...header, payload: opusFrame(), extensions }));
    tally.packet(packet, stream(undefined, 'audio/opus', 3), 20);
    expect([tally.audio.samples, tally.audio.level]).toEqual([1920, 0.01]);
  });
});
