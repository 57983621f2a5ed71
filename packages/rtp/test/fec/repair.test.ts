import { describe, expect, it } from 'vitest';
import { type FecDecoder, FlexfecDecoder, FlexfecEncoder, UlpfecDecoder, UlpfecEncoder } from '../../src/fec/index.ts';
import { fecPacket, MEDIA_SSRC, media } from './media.ts';

const SCHEMES = [
  { name: 'FlexFEC-03', Encoder: FlexfecEncoder, Decoder: FlexfecDecoder },
  { name: 'ULPFEC', Encoder: UlpfecEncoder, Decoder: UlpfecDecoder },
] as const;

const recovered = (decoder: FecDecoder): number[] => {
  const numbers: number[] = [];
  for (let packet = decoder.poll(); packet !== undefined; packet = decoder.poll()) numbers.push(packet.sequenceNumber);
  return numbers;
};

describe.each(SCHEMES)('$name', ({ Encoder, Decoder }) => {
  const packets = media([{ size: 100 }, { size: 20, marker: true }, { size: 0 }, { size: 50, extension: true }]);
  const [fec] = new Encoder().protect(packets, 1).map((payload) => fecPacket(payload, 500, MEDIA_SSRC));

  it('repairs when the FEC packet comes last, first, and in between', () => {
    for (const place of [0, 1, 3]) {
      const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC });
      const arriving = packets.filter((_, i) => i !== 3);
      for (let i = 0; i <= 3; i++) {
        if (i === place) decoder.handleFec(fec!);
        if (i < 3) decoder.handleMedia(arriving[i]!);
      }
      expect(decoder.poll()!.bytes).toEqual(packets[3]!.bytes);
      expect(decoder.counters).toEqual({ fecPackets: 1, recovered: 1, malformed: 0, discarded: 0 });
    }
  });

  it('gives nothing when two are missing, nor when none is', () => {
    const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC });
    decoder.handleFec(fec!);
    decoder.handleMedia(packets[0]!);
    decoder.handleMedia(packets[1]!);
    expect(decoder.poll()).toBeUndefined();
    decoder.handleMedia(packets[2]!);
    expect(recovered(decoder)).toEqual([packets[3]!.sequenceNumber]);
    decoder.handleFec(fec!);
    expect(decoder.poll()).toBeUndefined();
  });

  it('tells packets that are news from those that came or were recovered before', () => {
    const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC });
    expect(decoder.handleMedia(packets[0]!)).toBe(true);
    expect(decoder.handleMedia(packets[0]!)).toBe(false);
    for (const packet of packets.slice(1, 3)) decoder.handleMedia(packet);
    decoder.handleFec(fec!);
    // It was only late.
    expect(decoder.handleMedia(packets[3]!)).toBe(false);
    const other = media([{ size: 1 }])[0]!;
    other.ssrc = 9;
    expect(decoder.handleMedia(other)).toBe(false);
  });

  it('a recovered packet helps to recover another', () => {
    const many = media([{ size: 9 }, { size: 8 }, { size: 7 }]);
    // Sets: {0}, {1}, {0, 1}.
    const fecs = new Encoder({ pattern: 'random' }).protect(many, 2);
    const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC });
    decoder.handleMedia(many[0]!);
    for (const [i, payload] of fecs.entries()) decoder.handleFec(fecPacket(payload, 600 + i, MEDIA_SSRC));
    expect(recovered(decoder)).toEqual([many[2]!.sequenceNumber, many[1]!.sequenceNumber]);
  });

  it('repairs over the wrap of sequence numbers', () => {
    const around = media(new Array(12).fill({ size: 30 }), 65530);
    const fecs = new Encoder({ pattern: 'bursty' }).protect(around, 3);
    const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC });
    for (const [i, packet] of around.entries()) if (i < 5 || i > 7) decoder.handleMedia(packet);
    for (const [i, payload] of fecs.entries()) decoder.handleFec(fecPacket(payload, i, MEDIA_SSRC));
    expect(recovered(decoder).sort((a, b) => a - b)).toEqual([0, 1, 65535]);
  });

  it('does not take a packet of the wrap before for one of now', () => {
    const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC, window: 64 });
    decoder.handleMedia(packets[0]!);
    // A whole round, in steps that leave its place untouched.
    for (let sequenceNumber = 140; sequenceNumber < 65536 + 100; sequenceNumber += 64) {
      decoder.handleMedia(media([{ size: 1 }], sequenceNumber & 0xffff)[0]!);
    }
    for (const packet of packets.slice(1, 3)) decoder.handleMedia(packet);
    decoder.handleFec(fec!);
    expect(decoder.poll()).toBeUndefined();
  });

  it('gives up FEC packets whose media is older than the window', () => {
    const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC, window: 64 });
    decoder.handleMedia(packets[0]!);
    decoder.handleFec(fec!);
    decoder.handleMedia(media([{ size: 1 }], 300)[0]!);
    expect(decoder.counters.discarded).toBe(1);
    decoder.handleFec(fec!);
    expect(decoder.counters.discarded).toBe(2);
    expect(decoder.handleMedia(packets[1]!)).toBe(false);
    // With a larger one it waits on.
    const patient = new Decoder({ mediaSsrc: MEDIA_SSRC, window: 256 });
    patient.handleMedia(packets[0]!);
    patient.handleFec(fec!);
    patient.handleMedia(media([{ size: 1 }], 300)[0]!);
    for (const packet of packets.slice(1, 3)) patient.handleMedia(packet);
    expect(recovered(patient)).toEqual([packets[3]!.sequenceNumber]);
  });

  it('keeps so many FEC packets and no more', () => {
    const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC, maxFecPackets: 2 });
    const many = media(new Array(8).fill({ size: 5 }));
    decoder.handleMedia(many[0]!);
    for (let i = 0; i < 8; i += 2) {
      const [payload] = new Encoder().protect(many.slice(i, i + 2), 1);
      // Each is missing both of its packets, but the first.
      if (i > 0) decoder.handleFec(fecPacket(payload!, i, MEDIA_SSRC));
    }
    expect(decoder.counters).toMatchObject({ fecPackets: 3, discarded: 1 });
    decoder.handleMedia(many[2]!);
    expect(decoder.poll()).toBeUndefined();
    decoder.handleMedia(many[4]!);
    expect(recovered(decoder)).toEqual([many[5]!.sequenceNumber]);
  });

  it('bounds what nobody polls', () => {
    const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC, window: 64 });
    for (let i = 0; i < 200; i++) {
      const [packet] = media([{ size: 1 }], 1000 + i);
      decoder.handleFec(fecPacket(new Encoder().protect([packet!], 1)[0]!, i, MEDIA_SSRC));
    }
    expect(decoder.counters.recovered).toBe(200);
    expect(recovered(decoder)).toEqual(Array.from({ length: 64 }, (_, i) => 1136 + i));
  });

  it('keeps copies: the bytes of what was handed in may be used again', () => {
    const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC });
    const original = packets.map((packet) => packet.bytes.slice());
    const here = media([{ size: 100 }, { size: 20, marker: true }, { size: 0 }, { size: 50, extension: true }]);
    const fecHere = fecPacket(fec!.bytes.slice(12), 1, MEDIA_SSRC);
    decoder.handleFec(fecHere);
    fecHere.bytes.fill(0);
    for (const packet of here.slice(0, 3)) {
      decoder.handleMedia(packet);
      packet.bytes.fill(0);
    }
    expect(decoder.poll()!.bytes).toEqual(original[3]);
  });

  it('parity that gives no RTP packet is dropped and counted', () => {
    const decoder = new Decoder({ mediaSsrc: MEDIA_SSRC });
    const bad = fec!.bytes.slice();
    // A length that nothing has: at 2 in FlexFEC, at 8 in ULPFEC.
    const at = 12 + (Decoder === (FlexfecDecoder as unknown) ? 2 : 8);
    bad[at]! ^= 0xff;
    decoder.handleFec(fecPacket(bad.slice(12), 1, MEDIA_SSRC));
    for (const packet of packets.slice(0, 3)) decoder.handleMedia(packet);
    expect(decoder.poll()).toBeUndefined();
    expect(decoder.counters.malformed).toBe(1);
  });

  it('refuses options out of their range', () => {
    for (const options of [
      { window: 63 },
      { window: 100 },
      { window: 8192 },
      { maxFecPackets: 0 },
      { maxFecPackets: 1.5 },
    ]) {
      expect(() => new Decoder({ mediaSsrc: 1, ...options })).toThrow(
        expect.objectContaining({ code: 'RTP_BAD_OPTION' }),
      );
    }
  });
});
