import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readVideoLayersAllocation,
  type VideoLayersAllocation,
  videoLayersAllocationLength,
  writeVideoLayersAllocation,
} from '../src/index.ts';
import { hex, toHex } from './helpers/hex.ts';

const layer = (bitrates: number[], width?: number, height?: number) => ({
  layers: [
    width === undefined
      ? { spatialId: 0, bitrates }
      : { spatialId: 0, bitrates, resolution: { width, height: height!, framerate: 30 } },
  ],
});
const NOTHING = { layers: [] };

/** Pion's tests of the extension: rtp/vlaextension_test.go. */
const VECTORS: [string, VideoLayersAllocation][] = [
  ['21149601f0019003d005b009', { streamIndex: 0, streams: [layer([150]), layer([240, 400]), layer([720, 1200])] }],
  [
    'a1149601f0019003d005b009013f00b31e027f01671e04ff02cf1e',
    {
      streamIndex: 2,
      streams: [layer([150], 320, 180), layer([240, 400], 640, 360), layer([720, 1200], 1280, 720)],
    },
  ],
  ['1110c801d005b009', { streamIndex: 0, streams: [layer([200]), layer([720, 1200])] }],
  [
    '601010109601d005b009013f00b31e04ff02cf1e',
    { streamIndex: 1, streams: [layer([150], 320, 180), NOTHING, layer([720, 1200], 1280, 720)] },
  ],
  ['a0001040ac02f403', { streamIndex: 2, streams: [NOTHING, NOTHING, layer([300, 500])] }],
  ['00', { streamIndex: 0, streams: [] }],
];

function encode(allocation: VideoLayersAllocation): Uint8Array {
  const buffer = new Uint8Array(255);
  const length = writeVideoLayersAllocation(buffer, 0, allocation);
  expect(videoLayersAllocationLength(allocation)).toBe(length);
  return buffer.slice(0, length);
}

const decode = (bytes: Uint8Array) => readVideoLayersAllocation(bytes, 0, bytes.length);

describe('video layers allocation', () => {
  it.each(VECTORS)('%s', (digits, allocation) => {
    expect(decode(hex(digits))).toEqual(allocation);
    expect(toHex(encode(allocation))).toBe(digits);
  });

  it('has a mask for each stream where they differ', () => {
    const streams = [1, 2, 3, 4].map((count) => ({
      layers: Array.from({ length: count }, (_, spatialId) => ({ spatialId, bitrates: [150, 200] })),
    }));
    const bytes = encode({ streamIndex: 0, streams });
    expect(toHex(bytes.subarray(0, 3))).toBe('30137f');
    expect(decode(bytes)).toEqual({ streamIndex: 0, streams });
  });

  it('is refused when it is cut short, with a stream that is not there, or a bitrate without end', () => {
    const whole = hex(VECTORS[1]![0]);
    for (let length = 0; length < whole.length; length++) {
      // Without any resolution it is whole again.
      expect(isMalformed(readVideoLayersAllocation(whole, 0, length))).toBe(length !== 12);
    }
    expect(isMalformed(decode(hex('4110c801')))).toBe(true);
    expect(isMalformed(decode(hex('0100ffffffffffffffffff01')))).toBe(true);
    expect(isMalformed(decode(hex('0100ffffffffff01')))).toBe(true);
    expect(decode(hex('0100ffffffff0f'))).toEqual({ streamIndex: 0, streams: [layer([0xffff_ffff])] });
  });

  it('refuses to write what does not fit', () => {
    const wrong = expect.objectContaining({ code: 'RTP_BAD_EXTENSION' });
    const one = (
      spatialId: number,
      bitrates: number[],
      resolution?: { width: number; height: number; framerate: number },
    ) => ({
      spatialId,
      bitrates,
      ...(resolution && { resolution }),
    });
    for (const allocation of [
      { streamIndex: 0, streams: [NOTHING, NOTHING, NOTHING, NOTHING, NOTHING] },
      { streamIndex: 1, streams: [NOTHING] },
      { streamIndex: 0, streams: [{ layers: [one(4, [1])] }] },
      { streamIndex: 0, streams: [{ layers: [one(1, [1]), one(0, [1])] }] },
      { streamIndex: 0, streams: [{ layers: [one(0, [1]), one(0, [1])] }] },
      { streamIndex: 0, streams: [{ layers: [one(0, [])] }] },
      { streamIndex: 0, streams: [{ layers: [one(0, [1, 2, 3, 4, 5])] }] },
      { streamIndex: 0, streams: [{ layers: [one(0, [-1])] }] },
      { streamIndex: 0, streams: [{ layers: [one(0, [1], { width: 0, height: 1, framerate: 1 })] }] },
      { streamIndex: 0, streams: [{ layers: [one(0, [1], { width: 1, height: 1, framerate: 1 }), one(1, [1])] }] },
    ])
      expect(() => writeVideoLayersAllocation(new Uint8Array(255), 0, allocation), JSON.stringify(allocation)).toThrow(
        wrong,
      );
  });

  it('is read as it was written', () => {
    const resolution = fc.record({
      width: fc.integer({ min: 1, max: 65_536 }),
      height: fc.integer({ min: 1, max: 65_536 }),
      framerate: fc.nat({ max: 255 }),
    });
    const stream = (withResolution: boolean) =>
      fc.subarray([0, 1, 2, 3]).chain((ids) =>
        fc.tuple(
          ...ids.map((spatialId) =>
            fc.record({
              spatialId: fc.constant(spatialId),
              bitrates: fc.array(fc.nat({ max: 100_000 }), { minLength: 1, maxLength: 4 }),
              ...(withResolution && { resolution }),
            }),
          ),
        ),
      );
    const allocation = fc.boolean().chain((withResolution) =>
      fc
        .array(
          stream(withResolution).map((layers) => ({ layers })),
          { minLength: 1, maxLength: 4 },
        )
        .chain((streams) =>
          fc.record({ streamIndex: fc.nat({ max: streams.length - 1 }), streams: fc.constant(streams) }),
        ),
    );
    fc.assert(
      fc.property(allocation, (value) => {
        expect(decode(encode(value as VideoLayersAllocation))).toEqual(value);
      }),
    );
  });
});
