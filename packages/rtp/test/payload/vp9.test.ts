import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createVp9Depacketizer,
  createVp9Packetizer,
  decodeVp9Descriptor,
  isVp9KeyFrameStart,
  readVp9Frame,
  type Vp9Descriptor,
  type Vp9Metadata,
  vp9Dimensions,
  writeVp9Descriptor,
} from '../../src/payload/vp9/index.ts';
import { depacketize, ivfFrames, packetize, packetOf } from '../helpers/video.ts';

const frames = ivfFrames('vp9.ivf');
const framesOf = (data: readonly Uint8Array[]): { data: Uint8Array }[] => data.map((each) => ({ data: each }));

describe('VP9 frames of an encoder', () => {
  it.each([60, 300, 1200])('survive payloads of %i bytes', (size) => {
    const packets = packetize(createVp9Packetizer({ pictureId: 32767 }), framesOf(frames), size);
    for (const { payload } of packets) expect(payload.length).toBeLessThanOrEqual(size);
    const out = depacketize(createVp9Depacketizer(), packets);
    expect(out.map(({ data }) => data)).toEqual(frames);
    expect(out.map(({ keyFrame }) => keyFrame)).toEqual(frames.map((_, i) => i % 6 === 0));
    expect(out.map(({ metadata }) => (metadata as Vp9Metadata).pictureId).slice(0, 3)).toEqual([32767, 0, 1]);
    const starts = packets.filter(({ bytes, payloadOffset, payloadEnd }) =>
      isVp9KeyFrameStart(bytes, payloadOffset, payloadEnd),
    );
    expect(starts.length).toBe(2);
  });

  it('say their profile and size', () => {
    expect(readVp9Frame(frames[0]!)).toEqual({ profile: 0, keyFrame: true, bitDepth: 8, width: 128, height: 96 });
    expect(vp9Dimensions(frames[0]!)).toEqual({ width: 128, height: 96 });
    expect(vp9Dimensions(frames[1]!)).toBeUndefined();
    for (let end = 0; end < 9; end++) expect(vp9Dimensions(frames[0]!.subarray(0, end))).toBeUndefined();
  });

  it('that lose any one packet are given up, and no other is', () => {
    const packets = packetize(createVp9Packetizer(), framesOf(frames), 300);
    for (let lost = 0; lost < packets.length; lost++) {
      const out = depacketize(
        createVp9Depacketizer(),
        packets.filter((_, i) => i !== lost),
      );
      expect(out.map(({ data }) => data)).toEqual(frames.filter((_, i) => packets[lost]!.timestamp !== 3000 * (i + 1)));
    }
  });
});

describe('pictures of several spatial layers', () => {
  const [low, high] = [frames[0]!.slice(0, 700), new Uint8Array(900).fill(0x86)];
  const data = new Uint8Array([...low, ...high]);
  const metadata: Vp9Metadata = {
    ...{ flexible: false, pictureId: 99, longPictureId: true },
    scalability: {
      spatialLayers: 2,
      resolutions: [
        { width: 64, height: 48 },
        { width: 128, height: 96 },
      ],
      pictureGroup: [
        { temporalId: 0, switchingUpPoint: false, referenceDiffs: [2] },
        { temporalId: 1, switchingUpPoint: true, referenceDiffs: [1, 2] },
      ],
    },
    frames: [
      {
        ...{ length: low.length, interPicture: false, notForUpperLayers: false },
        layer: { temporalId: 0, switchingUpPoint: false, spatialId: 0, interLayer: false, tl0PicIdx: 4 },
      },
      {
        ...{ length: high.length, interPicture: false, notForUpperLayers: true },
        layer: { temporalId: 0, switchingUpPoint: false, spatialId: 1, interLayer: true, tl0PicIdx: 4 },
      },
    ],
  };
  const packets = packetize(createVp9Packetizer(), [{ data, metadata }], 200);

  it('come back with all that was said of them, and end with the highest', () => {
    const [picture] = depacketize(createVp9Depacketizer(), packets);
    expect(picture).toEqual({ data, timestamp: 3000, keyFrame: true, metadata });
    expect(packets.filter(({ marker }) => marker).length).toBe(1);
    const structures = packets.map(({ payload }) => {
      const descriptor = decodeVp9Descriptor(payload);
      return !isMalformed(descriptor) && descriptor.scalability !== undefined;
    });
    expect(structures.filter(Boolean).length).toBe(1);
    expect(structures[0]).toBe(true);
  });

  it('that a relay cuts down to the lowest layer are whole', () => {
    const lower = packets.filter(({ payload }) => {
      const descriptor = decodeVp9Descriptor(payload);
      return !isMalformed(descriptor) && descriptor.layer?.spatialId === 0;
    });
    for (const packet of lower) packet.marker = packet === lower.at(-1);
    const [picture] = depacketize(createVp9Depacketizer(), lower);
    expect(picture).toMatchObject({ data: low, keyFrame: true });
  });

  it('are not cut when their frames do not make up their bytes', () => {
    const packetizer = createVp9Packetizer();
    const wrong = { ...metadata, frames: [{ ...metadata.frames[0]!, length: 5 }] };
    expect(() => packetizer.start({ data, metadata: wrong, timestamp: 0, keyFrame: true }, 200)).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_FRAME' }),
    );
    expect(packetizer.next(new Uint8Array(300), 0)).toBe(0);
  });
});

