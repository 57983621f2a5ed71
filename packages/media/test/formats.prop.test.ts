import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyFrameFacts } from '../src/codecs/key-frame.ts';
import { H264, H265, nalUnits, splitLengthPrefixed, toAnnexB, toLengthPrefixed } from '../src/codecs/nal.ts';
import { decodeAvcC, decodeHvcC } from '../src/codecs/parameter-sets.ts';
import { AccessUnitReader } from '../src/formats/annex-b.ts';
import { decodeIvfFrameHeader, decodeIvfHeader, encodeIvfFrameHeader, encodeIvfHeader } from '../src/formats/ivf.ts';
import { decodeWavChunk, decodeWavFormat } from '../src/formats/wav.ts';
import { detectFormat } from '../src/reading/detect.ts';
import { readAll, vector } from './helpers/files.ts';

const bytes = fc.uint8Array({ maxLength: 200 });
const CODECS = ['video/VP8', 'video/VP9', 'video/AV1', 'video/H264', 'video/H265', 'audio/opus'];

describe('any bytes', () => {
  it('are decoded or refused, and nothing throws', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom(...CODECS), (data, mimeType) => {
        decodeAvcC(data);
        decodeHvcC(data);
        decodeIvfHeader(data);
        decodeIvfFrameHeader(data);
        decodeWavChunk(data);
        decodeWavFormat(data);
        detectFormat(data);
        keyFrameFacts(mimeType, data);
        splitLengthPrefixed(data, 4);
      }),
    );
  });
});

describe('IVF', () => {
  it('headers come back', () => {
    const u32 = fc.integer({ min: 1, max: 0xffff_ffff });
    const u16 = fc.nat(0xffff);
    fc.assert(
      fc.property(u16, u16, u32, u32, u32, (width, height, rate, scale, frames) => {
        const header = { fourcc: 'VP80', width, height, rate, scale, frames };
        expect(decodeIvfHeader(encodeIvfHeader(header))).toEqual({ ...header, length: 32 });
      }),
    );
    fc.assert(
      fc.property(fc.nat(0xff_ffff), fc.maxSafeNat(), (length, time) => {
        expect(decodeIvfFrameHeader(encodeIvfFrameHeader(length, time))).toEqual({ length, time });
      }),
    );
    expect(isMalformed(decodeIvfFrameHeader(encodeIvfFrameHeader(0x7fff_ffff, 0)))).toBe(true);
  });
});

describe('access units', () => {
  it.each([
    ['h264.h264', H264],
    ['h265.h265', H265],
  ] as const)('of %s are the same however the bytes come', async (name, codec) => {
    const all = vector(name);
    const { frames } = await readAll(all);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        const reader = new AccessUnitReader(codec);
        for (let at = 0, i = 0; at < all.length; i++) {
          const end = at + sizes[i % sizes.length]!;
          reader.push(all.subarray(at, end));
          at = end;
        }
        reader.finish();
        for (const { data, keyFrame } of frames) expect(reader.poll()).toEqual({ data, keyFrame });
        expect(reader.poll()).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });

  it('go between lengths and start codes', async () => {
    const { frames } = await readAll(vector('h264.h264'));
    for (const { data } of frames) {
      const units = splitLengthPrefixed(toLengthPrefixed(nalUnits(data)), 4);
      expect(units && toAnnexB(units)).toEqual(data);
    }
    expect(splitLengthPrefixed(new Uint8Array([0, 0, 0, 9, 1]), 4)).toBeUndefined();
    expect(splitLengthPrefixed(new Uint8Array([2, 7, 7]), 1)).toEqual([new Uint8Array([7, 7])]);
  });
});

describe('parameter sets', () => {
  it.each(['h264.h264', 'h265.h265'])('of %s come back from their record', async (name) => {
    const { frames } = await readAll(vector(name));
    const [first] = frames;
    const mimeType = name.endsWith('h264') ? 'video/H264' : 'video/H265';
    const record = keyFrameFacts(mimeType, first!.data)?.description;
    const codec = mimeType === 'video/H264' ? H264 : H265;
    const decode = mimeType === 'video/H264' ? decodeAvcC : decodeHvcC;
    expect(decode(record!)).toEqual({
      lengthSize: 4,
      units: nalUnits(first!.data).filter((unit) => codec.isParameterSet(codec.type(unit[0]!))),
    });
    for (let i = 0; i < record!.length; i++) expect(isMalformed(decode(record!.subarray(0, i)))).toBe(true);
  });
});

describe('codec strings', () => {
  it.each([
    ['vp8.ivf', 'video/VP8', 'vp8'],
    ['vp9.ivf', 'video/VP9', 'vp09.00.10.08'],
    ['av1.ivf', 'video/AV1', 'av01.0.00M.08'],
    ['h264.h264', 'video/H264', 'avc1.42c00d'],
    ['h265.h265', 'video/H265', 'hvc1.1.6.L60.90'],
  ])('of %s', async (name, mimeType, codec) => {
    const { frames } = await readAll(vector(name));
    expect(keyFrameFacts(mimeType, frames[0]!.data)).toMatchObject({ codec, width: 128, height: 96 });
    expect(keyFrameFacts(mimeType, frames[1]!.data)).toBeUndefined();
  });
});
