import { describe, expect, it } from 'vitest';
import { encodeRtp, parseRtp } from '../src/index.ts';
import {
  createOpusDepacketizer,
  createOpusPacketizer,
  isOpusDtx,
  opusChannels,
  opusDuration,
  opusFrameCount,
  opusToc,
} from '../src/payload/opus/index.ts';
import { hex } from './helpers/hex.ts';

/** First byte of a packet: configuration (RFC 6716 table 2), stereo, code. */
const toc = (config: number, stereo: 0 | 1, code: number): number => (config << 3) | (stereo << 2) | code;
const frame = (data: Uint8Array) => ({ data, timestamp: 960, keyFrame: true });
const packet = (payload: Uint8Array, timestamp = 960) =>
  parseRtp(encodeRtp({ payloadType: 111, sequenceNumber: 1, timestamp, ssrc: 1, payload }));

describe('the table of contents (RFC 6716 §3.1)', () => {
  it('has the durations of table 2', () => {
    const milliseconds = [
      ...[10, 20, 40, 60, 10, 20, 40, 60, 10, 20, 40, 60],
      ...[10, 20, 10, 20],
      ...[2.5, 5, 10, 20, 2.5, 5, 10, 20, 2.5, 5, 10, 20, 2.5, 5, 10, 20],
    ];
    milliseconds.forEach((duration, config) => {
      expect(opusToc(toc(config, 0, 0)).frameDuration, `configuration ${config}`).toBe(duration * 48);
      expect(opusDuration(Uint8Array.of(toc(config, 0, 0))), `configuration ${config}`).toBe(duration * 48);
    });
  });

  it('has the modes and bandwidths of table 2', () => {
    const of = (config: number) => [opusToc(toc(config, 0, 0)).mode, opusToc(toc(config, 0, 0)).bandwidth];
    expect([0, 4, 8].map(of)).toEqual([
      ['silk', 'narrowband'],
      ['silk', 'mediumband'],
      ['silk', 'wideband'],
    ]);
    expect([12, 13, 14, 15].map(of)).toEqual([
      ['hybrid', 'superwideband'],
      ['hybrid', 'superwideband'],
      ['hybrid', 'fullband'],
      ['hybrid', 'fullband'],
    ]);
    expect([16, 20, 24, 31].map(of)).toEqual([
      ['celt', 'narrowband'],
      ['celt', 'wideband'],
      ['celt', 'superwideband'],
      ['celt', 'fullband'],
    ]);
  });

  it('tells channels and how frames are packed', () => {
    expect([opusToc(toc(1, 0, 2)).channels, opusToc(toc(1, 1, 2)).channels]).toEqual([1, 2]);
    expect([opusChannels(Uint8Array.of(0, toc(1, 1, 0)), 1), opusChannels(Uint8Array.of(toc(1, 0, 3)))]).toEqual([
      2, 1,
    ]);
    expect(opusToc(toc(1, 0, 2)).code).toBe(2);
  });
});

describe('duration', () => {
  it('counts the frames', () => {
    expect(opusDuration(Uint8Array.of(toc(1, 0, 1), 1, 2))).toBe(1920);
    expect(opusDuration(Uint8Array.of(toc(1, 0, 2), 1, 2))).toBe(1920);
    // Three frames, with the bits for variable bit rate and padding set.
    expect(opusDuration(Uint8Array.of(toc(1, 0, 3), 0xc3))).toBe(2880);
    expect(opusFrameCount(Uint8Array.of(toc(1, 0, 3), 0xc3))).toBe(3);
    expect(opusDuration(Uint8Array.of(9, 9, toc(1, 0, 0), 9), 2, 3)).toBe(960);
  });

  it('is that of no packet without frames or beyond 120 ms', () => {
    expect(opusDuration(new Uint8Array(0))).toBe(-1);
    expect(opusDuration(Uint8Array.of(toc(1, 0, 3)))).toBe(-1);
    expect(opusDuration(Uint8Array.of(toc(1, 0, 3), 0))).toBe(-1);
    expect(opusDuration(Uint8Array.of(toc(1, 0, 3), 6))).toBe(5760);
    expect(opusDuration(Uint8Array.of(toc(1, 0, 3), 7))).toBe(-1);
    expect(opusDuration(Uint8Array.of(toc(16, 0, 3), 48))).toBe(5760);
    expect(opusDuration(Uint8Array.of(toc(16, 0, 3), 49))).toBe(-1);
    expect([opusFrameCount(new Uint8Array(0)), opusFrameCount(Uint8Array.of(3))]).toEqual([0, 0]);
  });

  it('of two bytes or less is silence', () => {
    expect([1, 2, 3].map(isOpusDtx)).toEqual([true, true, false]);
  });
});

