import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { decodeRtp, encodeRtp, RtpPacket } from '../src/index.ts';
import { createOpusDepacketizer } from '../src/payload/opus/index.ts';
import { hex } from './helpers/hex.ts';

const FIXED = '0001 00000002 00000003';

describe('pitfalls of RTP', () => {
  it('padding larger than the packet is malformed (CVE-2025-49140)', () => {
    for (const padding of ['02', 'ff', '80'])
      expect(isMalformed(decodeRtp(hex(`a060 ${FIXED} ${padding}`)))).toBe(true);
  });

  it('padding that reaches into the header is malformed', () => {
    expect(isMalformed(decodeRtp(hex(`a060 ${FIXED} 000003`)))).toBe(false);
    expect(isMalformed(decodeRtp(hex(`a060 ${FIXED} 000004`)))).toBe(true);
    expect(isMalformed(decodeRtp(hex(`b060 ${FIXED} bede0001 10aa0000 000006`)))).toBe(true);
  });

  it('padding of no bytes is malformed: the count includes itself (RFC 3550 §A.1)', () => {
    expect(isMalformed(decodeRtp(hex(`a060 ${FIXED} aabb00`)))).toBe(true);
    // The last byte of a bare header is no count.
    expect(isMalformed(decodeRtp(hex(`a060 ${FIXED}`)))).toBe(true);
  });

  it('padding that is all of the payload leaves none', () => {
    const packet = decodeRtp(hex(`a060 ${FIXED} 00000004`)) as RtpPacket;
    expect([packet.payload.length, packet.paddingLength]).toEqual([0, 4]);
    const depacketizer = createOpusDepacketizer();
    depacketizer.push(packet);
    expect(depacketizer.counters).toMatchObject({ packets: 1, frames: 0, malformed: 0 });
  });

  it('CSRCs that are not there are malformed', () => {
    expect(isMalformed(decodeRtp(hex(`8f60 ${FIXED}`)))).toBe(true);
    expect(isMalformed(decodeRtp(hex(`8160 ${FIXED} 000000`)))).toBe(true);
  });

  it('an extension block longer than the packet is malformed', () => {
    expect(isMalformed(decodeRtp(hex(`9060 ${FIXED} bede`)))).toBe(true);
    expect(isMalformed(decodeRtp(hex(`9060 ${FIXED} bede0001`)))).toBe(true);
    expect(isMalformed(decodeRtp(hex(`9060 ${FIXED} bedeffff 00000000`)))).toBe(true);
    expect(isMalformed(decodeRtp(hex(`9060 ${FIXED} bede0000`)))).toBe(false);
  });

  it('a packet that is refused leaves the view that was to be used again alone', () => {
    const good = encodeRtp({ payloadType: 1, sequenceNumber: 2, timestamp: 3, ssrc: 4, payload: hex('aa') });
    const packet = new RtpPacket(good);
    expect(packet.reset(hex(`a060 ${FIXED} ff`))).toBe(false);
    expect(packet.bytes).toBe(good);
    expect(packet.payload).toEqual(hex('aa'));
  });
});
