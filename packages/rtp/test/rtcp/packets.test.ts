import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { decodeRtcp, encodeRtcp, nackPairs, type RtcpPacket, rtcpLength, writeRtcp } from '../../src/rtcp/index.ts';
import * as vectors from './vectors.ts';
import { hex } from './vectors.ts';

function decode(bytes: Uint8Array): readonly RtcpPacket[] {
  const packets = decodeRtcp(bytes);
  if (isMalformed(packets)) throw new Error('malformed');
  return packets;
}

const report = {
  ssrc: 0xbc5e9a40,
  fractionLost: 0,
  cumulativeLost: 0,
  highestSequence: 0x46e1,
  jitter: 273,
  lastSenderReport: 0x9f36432,
  delaySinceLastSenderReport: 150137,
};

describe('RTCP of a dump', () => {
  it('is read packet by packet, what is not known as bytes', () => {
    expect(decode(vectors.REAL_COMPOUND)).toEqual([
      { type: 'rr', ssrc: 0x902f9e2e, reports: [report], profileExtension: undefined },
      {
        type: 'sdes',
        chunks: [{ ssrc: 0x902f9e2e, items: [{ name: 'cname', text: '{9c00eb92-1afb-9d49-a47d-91f64eee69f5}' }] }],
      },
      { type: 'bye', ssrcs: [0x902f9e2e], reason: undefined },
      { type: 'pli', senderSsrc: 0x902f9e2e, mediaSsrc: 0x902f9e2e },
      { type: 'unknown', packetType: 205, count: 5, body: hex('902f9e2e902f9e2e') },
      { type: 'app', subtype: 0, ssrc: 0x4baae1ab, name: 'NAME', data: hex('41424344') },
    ]);
  });

  it('is written again as it was', () => {
    for (const bytes of [
      vectors.REAL_COMPOUND,
      vectors.SENDER_REPORT,
      vectors.TWO_CHUNKS,
      vectors.GOODBYE,
      vectors.NACK,
      vectors.SLICE_LOSS,
      vectors.REMB,
      vectors.CCFB,
      vectors.EXTENDED_REPORT,
    ]) {
      expect(encodeRtcp(decode(bytes))).toEqual(bytes);
    }
  });

  it('is written into the middle of a buffer', () => {
    const packets = decode(vectors.REAL_COMPOUND);
    const buffer = new Uint8Array(200).fill(0xff);
    const end = writeRtcp(buffer, 10, packets);
    expect(end).toBe(10 + rtcpLength(packets));
    expect(buffer.subarray(10, end)).toEqual(vectors.REAL_COMPOUND);
    expect(buffer[end]).toBe(0xff);
    expect(() => writeRtcp(buffer, 190, packets)).toThrow(expect.objectContaining({ code: 'RTP_BAD_RTCP' }));
  });
});

it('no byte of the buffer shows through', () => {
  const packets: RtcpPacket[] = [
    ...decode(vectors.REAL_COMPOUND),
    ...decode(vectors.CCFB),
    ...decode(vectors.EXTENDED_REPORT),
    ...Object.values(vectors.TWCC).flatMap((bytes) => [...decode(bytes)]),
    { type: 'bye', ssrcs: [], reason: 'f' },
    { type: 'rpsi', senderSsrc: 1, mediaSsrc: 2, payloadType: 96, bits: hex('a8a0c0'), bitLength: 19 },
  ];
  for (const packet of packets) {
    const buffer = new Uint8Array(rtcpLength([packet])).fill(0xff);
    writeRtcp(buffer, 0, [packet]);
    expect(buffer).toEqual(encodeRtcp([packet]));
  }
});

it('a packet longer than its length field can tell is refused', () => {
  const body = (size: number): RtcpPacket => ({
    type: 'unknown',
    packetType: 210,
    count: 0,
    body: new Uint8Array(size),
  });
  expect(rtcpLength([body(4 * 0xffff)])).toBe(4 * 0x1_0000);
  expect(() => rtcpLength([body(4 * 0x1_0000)])).toThrow(expect.objectContaining({ code: 'RTP_BAD_RTCP' }));
});

