import { encodeRtp, writeRtpHeader } from '@kaon/rtp';
import { nodeCrypto } from '@kaon/runtime/node';
import { exporterLength, keysFromExporter, SRTP_PROFILES, SrtpSession } from '@kaon/srtp';
import { seededRandom } from '@kaon/testing';
import { expect, it } from 'vitest';
import { MediaTransport } from '../../src/media/pipeline/media-transport.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { agreed, MediaPair, MID_ID, OPUS, opusFrame, vp8Frame } from './helpers.ts';

/** What the peer (side a) would protect with, so that a test can send anything that is authentic. */
function peer(): SrtpSession {
  const profile = SRTP_PROFILES.AEAD_AES_128_GCM;
  const material = seededRandom(7).bytes(exporterLength(profile));
  return new SrtpSession({ profile, crypto: nodeCrypto, ...keysFromExporter(profile, material, 'client') });
}

function protect(session: SrtpSession, packet: Uint8Array, rtcp = false): Uint8Array {
  const buffer = new Uint8Array(packet.length + 64);
  buffer.set(packet);
  const end = rtcp ? session.protectRtcp(buffer, 0, packet.length) : session.protectRtp(buffer, 0, packet.length);
  return buffer.slice(0, end);
}

const MID = { id: MID_ID, data: Buffer.from('0') };

it('drops packets that come before there are keys', () => {
  const pair = new MediaPair({ delay: 5 }, { keys: false });
  pair.b.receiver(agreed('audio'));
  pair.b.transport.handleDatagram(opusPacket(1), 1000);
  expect(pair.b.transport.counters).toMatchObject({ droppedBeforeKeys: 1, packetsReceived: 0 });
});

it('sends nothing before there are keys, and asks for a key frame once there are', () => {
  const pair = new MediaPair({ delay: 5 }, { keys: false });
  const source = new FrameSource({ kind: 'video' });
  let asked = 0;
  source.onkeyframerequest = () => asked++;
  pair.a.sender(agreed('video'), source.track);
  source.write({ data: vp8Frame(true), time: 0, keyFrame: true });
  pair.line.advance(100);
  expect([pair.a.transport.counters.packetsSent, asked, source.bitrate()]).toEqual([0, 0, undefined]);
  pair.key();
  expect(asked).toBe(1);
  expect(source.bitrate()).toBeGreaterThan(0);
});

it('leaves media off where no profile was negotiated', () => {
  const transport = new MediaTransport({ random: seededRandom(1), wallClock: () => 0 });
  transport.keys(undefined, () => new Uint8Array(0), 'client', 0);
  transport.keys(99, () => new Uint8Array(0), 'client', 0);
  expect(transport.isReady).toBe(false);
});

it('drops and counts what is cut off, changed or played again', () => {
  const pair = new MediaPair();
  const receiver = pair.b.receiver(agreed('audio'));
  let packets = 0;
  receiver.onrtp = () => packets++;
  const { transport } = pair.b;
  const whole = protect(peer(), opusPacket(1));
  for (let length = 0; length < whole.length; length++) transport.handleDatagram(whole.slice(0, length), 1000);
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const changed = whole.slice();
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    transport.handleDatagram(changed, 1000);
  }
  expect([packets, receiver.counters.packets]).toEqual([0, 0]);
  expect(transport.counters.droppedBySrtp).toBe(whole.length * 9);
  transport.handleDatagram(whole.slice(), 1000);
  transport.handleDatagram(whole.slice(), 1000);
  pair.line.advance(100);
  expect(packets).toBe(1);
  expect(transport.counters.droppedBySrtp).toBe(whole.length * 9 + 1);
});

it('drops and counts authentic packets that are no RTP or RTCP', () => {
  const pair = new MediaPair();
  pair.b.receiver(agreed('audio'));
  const { transport } = pair.b;
  const session = peer();
  // Padding longer than the packet (CVE-2025-49140).
  const padded = opusPacket(1);
  padded[0] = (padded[0] as number) | 0x20;
  padded[padded.length - 1] = 255;
  transport.handleDatagram(protect(session, padded), 1000);
  expect(transport.counters.malformed).toBe(1);
  // A receiver report that says it has 31 blocks.
  const report = new Uint8Array(8);
  report.set([0x80 | 31, 201, 0, 1, 0, 0, 0, 9]);
  transport.handleDatagram(protect(session, report, true), 1000);
  expect(transport.counters.malformed).toBe(2);
});

