import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeRtcp,
  encodeRtcp,
  expandRunLengths,
  type RtcpPacket,
  rtcpLength,
  runLengthChunks,
} from '../../src/rtcp/index.ts';
import * as vectors from './vectors.ts';

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const words = (max: number): fc.Arbitrary<Uint8Array> =>
  fc.nat(max).chain((count) => fc.uint8Array({ minLength: 4 * count, maxLength: 4 * count }));
const text = (max: number): fc.Arbitrary<string> => fc.string({ unit: 'grapheme', maxLength: max });
const type = <T extends string>(value: T): fc.Arbitrary<T> => fc.constant(value);

const reportBlock = fc.record({
  ssrc: u32,
  fractionLost: u8,
  cumulativeLost: fc.integer({ min: -0x80_0000, max: 0x7f_ffff }),
  highestSequence: u32,
  jitter: u32,
  lastSenderReport: u32,
  delaySinceLastSenderReport: u32,
});
const extension = words(3).map((bytes) => (bytes.length === 0 ? undefined : bytes));
const ssrcs = { senderSsrc: u32, mediaSsrc: u32 };
const bitrate = fc.tuple(fc.nat(2 ** 17 - 1), fc.nat(30)).map(([mantissa, exponent]) => mantissa * 2 ** exponent);
const limits = {
  senderSsrc: u32,
  entries: fc.array(fc.record({ ssrc: u32, bitrate, overhead: fc.nat(511) }), { minLength: 1 }),
};
const sdesItem = fc.oneof(
  fc.record({ name: fc.constantFrom('cname', 'name', 'email', 'phone', 'loc', 'tool', 'note', 'mid'), text: text(8) }),
  fc.record({ name: type('priv'), prefix: text(4), text: text(4) }),
  fc.record({ name: type('unknown'), id: fc.integer({ min: 16, max: 255 }), data: fc.uint8Array({ maxLength: 255 }) }),
);
/** Arrivals as the sums of steps that a delta can tell. */
const arrivals = fc
  .array(fc.option(fc.oneof(fc.nat(255), fc.integer({ min: -0x8000, max: 0x7fff }))), { minLength: 1, maxLength: 200 })
  .map((steps) => {
    let ticks = 0;
    return steps.map((step) => {
      if (step === null) return undefined;
      ticks += step;
      return ticks / 4;
    });
  });
const thinned = { thinning: fc.nat(15), ssrc: u32, beginSequence: u16, endSequence: u16 };
const xrBlock = fc.oneof(
  fc.record({
    block: fc.constantFrom('loss-rle', 'duplicate-rle'),
    ...thinned,
    chunks: fc.array(u16, { maxLength: 6 }).map((chunks) => (chunks.length % 2 === 0 ? chunks : [...chunks, 0])),
  }),
  fc.record({ block: type('packet-receipt-times'), ...thinned, receiptTimes: fc.array(u32, { maxLength: 4 }) }),
  fc.record({ block: type('receiver-reference-time'), ntpSeconds: u32, ntpFraction: u32 }),
  fc.record({
    block: type('dlrr'),
    reports: fc.array(fc.record({ ssrc: u32, lastReceiverReport: u32, delaySinceLastReceiverReport: u32 })),
  }),
  fc.record({ block: type('unknown'), blockType: fc.integer({ min: 8, max: 255 }), typeSpecific: u8, body: words(3) }),
);
const packet = fc.oneof(
  fc.record({
    type: type('sr'),
    ssrc: u32,
    ntpSeconds: u32,
    ntpFraction: u32,
    rtpTimestamp: u32,
    packetCount: u32,
    octetCount: u32,
    reports: fc.array(reportBlock, { maxLength: 31 }),
    profileExtension: extension,
  }),
  fc.record({
    type: type('rr'),
    ssrc: u32,
    reports: fc.array(reportBlock, { maxLength: 31 }),
    profileExtension: extension,
  }),
  fc.record({
    type: type('sdes'),
    chunks: fc.array(fc.record({ ssrc: u32, items: fc.array(sdesItem, { maxLength: 4 }) }), { maxLength: 4 }),
  }),
  fc.record({
    type: type('bye'),
    ssrcs: fc.array(u32, { maxLength: 31 }),
    reason: fc.option(text(20), { nil: undefined }),
  }),
  fc.record({
    type: type('app'),
    subtype: fc.nat(31),
    ssrc: u32,
    name: fc.array(u8, { minLength: 4, maxLength: 4 }).map((codes) => String.fromCharCode(...codes)),
    data: words(4),
  }),
  fc.record({
    type: type('nack'),
    ...ssrcs,
    lost: fc.tuple(u16, fc.uniqueArray(fc.nat(300), { minLength: 1 })).map(([first, steps]) => {
      return steps.sort((a, b) => a - b).map((step) => (first + step) & 0xffff);
    }),
  }),
  fc.record({ type: type('pli'), ...ssrcs }),
  fc.record({
    type: type('sli'),
    ...ssrcs,
    slices: fc.array(fc.record({ first: fc.nat(8191), number: fc.nat(8191), pictureId: fc.nat(63) }), { minLength: 1 }),
  }),
  fc.record({
    type: type('fir'),
    senderSsrc: u32,
    entries: fc.array(fc.record({ ssrc: u32, sequenceNumber: u8 }), { minLength: 1 }),
  }),
  fc.record({ type: type('remb'), senderSsrc: u32, bitrate, ssrcs: fc.array(u32, { maxLength: 255 }) }),
  fc.record({ type: type('tmmbr'), ...limits }),
  fc.record({ type: type('tmmbn'), ...limits }),
  fc.record({
    type: type('twcc'),
    ...ssrcs,
    baseSequence: u16,
    feedbackCount: u8,
    referenceTime: fc.integer({ min: -(2 ** 23), max: 2 ** 23 - 1 }).map((units) => units * 64),
    packets: arrivals,
  }),
  fc.record({
    type: type('ccfb'),
    senderSsrc: u32,
    reportTimestamp: u32,
    streams: fc.array(
      fc.record({
        ssrc: u32,
        beginSequence: u16,
        packets: fc.array(fc.option(fc.record({ ecn: fc.nat(3), arrivalOffset: fc.nat(8191) }), { nil: undefined })),
      }),
      { maxLength: 3 },
    ),
  }),
  fc.record({ type: type('xr'), ssrc: u32, blocks: fc.array(xrBlock, { maxLength: 4 }) }),
  fc.record({
    type: type('unknown'),
    packetType: fc.integer({ min: 208, max: 223 }),
    count: fc.nat(31),
    body: words(4),
  }),
) as fc.Arbitrary<RtcpPacket>;

