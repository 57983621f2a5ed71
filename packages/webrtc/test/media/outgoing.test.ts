import { EXTENSION_URI, encodeRtp, RtpPacket } from '@kaon/rtp';
import { readU16 } from '@kaon/wire';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FeedStream } from '../../src/media/feed.ts';
import { LayerChoice } from '../../src/media/layer-choice.ts';
import { continuityFor } from '../../src/media/outgoing/continuity.ts';
import { OutgoingExtensions } from '../../src/media/outgoing/extensions.ts';
import { Timeline } from '../../src/media/outgoing/timeline.ts';
import { AUDIO_LEVEL_ID, agreed, layers, MID_ID, RID_ID } from './helpers.ts';

function vp8(pictureId: number, tl0: number, keyIndex: number): Uint8Array {
  return Uint8Array.of(0x90, 0xf0, 0x80 | (pictureId >> 8), pictureId & 0xff, tl0, 0x20 | keyIndex, 1, 2, 3);
}

it('carries picture ids of VP8 on from stream to stream', () => {
  const numbers = continuityFor('video/VP8')!;
  const first = vp8(0x7ffe, 254, 30);
  numbers.rewrite(first, 0, first.length);
  expect(first).toEqual(vp8(0x7ffe, 254, 30));
  const second = vp8(0x7fff, 255, 31);
  numbers.rewrite(second, 0, second.length);
  numbers.leave();
  const other = vp8(100, 7, 3);
  numbers.rewrite(other, 0, other.length);
  expect(other).toEqual(vp8(0, 0, 0));
  const next = vp8(101, 7, 4);
  numbers.rewrite(next, 0, next.length);
  expect(next).toEqual(vp8(1, 0, 1));
  // One that comes late keeps its distance, and moves nothing back.
  const late = vp8(99, 6, 3);
  numbers.rewrite(late, 0, late.length);
  expect(late).toEqual(vp8(0x7fff, 255, 0));
  const after = vp8(102, 8, 4);
  numbers.rewrite(after, 0, after.length);
  expect(after).toEqual(vp8(2, 1, 1));
});

it('carries picture ids of VP9 on, of 7 and of 15 bits', () => {
  const numbers = continuityFor('video/VP9')!;
  const wide = Uint8Array.of(0xa8, 0x80 | 0x12, 0x34, 0x00, 50, 9);
  numbers.rewrite(wide, 0, wide.length);
  expect(wide).toEqual(Uint8Array.of(0xa8, 0x80 | 0x12, 0x34, 0x00, 50, 9));
  numbers.leave();
  const narrow = Uint8Array.of(0xa8, 5, 0x00, 80, 9);
  numbers.rewrite(narrow, 0, narrow.length);
  expect(narrow).toEqual(Uint8Array.of(0xa8, 0x35, 0x00, 51, 9));
  expect(continuityFor('video/H264')).toBeUndefined();
});

it('changes nothing outside of a payload, whatever the payload', () => {
  fc.assert(
    fc.property(fc.constantFrom('video/VP8', 'video/VP9'), fc.uint8Array({ maxLength: 20 }), (mimeType, payload) => {
      const bytes = Uint8Array.of(1, 2, 3, ...payload, 4, 5, 6);
      const numbers = continuityFor(mimeType)!;
      numbers.leave();
      numbers.rewrite(bytes, 3, 3 + payload.length);
      expect([...bytes.subarray(0, 3), ...bytes.subarray(3 + payload.length)]).toEqual([1, 2, 3, 4, 5, 6]);
    }),
  );
});

it('lets timestamps go on evenly from source to source', () => {
  const timeline = new Timeline(1000);
  expect(timeline.map(5_000_000, 90_000, 0)).toBe(1000);
  expect(timeline.map(5_003_000, 90_000, 33)).toBe(4000);
  timeline.leave();
  expect(timeline.map(7, 90_000, 133)).toBe(4000 + 9000);
  // A frame that comes late (B-frames, reordering) keeps its distance.
  expect(timeline.map(4_294_967_200, 90_000, 140)).toBe(13_000 - 103);
  expect(timeline.map(3007, 90_000, 166)).toBe(16_000);
});

it('wraps timestamps', () => {
  const timeline = new Timeline(0xffff_fff0);
  expect(timeline.map(0, 48_000, 0)).toBe(0xffff_fff0);
  expect(timeline.map(0x20, 48_000, 1)).toBe(0x10);
});

it('never lets a timestamp of another source come before one that was used', () => {
  const timeline = new Timeline(0);
  timeline.map(100, 90_000, 10);
  timeline.leave();
  expect(timeline.map(0, 90_000, 10)).toBe(1);
});

function written(extensions: OutgoingExtensions): RtpPacket {
  const bytes = new Uint8Array(12 + extensions.length);
  bytes[0] = extensions.length > 0 ? 0x90 : 0x80;
  if (extensions.length > 0) extensions.write(bytes, 12);
  return new RtpPacket(bytes);
}

