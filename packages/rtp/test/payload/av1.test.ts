import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AV1_OBU,
  type Av1Metadata,
  av1SequenceHeader,
  createAv1Depacketizer,
  createAv1Packetizer,
  decodeAv1SequenceHeader,
  isAv1KeyFrameStart,
  splitObus,
} from '../../src/payload/av1/index.ts';
import { depacketize, ivfFrames, packetize, packetOf } from '../helpers/video.ts';

/** As they are sent: without temporal delimiters. */
const frames = ivfFrames('av1.ivf').map((unit) => obusOf(unit, (type) => type !== AV1_OBU.TEMPORAL_DELIMITER));
const framesOf = (data: readonly Uint8Array[]): { data: Uint8Array }[] => data.map((each) => ({ data: each }));
const bytesOf = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);

describe('AV1 temporal units of an encoder', () => {
  it.each([40, 300, 1200])('survive payloads of %i bytes', (size) => {
    const packets = packetize(createAv1Packetizer(), framesOf(ivfFrames('av1.ivf')), size);
    for (const { payload } of packets) expect(payload.length).toBeLessThanOrEqual(size);
    const out = depacketize(createAv1Depacketizer(), packets);
    expect(out.map(({ data }) => data)).toEqual(frames);
    expect(out.map(({ keyFrame }) => keyFrame)).toEqual(frames.map((_, i) => i % 6 === 0));
    const starts = packets.filter(({ bytes, payloadOffset, payloadEnd }) =>
      isAv1KeyFrameStart(bytes, payloadOffset, payloadEnd),
    );
    expect(starts.map(({ timestamp }) => timestamp / 3000 - 1)).toEqual([0, 6]);
    expect((out[0]!.metadata as Av1Metadata).obuTypes).toContain(AV1_OBU.SEQUENCE_HEADER);
  });

  it('say their profile and size', () => {
    expect(av1SequenceHeader(frames[0]!)).toMatchObject({ profile: 0, tier: 0, width: 128, height: 96, bitDepth: 8 });
    expect(av1SequenceHeader(frames[1]!)).toBeUndefined();
  });

  it('that lose any one packet are given up, and no other is', () => {
    const packets = packetize(createAv1Packetizer(), framesOf(frames), 300);
    for (let lost = 0; lost < packets.length; lost++) {
      const out = depacketize(
        createAv1Depacketizer(),
        packets.filter((_, i) => i !== lost),
      );
      expect(out.map(({ data }) => data)).toEqual(frames.filter((_, i) => packets[lost]!.timestamp !== 3000 * (i + 1)));
    }
  });
});

/** An OBU with a size, of a type and with some payload. */
function obu(type: number, payload: readonly number[], extension?: number): number[] {
  return [
    (type << 3) | (extension === undefined ? 2 : 6),
    ...(extension === undefined ? [] : [extension]),
    ...leb(payload.length),
    ...payload,
  ];
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [0x80 | (value & 127), ...leb(value >>> 7)];
}

function obusOf(unit: Uint8Array, wanted: (type: number) => boolean): Uint8Array {
  const obus = splitObus(unit);
  if (isMalformed(obus)) throw new Error('malformed');
  return new Uint8Array(
    obus.filter(({ type }) => wanted(type)).flatMap(({ start, end }) => [...unit.subarray(start, end)]),
  );
}

