import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createH265Depacketizer,
  createH265Packetizer,
  decodeH265Sps,
  H265_NAL,
  h265NalType,
  isH265KeyFrameStart,
  splitAnnexB,
} from '../../src/payload/h265/index.ts';
import { accessUnits, depacketize, packetize, packetOf } from '../helpers/video.ts';

const isSlice = (bytes: Uint8Array, start: number): boolean => h265NalType(bytes[start]!) <= H265_NAL.LAST_KEY_SLICE;
const begins = (bytes: Uint8Array, start: number): boolean =>
  isSlice(bytes, start) ? (bytes[start + 2]! & 0x80) !== 0 : h265NalType(bytes[start]!) <= H265_NAL.PREFIX_SEI;
const frames = accessUnits('h265.h265', begins, isSlice);
const bytesOf = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);

describe('H.265 access units of an encoder', () => {
  it.each([60, 400, 1200])('survive payloads of %i bytes', (size) => {
    const packets = packetize(
      createH265Packetizer(),
      frames.map((data) => ({ data })),
      size,
    );
    for (const { payload } of packets) expect(payload.length).toBeLessThanOrEqual(size);
    const out = depacketize(createH265Depacketizer(), packets);
    expect(out.map(({ data }) => data)).toEqual(frames);
    expect(out.map(({ keyFrame }) => keyFrame)).toEqual(frames.map((_, i) => i % 6 === 0));
  });

  it('share packets where they are small and are cut where they are large', () => {
    const packets = packetize(createH265Packetizer(), [{ data: frames[0]! }], 400);
    const types = packets.map(({ payload }) => h265NalType(payload[0]!));
    expect(types[0]).toBe(H265_NAL.AGGREGATION);
    expect(types.at(-1)).toBe(H265_NAL.FRAGMENT);
    // Temporal id 1 stands for the lowest layer: it is never 0 (ITU-T H.265 §7.4.2.2).
    for (const { payload } of packets) expect(payload[1]! & 7).toBe(1);
    expect(isH265KeyFrameStart(packets[0]!.bytes, packets[0]!.payloadOffset, packets[0]!.payloadEnd)).toBe(true);
    const [delta] = packetize(createH265Packetizer(), [{ data: frames[1]! }], 1200);
    expect(isH265KeyFrameStart(delta!.bytes, delta!.payloadOffset, delta!.payloadEnd)).toBe(false);
  });

  it('that lose any one packet are given up, and no other is', () => {
    const packets = packetize(
      createH265Packetizer(),
      frames.map((data) => ({ data })),
      300,
    );
    for (let lost = 0; lost < packets.length; lost++) {
      const out = depacketize(
        createH265Depacketizer(),
        packets.filter((_, i) => i !== lost),
      );
      const expected = frames.filter((_, i) => packets[lost]!.timestamp !== 3000 * (i + 1));
      expect(out.map(({ data }) => data)).toEqual(expected);
    }
  });

  it('get parameter sets from signaling where they bring none', () => {
    const units = splitAnnexB(frames[0]!).map(({ start, end }) => frames[0]!.slice(start, end));
    const sets = units.filter((unit) => [32, 33, 34].includes(h265NalType(unit[0]!)));
    const slices = units.filter((unit) => isSlice(unit, 0));
    expect([sets.length, slices.length]).toEqual([3, 1]);
    const depacketizer = createH265Depacketizer({ parameterSets: sets });
    const out = depacketize(depacketizer, packetize(createH265Packetizer(), [{ data: annexB(slices) }], 1200));
    expect(out[0]!.data).toEqual(annexB([...sets, ...slices]));
  });
});

describe('the sequence parameter set of H.265', () => {
  it('tells profile, level and size', () => {
    const data = frames[0]!;
    const range = splitAnnexB(data).find(({ start }) => h265NalType(data[start]!) === H265_NAL.SPS)!;
    expect(decodeH265Sps(data, range.start, range.end)).toMatchObject({
      ...{ profileSpace: 0, tier: 0, profile: 1, width: 128, height: 96 },
      compatibility: 0x60000000,
    });
    for (let end = range.start; end < range.end; end++) decodeH265Sps(data, range.start, end);
  });

  it('of any bytes never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const sps = decodeH265Sps(bytesOf(0x42, 1, ...bytes));
        if (!isMalformed(sps)) expect(sps.width * sps.height).toBeGreaterThan(0);
      }),
    );
  });
});

describe('hostile H.265 payloads', () => {
  it.each([
    ['an AP whose unit is longer than the packet', bytesOf(96, 1, 0, 9, 0x26, 1, 1)],
    ['an AP with a unit of a header alone', bytesOf(96, 1, 0, 2, 0x26, 1, 0, 3, 0x26, 1, 1)],
    ['an AP inside an AP', bytesOf(96, 1, 0, 3, 96, 1, 1)],
    ['a FU without content', bytesOf(98, 1, 0x93)],
    ['a FU of a type that cannot be cut', bytesOf(98, 1, 0x80 | 48, 1)],
    ['a FU that goes on with nothing', bytesOf(98, 1, 19, 1)],
    ['PACI', bytesOf(100, 1, 1, 1)],
    ['a header alone', bytesOf(0x26, 1)],
  ])('%s is malformed', (_name, payload) => {
    const depacketizer = createH265Depacketizer();
    depacketizer.push(packetOf(bytesOf(0x40, 1, 2), 1, 1));
    depacketizer.poll();
    depacketizer.push(packetOf(payload, 2, 2));
    expect(depacketizer.poll()).toBeUndefined();
    expect(depacketizer.counters).toMatchObject({ malformed: 1, incomplete: 1 });
  });

  it('of any bytes never throw', () => {
    const some = fc.uint8Array({ maxLength: 30 });
    const payloads = fc.oneof(
      some,
      some.map((bytes) => bytesOf(98, 1, 0x93, ...bytes)),
      some.map((bytes) => bytesOf(96, 1, 0, 3, ...bytes)),
    );
    fc.assert(
      fc.property(fc.array(payloads, { maxLength: 20 }), (all) => {
        const depacketizer = createH265Depacketizer();
        for (const [i, bytes] of all.entries()) {
          depacketizer.push(packetOf(bytes, i, i >> 1, i % 2 === 1));
          isH265KeyFrameStart(bytes, 0, bytes.length);
        }
        while (depacketizer.poll() !== undefined);
        expect(depacketizer.counters.packets).toBe(all.length);
      }),
    );
  });
});

function annexB(units: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(units.flatMap((unit) => [0, 0, 0, 1, ...unit]));
}