it('drops and counts payload types and sections that were not negotiated', () => {
  const pair = new MediaPair();
  const receiver = pair.b.receiver(agreed('audio', { codecs: [OPUS] }));
  const { transport } = pair.b;
  const session = peer();
  transport.handleDatagram(protect(session, opusPacket(1, { payloadType: 0 })), 1000);
  transport.handleDatagram(
    protect(session, opusPacket(2, { extensions: [{ id: MID_ID, data: Buffer.from('9') }] })),
    1000,
  );
  expect(transport.routing).toMatchObject({ unknownPayloadType: 1, unknownSection: 1 });
  expect(receiver.counters.packets).toBe(0);
});

it('survives any bytes that are authentic', () => {
  const pair = new MediaPair();
  const receiver = pair.b.receiver(agreed('video'));
  const other = pair.b.receiver(agreed('audio'));
  receiver.onframe = () => {};
  other.onframe = () => {};
  const session = peer();
  const random = seededRandom(5);
  for (let i = 0; i < 3000; i++) {
    const payload = random.bytes(1 + (random.bytes(1)[0] as number));
    const header = {
      ssrc: i % 40,
      payloadType: [96, 97, 102, 111, 0, 126, 110, 35][i % 8] as number,
      sequenceNumber: i & 0xffff,
      timestamp: i * 100,
      marker: i % 3 === 0,
    };
    const bytes = new Uint8Array(12 + payload.length);
    writeRtpHeader(bytes, 0, header);
    bytes.set(payload, 12);
    // Extensions and padding of any kind, too.
    bytes[0] = 0x80 | ((random.bytes(1)[0] as number) & 0x20);
    if (i % 4 === 0 && payload.length > 20) {
      // An extension block of any content.
      bytes[0] = (bytes[0] as number) | 0x10;
      bytes.set(i % 8 === 0 ? [0xbe, 0xde, 0, 3] : [0x10, 0, 0, 3], 12);
    }
    pair.b.transport.handleDatagram(protect(session, bytes), 1000 + i);
    if (i % 5 === 0) {
      const rtcp = random.bytes(8 + 4 * (i % 9));
      rtcp[0] = 0x80 | (i & 31);
      rtcp[1] = 200 + (i % 8);
      rtcp[2] = 0;
      rtcp[3] = rtcp.length / 4 - 1;
      pair.b.transport.handleDatagram(protect(session, rtcp, true), 1000 + i);
    }
  }
  pair.line.advance(5000);
  expect(pair.b.transport.counters.droppedBySrtp).toBe(0);
  expect(pair.b.transport.remoteStreams.length).toBeLessThanOrEqual(40);
});

it('is not disturbed by what callbacks throw', async () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'audio' });
  pair.a.sender(agreed('audio'), source.track);
  const receiver = pair.b.receiver(agreed('audio'));
  const thrown: unknown[] = [];
  const catcher = (error: unknown): void => void thrown.push(error);
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', catcher);
  receiver.onrtp = () => {
    throw new Error('mine');
  };
  pair.a.every(20, 3, (index) => source.write({ data: opusFrame(), time: index * 20 }));
  pair.line.advance(300);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('uncaughtException', catcher);
  for (const listener of before) process.on('uncaughtException', listener);
  expect(receiver.counters.packets).toBe(3);
  expect(thrown).toHaveLength(3);
});

it('ends inside of a callback', () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'audio' });
  pair.a.sender(agreed('audio'), source.track);
  const receiver = pair.b.receiver(agreed('audio'));
  let packets = 0;
  receiver.onrtp = () => {
    packets++;
    pair.b.transport.close(pair.line.now);
  };
  pair.a.every(20, 5, (index) => source.write({ data: opusFrame(), time: index * 20 }));
  pair.line.advance(300);
  expect(packets).toBe(1);
  expect(pair.b.transport.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
});

it('says BYE when it is closed', () => {
  const pair = new MediaPair();
  const source = new FrameSource({ kind: 'audio' });
  pair.a.sender(agreed('audio'), source.track);
  const { track } = pair.b.receiver(agreed('audio'));
  source.write({ data: opusFrame(), time: 0 });
  pair.line.advance(100);
  expect(track.muted).toBe(false);
  pair.a.transport.close(pair.line.now);
  pair.line.advance(100);
  expect(track.muted).toBe(true);
});

function opusPacket(sequenceNumber: number, changes: object = {}): Uint8Array {
  return encodeRtp({
    ssrc: 5,
    payloadType: OPUS.payloadType,
    sequenceNumber,
    timestamp: 960,
    payload: opusFrame(20),
    extensions: [MID],
    ...changes,
  });
}