describe('reports', () => {
  it('sender report', () => {
    expect(decode(vectors.SENDER_REPORT)).toEqual([
      {
        type: 'sr',
        ssrc: 0x902f9e2e,
        ntpSeconds: 0xda8bd1fc,
        ntpFraction: 0xdddda05a,
        rtpTimestamp: 0xaaf4edd5,
        packetCount: 1,
        octetCount: 2,
        reports: [report],
        profileExtension: undefined,
      },
    ]);
  });

  it('negative losses keep their sign', () => {
    const packet: RtcpPacket = { type: 'rr', ssrc: 1, reports: [{ ...report, fractionLost: 255, cumulativeLost: -3 }] };
    expect(decode(encodeRtcp([packet]))).toMatchObject([{ reports: [{ fractionLost: 255, cumulativeLost: -3 }] }]);
  });

  it('more blocks than the count can tell are refused', () => {
    const packet: RtcpPacket = { type: 'rr', ssrc: 1, reports: new Array(32).fill(report) };
    expect(() => encodeRtcp([packet])).toThrow(expect.objectContaining({ code: 'RTP_BAD_RTCP' }));
  });

  it('a count that claims more blocks than there are bytes is malformed', () => {
    const bytes = vectors.SENDER_REPORT.slice();
    bytes[0] = 0x9f;
    expect(isMalformed(decodeRtcp(bytes))).toBe(true);
  });
});

describe('source description', () => {
  it('two chunks, each filled up to a word', () => {
    expect(decode(vectors.TWO_CHUNKS)).toEqual([
      {
        type: 'sdes',
        chunks: [
          { ssrc: 0x01020304, items: [{ name: 'cname', text: 'A' }] },
          { ssrc: 0x05060708, items: [{ name: 'cname', text: 'BCD' }] },
        ],
      },
    ]);
  });

  it('private and unknown items', () => {
    const packet: RtcpPacket = {
      type: 'sdes',
      chunks: [
        {
          ssrc: 1,
          items: [
            { name: 'priv', prefix: 'pré', text: 'value' },
            { name: 'mid', text: '0' },
            { name: 'unknown', id: 99, data: hex('010203') },
          ],
        },
        { ssrc: 2, items: [] },
      ],
    };
    expect(decode(encodeRtcp([packet]))).toEqual([packet]);
  });

  it('an item without end is malformed', () => {
    expect(isMalformed(decodeRtcp(hex('81ca0002 00000000 01024142')))).toBe(true);
    expect(isMalformed(decodeRtcp(hex('81ca0002 00000000 01054142')))).toBe(true);
    expect(isMalformed(decodeRtcp(hex('81ca0002 00000000 08010500')))).toBe(true);
    // Padding of one byte that would be the last chunk's.
    expect(isMalformed(decodeRtcp(hex('a1ca0003 00000000 01024142 00000001')))).toBe(true);
  });

  it('text that does not fit is refused', () => {
    const chunk = { ssrc: 1, items: [{ name: 'cname', text: 'x'.repeat(256) }] } as const;
    expect(() => encodeRtcp([{ type: 'sdes', chunks: [chunk] }])).toThrow('255 fit');
  });
});

describe('goodbye', () => {
  it('tells why', () => {
    expect(decode(vectors.GOODBYE)).toEqual([{ type: 'bye', ssrcs: [0x902f9e2e], reason: 'FOO' }]);
  });

  it('a reason longer than the packet is malformed', () => {
    expect(isMalformed(decodeRtcp(hex('81cb0002 902f9e2e 04464f4f')))).toBe(true);
  });
});

