import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createVp8Depacketizer,
  createVp8Packetizer,
  decodeVp8Descriptor,
  isVp8KeyFrameStart,
  type Vp8Descriptor,
  vp8Dimensions,
  writeVp8Descriptor,
} from '../../src/payload/vp8/index.ts';
import { depacketize, ivfFrames, packetize, packetOf } from '../helpers/video.ts';

const frames = ivfFrames('vp8.ivf');

describe('VP8 frames of an encoder', () => {
  it.each([60, 200, 1200])('survive payloads of %i bytes', (size) => {
    const packets = packetize(
      createVp8Packetizer({ pictureId: 32766 }),
      frames.map((data) => ({ data })),
      size,
    );
    for (const packet of packets) expect(packet.payload.length).toBeLessThanOrEqual(size);
    const out = depacketize(createVp8Depacketizer(), packets);
    expect(out.map(({ data }) => data)).toEqual(frames);
    expect(out.map(({ keyFrame }) => keyFrame)).toEqual(frames.map((_, i) => i % 6 === 0));
    expect(out.map(({ metadata }) => (metadata as { pictureId: number }).pictureId).slice(0, 4)).toEqual([
      32766, 32767, 0, 1,
    ]);
    expect(
      packets.filter(({ bytes, payloadOffset, payloadEnd }) => isVp8KeyFrameStart(bytes, payloadOffset, payloadEnd))
        .length,
    ).toBe(2);
  });

  it('are cut into parts of even size', () => {
    const packets = packetize(createVp8Packetizer(), [{ data: frames[0]! }], 500);
    const sizes = packets.map(({ payload }) => payload.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });

  it('say their size', () => {
    expect(vp8Dimensions(frames[0]!)).toEqual({ width: 128, height: 96 });
    expect(vp8Dimensions(frames[1]!)).toBeUndefined();
  });

  it('that lose any one packet are given up, and no other is', () => {
    const packets = packetize(
      createVp8Packetizer(),
      frames.map((data) => ({ data })),
      300,
    );
    for (let lost = 0; lost < packets.length; lost++) {
      const depacketizer = createVp8Depacketizer();
      const out = depacketize(
        depacketizer,
        packets.filter((_, i) => i !== lost),
      );
      const expected = frames.filter((_, i) => packets[lost]!.timestamp !== 3000 * (i + 1));
      expect(out.map(({ data }) => data)).toEqual(expected);
      expect(depacketizer.counters.malformed).toBe(0);
    }
  });
});

const descriptors = fc.record(
  {
    nonReference: fc.boolean(),
    startOfPartition: fc.boolean(),
    partitionId: fc.nat(7),
    pictureId: fc.nat(0x7f),
    longPictureId: fc.boolean(),
    tl0PicIdx: fc.nat(255),
    temporalId: fc.nat(3),
    layerSync: fc.boolean(),
    keyIdx: fc.nat(31),
  },
  { requiredKeys: ['nonReference', 'startOfPartition', 'partitionId', 'longPictureId', 'layerSync'] },
);

describe('the VP8 descriptor', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(descriptors, (descriptor) => {
        const buffer = new Uint8Array(20).fill(0xff);
        const length = writeVp8Descriptor(buffer, 3, descriptor);
        const read = decodeVp8Descriptor(buffer, 3, 3 + length + 1);
        if (isMalformed(read)) throw new Error('malformed');
        const { end, pictureIdOffset, tl0PicIdxOffset, ...rest } = read;
        expect(end).toBe(3 + length);
        expect(pictureIdOffset >= 0).toBe(descriptor.pictureId !== undefined);
        expect(tl0PicIdxOffset >= 0).toBe(descriptor.tl0PicIdx !== undefined);
        if (tl0PicIdxOffset >= 0) expect(buffer[tl0PicIdxOffset]).toBe(descriptor.tl0PicIdx);
        const expected: Record<string, unknown> = { ...descriptor };
        if (descriptor.pictureId === undefined) delete expected['longPictureId'];
        if (descriptor.temporalId === undefined) delete expected['layerSync'];
        expect(rest).toEqual(expected);
      }),
    );
  });

  it('is refused in every form that is cut short', () => {
    const buffer = new Uint8Array(7);
    const length = writeVp8Descriptor(buffer, 0, {
      ...{ nonReference: true, startOfPartition: true, partitionId: 0 },
      ...{ pictureId: 0x1234, tl0PicIdx: 1, temporalId: 2, keyIdx: 3 },
    });
    expect(length).toBe(6);
    for (let end = 0; end <= length; end++) expect(isMalformed(decodeVp8Descriptor(buffer, 0, end))).toBe(true);
    expect(isMalformed(decodeVp8Descriptor(buffer, 0, 7))).toBe(false);
  });

  it('is not written with fields that do not fit', () => {
    const basics: Vp8Descriptor = { nonReference: false, startOfPartition: true, partitionId: 0 };
    for (const wrong of [
      { pictureId: 0x8000 },
      { pictureId: 128, longPictureId: false },
      { tl0PicIdx: 256 },
      { temporalId: 4 },
      { keyIdx: 32 },
      { partitionId: 8 },
    ])
      expect(() => writeVp8Descriptor(new Uint8Array(9), 0, { ...basics, ...wrong })).toThrow(
        expect.objectContaining({ code: 'RTP_BAD_FRAME' }),
      );
  });
});