it('introduces a stream by MID and RID until the peer knows it', () => {
  const extensions = new OutgoingExtensions(agreed('video', { layers: layers('q') }), 'q');
  const first = written(extensions);
  expect(first.extension(MID_ID)).toEqual(Uint8Array.of(0x31));
  expect(first.extension(RID_ID)).toEqual(Uint8Array.of(0x71));
  extensions.introduced();
  const later = written(extensions);
  expect([later.extension(MID_ID), later.extension(RID_ID)]).toEqual([undefined, undefined]);
  // Room for what the transport fills in stays.
  expect([later.extensionLength(2), later.extensionLength(3)]).toEqual([3, 2]);
});

it('writes only what was negotiated, and nothing of another hop', () => {
  const extensions = new OutgoingExtensions(agreed('audio'), undefined);
  extensions.add(EXTENSION_URI.audioLevel, Uint8Array.of(9));
  extensions.add(EXTENSION_URI.playoutDelay, Uint8Array.of(1, 2, 3));
  extensions.add(EXTENSION_URI.mid, Uint8Array.of(0x7a));
  const packet = written(extensions);
  expect(packet.extensions().map(({ id }) => id)).toEqual([MID_ID, 3, 2, AUDIO_LEVEL_ID]);
  expect(packet.extension(AUDIO_LEVEL_ID)).toEqual(Uint8Array.of(9));
  expect(packet.extension(MID_ID)).toEqual(Uint8Array.of(0x30));
  extensions.clear();
  expect(written(extensions).extension(AUDIO_LEVEL_ID)).toBeUndefined();
});

it('uses the long form of elements only where the peer allows it', () => {
  const descriptor = { id: 12, uri: EXTENSION_URI.dependencyDescriptor, encrypted: false };
  const data = new Uint8Array(40).fill(7);
  const block = (extmapAllowMixed: boolean): RtpPacket => {
    const headerExtensions = [...agreed('video').headerExtensions, descriptor];
    const extensions = new OutgoingExtensions(agreed('video', { headerExtensions, extmapAllowMixed }), undefined);
    extensions.add(descriptor.uri, data);
    return written(extensions);
  };
  expect(block(true).extension(12)).toEqual(data);
  expect(block(false).extension(12)).toBeUndefined();
});

it('keeps to a layer until a better one fits with something to spare', () => {
  const choice = new LayerChoice();
  const rids = ['q', 'f'];
  const feed = (ms: number, bitrate: number, from: number): void => {
    for (let at = from; at < from + ms; at += 100) {
      choice.note('q', 1250, rids, bitrate, at);
      choice.note('f', 5000, rids, bitrate, at);
    }
  };
  // q takes 100 kbit/s, f takes 400.
  feed(1500, 420_000, 0);
  expect(choice.wanted).toBe('q');
  choice.joined('q');
  feed(1500, 500_000, 1500);
  expect(choice.wanted).toBe('f');
  choice.joined('f');
  feed(1500, 420_000, 3000);
  expect(choice.wanted).toBe('f');
  feed(1500, 300_000, 4500);
  expect(choice.wanted).toBe('q');
  choice.joined('q');
  // Back up only when the estimate has stood for a while.
  feed(900, 500_000, 6000);
  expect(choice.wanted).toBe('q');
  feed(2100, 500_000, 6900);
  expect(choice.wanted).toBe('f');
  choice.select('q');
  expect(choice.wanted).toBe('q');
  choice.reset();
  expect(choice.active).toBeUndefined();
});

it('carries frame numbers of dependency descriptors on from stream to stream', () => {
  const descriptor = { id: 12, uri: EXTENSION_URI.dependencyDescriptor, encrypted: false };
  const headerExtensions = [...agreed('video').headerExtensions, descriptor];
  const agreement = agreed('video', { headerExtensions });
  let extensions = new OutgoingExtensions(agreement, undefined);
  const pass = (stream: FeedStream, frameNumber: number): number => {
    const data = Uint8Array.of(0xc0, frameNumber >> 8, frameNumber & 0xff);
    const from = encodeRtp({
      ssrc: 1,
      payloadType: 96,
      sequenceNumber: 1,
      timestamp: 1,
      payload: Uint8Array.of(1),
      extensions: [{ id: 9, data }],
    });
    extensions.clear();
    extensions.pass(new RtpPacket(from), stream);
    const block = written(extensions).extension(12) as Uint8Array;
    expect(block[0]).toBe(0xc0);
    return readU16(block, 1);
  };
  const [high, low] = [0, 1].map(
    (): FeedStream => ({
      rid: undefined,
      codec: () => undefined,
      extensionId: (uri) => (uri === EXTENSION_URI.dependencyDescriptor ? 9 : -1),
    }),
  ) as [FeedStream, FeedStream];
  expect([pass(high, 60), pass(high, 60), pass(high, 61)]).toEqual([60, 60, 61]);
  extensions.leave();
  // A browser drops frames whose numbers go back, for all time.
  expect([pass(low, 55), pass(low, 56)]).toEqual([62, 63]);
  extensions = new OutgoingExtensions(agreement, undefined, extensions);
  expect(pass(low, 57)).toBe(64);
});