const VECTORS: readonly Uint8Array[] = [
  vectors.REAL_COMPOUND,
  vectors.SENDER_REPORT,
  vectors.TWO_CHUNKS,
  vectors.GOODBYE,
  vectors.NACK,
  vectors.SLICE_LOSS,
  vectors.FULL_INTRA,
  vectors.REMB,
  vectors.CCFB,
  vectors.EXTENDED_REPORT,
  ...Object.values(vectors.TWCC),
  ...Object.values(vectors.BAD_TWCC),
];

/** What is read must say the same when it is written and read again; what cannot be written is refused by name. */
function check(bytes: Uint8Array): void {
  const packets = decodeRtcp(bytes);
  if (isMalformed(packets)) return;
  expect(packets.length).toBeGreaterThan(0);
  for (const one of packets) {
    // A NACK may name a packet twice, which is written once.
    if (one.type === 'nack') continue;
    let again: Uint8Array;
    try {
      again = encodeRtcp([one]);
    } catch (error) {
      expect(error).toMatchObject({ code: 'RTP_BAD_RTCP' });
      continue;
    }
    expect(decodeRtcp(again)).toEqual([one]);
  }
}

describe('RTCP', () => {
  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(fc.array(packet, { minLength: 1, maxLength: 4 }), (packets) => {
        const bytes = encodeRtcp(packets);
        expect(bytes.length).toBe(rtcpLength(packets));
        expect(bytes.length % 4).toBe(0);
        expect(decodeRtcp(bytes)).toEqual(packets);
      }),
      { numRuns: 500 },
    );
  });

  it('returns for arbitrary bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 120 }),
        fc.constantFrom(...Array.from({ length: 8 }, (_, i) => 200 + i)),
        u8,
        (bytes, packetType, first) => {
          if (bytes.length >= 4) bytes.set([0x80 | (first & 0x3f), packetType, 0, bytes.length / 4 - 1]);
          check(bytes);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('returns for every prefix and every flipped bit of every vector', () => {
    for (const vector of VECTORS) {
      for (let length = 0; length < vector.length; length++) check(vector.slice(0, length));
      for (let bit = 0; bit < 8 * vector.length; bit++) {
        const bytes = vector.slice();
        bytes[bit >> 3]! ^= 0x80 >> (bit & 7);
        check(bytes);
      }
    }
  });

  it('never makes more of feedback than its bytes can tell', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 60 }), (bytes) => {
        bytes.set([0x8f, 205, 0, Math.floor(bytes.length / 4) - 1]);
        const packets = decodeRtcp(bytes);
        if (isMalformed(packets)) return;
        for (const one of packets) {
          if (one.type !== 'twcc') continue;
          const arrived = one.packets.filter((arrival) => arrival !== undefined).length;
          expect(arrived).toBeLessThanOrEqual(bytes.length - 22);
          expect(one.packets.length).toBe((bytes[14]! << 8) | bytes[15]!);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('run lengths tell the bits they were made of', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 400 }), (bits) => {
        const block = {
          block: 'loss-rle',
          thinning: 0,
          ssrc: 1,
          beginSequence: 65000,
          chunks: runLengthChunks(bits),
        } as const;
        expect(expandRunLengths({ ...block, endSequence: (65000 + bits.length) & 0xffff })).toEqual(bits);
      }),
    );
  });
});