describe('the VP8 packetizer', () => {
  it('carries the layers that a frame says it is of', () => {
    const metadata = { nonReference: true, temporalId: 2, layerSync: true, tl0PicIdx: 9, pictureId: 77, keyIdx: 5 };
    const packets = packetize(
      createVp8Packetizer({ pictureId: 5 }),
      [{ data: frames[1]!, metadata }, { data: frames[2]! }],
      1200,
    );
    const [first, second] = depacketize(createVp8Depacketizer(), packets);
    expect(first!.metadata).toEqual({ ...metadata, longPictureId: true });
    expect(second!.metadata).toMatchObject({ pictureId: 78 });
  });

  it('refuses what is no VP8 frame, sizes without room and picture ids that do not fit', () => {
    const packetizer = createVp8Packetizer();
    const frame = (data: Uint8Array) => ({ data, timestamp: 0, keyFrame: true });
    expect(() => packetizer.start(frame(new Uint8Array(0)), 1200)).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_FRAME' }),
    );
    expect(() => packetizer.start(frame(new Uint8Array(20)), 1200)).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_FRAME' }),
    );
    expect(() => packetizer.start(frame(frames[0]!), 1)).toThrow(expect.objectContaining({ code: 'RTP_BAD_OPTION' }));
    expect(packetizer.next(new Uint8Array(9), 0)).toBe(0);
    expect(() => createVp8Packetizer({ pictureId: 40000 })).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_OPTION' }),
    );
  });
});

describe('hostile VP8 payloads', () => {
  it('of every prefix and with every bit flipped neither throw nor disturb the frame behind them', () => {
    const [good] = packetize(createVp8Packetizer({ pictureId: 1 }), [{ data: frames[1]!.slice(0, 40) }], 100);
    const payload = good!.payload;
    const hostile: Uint8Array[] = [];
    for (let i = 0; i < payload.length; i++) hostile.push(payload.slice(0, i));
    for (let bit = 0; bit < 8 * payload.length; bit++) {
      const flipped = payload.slice();
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      hostile.push(flipped);
    }
    const depacketizer = createVp8Depacketizer();
    hostile.forEach((bytes, i) => {
      depacketizer.push(packetOf(bytes, 2 * i, 10 * i));
      depacketizer.push(packetOf(payload, 2 * i + 1, 10 * i + 5));
      const polled = [depacketizer.poll(), depacketizer.poll()].filter((frame) => frame !== undefined);
      expect(polled.at(-1)?.timestamp).toBe(10 * i + 5);
    });
  });

  it('of any bytes never throw', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (payloads) => {
        const depacketizer = createVp8Depacketizer();
        for (const [i, bytes] of payloads.entries()) depacketizer.push(packetOf(bytes, i, i >> 1, i % 2 === 1));
        while (depacketizer.poll() !== undefined);
        expect(depacketizer.counters.packets).toBe(payloads.length);
      }),
    );
  });
});
