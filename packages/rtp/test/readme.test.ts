import { expect, it } from 'vitest';
import {
  decodeRtp,
  ExtensionLayout,
  RtpPacket,
  readAudioLevel,
  writeAudioLevel,
  writeRtpHeader,
} from '../src/index.ts';
import { createDepacketizer, createPacketizer } from '../src/payload/index.ts';

it('a frame goes into a packet with its level and comes out, as the example of the README does', () => {
  const layout = new ExtensionLayout([{ id: 1, length: 1 }]);
  const frame = { data: Uint8Array.of(0xfc, 0xff, 0xfe), timestamp: 960, keyFrame: true };
  const packetizer = createPacketizer('audio/opus')!;
  const buffer = new Uint8Array(1500);
  packetizer.start(frame, 1200);
  const header = { payloadType: 111, sequenceNumber: 1, timestamp: frame.timestamp, ssrc: 0x1234, layout };
  const payloadOffset = writeRtpHeader(buffer, 0, header);
  const end = payloadOffset + packetizer.next(buffer, payloadOffset);
  writeAudioLevel(buffer, 12 + layout.offset(1), 30, true);

  const packet = decodeRtp(buffer.slice(0, end)) as RtpPacket;
  expect(packet).toBeInstanceOf(RtpPacket);
  expect(readAudioLevel(packet.bytes, packet.extensionOffset(1), packet.extensionLength(1))).toBe(30);
  const depacketizer = createDepacketizer('audio/opus')!;
  depacketizer.push(packet);
  expect(depacketizer.poll()).toMatchObject({ ...frame, metadata: { duration: 960, channels: 2 } });
});
