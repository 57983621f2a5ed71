import { describe, expect, it } from 'vitest';
import { FlexfecDecoder, FlexfecEncoder, ULPFEC_MAX_SPAN, UlpfecDecoder, UlpfecEncoder } from '../../src/fec/index.ts';
import { hex } from '../rtcp/vectors.ts';
import { fecPacket, MEDIA_SSRC, media, mediaPacket } from './media.ts';

/** Packets at these distances from sequence number 825. */
const at = (...offsets: number[]) => offsets.map((offset) => mediaPacket({ size: 10 }, 825 + offset));

/** Which of 109 packets from `base` on a FlexFEC packet covers: each is left out in turn, and must come back or not. */
function covered(fec: Uint8Array, base: number, ssrc: number): number[] {
  const offsets: number[] = [];
  for (let missing = 0; missing < 109; missing++) {
    const decoder = new FlexfecDecoder({ mediaSsrc: ssrc });
    for (let i = 0; i < 109; i++) {
      if (i === missing) continue;
      const packet = mediaPacket({ size: 10 }, (base + i) & 0xffff);
      packet.ssrc = ssrc;
      decoder.handleMedia(packet);
    }
    decoder.handleFec(fecPacket(fec, 1, 9));
    // What the parity of other packets gives is no RTP packet as a rule, and counted then.
    if (decoder.counters.recovered + decoder.counters.malformed > 0) offsets.push(missing);
  }
  return offsets;
}

/** Bits that are set in a mask, first one 0. */
function bits(mask: string): number[] {
  const bytes = hex(mask);
  const set: number[] = [];
  for (let i = 0; i < 8 * bytes.length; i++) if ((bytes[i >> 3]! & (0x80 >> (i & 7))) !== 0) set.push(i);
  return set;
}

describe('FlexFEC-03 header', () => {
  // Masks of libwebrtc's flexfec_header_reader_writer_unittest.cc, with and without k bits.
  it.each([
    ['8881', '1102'],
    ['4881 82110021', '9102 08440084'],
    ['4881 02110021 8111111111111111', '9102 08440084 0888888888888888'],
  ])('mask %s', (flexible, plain) => {
    const fec = hex(`007babcd 01234567 01000000 11223344 aabb ${flexible} 00000000`);
    expect(covered(fec, 0xaabb, 0x1122_3344)).toEqual(bits(plain));
  });

  it.each([
    ['8881', '1102'],
    ['4881 82110021', '9102 08440084'],
    ['4881 02110021 8111111111111110', '9102 08440084 0888888888888880'],
  ])('is written with mask %s', (flexible, plain) => {
    // The mask is counted from the first packet.
    const first = bits(plain)[0]!;
    const [fec] = new FlexfecEncoder().protect(at(0, ...bits(plain).filter((bit) => bit > 0)), 1);
    expect(fec![0]! & 0xc0).toBe(0);
    expect(fec!.subarray(8, 18)).toEqual(hex(`01000000 12345678 0339`));
    const mask = hex(flexible);
    if (first > 0) mask[0]! |= 0x40;
    expect(fec!.subarray(18, 18 + mask.length)).toEqual(mask);
  });

  it('what is too short, has a fixed mask, another stream, several streams or no packets is malformed', () => {
    const good = '007babcd 01234567 01000000 12345678 aabb 8881';
    for (const bad of [
      '',
      '007babcd 01234567 01000000 12345678 aabb 88',
      '007babcd 01234567 01000000 12345678 aabb 4881 8211',
      '007babcd 01234567 01000000 12345678 aabb 4881 02110021 01111111 11111111',
      good.replace('007b', '407b'),
      good.replace('12345678', '12345679'),
      good.replace('01000000 1', '02000000 1'),
      good.replace('8881', '8000'),
    ]) {
      const decoder = new FlexfecDecoder({ mediaSsrc: MEDIA_SSRC });
      decoder.handleFec(fecPacket(hex(bad), 1, 9));
      expect(decoder.counters, bad).toMatchObject({ fecPackets: 1, malformed: 1, recovered: 0 });
    }
  });

  it('a retransmission (R = 1) is the packet itself', () => {
    const [packet, other] = at(0, 1);
    const decoder = new FlexfecDecoder({ mediaSsrc: MEDIA_SSRC });
    decoder.handleMedia(other!);
    decoder.handleFec(fecPacket(packet!.bytes, 1, 9));
    decoder.handleFec(fecPacket(packet!.bytes, 2, 9));
    expect(decoder.poll()!.bytes).toEqual(packet!.bytes);
    expect(decoder.poll()).toBeUndefined();
    packet!.ssrc = 7;
    decoder.handleFec(fecPacket(packet!.bytes, 3, 9));
    expect(decoder.counters).toMatchObject({ recovered: 1, malformed: 1 });
  });
});