describe('packetizing', () => {
  it('makes one payload of a frame', () => {
    const packetizer = createOpusPacketizer();
    const data = Uint8Array.of(toc(31, 1, 0), 1, 2, 3);
    const buffer = new Uint8Array(10);
    packetizer.start(frame(data), 1200);
    expect(packetizer.isLast).toBe(false);
    expect(packetizer.next(buffer, 2)).toBe(4);
    expect(packetizer.isLast).toBe(true);
    expect(buffer.subarray(2, 6)).toEqual(data);
    expect(packetizer.next(buffer, 2)).toBe(0);
  });

  it('refuses what is no Opus packet or does not fit, and drops the frame before', () => {
    const packetizer = createOpusPacketizer();
    const wrong = expect.objectContaining({ code: 'RTP_BAD_FRAME' });
    packetizer.start(frame(Uint8Array.of(toc(31, 1, 0))), 1200);
    expect(() => packetizer.start(frame(new Uint8Array(0)), 1200)).toThrow(wrong);
    expect(packetizer.next(new Uint8Array(10), 0)).toBe(0);
    expect(() => packetizer.start(frame(new Uint8Array(1201)), 1200)).toThrow(wrong);
    packetizer.start(frame(new Uint8Array(1200)), 1200);
  });

  it('gives frames with duration, channels and silence', () => {
    const depacketizer = createOpusDepacketizer();
    const data = Uint8Array.of(toc(31, 1, 0), 1, 2, 3);
    depacketizer.push(packet(data, 0xffff_ffff));
    depacketizer.push(packet(Uint8Array.of(toc(1, 0, 0))));
    expect(depacketizer.poll()).toEqual({
      data,
      timestamp: 0xffff_ffff,
      keyFrame: true,
      metadata: { duration: 960, channels: 2, dtx: false },
    });
    expect(depacketizer.poll()?.metadata).toEqual({ duration: 960, channels: 1, dtx: true });
    expect(depacketizer.poll()).toBeUndefined();
    expect(depacketizer.counters).toEqual({ packets: 2, frames: 2, malformed: 0, incomplete: 0 });
  });

  it('copies what it keeps', () => {
    const depacketizer = createOpusDepacketizer();
    const view = packet(Uint8Array.of(toc(31, 1, 0), 1));
    depacketizer.push(view);
    view.bytes.fill(0xff);
    expect(depacketizer.poll()?.data).toEqual(Uint8Array.of(toc(31, 1, 0), 1));
  });

  it('counts and drops what is malformed, and passes over padding', () => {
    const depacketizer = createOpusDepacketizer();
    depacketizer.push(packet(hex('0b')));
    depacketizer.push(packet(hex('')));
    expect(depacketizer.poll()).toBeUndefined();
    expect(depacketizer.counters).toEqual({ packets: 2, frames: 0, malformed: 1, incomplete: 0 });
  });

  it('keeps 128 frames at most for a caller who does not poll', () => {
    const depacketizer = createOpusDepacketizer();
    for (let i = 0; i < 130; i++) depacketizer.push(packet(Uint8Array.of(toc(31, 0, 0), i), i));
    expect(depacketizer.poll()?.timestamp).toBe(2);
    expect(depacketizer.counters).toEqual({ packets: 130, frames: 128, malformed: 0, incomplete: 2 });
  });
});