const layers = fc.record({
  temporalId: fc.nat(7),
  switchingUpPoint: fc.boolean(),
  spatialId: fc.nat(7),
  interLayer: fc.boolean(),
  tl0PicIdx: fc.nat(255),
});
const scalability = fc.integer({ min: 1, max: 8 }).chain((spatialLayers) =>
  fc.record(
    {
      spatialLayers: fc.constant(spatialLayers),
      resolutions: fc.array(fc.record({ width: fc.nat(65535), height: fc.nat(65535) }), {
        minLength: spatialLayers,
        maxLength: spatialLayers,
      }),
      pictureGroup: fc.array(
        fc.record({
          temporalId: fc.nat(7),
          switchingUpPoint: fc.boolean(),
          referenceDiffs: fc.array(fc.nat(255), { maxLength: 3 }),
        }),
        { maxLength: 6 },
      ),
    },
    { requiredKeys: ['spatialLayers'] },
  ),
);
const descriptors = fc
  .record(
    {
      startOfFrame: fc.boolean(),
      endOfFrame: fc.boolean(),
      interPicture: fc.boolean(),
      flexible: fc.boolean(),
      notForUpperLayers: fc.boolean(),
      pictureId: fc.nat(0x7f),
      longPictureId: fc.boolean(),
      layer: layers,
      scalability,
      diffs: fc.array(fc.nat(127), { minLength: 1, maxLength: 3 }),
    },
    {
      requiredKeys: [
        ...(['startOfFrame', 'endOfFrame', 'interPicture', 'flexible'] as const),
        ...(['notForUpperLayers', 'diffs'] as const),
      ],
    },
  )
  .map(({ diffs, pictureId, longPictureId, layer, ...rest }): Vp9Descriptor => {
    const { tl0PicIdx, ...indices } = layer ?? { tl0PicIdx: 0 };
    return {
      ...rest,
      ...(pictureId !== undefined && { pictureId, longPictureId: longPictureId ?? true }),
      ...(layer !== undefined && {
        layer: { ...(indices as typeof layer), ...(!rest.flexible && { tl0PicIdx }) },
      }),
      ...(rest.flexible && rest.interPicture && { referenceDiffs: diffs }),
    };
  });