describe('ULPFEC header', () => {
  it('has the short mask up to 16 sequence numbers, and the long one beyond', () => {
    const [short] = new UlpfecEncoder().protect(at(0, 1, 15), 1);
    expect(short![0]! & 0xc0).toBe(0);
    expect(short!.subarray(2, 4)).toEqual(hex('0339'));
    expect(short!.subarray(8, 14)).toEqual(hex('000a 000a c001'));
    const [long] = new UlpfecEncoder().protect(at(0, 16, 47), 1);
    expect(long![0]! & 0xc0).toBe(0x40);
    expect(long!.subarray(10, 18)).toEqual(hex('000a 8000 80000001'));
  });

  it('what is too short, has the E bit, or protects nothing is malformed', () => {
    const good = '007b0339 01234567 000a 0000 8000';
    for (const bad of [
      '',
      '007b0339',
      '007b0339 01234567 000a',
      '007b0339 01234567 000a 0001 8000',
      good.replace('007b', '807b'),
      good.replace('8000', '0000'),
    ]) {
      const decoder = new UlpfecDecoder({ mediaSsrc: MEDIA_SSRC });
      decoder.handleFec(fecPacket(hex(bad), 1, MEDIA_SSRC));
      expect(decoder.counters, bad).toMatchObject({ fecPackets: 1, malformed: 1 });
    }
    const decoder = new UlpfecDecoder({ mediaSsrc: MEDIA_SSRC });
    decoder.handleFec(fecPacket(new UlpfecEncoder().protect(at(0), 1)[0]!, 1, 9));
    expect(decoder.counters).toMatchObject({ malformed: 1, recovered: 0 });
  });

  it('a second level protects what the first leaves out (RFC 5109 §7.4)', () => {
    // Level 0 covers the first 4 bytes of three packets, level 1 the rest of two of them.
    const [a, b, c] = at(0, 1, 2);
    const level = (group: Uint8Array[], start: number, end: number): Uint8Array => {
      const parity = new Uint8Array(end - start);
      for (const bytes of group) for (let i = start; i < end; i++) parity[i - start]! ^= bytes[12 + i]!;
      return parity;
    };
    const three = [a!.bytes, b!.bytes, c!.bytes];
    const header = new Uint8Array(10);
    for (const bytes of three) for (const i of [0, 1, 4, 5, 6, 7]) header[i]! ^= bytes[i]!;
    header[0]! &= 0x3f;
    header.set(hex('0339'), 2);
    header.set([0, 10 ^ 10 ^ 10], 8);
    const payload = Uint8Array.from([
      ...header,
      ...hex('0004 e000'),
      ...level(three, 0, 4),
      ...hex('0006 c000'),
      ...level([a!.bytes, b!.bytes], 4, 10),
    ]);
    const lose = (lost: number): { bytes: Uint8Array | undefined; malformed: number } => {
      const decoder = new UlpfecDecoder({ mediaSsrc: MEDIA_SSRC });
      for (const [i, packet] of [a!, b!, c!].entries()) if (i !== lost) decoder.handleMedia(packet);
      decoder.handleFec(fecPacket(payload, 900, MEDIA_SSRC));
      return { bytes: decoder.poll()?.bytes, malformed: decoder.counters.malformed };
    };
    expect(lose(0).bytes).toEqual(a!.bytes);
    expect(lose(1).bytes).toEqual(b!.bytes);
    // The end of the third is not protected: it cannot be made whole.
    expect(lose(2)).toEqual({ bytes: undefined, malformed: 1 });
  });
});

describe('protect', () => {
  it('refuses packets that no mask can tell', () => {
    const encoder = new UlpfecEncoder();
    const other = media([{ size: 1 }, { size: 1 }]);
    other[1]!.ssrc = 1;
    for (const packets of [[], at(1, 0), at(0, 0), at(0, ULPFEC_MAX_SPAN), other]) {
      expect(() => encoder.protect(packets, 1)).toThrow(expect.objectContaining({ code: 'RTP_BAD_OPTION' }));
    }
    expect(() => new FlexfecEncoder().protect(at(0, 109), 1)).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_OPTION' }),
    );
  });

  it('the pattern decides which packets each FEC packet covers', () => {
    const packets = at(0, 1, 2, 3, 4);
    expect(new FlexfecEncoder({ pattern: 'bursty' }).protect(packets, 2)).not.toEqual(
      new FlexfecEncoder({ pattern: 'random' }).protect(packets, 2),
    );
    expect(new UlpfecEncoder({ pattern: 'bursty' }).protect(packets, 2)[0]!.subarray(12, 14)).toEqual(hex('a800'));
  });
});
