import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createH264Depacketizer,
  createH264Packetizer,
  decodeH264Sps,
  H264_NAL,
  h264NalType,
  isH264KeyFrameStart,
  splitAnnexB,
} from '../../src/payload/h264/index.ts';
import { accessUnits, depacketize, packetize, packetOf } from '../helpers/video.ts';

const begins = (bytes: Uint8Array, start: number): boolean => {
  const type = h264NalType(bytes[start]!);
  return type >= 6 || (bytes[start + 1]! & 0x80) !== 0;
};
const isSlice = (bytes: Uint8Array, start: number): boolean => h264NalType(bytes[start]!) <= H264_NAL.IDR;
const frames = accessUnits('h264.h264', begins, isSlice);
const sliced = accessUnits('h264-slices.h264', begins, isSlice);

describe('H.264 access units of an encoder', () => {
  it.each([100, 400, 1200])('survive payloads of %i bytes', (size) => {
    for (const units of [frames, sliced]) {
      const packets = packetize(
        createH264Packetizer(),
        units.map((data) => ({ data })),
        size,
      );
      for (const { payload } of packets) expect(payload.length).toBeLessThanOrEqual(size);
      const out = depacketize(createH264Depacketizer(), packets);
      expect(out.map(({ data }) => data)).toEqual(units);
      expect(out.map(({ keyFrame }) => keyFrame)).toEqual(units.map((_, i) => i % 6 === 0));
    }
  });

  it('share packets where they are small and are cut where they are large', () => {
    const packets = packetize(createH264Packetizer(), [{ data: frames[0]! }], 400);
    const types = packets.map(({ payload }) => h264NalType(payload[0]!));
    expect(types[0]).toBe(H264_NAL.STAP_A);
    expect(types.at(-1)).toBe(H264_NAL.FU_A);
    expect(packets.map(({ marker }) => marker)).toEqual(packets.map((_, i) => i === packets.length - 1));
    expect(
      packets.some(({ bytes, payloadOffset, payloadEnd }) => isH264KeyFrameStart(bytes, payloadOffset, payloadEnd)),
    ).toBe(true);
    const [delta] = packetize(createH264Packetizer(), [{ data: frames[1]! }], 1200);
    expect(isH264KeyFrameStart(delta!.bytes, delta!.payloadOffset, delta!.payloadEnd)).toBe(false);
  });

  it('go as single NAL units in mode 0, or not at all', () => {
    const packetizer = createH264Packetizer({ packetizationMode: 0 });
    const packets = packetize(
      packetizer,
      sliced.map((data) => ({ data })),
      4000,
    );
    for (const { payload } of packets) expect(h264NalType(payload[0]!)).toBeLessThan(24);
    expect(depacketize(createH264Depacketizer(), packets).map(({ data }) => data)).toEqual(sliced);
    expect(() => packetizer.start({ data: frames[0]!, timestamp: 0, keyFrame: true }, 100)).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_FRAME' }),
    );
  });

  it('that lose any one packet are given up, and no other is', () => {
    const packets = packetize(
      createH264Packetizer(),
      sliced.map((data) => ({ data })),
      300,
    );
    for (let lost = 0; lost < packets.length; lost++) {
      const out = depacketize(
        createH264Depacketizer(),
        packets.filter((_, i) => i !== lost),
      );
      const expected = sliced.filter((_, i) => packets[lost]!.timestamp !== 3000 * (i + 1));
      expect(out.map(({ data }) => data)).toEqual(expected);
    }
  });

  it('get parameter sets from signaling where they bring none', () => {
    const units = splitAnnexB(frames[0]!).map(({ start, end }) => frames[0]!.slice(start, end));
    const sets = units.filter((unit) => [7, 8].includes(h264NalType(unit[0]!)));
    const idr = units.filter((unit) => h264NalType(unit[0]!) === H264_NAL.IDR);
    expect([sets.length, idr.length]).toEqual([2, 1]);
    const depacketizer = createH264Depacketizer({ parameterSets: sets });
    const packets = packetize(
      createH264Packetizer(),
      [{ data: annexB(idr) }, { data: frames[0]! }, { data: frames[1]! }],
      1200,
    );
    const out = depacketize(depacketizer, packets);
    expect(out[0]!.data).toEqual(annexB([...sets, ...idr]));
    expect(out[1]!.data).toEqual(frames[0]);
    expect(out[2]!.data).toEqual(frames[1]);
  });

  it('say what they are made of', () => {
    const [frame] = depacketize(
      createH264Depacketizer(),
      packetize(createH264Packetizer(), [{ data: frames[0]! }], 1200),
    );
    expect((frame!.metadata as { nalTypes: number[] }).nalTypes).toEqual(
      splitAnnexB(frames[0]!).map(({ start }) => h264NalType(frames[0]![start]!)),
    );
  });
});

