import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRtp } from '../../../src/encode.ts';
import { RtpPacket } from '../../../src/packet.ts';
import {
  createRedDepacketizer,
  createRedPacketizer,
  decodeRed,
  encodeRed,
  redLength,
  unwrapRed,
} from '../../../src/payload/red/index.ts';

const redundant = fc.record({
  payloadType: fc.nat(127),
  timestampOffset: fc.nat(16383),
  data: fc.uint8Array({ maxLength: 1023 }),
});
const primary = fc.record({
  payloadType: fc.nat(127),
  timestampOffset: fc.constant(0),
  data: fc.uint8Array({ maxLength: 1200 }),
});

describe('RED', () => {
  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(fc.array(redundant, { maxLength: 9 }), primary, (earlier, last) => {
        const blocks = [...earlier, last];
        const bytes = encodeRed(blocks);
        expect(bytes.length).toBe(redLength(blocks));
        expect(decodeRed(bytes)).toEqual(blocks);
      }),
    );
  });

  it('returns for arbitrary bytes, every prefix and every flipped bit', () => {
    const receive = (payload: Uint8Array): void => {
      const packet = new RtpPacket(encodeRtp({ payloadType: 63, sequenceNumber: 1, timestamp: 1, ssrc: 1, payload }));
      const blocks = decodeRed(payload);
      if (!isMalformed(blocks)) expect(encodeRed(blocks)).toEqual(payload);
      const inner = unwrapRed(packet);
      expect(isMalformed(inner)).toBe(payload.length === 0 || payload[0]! >= 0x80);
      const depacketizer = createRedDepacketizer();
      depacketizer.push(packet);
      expect(depacketizer.counters.frames + depacketizer.counters.malformed).toBe(1);
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), receive), { numRuns: 500 });
    const vector = encodeRed([
      { payloadType: 111, timestampOffset: 960, data: new Uint8Array(9).fill(1) },
      { payloadType: 111, timestampOffset: 0, data: new Uint8Array(5).fill(2) },
    ]);
    for (let length = 0; length < vector.length; length++) receive(vector.slice(0, length));
    for (let bit = 0; bit < 8 * vector.length; bit++) {
      const bytes = vector.slice();
      bytes[bit >> 3]! ^= 0x80 >> (bit & 7);
      receive(bytes);
    }
  });

  it('gives every frame that came, alone or as redundancy, once and in order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
        fc.nat(0xffff),
        (distance, arrives, first) => {
          const packetizer = createRedPacketizer({ payloadType: 111, distance });
          const depacketizer = createRedDepacketizer();
          const buffer = new Uint8Array(1200);
          const timestampOf = (index: number): number => (2 ** 32 - 20 * 960 + 960 * index) >>> 0;
          const expected: number[] = [];
          let last = -1;
          for (const [index, comes] of arrives.entries()) {
            const timestamp = timestampOf(index);
            packetizer.start({ data: Uint8Array.of(index), timestamp, keyFrame: true }, 1200);
            const payload = buffer.slice(0, packetizer.next(buffer, 0));
            if (!comes) continue;
            const from = last < 0 ? index : Math.max(last + 1, index - distance);
            for (let i = from; i <= index; i++) expected.push(timestampOf(i));
            last = index;
            const sequenceNumber = (first + index) & 0xffff;
            depacketizer.push(
              new RtpPacket(encodeRtp({ payloadType: 63, sequenceNumber, timestamp, ssrc: 1, payload })),
            );
          }
          const got: number[] = [];
          for (let one = depacketizer.poll(); one !== undefined; one = depacketizer.poll()) {
            expect(timestampOf(one.data[0]!)).toBe(one.timestamp);
            got.push(one.timestamp);
          }
          expect(got).toEqual(expected);
        },
      ),
    );
  });
});
