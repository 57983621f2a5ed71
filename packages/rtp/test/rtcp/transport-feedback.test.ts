import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  decodeRtcp,
  encodeRtcp,
  type RtcpPacket,
  type TransportFeedback,
  TWCC_MAX_DELTA,
  TWCC_MAX_PACKETS,
  TWCC_MIN_DELTA,
  TWCC_REFERENCE_WRAP,
} from '../../src/rtcp/index.ts';
import { BAD_TWCC, NACK, TWCC } from './vectors.ts';

function decode(bytes: Uint8Array): TransportFeedback {
  const packets = decodeRtcp(bytes);
  if (isMalformed(packets) || packets[0]!.type !== 'twcc') throw new Error('no feedback');
  return packets[0]!;
}

const base = {
  type: 'twcc',
  senderSsrc: 1,
  mediaSsrc: 2,
  baseSequence: 0,
  feedbackCount: 0,
  referenceTime: 0,
} as const;
const feedback = (
  packets: readonly (number | undefined)[],
  more: Partial<TransportFeedback> = {},
): TransportFeedback => ({
  ...base,
  packets,
  ...more,
});
/** The chunks of a packet, as many as are given. */
const chunks = (packet: TransportFeedback, count: number): string[] => {
  const bytes = encodeRtcp([packet]);
  return Array.from({ length: count }, (_, i) => ((bytes[20 + 2 * i]! << 8) | bytes[21 + 2 * i]!).toString(16));
};
const lost = (count: number): undefined[] => new Array(count).fill(undefined);
const every = (count: number, step: number, start = 0): number[] =>
  Array.from({ length: count }, (_, i) => start + i * step);

describe('transport-wide feedback of others', () => {
  it('captured: a run, and padding of one byte', () => {
    const { senderSsrc, mediaSsrc, baseSequence, referenceTime, packets } = decode(TWCC.captured!);
    expect([senderSsrc, mediaSsrc, baseSequence, referenceTime / 64]).toEqual([1, 3713560246, 1, 6197520]);
    expect(packets).toEqual([7, 10, 21, 35, 35, 36, 36, 38, 44]);
  });

  it('padding in front of other packets is taken off, too', () => {
    const both = Uint8Array.from([...TWCC.captured!, ...NACK]);
    expect(decodeRtcp(both)).toMatchObject([{ type: 'twcc' }, { type: 'nack' }]);
  });

  it('run of one', () => {
    expect(decode(TWCC.oneSmall!)).toEqual({
      type: 'twcc',
      senderSsrc: 4195875351,
      mediaSsrc: 1124282272,
      baseSequence: 153,
      feedbackCount: 23,
      referenceTime: 4057090 * 64,
      packets: [37],
    });
  });

  it('large and small deltas add up', () => {
    expect(decode(TWCC.largeThenSmall!).packets).toEqual([2047.5, 4070, 4122, 4122, 4174, 4174]);
  });

  it('run', () => {
    expect(decode(TWCC.sevenSmall!).packets).toEqual([19, 28, 37, 41, 44, 47, 51]);
  });

  it('vector of one bit', () => {
    expect(decode(TWCC.oneBitVector!).packets).toEqual([4, 7, 10, undefined, 14, ...lost(9)]);
  });

  it('vector of two bits, and a run that tells more than there are', () => {
    const { packets, referenceTime } = decode(TWCC.twoBitVectorAndRun!);
    expect(packets).toEqual([38.75, 81.25, 107.75, 150.25, 181, undefined, 247.25, undefined, undefined]);
    expect(referenceTime).toBe(6551830 * 64);
  });

  it('is never longer when it is written again', () => {
    for (const [name, bytes] of Object.entries(TWCC)) {
      const again = encodeRtcp([decode(bytes)]);
      expect(again.length, name).toBeLessThanOrEqual(bytes.length);
      expect(decode(again), name).toEqual(decode(bytes));
    }
  });

  it('too few deltas, reserved symbols and nothing at all are malformed', () => {
    for (const [name, bytes] of Object.entries(BAD_TWCC)) expect(isMalformed(decodeRtcp(bytes)), name).toBe(true);
  });
});

