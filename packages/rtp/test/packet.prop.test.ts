import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRtp, encodeRtp, parseRtp, type RtpPacketInit } from '../src/index.ts';

const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Uint8Array.from(array));
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const oneByte = fc.record({ id: fc.integer({ min: 1, max: 14 }), data: bytes(1, 16) });
const anyForm = fc.record({ id: fc.integer({ min: 1, max: 255 }), data: bytes(0, 60) });
const distinct = (element: typeof oneByte) => fc.uniqueArray(element, { maxLength: 8, selector: ({ id }) => id });

const packets: fc.Arbitrary<RtpPacketInit> = fc.record({
  marker: fc.boolean(),
  payloadType: fc.nat({ max: 127 }),
  sequenceNumber: fc.nat({ max: 0xffff }),
  timestamp: u32,
  ssrc: u32,
  csrcs: fc.array(u32, { maxLength: 15 }),
  extensions: fc.oneof(distinct(oneByte), distinct(anyForm)),
  payload: bytes(0, 80),
  paddingLength: fc.nat({ max: 255 }),
});

describe('RTP packets', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(packets, (init) => {
        const packet = parseRtp(encodeRtp(init));
        const { marker, payloadType, sequenceNumber, timestamp, ssrc, paddingLength } = init;
        expect(packet).toMatchObject({ marker, payloadType, sequenceNumber, timestamp, ssrc, paddingLength });
        expect(Array.from({ length: packet.csrcCount }, (_, i) => packet.csrc(i))).toEqual(init.csrcs);
        expect(packet.extensions()).toEqual(init.extensions);
        for (const { id, data } of init.extensions!) expect(packet.extension(id)).toEqual(data);
        expect(packet.payload).toEqual(init.payload);
      }),
    );
  });

  it('never throw, whatever the bytes, and what is read lies inside them', () => {
    fc.assert(
      fc.property(bytes(0, 90), fc.nat({ max: 0x3f }), fc.nat({ max: 255 }), (random, flags, id) => {
        // Most random bytes are refused at the version: let most through.
        if (random.length > 0) random[0] = 0x80 | flags;
        const packet = decodeRtp(random);
        if (isMalformed(packet)) return;
        expect(packet.payloadOffset).toBeLessThanOrEqual(packet.payloadEnd);
        expect(packet.payloadEnd).toBeLessThanOrEqual(random.length);
        const offset = packet.extensionOffset(id);
        const found = packet.extensions().find((element) => element.id === id);
        expect(packet.extension(id)).toEqual(found?.data);
        if (offset >= 0) expect(offset + packet.extensionLength(id)).toBeLessThanOrEqual(packet.payloadOffset);
        else expect(packet.extensionLength(id)).toBe(-1);
      }),
      { numRuns: 1000 },
    );
  });

  it('with blocks of both forms are read by one rule', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0xbede, 0x1000, 0x100f, 0x1234),
        bytes(0, 12),
        fc.nat({ max: 16 }),
        (profile, block, id) => {
          const data = new Uint8Array((block.length + 3) & ~3);
          data.set(block);
          const header = { payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0 };
          const packet = parseRtp(
            encodeRtp({ ...header, extensionBlock: { profile, data }, payload: new Uint8Array(1) }),
          );
          expect(packet.extension(id)).toEqual(packet.extensions().find((element) => element.id === id)?.data);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
