import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { FlexfecDecoder, FlexfecEncoder } from '../../src/fec/index.ts';
import { decodeRtcp, encodeRtcp, type RtcpPacket } from '../../src/rtcp/index.ts';
import { fecPacket, MEDIA_SSRC, media } from '../fec/media.ts';
import { EXTENDED_REPORT, hex, REAL_COMPOUND, SENDER_REPORT } from './vectors.ts';

const twcc = (packets: readonly (number | undefined)[], baseSequence = 0): RtcpPacket => ({
  type: 'twcc',
  senderSsrc: 1,
  mediaSsrc: 2,
  baseSequence,
  feedbackCount: 0,
  referenceTime: 0,
  packets,
});

describe('what other stacks got wrong', () => {
  it('padding larger than the packet is malformed', () => {
    for (let padding = 0; padding < 256; padding++) {
      const bytes = hex('a1c90007 902f9e2e bc5e9a40 00000000 000046e1 00000111 09f36432 00024a00');
      bytes[bytes.length - 1] = padding;
      // The report block takes all there is.
      expect(isMalformed(decodeRtcp(bytes))).toBe(true);
    }
  });

  it('a length field is never believed beyond the bytes that are there', () => {
    for (const vector of [REAL_COMPOUND, SENDER_REPORT, EXTENDED_REPORT]) {
      for (const length of [0xffff, vector.length / 4, 0x8000]) {
        const bytes = vector.slice();
        bytes[2] = length >> 8;
        bytes[3] = length;
        expect(isMalformed(decodeRtcp(bytes))).toBe(true);
      }
    }
  });

  it('counts that claim more than there are bytes allocate nothing and are malformed', () => {
    for (const claim of [
      // Reports, chunks, sources, FIR, REMB, transport-wide feedback, RFC 8888, XR.
      '9fc90001 00000001',
      '9fca0001 00000001',
      '9fcb0001 00000001',
      '84ce0002 00000001 00000002',
      '8fce0004 00000001 00000002 52454d42 ff000000',
      '8fcd0005 00000001 00000002 0000ffff 00000000 20012001',
      '8bcd0004 00000001 00000002 0000ffff 00000000',
      '80cf0002 00000001 0100ffff',
    ]) {
      expect(isMalformed(decodeRtcp(hex(claim))), claim).toBe(true);
    }
  });

  it('transport-wide feedback is padded to 32 bits', () => {
    for (let count = 1; count < 70; count++) {
      expect(encodeRtcp([twcc(Array.from({ length: count }, (_, i) => i))]).length % 4).toBe(0);
    }
  });

  it('transport-wide feedback never reports lost packets as received', () => {
    // All ways in which nine packets can be lost.
    for (let lost = 0; lost < 512; lost++) {
      const packets = Array.from({ length: 9 }, (_, i) => ((lost >> i) & 1 ? undefined : 70 * i));
      expect(decodeRtcp(encodeRtcp([twcc(packets)]))).toEqual([twcc(packets)]);
    }
  });

  it('transport-wide feedback over the wrap of sequence numbers keeps all its packets', () => {
    const packets = Array.from({ length: 20 }, (_, i) => i);
    expect(decodeRtcp(encodeRtcp([twcc(packets, 65535)]))).toEqual([twcc(packets, 65535)]);
  });

  it('a FEC packet that claims far away sequence numbers keeps no memory', () => {
    const decoder = new FlexfecDecoder({ mediaSsrc: MEDIA_SSRC });
    decoder.handleMedia(media([{ size: 1 }], 0)[0]!);
    const [payload] = new FlexfecEncoder().protect(media([{ size: 1 }, { size: 1 }], 20000), 1);
    for (let i = 0; i < 100; i++) decoder.handleFec(fecPacket(payload!, i, 9));
    expect(decoder.counters).toMatchObject({ fecPackets: 100, discarded: 100 });
  });
});
