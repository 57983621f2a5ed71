import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as rtp from '../src/index.ts';
import { createOpusDepacketizer, opusDuration } from '../src/payload/opus/index.ts';
import { decodeComfortNoise } from '../src/payload/pcm/index.ts';
import { decodeTelephoneEvents } from '../src/payload/telephone-event/index.ts';
import * as vectors from './vectors/rtp-packets.ts';

const READERS = [
  rtp.readMid,
  rtp.readRid,
  rtp.readRepairedRid,
  rtp.readTransportSequenceNumber,
  rtp.readFeedbackRequest,
  rtp.readAbsSendTime,
  rtp.readAbsCaptureTime,
  rtp.readAudioLevel,
  rtp.readVoiceActivity,
  rtp.readMixerAudioLevels,
  rtp.readVideoOrientation,
  rtp.readPlayoutDelay,
  rtp.readVideoContentType,
  rtp.readVideoTiming,
  rtp.readColorSpace,
  rtp.readVideoLayersAllocation,
  rtp.readTransmissionOffset,
  rtp.readCorruptionDetection,
  rtp.readMandatoryFields,
];

/** Everything that looks at a peer's bytes. */
function feed(bytes: Uint8Array): void {
  rtp.isRtcp(bytes);
  const packet = rtp.decodeRtp(bytes);
  if (isMalformed(packet)) return;
  for (const { id } of packet.extensions())
    for (const read of READERS) read(packet.bytes, packet.extensionOffset(id), packet.extensionLength(id));
  for (let i = 0; i < packet.csrcCount; i++) expect(packet.csrc(i)).toBeDefined();
  createOpusDepacketizer().push(packet);
  decodeTelephoneEvents(packet.bytes, packet.payloadOffset, packet.payloadEnd);
  decodeComfortNoise(packet.bytes, packet.payloadOffset, packet.payloadEnd);
  opusDuration(packet.bytes, packet.payloadOffset, packet.payloadEnd);
  expect(packet.payload.length + packet.paddingLength + packet.payloadOffset).toBe(bytes.length);
}

describe.each(Object.entries(vectors))('%s', (_, vector) => {
  it('every prefix that ends in the header is refused', () => {
    const { payloadOffset, padding } = rtp.parseRtp(vector);
    for (let length = 0; length < vector.length; length++) {
      const prefix = vector.slice(0, length);
      feed(prefix);
      if (length < payloadOffset || (padding && length === payloadOffset))
        expect(isMalformed(rtp.decodeRtp(prefix))).toBe(true);
    }
  });

  it('every flipped bit is survived', () => {
    for (let bit = 0; bit < vector.length * 8; bit++) {
      const flipped = vector.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      feed(flipped);
    }
  });
});

describe('extension readers', () => {
  it.each(READERS.map((read) => [read.name, read] as const))('%s never throws, whatever the bytes', (_, read) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        for (let length = 0; length <= bytes.length; length++) read(bytes, 0, length);
      }),
    );
  });
});