describe('feedback', () => {
  it('a NACK names the packet and the bits behind it', () => {
    expect(decode(vectors.NACK)).toMatchObject([
      { type: 'nack', lost: [0xaaaa, 0xaaab, 0xaaad, 0xaaaf, 0xaab1, 0xaab3, 0xaab5, 0xaab7, 0xaab9] },
    ]);
  });

  it('NACK pairs (pion/rtcp, transport_layer_nack_test.go)', () => {
    expect(nackPairs([100, 101, 105, 115])).toEqual([{ packetId: 100, bitmask: 0x4011 }]);
    expect(nackPairs([100, 117, 500, 501, 502])).toEqual([
      { packetId: 100, bitmask: 0 },
      { packetId: 117, bitmask: 0 },
      { packetId: 500, bitmask: 3 },
    ]);
    expect(nackPairs([])).toEqual([]);
  });

  it('a NACK over the wrap of sequence numbers is one pair', () => {
    expect(nackPairs([65534, 0, 14])).toEqual([{ packetId: 65534, bitmask: 0x8002 }]);
    const packet: RtcpPacket = { type: 'nack', senderSsrc: 1, mediaSsrc: 2, lost: [65534, 0, 14] };
    expect(decode(encodeRtcp([packet]))).toEqual([packet]);
  });

  it('slice loss', () => {
    expect(decode(vectors.SLICE_LOSS)).toMatchObject([{ slices: [{ first: 0xaaa, number: 0, pictureId: 0x2c }] }]);
  });

  it('full intra request', () => {
    const entries = [
      { ssrc: 0x12345678, sequenceNumber: 0x42 },
      { ssrc: 0x98765432, sequenceNumber: 0x57 },
    ];
    expect(decode(vectors.FULL_INTRA)).toEqual([{ type: 'fir', senderSsrc: 0, entries }]);
    // RFC 5104 §4.3.1.2: the SSRC of the media source is 0.
    const written = vectors.FULL_INTRA.slice();
    written.fill(0, 8, 12);
    expect(encodeRtcp(decode(vectors.FULL_INTRA))).toEqual(written);
  });

  it('reference picture selection keeps odd numbers of bits', () => {
    const packet: RtcpPacket = {
      type: 'rpsi',
      senderSsrc: 1,
      mediaSsrc: 2,
      payloadType: 96,
      bits: hex('a8a0c0'),
      bitLength: 19,
    };
    const bytes = encodeRtcp([packet]);
    expect(bytes.length).toBe(20);
    expect(bytes[12]).toBe(29);
    expect(decode(bytes)).toEqual([packet]);
  });

  it('REMB of Chrome', () => {
    expect(decode(vectors.REMB)).toEqual([{ type: 'remb', senderSsrc: 1, bitrate: 8927168, ssrcs: [0x4874ed16] }]);
  });

  it('a REMB is rounded down, and cut at what it can say', () => {
    const remb = (bitrate: number): RtcpPacket => ({ type: 'remb', senderSsrc: 1, bitrate, ssrcs: [] });
    expect(decode(encodeRtcp([remb(8927167)]))).toMatchObject([{ bitrate: 8927104 }]);
    expect(decode(encodeRtcp([remb(1e30)]))).toMatchObject([{ bitrate: (2 ** 18 - 1) * 2 ** 63 }]);
    expect(() => encodeRtcp([remb(Number.NaN)])).toThrow(expect.objectContaining({ code: 'RTP_BAD_RTCP' }));
  });

  it('a REMB whose number of streams is not what is there is malformed', () => {
    const bytes = vectors.REMB.slice();
    bytes[16] = 2;
    expect(isMalformed(decodeRtcp(bytes))).toBe(true);
  });

  it('other application layer feedback is kept as bytes', () => {
    expect(decode(hex('8fce0003 00000001 00000002 4c4e5446'))).toMatchObject([
      { type: 'unknown', packetType: 206, count: 15 },
    ]);
  });

  it('TMMBR and TMMBN (RFC 5104 §4.2)', () => {
    const entries = [{ ssrc: 3, bitrate: 131071 * 64, overhead: 40 }];
    const packets: RtcpPacket[] = [
      { type: 'tmmbr', senderSsrc: 1, entries },
      { type: 'tmmbn', senderSsrc: 1, entries: [] },
    ];
    expect(decode(encodeRtcp(packets))).toEqual(packets);
    expect(encodeRtcp(packets).subarray(12, 20)).toEqual(hex('00000003 1bfffe28'));
  });
});
