import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FecPattern,
  FlexfecDecoder,
  FlexfecEncoder,
  fecGroups,
  UlpfecDecoder,
  UlpfecEncoder,
} from '../../src/fec/index.ts';
import { fecPacket, MEDIA_SSRC, type MediaShape, media, repairable } from './media.ts';

const shape: fc.Arbitrary<MediaShape> = fc.record({
  size: fc.oneof(fc.nat(40), fc.constant(1180)),
  marker: fc.boolean(),
  extension: fc.boolean(),
  csrcs: fc.nat(3),
  padding: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 255 })),
});

interface Run {
  readonly shapes: readonly MediaShape[];
  readonly first: number;
  readonly fecCount: number;
  readonly pattern: FecPattern;
  readonly lost: ReadonlySet<number>;
  readonly lostFec: ReadonlySet<number>;
  /** Order in which what is not lost arrives: FEC packets are the numbers behind the media. */
  readonly order: readonly number[];
}

const run: fc.Arbitrary<Run> = fc.array(shape, { minLength: 1, maxLength: 24 }).chain((shapes) =>
  fc.integer({ min: 1, max: shapes.length }).chain((fecCount) =>
    fc.record({
      shapes: fc.constant(shapes),
      first: fc.oneof(fc.nat(0xffff), fc.integer({ min: 65510, max: 65535 })),
      fecCount: fc.constant(fecCount),
      pattern: fc.constantFrom('random' as const, 'bursty' as const),
      lost: fc.uniqueArray(fc.nat(shapes.length - 1), { maxLength: fecCount + 1 }).map((list) => new Set(list)),
      lostFec: fc.uniqueArray(fc.nat(fecCount - 1), { maxLength: 1 }).map((list) => new Set(list)),
      order: fc.shuffledSubarray(
        Array.from({ length: shapes.length + fecCount }, (_, i) => i),
        { minLength: shapes.length + fecCount },
      ),
    }),
  ),
);

describe.each([
  { name: 'FlexFEC-03', Encoder: FlexfecEncoder, Decoder: FlexfecDecoder },
  { name: 'ULPFEC', Encoder: UlpfecEncoder, Decoder: UlpfecDecoder },
])('$name', ({ Encoder, Decoder }) => {
  it('recovers exactly the losses that its masks can repair, byte by byte, in whatever order packets come', () => {
    fc.assert(
      fc.property(run, ({ shapes, first, fecCount, pattern, lost, lostFec, order }) => {
        const packets = media(shapes, first);
        const fecs = new Encoder({ pattern }).protect(packets, fecCount);
        const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC });
        const arrivedFirst = new Set<number>();
        for (const index of order) {
          if (index < packets.length) {
            if (lost.has(index)) continue;
            arrivedFirst.add(index);
            // A packet that is late may have been recovered before it comes.
            decoder.handleMedia(packets[index]!);
          } else if (!lostFec.has(index - packets.length)) {
            decoder.handleFec(fecPacket(fecs[index - packets.length]!, index, MEDIA_SSRC));
          }
        }
        const groups = fecGroups(packets.length, fecCount, pattern).filter((_, i) => !lostFec.has(i));
        const expected = repairable(groups, lost);
        const seen = new Set<number>();
        for (let packet = decoder.poll(); packet !== undefined; packet = decoder.poll()) {
          const index = (packet.sequenceNumber - first) & 0xffff;
          expect(packet.bytes).toEqual(packets[index]!.bytes);
          expect(seen.has(index)).toBe(false);
          seen.add(index);
        }
        expect(new Set([...seen].filter((index) => lost.has(index)))).toEqual(expected);
        expect(decoder.counters.malformed).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('returns for arbitrary FEC payloads, prefixes and flipped bits', () => {
    const packets = media([{ size: 30 }, { size: 10 }, { size: 20 }], 65535);
    const [fec] = new Encoder().protect(packets, 1);
    const receive = (payload: Uint8Array): void => {
      const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC });
      decoder.handleMedia(packets[0]!);
      decoder.handleFec(fecPacket(payload, 1, MEDIA_SSRC));
      decoder.handleMedia(packets[1]!);
      for (let packet = decoder.poll(); packet !== undefined; packet = decoder.poll()) {
        expect(packet.ssrc).toBe(MEDIA_SSRC);
        expect(packet.bytes.length).toBeLessThanOrEqual(12 + payload.length + 42);
      }
      const { fecPackets, recovered, malformed, discarded } = decoder.counters;
      expect(fecPackets).toBe(1);
      expect(recovered + malformed + discarded).toBeLessThanOrEqual(1);
    };
    for (let length = 0; length < fec!.length; length++) receive(fec!.slice(0, length));
    for (let bit = 0; bit < 8 * fec!.length; bit++) {
      const bytes = fec!.slice();
      bytes[bit >> 3]! ^= 0x80 >> (bit & 7);
      receive(bytes);
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), receive), { numRuns: 500 });
  });
});
