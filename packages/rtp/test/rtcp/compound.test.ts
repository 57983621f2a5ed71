import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { compound, decodeRtcp, encodeRtcp, isReducedSize, type RtcpPacket } from '../../src/rtcp/index.ts';
import { hex, NACK, REAL_COMPOUND, REMB, SENDER_REPORT } from './vectors.ts';

const pli: RtcpPacket = { type: 'pli', senderSsrc: 1, mediaSsrc: 2 };
const bye: RtcpPacket = { type: 'bye', ssrcs: [1] };

describe('a datagram', () => {
  it('nothing, less than a word, another version: malformed', () => {
    expect(isMalformed(decodeRtcp(new Uint8Array()))).toBe(true);
    expect(isMalformed(decodeRtcp(hex('80c900')))).toBe(true);
    expect(isMalformed(decodeRtcp(hex('41c90001 00000001')))).toBe(true);
  });

  it('of reduced size begins with feedback', () => {
    expect(decodeRtcp(NACK)).toMatchObject([{ type: 'nack' }]);
  });

  it('shows a packet that cannot be read beside those that can', () => {
    const broken = REMB.slice();
    broken[16] = 9;
    expect(decodeRtcp(Uint8Array.from([...SENDER_REPORT, ...broken, ...NACK]))).toEqual([
      expect.objectContaining({ type: 'sr' }),
      { type: 'malformed', packetType: 206, bytes: broken },
      expect.objectContaining({ type: 'nack' }),
    ]);
  });

  it('a length beyond the datagram ends it', () => {
    const rest = hex('81cdffff 00000000');
    expect(decodeRtcp(Uint8Array.from([...SENDER_REPORT, ...rest]))).toEqual([
      expect.objectContaining({ type: 'sr' }),
      { type: 'malformed', packetType: 205, bytes: rest },
    ]);
  });

  it('what could not be read cannot be written', () => {
    const packet: RtcpPacket = { type: 'malformed', packetType: 205, bytes: hex('00') };
    expect(() => encodeRtcp([packet])).toThrow(expect.objectContaining({ code: 'RTP_BAD_RTCP' }));
  });
});

describe('padding', () => {
  it('is taken off the last packet', () => {
    expect(decodeRtcp(hex('a1cb0003 00000001 00000000 00000008'))).toEqual([
      { type: 'bye', ssrcs: [1], reason: undefined },
    ]);
  });

  it('of no bytes, or more than there are, is malformed', () => {
    expect(isMalformed(decodeRtcp(hex('a1cb0002 00000001 00000000')))).toBe(true);
    expect(isMalformed(decodeRtcp(hex('a1cb0002 00000001 000000ff')))).toBe(true);
    expect(isMalformed(decodeRtcp(hex('a0cb0000')))).toBe(true);
    // Packets that are not known, too.
    expect(isMalformed(decodeRtcp(hex('a0d00001 00000005')))).toBe(true);
    expect(decodeRtcp(hex('a0d00001 00000004'))).toMatchObject([{ type: 'unknown', body: hex('') }]);
  });

  it('must leave what the count claims', () => {
    expect(isMalformed(decodeRtcp(hex('a1cb0001 00000004')))).toBe(true);
  });

  it('is never written', () => {
    for (const byte of [0, 20, 28]) expect(encodeRtcp([pli, bye, pli])[byte]! & 0x20).toBe(0);
  });
});

describe('compound', () => {
  const sender = { ssrc: 1, cname: 'name' };

  it('puts a receiver report and the CNAME in front where they are missing', () => {
    const packets = compound([bye, pli], sender);
    expect(packets).toEqual([
      { type: 'rr', ssrc: 1, reports: [] },
      { type: 'sdes', chunks: [{ ssrc: 1, items: [{ name: 'cname', text: 'name' }] }] },
      pli,
      bye,
    ]);
    expect(isReducedSize(packets)).toBe(false);
    expect(isReducedSize([pli])).toBe(true);
    expect(isReducedSize([])).toBe(false);
  });

  it('leaves what is there, in order', () => {
    const all = decodeRtcp(REAL_COMPOUND) as readonly RtcpPacket[];
    const [rr, sdes, goodbye, ...rest] = all;
    expect(compound([...rest, goodbye!, sdes!, rr!], sender)).toEqual([rr, sdes, ...rest, goodbye]);
  });

  it('puts the sender report before receiver reports', () => {
    const sr = (decodeRtcp(SENDER_REPORT) as readonly RtcpPacket[])[0]!;
    expect(compound([{ type: 'rr', ssrc: 1, reports: [] }, sr], sender).map((packet) => packet.type)).toEqual([
      'sr',
      'rr',
      'sdes',
    ]);
  });
});