describe('any temporal unit', () => {
  const parts = fc.array(
    fc.tuple(
      fc.constantFrom(AV1_OBU.FRAME_HEADER, AV1_OBU.TILE_GROUP, AV1_OBU.METADATA, AV1_OBU.FRAME),
      fc.oneof(fc.nat(20), fc.nat(400)),
      fc.option(
        fc.nat(0x3f).map((layer) => (layer << 3) & 0xf8),
        { nil: undefined },
      ),
    ),
    { minLength: 1, maxLength: 12 },
  );

  it('comes back, however small the packets are', () => {
    fc.assert(
      fc.property(parts, fc.integer({ min: 8, max: 300 }), (obus, size) => {
        const data = new Uint8Array(
          obus.flatMap(([type, length, layer]) => obu(type, new Array(length).fill(0x55), layer)),
        );
        const packets = packetize(
          createAv1Packetizer(),
          [{ data: new Uint8Array([...obu(2, []), ...data, ...obu(15, [1, 2])]) }],
          size,
        );
        for (const { payload } of packets) expect(payload.length).toBeLessThanOrEqual(size);
        // A leading delimiter would make it a beginning; a packet in front makes it the next of a stream.
        const depacketizer = createAv1Depacketizer();
        depacketizer.push(packetOf(bytesOf(0x18, 0x08, 0, 0x30, 0), 65529, 1));
        const out = depacketize(depacketizer, packets);
        expect(out.at(-1)?.data).toEqual(data);
      }),
    );
  });

  it('of many small OBUs takes one packet', () => {
    const data = new Uint8Array(Array.from({ length: 10 }, () => obu(AV1_OBU.TILE_GROUP, [1, 2, 3])).flat());
    const packets = packetize(createAv1Packetizer(), [{ data }], 1200);
    expect(packets.length).toBe(1);
    // W is 0: each element says its length.
    expect(packets[0]!.payload[0]).toBe(0);
  });
});

describe('hostile AV1 payloads', () => {
  it.each([
    ['an aggregation header alone', bytesOf(0x10)],
    ['an element that is longer than the packet', bytesOf(0x00, 9, 0x30, 1)],
    ['a length that does not end', bytesOf(0x00, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80)],
    ['fewer elements than W counts', bytesOf(0x20, 2, 0x30, 1)],
    ['an OBU with the forbidden bit', bytesOf(0x10, 0xb0, 1)],
    ['an OBU whose own size is wrong', bytesOf(0x10, 0x32, 9, 1)],
    ['an empty element', bytesOf(0x00, 0, 2, 0x30, 1)],
    ['a fragment of nothing', bytesOf(0x90, 0x30, 1)],
    ['a new sequence that begins with a fragment', bytesOf(0x98, 0x30, 1)],
  ])('%s is malformed', (_name, payload) => {
    const depacketizer = createAv1Depacketizer();
    depacketizer.push(packetOf(bytesOf(0x18, 0x08, 1), 1, 1));
    depacketizer.poll();
    depacketizer.push(packetOf(payload, 2, 2));
    expect(depacketizer.poll()).toBeUndefined();
    expect(depacketizer.counters).toMatchObject({ malformed: 1, incomplete: 1 });
  });

  it('a temporal unit whose last fragment is missing is not whole although its marker came', () => {
    const depacketizer = createAv1Depacketizer();
    depacketizer.push(packetOf(bytesOf(0x58, 0x30, 1), 1, 1, true));
    expect(depacketizer.poll()).toBeUndefined();
    expect(depacketizer.counters.incomplete).toBe(1);
  });

  it('of any bytes never throw', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (all) => {
        const depacketizer = createAv1Depacketizer();
        for (const [i, bytes] of all.entries()) {
          depacketizer.push(packetOf(bytes, i, i >> 1, i % 2 === 1));
          isAv1KeyFrameStart(bytes, 0, bytes.length);
          av1SequenceHeader(bytes);
          decodeAv1SequenceHeader(bytes);
        }
        while (depacketizer.poll() !== undefined);
        expect(depacketizer.counters.packets).toBe(all.length);
      }),
    );
  });
});

describe('the AV1 packetizer', () => {
  it('refuses what is no temporal unit and sizes without room', () => {
    const packetizer = createAv1Packetizer();
    const frame = (data: Uint8Array) => ({ data, timestamp: 0, keyFrame: true });
    for (const data of [bytesOf(), bytesOf(0x32, 9, 1), bytesOf(0xb2, 1, 1), bytesOf(0x12, 0)])
      expect(() => packetizer.start(frame(data), 1200)).toThrow(expect.objectContaining({ code: 'RTP_BAD_FRAME' }));
    expect(() => packetizer.start(frame(frames[0]!), 7)).toThrow(expect.objectContaining({ code: 'RTP_BAD_OPTION' }));
    expect(packetizer.next(new Uint8Array(9), 0)).toBe(0);
  });
});
