/** Video in RED, as Chromium sends it where RED was negotiated, with ULPFEC or without (RFC 5109 §14.2). */
import { encodeRtp, RtpPacket } from '@kaon/rtp';
import { createPacketizer } from '@kaon/rtp/payload';
import { wrapRed, wrapRedLength } from '@kaon/rtp/payload/red';
import { nodeCrypto } from '@kaon/runtime/node';
import { exporterLength, keysFromExporter, SRTP_PROFILES, SrtpSession } from '@kaon/srtp';
import { seededRandom } from '@kaon/testing';
import { expect, it } from 'vitest';
import type { CodecParameters } from '../../src/media/negotiated.ts';
import type { MediaOptions } from '../../src/media/options.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { agreed, MediaPair, MID_ID, RTX, VP8, vp8Frame } from './helpers.ts';

const repair = (payloadType: number, name: string): CodecParameters => ({
  payloadType,
  mimeType: `video/${name}`,
  clockRate: 90_000,
  rtcpFeedback: [],
});
const RED = repair(120, 'red');
const ULPFEC = repair(121, 'ulpfec');
const FLEXFEC = repair(122, 'flexfec-03');
const MID = { id: MID_ID, data: Uint8Array.of('1'.charCodeAt(0)) };

/** What side `b` makes of ten frames in RED, of which each is changed by `change`. */
function receive(
  codecs: readonly CodecParameters[],
  media: MediaOptions = {},
  change: (packet: Uint8Array) => void = () => {},
): { frames: number; pair: MediaPair } {
  const pair = new MediaPair({ delay: 5 }, { b: media });
  let frames = 0;
  pair.b.receiver(agreed('video', { codecs })).onframe = () => frames++;
  const profile = SRTP_PROFILES.AEAD_AES_128_GCM;
  const material = seededRandom(7).bytes(exporterLength(profile));
  const peer = new SrtpSession({ profile, crypto: nodeCrypto, ...keysFromExporter(profile, material, 'client') });
  const packetizer = createPacketizer('video/VP8', {})!;
  let sequenceNumber = 100;
  for (let frame = 0; frame < 10; frame++) {
    const timestamp = 3000 * frame;
    packetizer.start({ data: vp8Frame(frame === 0), timestamp, keyFrame: frame === 0 }, 1000);
    const payload = new Uint8Array(1000);
    for (let length = packetizer.next(payload, 0); length > 0; length = packetizer.next(payload, 0)) {
      const header = { ssrc: 7, payloadType: VP8.payloadType, sequenceNumber: sequenceNumber++, timestamp };
      const marker = packetizer.isLast;
      const plain = encodeRtp({ ...header, marker, extensions: [MID], payload: payload.subarray(0, length) });
      const packet = new RtpPacket(plain);
      const bytes = new Uint8Array(wrapRedLength(packet) + peer.overhead);
      const end = wrapRed(packet, RED.payloadType, bytes, 0);
      change(bytes.subarray(0, end));
      pair.b.transport.handleDatagram(bytes.slice(0, peer.protectRtp(bytes, 0, end)), pair.line.now);
    }
    pair.line.advance(33);
  }
  pair.line.advance(1000);
  return { frames, pair };
}

it.each([
  ['with ULPFEC', [VP8, RTX, RED, ULPFEC]],
  ['alone', [VP8, RTX, RED]],
  ['beside FlexFEC', [VP8, RED, ULPFEC, FLEXFEC]],
])('video in RED is received: %s', (_, codecs) => {
  for (const media of [{}, { fec: false }, { jitterBuffer: 'off' }, { nack: false }] as const)
    expect(receive(codecs, media).frames, JSON.stringify(media)).toBe(10);
});

it('RED that was not negotiated is dropped and counted', () => {
  const { frames, pair } = receive([VP8, RTX]);
  expect(frames).toBe(0);
  expect(pair.b.transport.routing.unknownPayloadType).toBeGreaterThanOrEqual(30);
});

it('what stands in RED and was not negotiated is dropped and counted', () => {
  const offset = 12 + 8;
  const { frames, pair } = receive([VP8, RTX, RED, ULPFEC], {}, (packet) => {
    expect(packet[offset]).toBe(VP8.payloadType);
    packet[offset] = 50;
  });
  expect(frames).toBe(0);
  const [inbound] = pair.b.transport.stages!.statistics().inbound;
  expect(inbound!.fecPacketsDiscarded).toBeGreaterThanOrEqual(30);
});

it('payload types of the other direction are not those that come', () => {
  const pair = new MediaPair({ delay: 5 });
  const source = new FrameSource({ kind: 'video' });
  // We send VP8 as 100, and the peer was told to send it as 96.
  pair.b.sender(agreed('video', { codecs: [{ ...VP8, payloadType: 100 }] }), source.track);
  const frames: number[] = [];
  pair.b.receiver(agreed('video', { codecs: [VP8] })).onframe = ({ payloadType }) => frames.push(payloadType);
  const other = new FrameSource({ kind: 'video' });
  pair.a.sender(agreed('video', { codecs: [{ ...VP8, payloadType: 100 }] }), other.track);
  other.write({ data: vp8Frame(true), time: 0, keyFrame: true });
  pair.line.advance(500);
  expect(frames).toEqual([]);
  expect(pair.b.transport.routing.unknownPayloadType).toBeGreaterThan(0);
});
