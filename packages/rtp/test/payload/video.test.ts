import { describe, expect, it } from 'vitest';
import { FrameBuffer, VideoDepacketizer, type VideoFormat } from '../../src/payload/video.ts';
import { packetOf } from '../helpers/video.ts';

/** A format whose payloads are one byte that says what they are, and content. B: begins, X: malformed. */
const format: VideoFormat<{ readonly length: number }> = {
  begins: (bytes, start) => bytes[start] === 0x42,
  append: (frame, bytes, start, end) => {
    if (bytes[start] === 0x58) return false;
    frame.append(bytes, start + 1, end);
    return true;
  },
  finish: (frame) => (frame.length === 0 ? undefined : { keyFrame: false, metadata: { length: frame.length } }),
};

const payload = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

function all(depacketizer: VideoDepacketizer): string[] {
  const frames: string[] = [];
  for (let frame = depacketizer.poll(); frame !== undefined; frame = depacketizer.poll()) frames.push(text(frame.data));
  return frames;
}

describe('VideoDepacketizer', () => {
  it('puts packets of one timestamp together until the marker', () => {
    const depacketizer = new VideoDepacketizer(format);
    depacketizer.push(packetOf(payload('Bab'), 1, 10, false));
    expect(depacketizer.poll()).toBeUndefined();
    depacketizer.push(packetOf(payload('.cd'), 2, 10, true));
    expect(depacketizer.poll()).toEqual({
      data: payload('abcd'),
      timestamp: 10,
      keyFrame: false,
      metadata: { length: 4 },
    });
    expect(depacketizer.counters).toEqual({ packets: 2, frames: 1, malformed: 0, incomplete: 0 });
  });

  it('ends a frame without marker where the next timestamp follows without a gap', () => {
    const depacketizer = new VideoDepacketizer(format);
    depacketizer.push(packetOf(payload('Ba'), 1, 10, false));
    depacketizer.push(packetOf(payload('.b'), 2, 20, true));
    expect(all(depacketizer)).toEqual(['a', 'b']);
  });

  it('gives a frame with a gap up, rest and all, and goes on with the next', () => {
    const depacketizer = new VideoDepacketizer(format);
    depacketizer.push(packetOf(payload('Ba'), 65534, 10, false));
    depacketizer.push(packetOf(payload('.c'), 0, 10, false));
    depacketizer.push(packetOf(payload('Bd'), 1, 10, true));
    depacketizer.push(packetOf(payload('.e'), 2, 20, true));
    expect(all(depacketizer)).toEqual(['e']);
    expect(depacketizer.counters).toMatchObject({ frames: 1, incomplete: 1 });
  });

  it('waits behind a gap for a payload that begins a frame', () => {
    const depacketizer = new VideoDepacketizer(format);
    depacketizer.push(packetOf(payload('.x'), 7, 10, true));
    depacketizer.push(packetOf(payload('By'), 9, 20, true));
    depacketizer.push(packetOf(payload('.z'), 11, 30, true));
    expect(all(depacketizer)).toEqual(['y']);
    expect(depacketizer.counters.incomplete).toBe(2);
  });

  it('drops packets that come late or twice', () => {
    const depacketizer = new VideoDepacketizer(format);
    depacketizer.push(packetOf(payload('Ba'), 5, 10, true));
    depacketizer.push(packetOf(payload('Ba'), 5, 10, true));
    depacketizer.push(packetOf(payload('Bo'), 3, 5, true));
    depacketizer.push(packetOf(payload('.b'), 6, 20, true));
    expect(all(depacketizer)).toEqual(['a', 'b']);
  });

  it('follows a sender that begins anew far back', () => {
    const depacketizer = new VideoDepacketizer(format);
    depacketizer.push(packetOf(payload('Ba'), 40000, 10, true));
    depacketizer.push(packetOf(payload('Bb'), 10, 7, true));
    expect(all(depacketizer)).toEqual(['a', 'b']);
  });

  it('takes padding packets as part of the sequence', () => {
    const depacketizer = new VideoDepacketizer(format);
    depacketizer.push(packetOf(payload('Ba'), 1, 10, true));
    depacketizer.push(packetOf(new Uint8Array(0), 2, 10, false));
    depacketizer.push(packetOf(payload('.b'), 3, 20, true));
    expect(all(depacketizer)).toEqual(['a', 'b']);
  });

  it('counts malformed payloads and gives their frame up', () => {
    const depacketizer = new VideoDepacketizer(format);
    depacketizer.push(packetOf(payload('Ba'), 1, 10, false));
    depacketizer.push(packetOf(payload('X'), 2, 10, true));
    depacketizer.push(packetOf(payload('.b'), 3, 20, true));
    expect(all(depacketizer)).toEqual(['b']);
    expect(depacketizer.counters).toEqual({ packets: 3, frames: 1, malformed: 1, incomplete: 1 });
  });

  it('keeps a bounded number of frames for one who does not poll', () => {
    const depacketizer = new VideoDepacketizer(format);
    for (let i = 0; i < 1000; i++) depacketizer.push(packetOf(payload(`B${i}`), i, i, true));
    const frames = all(depacketizer);
    expect(frames.length).toBe(64);
    expect(frames.at(-1)).toBe('999');
    expect(depacketizer.counters).toMatchObject({ frames: 64, incomplete: 936 });
  });

  it('gives a frame up that never ends', () => {
    const depacketizer = new VideoDepacketizer(format);
    const large = new Uint8Array(60_000).fill(0x42);
    for (let i = 0; i < 100; i++) depacketizer.push(packetOf(large, i, 10, false));
    expect(depacketizer.poll()).toBeUndefined();
    expect(depacketizer.counters).toMatchObject({ frames: 0, incomplete: 1 });
  });
});

describe('FrameBuffer', () => {
  it('grows, and gives a copy away', () => {
    const buffer = new FrameBuffer();
    const part = new Uint8Array(3000).map((_, i) => i);
    for (let i = 0; i < 5; i++) buffer.append(part, 0, part.length);
    buffer.appendByte(7);
    expect(buffer.length).toBe(15_001);
    const whole = buffer.take();
    expect(whole.subarray(3000, 6000)).toEqual(part);
    expect(whole[15_000]).toBe(7);
    expect(buffer.length).toBe(0);
  });
});
