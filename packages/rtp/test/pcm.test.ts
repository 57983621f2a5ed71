import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRtp, parseRtp } from '../src/index.ts';
import { createG722Depacketizer, createG722Packetizer, g722Duration } from '../src/payload/g722/index.ts';
import {
  comfortNoiseLength,
  createPcmDepacketizer,
  createPcmPacketizer,
  decodeComfortNoise,
  decodePcma,
  decodePcmu,
  encodeComfortNoise,
  encodePcma,
  encodePcmu,
  pcmDuration,
  reflectionCoefficient,
} from '../src/payload/pcm/index.ts';
import { hex } from './helpers/hex.ts';

const ALL = Uint8Array.from({ length: 256 }, (_, byte) => byte);

describe('G.711', () => {
  it('has the ends and the middle that ITU-T G.711 gives, in 16 bits', () => {
    expect([...decodePcmu(hex('00 80 7f ff'))]).toEqual([-32_124, 32_124, 0, 0]);
    expect([...decodePcma(hex('2a aa 55 d5'))]).toEqual([-32_256, 32_256, -8, 8]);
    expect([...encodePcmu(Int16Array.of(-32_768, 32_767, 0))]).toEqual([0x00, 0x80, 0xff]);
    expect([...encodePcma(Int16Array.of(-32_768, 32_767, 0))]).toEqual([0x2a, 0xaa, 0xd5]);
  });

  it('has the decision values of table 1 and 2 of the recommendation', () => {
    // Tables 1 and 2 count 13 and 14 bits: A-law segments begin at 32, 64, ... 2048; μ-law at 31, 95, 223, ... 4063.
    for (let segment = 1; segment < 8; segment++) {
      const alaw = 16 * 16 * 2 ** (segment - 1);
      expect(encodePcma(Int16Array.of(alaw - 16, alaw)).map((byte) => byte ^ 0xd5)).toEqual(
        Uint8Array.of(((segment - 1) << 4) | 15, segment << 4),
      );
      const mulaw = 4 * (2 ** (segment + 5) - 33);
      expect(encodePcmu(Int16Array.of(mulaw - 4, mulaw)).map((byte) => ~byte & 0x7f)).toEqual(
        Uint8Array.of(((segment - 1) << 4) | 15, segment << 4),
      );
    }
  });

  it('codes again what was decoded; μ-law has two zeros', () => {
    expect(encodePcma(decodePcma(ALL))).toEqual(ALL);
    const expected = ALL.slice();
    expected[0x7f] = 0xff;
    expect(encodePcmu(decodePcmu(ALL))).toEqual(expected);
  });

  it('is never off by more than half a step of the segment', () => {
    for (let sample = -32_124; sample <= 32_124; sample += 7) {
      const mulaw = encodePcmu(Int16Array.of(sample));
      const alaw = encodePcma(Int16Array.of(sample));
      const mulawHalf = 4 << ((~mulaw[0]! >> 4) & 7);
      const alawHalf = 8 << Math.max(0, (((alaw[0]! ^ 0x55) >> 4) & 7) - 1);
      expect(Math.abs(decodePcmu(mulaw)[0]! - sample), `${sample} in μ-law`).toBeLessThanOrEqual(mulawHalf);
      expect(Math.abs(decodePcma(alaw)[0]! - sample), `${sample} in A-law`).toBeLessThanOrEqual(alawHalf);
    }
  });

  it('goes up when the samples do', () => {
    for (const [encode, decode] of [
      [encodePcmu, decodePcmu],
      [encodePcma, decodePcma],
    ] as const)
      fc.assert(
        fc.property(fc.integer({ min: -32_768, max: 32_767 }), fc.integer({ min: -32_768, max: 32_767 }), (a, b) => {
          const [low, high] = decode(encode(Int16Array.of(Math.min(a, b), Math.max(a, b))));
          expect(low).toBeLessThanOrEqual(high!);
        }),
      );
  });

  it('writes to where it is told, if there is room', () => {
    const bytes = new Uint8Array(4);
    expect(encodePcmu(Int16Array.of(0, 0), bytes)).toBe(bytes);
    expect(encodePcma(Int16Array.of(0), bytes)).toBe(bytes);
    expect([...bytes]).toEqual([0xd5, 0xff, 0, 0]);
    const samples = new Int16Array(1);
    expect(decodePcmu(hex('80'), samples)).toBe(samples);
    expect(decodePcma(hex('aa'), samples)).toBe(samples);
    expect(() => decodePcma(hex('aaaa'), samples)).toThrow(RangeError);
    expect(() => encodePcmu(new Int16Array(5), bytes)).toThrow(RangeError);
  });
});

describe('payloads of samples', () => {
  it.each([
    ['PCMU and PCMA', createPcmPacketizer, createPcmDepacketizer, pcmDuration],
    ['G.722', createG722Packetizer, createG722Depacketizer, g722Duration],
  ] as const)('%s: a byte is a unit of the timestamp', (_, packetizer, depacketizer, duration) => {
    const sender = packetizer();
    const receiver = depacketizer();
    const data = new Uint8Array(160).fill(7);
    const buffer = new Uint8Array(200);
    sender.start({ data, timestamp: 5, keyFrame: true }, 1200);
    const payload = buffer.subarray(3, 3 + sender.next(buffer, 3));
    receiver.push(parseRtp(encodeRtp({ payloadType: 0, sequenceNumber: 0, timestamp: 5, ssrc: 0, payload })));
    expect(receiver.poll()).toEqual({ data, timestamp: 5, keyFrame: true, metadata: { duration: 160 } });
    expect([duration(data, 10, 20), duration(data, 10, 10)]).toEqual([10, -1]);
    const wrong = expect.objectContaining({ code: 'RTP_BAD_FRAME' });
    expect(() => sender.start({ data: new Uint8Array(0), timestamp: 5, keyFrame: true }, 1200)).toThrow(wrong);
    expect(() => sender.start({ data, timestamp: 5, keyFrame: true }, 159)).toThrow(wrong);
  });
});

describe('comfort noise (RFC 3389)', () => {
  it('is a level and coefficients', () => {
    const noise = { level: 78, coefficients: [0, 127, 254] };
    expect(encodeComfortNoise(noise)).toEqual(hex('4e007ffe'));
    expect(decodeComfortNoise(hex('4e007ffe'))).toEqual(noise);
    expect(decodeComfortNoise(hex('ff4e007fff'), 1, 3)).toEqual({ level: 78, coefficients: [0] });
    expect(comfortNoiseLength(noise)).toBe(4);
    expect([reflectionCoefficient(127), reflectionCoefficient(254)]).toEqual([0, (258 * 127) / 32_768]);
  });

  it('is malformed when it is empty or has the reserved bit', () => {
    expect(isMalformed(decodeComfortNoise(hex('')))).toBe(true);
    expect(isMalformed(decodeComfortNoise(hex('80')))).toBe(true);
  });

  it('refuses what does not fit', () => {
    const wrong = expect.objectContaining({ code: 'RTP_BAD_FIELD' });
    expect(() => encodeComfortNoise({ level: 128, coefficients: [] })).toThrow(wrong);
    expect(() => encodeComfortNoise({ level: 1, coefficients: [256] })).toThrow(wrong);
  });
});
