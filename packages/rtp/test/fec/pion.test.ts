import { describe, expect, it } from 'vitest';
import { FlexfecDecoder, FlexfecEncoder } from '../../src/fec/index.ts';
import { RtpPacket } from '../../src/packet.ts';
import { hex } from '../rtcp/vectors.ts';

/** Made by pion/interceptor v0.1.45 (MIT): `FlexEncoder03Factory`, six packets over the wrap and two FEC packets for them. */
const MEDIA = [
  '8060fffd00000bb812345678000102',
  '8060fffe00000bb8123456781011121314',
  '8060ffff00000bb81234567820212223242526',
  '806000000000177012345678303132333435363738',
  '806000010000177012345678404142434445464748494a',
  '80e000020000177012345678505152535455565758595a5b5c',
].map((text) => new RtpPacket(hex(text)));
const FEC = [
  '802303e8033bafab000099990060000f000017700100000012345678fffdd400606162606060604748494a',
  '802303e9033bafab0000999900e0000100000bb80100000012345678fffdaa00707172737460606060595a5b5c',
].map((text) => new RtpPacket(hex(text)));

describe('FlexFEC-03 of Pion', () => {
  it('is what is made here of the same packets', () => {
    expect(new FlexfecEncoder({ pattern: 'bursty' }).protect(MEDIA, 2)).toEqual(FEC.map((packet) => packet.payload));
  });

  it('repairs one loss of each half', () => {
    for (let even = 0; even < 6; even += 2) {
      for (let odd = 1; odd < 6; odd += 2) {
        const decoder = new FlexfecDecoder({ mediaSsrc: 0x1234_5678 });
        for (const [i, packet] of MEDIA.entries()) if (i !== even && i !== odd) decoder.handleMedia(packet);
        for (const packet of FEC) decoder.handleFec(packet);
        expect(decoder.poll()!.bytes).toEqual(MEDIA[even]!.bytes);
        expect(decoder.poll()!.bytes).toEqual(MEDIA[odd]!.bytes);
        expect(decoder.poll()).toBeUndefined();
      }
    }
  });
});
