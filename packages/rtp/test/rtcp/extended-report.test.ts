import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  decodeRtcp,
  encodeRtcp,
  expandRunLengths,
  type RtcpPacket,
  runLengthChunks,
  thinnedSequences,
  type XrRunLengthBlock,
} from '../../src/rtcp/index.ts';
import { EXTENDED_REPORT, hex } from './vectors.ts';

const loss: XrRunLengthBlock = {
  block: 'loss-rle',
  thinning: 0,
  ssrc: 1,
  beginSequence: 65530,
  endSequence: 44,
  chunks: [],
};

describe('extended report (RFC 3611)', () => {
  it('reads every block', () => {
    expect(decodeRtcp(EXTENDED_REPORT)).toEqual([
      {
        type: 'xr',
        ssrc: 0x01020304,
        blocks: [
          {
            block: 'loss-rle',
            thinning: 12,
            ssrc: 0x12345689,
            beginSequence: 5,
            endSequence: 12,
            chunks: [0x4006, 0x0006, 0x8765, 0],
          },
          {
            block: 'duplicate-rle',
            thinning: 6,
            ssrc: 0x12345689,
            beginSequence: 5,
            endSequence: 12,
            chunks: [0x4123, 0x3fff, 0xffff, 0],
          },
          {
            block: 'packet-receipt-times',
            thinning: 3,
            ssrc: 0x98765432,
            beginSequence: 15432,
            endSequence: 15577,
            receiptTimes: [0x11111111, 0x22222222, 0x33333333, 0x44444444, 0x55555555],
          },
          { block: 'receiver-reference-time', ntpSeconds: 0x01020304, ntpFraction: 0x05060708 },
          {
            block: 'dlrr',
            reports: [0x88888888, 0x09090909, 0x11223344].map((ssrc) => ({
              ssrc,
              lastReceiverReport: 0x12345678,
              delaySinceLastReceiverReport: 0x99999999,
            })),
          },
          {
            block: 'statistics-summary',
            ssrc: 0xfedcba98,
            beginSequence: 0x1234,
            endSequence: 0x5678,
            lostPackets: 0x11111111,
            duplicatePackets: 0x22222222,
            jitter: { min: 0x33333333, max: 0x44444444, mean: 0x55555555, deviation: 0x66666666 },
            hops: { family: 'IPv4', min: 1, max: 2, mean: 3, deviation: 4 },
          },
          {
            block: 'voip-metrics',
            ssrc: 0x89abcdef,
            lossRate: 5,
            discardRate: 6,
            burstDensity: 7,
            gapDensity: 8,
            burstDuration: 0x1111,
            gapDuration: 0x2222,
            roundTripDelay: 0x3333,
            endSystemDelay: 0x4444,
            signalLevel: 0x11,
            noiseLevel: 0x22,
            residualEchoReturnLoss: 0x33,
            gmin: 0x44,
            rFactor: 0x55,
            externalRFactor: 0x66,
            mosListening: 0x77,
            mosConversational: 0x88,
            receiverConfiguration: 0x99,
            jitterBufferNominal: 0x1122,
            jitterBufferMaximum: 0x3344,
            jitterBufferAbsoluteMaximum: 0x5566,
          },
        ],
      },
    ]);
  });

  it('keeps blocks of unknown types', () => {
    const bytes = hex('80cf0003 00000001 63070001 aabbccdd');
    expect(decodeRtcp(bytes)).toEqual([
      { type: 'xr', ssrc: 1, blocks: [{ block: 'unknown', blockType: 99, typeSpecific: 7, body: hex('aabbccdd') }] },
    ]);
    expect(encodeRtcp(decodeRtcp(bytes) as RtcpPacket[])).toEqual(bytes);
  });

  it('leaves out a block whose length does not fit its type, and keeps the rest', () => {
    expect(decodeRtcp(hex('80cf0006 00000001 04000001 00000000 04000002 00000001 00000002'))).toEqual([
      { type: 'xr', ssrc: 1, blocks: [{ block: 'receiver-reference-time', ntpSeconds: 1, ntpFraction: 2 }] },
    ]);
  });

  it('a block longer than the packet is malformed', () => {
    expect(isMalformed(decodeRtcp(hex('80cf0002 00000001 04000002')))).toBe(true);
  });

  it('what a statistics summary does not tell is undefined', () => {
    const block = { block: 'statistics-summary', ssrc: 1, beginSequence: 0, endSequence: 9, lostPackets: 0 } as const;
    const packet: RtcpPacket = { type: 'xr', ssrc: 1, blocks: [block] };
    expect(decodeRtcp(encodeRtcp([packet]))).toEqual([packet]);
    const ipv6 = { ...block, hops: { family: 'IPv6', min: 1, max: 2, mean: 3, deviation: 4 } } as const;
    expect(decodeRtcp(encodeRtcp([{ ...packet, blocks: [ipv6] }]))).toEqual([{ ...packet, blocks: [ipv6] }]);
  });

  it('levels in dBm are signed', () => {
    const packets = decodeRtcp(EXTENDED_REPORT) as readonly RtcpPacket[];
    const voip = packets[0]!.type === 'xr' ? packets[0]!.blocks[6]! : undefined;
    const packet: RtcpPacket = {
      type: 'xr',
      ssrc: 1,
      blocks: [{ ...voip, signalLevel: -20, noiseLevel: -128 } as never],
    };
    expect(decodeRtcp(encodeRtcp([packet]))).toEqual([packet]);
  });

  it('refuses fields that do not fit', () => {
    for (const block of [
      { ...loss, thinning: 16 },
      { ...loss, chunks: [0x10000] },
      { ...loss, beginSequence: -1 },
    ]) {
      expect(() => encodeRtcp([{ type: 'xr', ssrc: 1, blocks: [block] }])).toThrow(
        expect.objectContaining({ code: 'RTP_BAD_RTCP', message: expect.stringContaining('does not fit') }),
      );
    }
  });
});

describe('run lengths', () => {
  it('are told in runs and in vectors, over the wrap', () => {
    const bits = [...new Array(30).fill(true), false, true, ...new Array(18).fill(false)];
    const chunks = runLengthChunks(bits);
    expect(chunks.length).toBeLessThanOrEqual(3);
    expect(expandRunLengths({ ...loss, chunks })).toEqual(bits);
  });

  it('a chunk of zeros ends them, and no chunk tells more than the block spans', () => {
    expect(expandRunLengths({ ...loss, chunks: [0x4003, 0, 0x4003] })).toEqual([true, true, true]);
    expect(expandRunLengths({ ...loss, chunks: [0x7fff, 0x7fff] }).length).toBe(50);
  });

  it('thinning leaves only multiples, also over the wrap', () => {
    expect(thinnedSequences({ ...loss, thinning: 3, endSequence: 17 })).toEqual([0, 8, 16]);
    expect(thinnedSequences({ ...loss, thinning: 15, beginSequence: 1, endSequence: 0 })).toEqual([32768]);
  });
});