describe('the VP9 descriptor', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(descriptors, (descriptor) => {
        const buffer = new Uint8Array(200).fill(0xff);
        const length = writeVp9Descriptor(buffer, 3, descriptor);
        const read = decodeVp9Descriptor(buffer, 3, 3 + length + 1);
        if (isMalformed(read)) throw new Error('malformed');
        const { end, pictureIdOffset, tl0PicIdxOffset, ...rest } = read;
        expect(end).toBe(3 + length);
        expect(rest).toEqual(descriptor);
        expect(pictureIdOffset >= 0).toBe(descriptor.pictureId !== undefined);
        if (tl0PicIdxOffset >= 0) expect(buffer[tl0PicIdxOffset]).toBe(descriptor.layer?.tl0PicIdx);
        for (let cut = 3; cut <= 3 + length; cut++) expect(isMalformed(decodeVp9Descriptor(buffer, 3, cut))).toBe(true);
      }),
    );
  });

  it('with a fourth reference is malformed', () => {
    expect(isMalformed(decodeVp9Descriptor(new Uint8Array([0x50, 3, 3, 3, 3, 1])))).toBe(true);
  });

  it('is not written with fields that do not fit or do not go together', () => {
    const basics: Vp9Descriptor = {
      ...{ startOfFrame: true, endOfFrame: true, interPicture: false, flexible: false, notForUpperLayers: true },
    };
    const wrong: Partial<Vp9Descriptor>[] = [
      { pictureId: 0x8000 },
      { pictureId: 128, longPictureId: false },
      { referenceDiffs: [1] },
      { flexible: true, interPicture: true },
      { flexible: true, interPicture: true, referenceDiffs: [1, 2, 3, 4] },
      { flexible: true, interPicture: true, referenceDiffs: [128] },
      { scalability: { spatialLayers: 9 } },
      { scalability: { spatialLayers: 2, resolutions: [{ width: 1, height: 1 }] } },
    ];
    for (const each of wrong)
      expect(() => writeVp9Descriptor(new Uint8Array(99), 0, { ...basics, ...each })).toThrow(
        expect.objectContaining({ code: 'RTP_BAD_FRAME' }),
      );
  });
});

describe('hostile VP9 payloads', () => {
  it('of every prefix and with every bit flipped do not disturb the frame behind them', () => {
    const [good] = packetize(createVp9Packetizer({ pictureId: 1 }), [{ data: frames[1]!.slice(0, 30) }], 100);
    const { payload } = good!;
    const hostile: Uint8Array[] = [];
    for (let i = 0; i < payload.length; i++) hostile.push(payload.slice(0, i));
    for (let bit = 0; bit < 8 * payload.length; bit++) {
      const flipped = payload.slice();
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      hostile.push(flipped);
    }
    const depacketizer = createVp9Depacketizer();
    for (const [i, bytes] of hostile.entries()) {
      depacketizer.push(packetOf(bytes, 2 * i, 10 * i));
      depacketizer.push(packetOf(payload, 2 * i + 1, 10 * i + 5));
      const polled = [depacketizer.poll(), depacketizer.poll()].filter((frame) => frame !== undefined);
      expect(polled.at(-1)?.timestamp).toBe(10 * i + 5);
    }
  });

  it('of any bytes never throw', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (all) => {
        const depacketizer = createVp9Depacketizer();
        for (const [i, bytes] of all.entries()) {
          depacketizer.push(packetOf(bytes, i, i >> 1, i % 2 === 1));
          isVp9KeyFrameStart(bytes, 0, bytes.length);
          readVp9Frame(bytes);
        }
        while (depacketizer.poll() !== undefined);
        expect(depacketizer.counters.packets).toBe(all.length);
      }),
    );
  });
});

describe('the VP9 packetizer', () => {
  it('refuses what is no VP9 frame and sizes without room', () => {
    const packetizer = createVp9Packetizer();
    const frame = (data: Uint8Array) => ({ data, timestamp: 0, keyFrame: true });
    for (const data of [new Uint8Array(0), new Uint8Array(20)])
      expect(() => packetizer.start(frame(data), 1200)).toThrow(expect.objectContaining({ code: 'RTP_BAD_FRAME' }));
    expect(() => packetizer.start(frame(frames[0]!), 1)).toThrow(expect.objectContaining({ code: 'RTP_BAD_OPTION' }));
    expect(() => createVp9Packetizer({ pictureId: -1 })).toThrow(expect.objectContaining({ code: 'RTP_BAD_OPTION' }));
  });
});