describe('the sequence parameter set', () => {
  it.each([
    ['h264', frames, '42c0'],
    ['h264-slices', sliced, '6400'],
  ])('of %s tells profile and size', (_name, units, profile) => {
    const data = units[0]!;
    const range = splitAnnexB(data).find(({ start }) => h264NalType(data[start]!) === H264_NAL.SPS)!;
    const sps = decodeH264Sps(data, range.start, range.end);
    expect(sps).toMatchObject({ width: 128, height: 96 });
    expect(isMalformed(sps) ? '' : sps.profileLevelId.slice(0, 4)).toBe(profile);
    for (let end = range.start; end < range.end - 4; end++) decodeH264Sps(data, range.start, end);
  });

  it('of any bytes never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const sps = decodeH264Sps(new Uint8Array([0x67, ...bytes]));
        if (!isMalformed(sps)) expect(sps.width * sps.height).toBeGreaterThan(0);
      }),
    );
  });
});

describe('splitAnnexB', () => {
  it('finds units behind start codes of three and four bytes and leaves trailing zeros out', () => {
    const bytes = new Uint8Array([0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 0, 1, 0x65, 0, 0, 3, 1, 0, 0]);
    expect(splitAnnexB(bytes)).toEqual([
      { start: 4, end: 6 },
      { start: 9, end: 11 },
      { start: 16, end: 21 },
    ]);
    expect(splitAnnexB(new Uint8Array([0x67, 1, 2]))).toEqual([]);
  });

  it('undoes joining', () => {
    // A unit neither has start codes inside nor ends in zero: that is what emulation prevention is for.
    const unit = fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => bytes.map((byte) => Math.max(byte, 4)));
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 5 }), (units) => {
        const joined = annexB(units);
        expect(splitAnnexB(joined).map(({ start, end }) => joined.slice(start, end))).toEqual(units);
      }),
    );
  });
});

describe('hostile H.264 payloads', () => {
  const bad = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);
  it.each([
    ['a STAP-A whose unit is longer than the packet', bad(24, 0, 9, 0x65, 1)],
    ['a STAP-A with an empty unit', bad(24, 0, 0, 0, 1, 0x65)],
    ['a STAP-A with bytes behind its units', bad(24, 0, 2, 0x65, 0x80, 7)],
    ['a STAP-A inside a STAP-A', bad(24, 0, 2, 24, 1)],
    ['an empty STAP-A', bad(24)],
    ['a STAP-B', bad(25, 0, 0, 0, 2, 0x65, 0x80)],
    ['an FU-B', bad(29, 0x85, 0, 0, 1)],
    ['an FU-A without content', bad(28, 0x85)],
    ['an FU-A of a type that cannot be cut', bad(28, 0x80 | 24, 1)],
    ['an FU-A that goes on with nothing', bad(28, 0x05, 1)],
    ['type 0', bad(0, 1)],
    ['type 30', bad(30, 1)],
  ])('%s is malformed', (_name, payload) => {
    const depacketizer = createH264Depacketizer();
    depacketizer.push(packetOf(bad(0x67, 1, 2), 1, 1));
    depacketizer.poll();
    depacketizer.push(packetOf(payload, 2, 2));
    expect(depacketizer.poll()).toBeUndefined();
    expect(depacketizer.counters).toMatchObject({ malformed: 1, incomplete: 1 });
  });

  it('a fragment that begins twice, and one that is followed by something else, lose their frame', () => {
    for (const second of [bad(28, 0x85, 1), bad(0x65, 0x80)]) {
      const depacketizer = createH264Depacketizer();
      depacketizer.push(packetOf(bad(28, 0x85, 0x80), 1, 1, false));
      depacketizer.push(packetOf(second, 2, 1, true));
      expect(depacketizer.poll()).toBeUndefined();
    }
  });

  it('a frame whose last fragment is missing is not whole although its marker came', () => {
    const depacketizer = createH264Depacketizer();
    depacketizer.push(packetOf(bad(28, 0x85, 0x80), 1, 1, true));
    expect(depacketizer.poll()).toBeUndefined();
    expect(depacketizer.counters.incomplete).toBe(1);
  });

  it('of any bytes never throw', () => {
    const payloads = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 30 }),
        fc.uint8Array({ maxLength: 30 }).map((bytes) => bad(28, 0x85, ...bytes)),
        fc.uint8Array({ maxLength: 30 }).map((bytes) => bad(24, 0, 3, ...bytes)),
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(payloads, (all) => {
        const depacketizer = createH264Depacketizer();
        all.forEach((bytes, i) => {
          depacketizer.push(packetOf(bytes, i, i >> 1, i % 2 === 1));
          isH264KeyFrameStart(bytes, 0, bytes.length);
        });
        while (depacketizer.poll() !== undefined);
        expect(depacketizer.counters.packets).toBe(all.length);
      }),
    );
  });
});

describe('the H.264 packetizer', () => {
  it('refuses what is no access unit in Annex B', () => {
    const packetizer = createH264Packetizer();
    for (const data of [bad(), bad(0x65, 1), bad(0, 0, 0, 1, 24, 1)])
      expect(() => packetizer.start({ data, timestamp: 0, keyFrame: true }, 1200)).toThrow(
        expect.objectContaining({ code: 'RTP_BAD_FRAME' }),
      );
    expect(() => packetizer.start({ data: frames[0]!, timestamp: 0, keyFrame: true }, 7)).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_OPTION' }),
    );
    expect(() => createH264Packetizer({ packetizationMode: 2 as 1 })).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_OPTION' }),
    );
  });

  const bad = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);
});

function annexB(units: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(units.flatMap((unit) => [0, 0, 0, 1, ...unit]));
}
