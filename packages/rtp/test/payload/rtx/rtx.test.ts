import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRtp } from '../../../src/encode.ts';
import { RtpPacket } from '../../../src/packet.ts';
import { isPaddingOnly, RtxPayloadTypes, restoreFromRtx, rtxLength, writeRtx } from '../../../src/payload/rtx/index.ts';
import { hex } from '../../rtcp/vectors.ts';

const rtx = { ssrc: 0xaaaa_bbbb, payloadType: 97, sequenceNumber: 500 };
const original = { ssrc: 0x1111_2222, payloadType: 96 };

const media = {
  marker: true,
  payloadType: original.payloadType,
  sequenceNumber: 0xabcd,
  timestamp: 0x01020304,
  ssrc: original.ssrc,
  csrcs: [5, 6],
  extensions: [{ id: 4, data: hex('30') }],
  payload: hex('deadbeef'),
};

function retransmission(packet: RtpPacket): RtpPacket {
  const buffer = new Uint8Array(rtxLength(packet) + 3);
  const length = writeRtx(packet, rtx, buffer, 3);
  expect(length).toBe(buffer.length - 3);
  return new RtpPacket(buffer.subarray(3));
}

describe('retransmission (RFC 4588)', () => {
  it('carries the original sequence number in front of the payload, and the header as it was', () => {
    const packet = retransmission(new RtpPacket(encodeRtp(media)));
    expect(packet).toMatchObject({ marker: true, timestamp: 0x01020304, csrcCount: 2, ...rtx });
    expect(packet.payload).toEqual(hex('abcd deadbeef'));
    expect(packet.extension(4)).toEqual(hex('30'));
  });

  it('is restored byte by byte', () => {
    const packet = retransmission(new RtpPacket(encodeRtp(media)));
    const restored = restoreFromRtx(packet, original) as RtpPacket;
    expect(restored.bytes).toEqual(encodeRtp(media));
    // In bytes of its own.
    packet.bytes.fill(0);
    expect(restored.bytes).toEqual(encodeRtp(media));
  });

  it('leaves padding out, in both directions', () => {
    const padded = new RtpPacket(encodeRtp({ ...media, paddingLength: 9 }));
    expect(retransmission(padded).padding).toBe(false);
    const outer = encodeRtp({ ...media, ...rtx, payload: hex('abcd deadbeef'), paddingLength: 7 });
    expect((restoreFromRtx(new RtpPacket(outer), original) as RtpPacket).bytes).toEqual(encodeRtp(media));
  });

  it('may be written over the packet itself', () => {
    const buffer = new Uint8Array(64);
    const bytes = encodeRtp(media);
    buffer.set(bytes);
    const packet = new RtpPacket(buffer.subarray(0, bytes.length));
    const length = writeRtx(packet, rtx, buffer, 0);
    expect((restoreFromRtx(new RtpPacket(buffer.subarray(0, length)), original) as RtpPacket).bytes).toEqual(bytes);
  });

  it('an empty packet can be sent again', () => {
    const empty = encodeRtp({ ...media, payload: hex('') });
    expect((restoreFromRtx(retransmission(new RtpPacket(empty)), original) as RtpPacket).bytes).toEqual(empty);
  });

  it('padding alone is recognised, and restores nothing', () => {
    const padding = new RtpPacket(encodeRtp({ ...media, ...rtx, payload: hex(''), paddingLength: 224 }));
    expect(isPaddingOnly(padding)).toBe(true);
    expect(isMalformed(restoreFromRtx(padding, original))).toBe(true);
    const half = new RtpPacket(encodeRtp({ ...media, ...rtx, payload: hex('ab') }));
    expect(isPaddingOnly(half)).toBe(false);
    expect(isMalformed(restoreFromRtx(half, original))).toBe(true);
  });

  it('refuses fields that do not fit, and a buffer without room', () => {
    const packet = new RtpPacket(encodeRtp(media));
    const buffer = new Uint8Array(64);
    for (const bad of [
      { ...rtx, payloadType: 128 },
      { ...rtx, sequenceNumber: 65536 },
      { ...rtx, ssrc: -1 },
    ]) {
      expect(() => writeRtx(packet, bad, buffer, 0)).toThrow(expect.objectContaining({ code: 'RTP_BAD_FIELD' }));
    }
    expect(() => writeRtx(packet, rtx, buffer, 64 - rtxLength(packet) + 1)).toThrow(RangeError);
    expect(() => restoreFromRtx(packet, { ssrc: 1, payloadType: 200 })).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_FIELD' }),
    );
  });

  it('any packet survives it', () => {
    fc.assert(
      fc.property(
        fc.record({
          marker: fc.boolean(),
          payloadType: fc.constant(original.payloadType),
          sequenceNumber: fc.nat(0xffff),
          timestamp: fc.nat(0xffff_ffff),
          ssrc: fc.constant(original.ssrc),
          csrcs: fc.array(fc.nat(0xffff_ffff), { maxLength: 15 }),
          payload: fc.uint8Array({ maxLength: 1200 }),
        }),
        (header) => {
          const bytes = encodeRtp(header);
          expect((restoreFromRtx(retransmission(new RtpPacket(bytes)), original) as RtpPacket).bytes).toEqual(bytes);
        },
      ),
    );
  });

  it('returns for whatever view it is given', () => {
    const vector = retransmission(new RtpPacket(encodeRtp(media))).bytes;
    const view = new RtpPacket();
    const receive = (bytes: Uint8Array): void => {
      if (!view.reset(bytes)) return;
      const restored = restoreFromRtx(view, original);
      expect(isMalformed(restored)).toBe(view.payloadEnd - view.payloadOffset < 2);
      if (!isMalformed(restored)) expect(restored).toMatchObject(original);
    };
    for (let length = 0; length < vector.length; length++) receive(vector.slice(0, length));
    for (let bit = 0; bit < 8 * vector.length; bit++) {
      const bytes = vector.slice();
      bytes[bit >> 3]! ^= 0x80 >> (bit & 7);
      receive(bytes);
    }
  });
});

describe('payload types of retransmissions', () => {
  it('are found from both sides', () => {
    const types = new RtxPayloadTypes([
      { payloadType: 96, rtxPayloadType: 97 },
      { payloadType: 98, rtxPayloadType: 99 },
      { payloadType: 111 },
    ]);
    expect([97, 99, 111, 96].map((type) => types.original(type))).toEqual([96, 98, undefined, undefined]);
    expect([96, 98, 111, 97].map((type) => types.rtx(type))).toEqual([97, 99, undefined, undefined]);
  });
});
