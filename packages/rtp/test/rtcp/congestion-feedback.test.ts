import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  CCFB_MAX_PACKETS,
  CCFB_OFFSET_TOO_LONG,
  CCFB_OFFSET_UNKNOWN,
  decodeRtcp,
  encodeRtcp,
  type RtcpPacket,
} from '../../src/rtcp/index.ts';
import { CCFB } from './vectors.ts';

describe('congestion control feedback (RFC 8888)', () => {
  it('tells of several streams', () => {
    const arrived = [
      { ecn: 0, arrivalOffset: 8189 },
      { ecn: 0, arrivalOffset: 8188 },
    ];
    expect(decodeRtcp(CCFB)).toEqual([
      {
        type: 'ccfb',
        senderSsrc: 1,
        reportTimestamp: 1,
        streams: [
          { ssrc: 1, beginSequence: 2, packets: [...arrived, undefined, undefined] },
          { ssrc: 2, beginSequence: 2, packets: [...arrived, undefined] },
        ],
      },
    ]);
  });

  it('keeps ECN and the offsets that are no offsets', () => {
    const packet: RtcpPacket = {
      type: 'ccfb',
      senderSsrc: 1,
      reportTimestamp: 0xffff_ffff,
      streams: [
        {
          ssrc: 2,
          beginSequence: 65535,
          packets: [
            { ecn: 3, arrivalOffset: CCFB_OFFSET_TOO_LONG },
            { ecn: 1, arrivalOffset: CCFB_OFFSET_UNKNOWN },
            { ecn: 2, arrivalOffset: 0 },
          ],
        },
        { ssrc: 3, beginSequence: 0, packets: [] },
      ],
    };
    const bytes = encodeRtcp([packet]);
    expect([...bytes.subarray(16, 24)]).toEqual([0xff, 0xfe, 0xbf, 0xff, 0xc0, 0x00, 0, 0]);
    expect(decodeRtcp(bytes)).toEqual([packet]);
  });

  it('a packet that did not come has no ECN and no time', () => {
    const bytes = CCFB.slice();
    bytes[20] = 0x62;
    expect(decodeRtcp(bytes)).toEqual(decodeRtcp(CCFB));
  });

  it('more packets than there are bytes, or than the RFC allows, are malformed', () => {
    const claimed = CCFB.slice();
    claimed[14] = 0x40;
    claimed[15] = 0x01;
    expect(isMalformed(decodeRtcp(claimed))).toBe(true);
    const tooMany = new Uint8Array(12 + 8 + 2 * (CCFB_MAX_PACKETS + 2));
    tooMany.set([0x8b, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0x40, 0x01]);
    tooMany.set([(tooMany.length / 4 - 1) >> 8, tooMany.length / 4 - 1], 2);
    expect(isMalformed(decodeRtcp(tooMany))).toBe(true);
    const stream = (count: number): RtcpPacket => ({
      type: 'ccfb',
      senderSsrc: 1,
      reportTimestamp: 0,
      streams: [{ ssrc: 1, beginSequence: 0, packets: new Array(count).fill(undefined) }],
    });
    expect(decodeRtcp(encodeRtcp([stream(CCFB_MAX_PACKETS)]))).toEqual([stream(CCFB_MAX_PACKETS)]);
    expect(() => encodeRtcp([stream(CCFB_MAX_PACKETS + 1)])).toThrow(expect.objectContaining({ code: 'RTP_BAD_RTCP' }));
  });

  it('refuses fields that do not fit', () => {
    for (const arrived of [
      { ecn: 4, arrivalOffset: 0 },
      { ecn: 0, arrivalOffset: 0x2000 },
    ]) {
      const streams = [{ ssrc: 1, beginSequence: 0, packets: [arrived] }];
      expect(() => encodeRtcp([{ type: 'ccfb', senderSsrc: 1, reportTimestamp: 0, streams }])).toThrow('does not fit');
    }
  });
});