describe('transport-wide feedback', () => {
  it('is padded to 32 bits with zeros that are not told as padding', () => {
    for (let count = 1; count <= 9; count++) {
      const bytes = encodeRtcp([feedback(every(count, 1))]);
      expect(bytes.length % 4).toBe(0);
      expect(bytes.length).toBe(20 + 4 * Math.ceil((2 + count) / 4));
      expect(bytes[0]! & 0x20).toBe(0);
      expect(decode(bytes).packets).toEqual(every(count, 1));
    }
  });

  it('does not tell of lost packets as received, wherever they are', () => {
    for (let at = 0; at < 40; at++) {
      const packets: (number | undefined)[] = every(40, 5);
      packets[at] = undefined;
      expect(decode(encodeRtcp([feedback(packets)])).packets).toEqual(packets);
    }
    expect(decode(encodeRtcp([feedback(lost(20000))])).packets).toEqual(lost(20000));
  });

  it('does not tell of more packets than its count, whatever the last chunk says', () => {
    // 14 symbols, all received, with a count of 3 and deltas for 3.
    const bytes = encodeRtcp([feedback([1, undefined, 2])]);
    bytes[20] = 0xbf;
    bytes[21] = 0xff;
    bytes[15] = 2;
    expect(decode(bytes).packets).toEqual([1, 2]);
  });

  it('spends one chunk on a run, however long', () => {
    expect(chunks(feedback(lost(8191)), 1)).toEqual(['1fff']);
    expect(chunks(feedback(every(100, 1)), 1)).toEqual(['2064']);
    expect(chunks(feedback([...every(10, 100, 100), undefined, 1001]), 1)).toEqual([(0x4000 | 10).toString(16)]);
    // The first is at the reference time: a small delta in front of nine large ones.
    expect(chunks(feedback(every(10, 100)), 2)).toEqual([
      (0xc000 | 0b01_10_10_10_10_10_10).toString(16),
      (0x4000 | 3).toString(16),
    ]);
  });

  it('takes 14 symbols into a chunk when no delta is large, and 7 when one is', () => {
    expect(chunks(feedback([1, undefined, 2, undefined, 3, 4, 5, 6, 7, 8, undefined, 9, 10, 11]), 1)).toEqual([
      (0x8000 | 0b10101111110111).toString(16),
    ]);
    expect(chunks(feedback([1, undefined, 200, 201, 202, undefined, 203]), 1)).toEqual([
      (0xc000 | 0b01_00_10_01_01_00_01).toString(16),
    ]);
  });

  it('tells of packets that overtook each other', () => {
    const packets = [100, 50, 49.75, 1000, 0];
    expect(decode(encodeRtcp([feedback(packets)])).packets).toEqual(packets);
  });

  it('tells the longest steps, and refuses longer ones', () => {
    const packets = [TWCC_MAX_DELTA, TWCC_MAX_DELTA + TWCC_MIN_DELTA];
    expect(decode(encodeRtcp([feedback(packets)])).packets).toEqual(packets);
    expect(() => encodeRtcp([feedback([TWCC_MAX_DELTA + 0.25])])).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_RTCP' }),
    );
    expect(() => encodeRtcp([feedback([TWCC_MIN_DELTA - 0.25])])).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_RTCP' }),
    );
    expect(() => encodeRtcp([feedback([Number.NaN])])).toThrow(expect.objectContaining({ code: 'RTP_BAD_RTCP' }));
  });

  it('rounds arrivals to 0.25 ms without letting the error add up', () => {
    const { packets } = decode(encodeRtcp([feedback(every(1000, 0.1))]));
    for (const [i, arrival] of packets.entries())
      expect(Math.abs(arrival! - i * 0.1)).toBeLessThanOrEqual(0.125 + 1e-9);
  });

  it('keeps the sign of the reference time, and wraps it', () => {
    const referenceTime = (time: number): number =>
      decode(encodeRtcp([feedback([0], { referenceTime: time })])).referenceTime;
    expect(referenceTime(-64)).toBe(-64);
    expect(referenceTime((2 ** 23 - 1) * 64)).toBe((2 ** 23 - 1) * 64);
    expect(referenceTime(2 ** 23 * 64)).toBe(-(2 ** 23) * 64);
    expect(referenceTime(5 * TWCC_REFERENCE_WRAP + 128)).toBe(128);
    expect(() => referenceTime(63)).toThrow(expect.objectContaining({ code: 'RTP_BAD_RTCP' }));
  });

  it('goes over the wrap of sequence numbers', () => {
    const packet = feedback(every(10, 1), { baseSequence: 65530 });
    expect(decode(encodeRtcp([packet]))).toEqual(packet);
  });

  it('refuses no packets, and more than half the sequence numbers', () => {
    for (const packets of [[], lost(TWCC_MAX_PACKETS + 1)]) {
      expect(() => encodeRtcp([feedback(packets)])).toThrow(expect.objectContaining({ code: 'RTP_BAD_RTCP' }));
    }
    const most = encodeRtcp([feedback(lost(TWCC_MAX_PACKETS))]);
    expect(decode(most).packets).toEqual(lost(TWCC_MAX_PACKETS));
    // One more is told.
    most[14] = 0x80;
    most[15] = 0;
    expect(isMalformed(decodeRtcp(most))).toBe(true);
  });

  it('all feedback of a datagram together tells about no more than that, however little it takes', () => {
    const one = encodeRtcp([feedback(lost(20_000))]);
    const bytes = new Uint8Array(30 * one.length);
    for (let i = 0; i < 30; i++) bytes.set(one, i * one.length);
    const packets = decodeRtcp(bytes) as readonly RtcpPacket[];
    expect(packets.map(({ type }) => type)).toEqual(['twcc', ...new Array(29).fill('malformed')]);
  });

  it('stands in front of other packets in a compound', () => {
    const packets: RtcpPacket[] = [feedback([1]), { type: 'pli', senderSsrc: 1, mediaSsrc: 2 }];
    expect(decodeRtcp(encodeRtcp(packets))).toEqual(packets);
  });
});
