import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DECODE_TARGET_INDICATION,
  type DependencyDescriptor,
  DependencyDescriptorReader,
  DependencyDescriptorWriter,
  decodeTargetLayers,
  type FrameDependencyStructure,
  readMandatoryFields,
} from '../src/index.ts';
import { hex, toHex } from './helpers/hex.ts';

const { notPresent, discardable, switch: switching } = DECODE_TARGET_INDICATION;

/** L1T3 with one chain: libre's test/dd.c. */
const L1T3 = hex('80012f800214eaa860414d1410208426');
/** What Chrome 118 sent: libre's test/dd.c. */
const CHROME = hex('80000180003a40813f80ef80');

const template = (temporalId: number, dtis: number[], frameDiffs: number[], chainDiffs: number[], spatialId = 0) => ({
  spatialId,
  temporalId,
  decodeTargetIndications: dtis,
  frameDiffs,
  chainDiffs,
});

const L1T3_STRUCTURE: FrameDependencyStructure = {
  templateIdOffset: 0,
  decodeTargetCount: 3,
  chainCount: 1,
  decodeTargetProtectedBy: [0, 0, 0],
  templates: [
    template(0, [switching, switching, switching], [], [0]),
    template(0, [switching, switching, switching], [4], [4]),
    template(1, [notPresent, discardable, switching], [2], [2]),
    template(2, [notPresent, notPresent, discardable], [1], [1]),
    template(2, [notPresent, notPresent, discardable], [1], [3]),
  ],
  resolutions: [],
};

function read(reader: DependencyDescriptorReader, bytes: Uint8Array): DependencyDescriptor {
  const descriptor = reader.read(bytes, 0, bytes.length);
  if (isMalformed(descriptor)) throw new Error('malformed');
  return descriptor;
}

function write(
  writer: DependencyDescriptorWriter,
  init: Parameters<DependencyDescriptorWriter['length']>[0],
): Uint8Array {
  const buffer = new Uint8Array(300);
  const length = writer.write(buffer, 5, init);
  expect(writer.length(init)).toBe(length);
  return buffer.slice(5, 5 + length);
}

describe('reading', () => {
  it('reads a structure of temporal layers with a chain', () => {
    const reader = new DependencyDescriptorReader();
    const descriptor = read(reader, L1T3);
    expect(descriptor).toEqual({
      startOfFrame: true,
      endOfFrame: false,
      templateId: 0,
      frameNumber: 303,
      frame: L1T3_STRUCTURE.templates[0],
      structure: L1T3_STRUCTURE,
      activeDecodeTargets: 7,
      resolution: undefined,
    });
    expect(reader.structure).toEqual(L1T3_STRUCTURE);
    expect(reader.activeDecodeTargets).toBe(7);
    expect(decodeTargetLayers(L1T3_STRUCTURE)).toEqual([
      { spatialId: 0, temporalId: 0 },
      { spatialId: 0, temporalId: 1 },
      { spatialId: 0, temporalId: 2 },
    ]);
  });

  it('reads the resolution that Chrome sends', () => {
    const descriptor = read(new DependencyDescriptorReader(), CHROME);
    expect(descriptor.resolution).toEqual({ width: 640, height: 480 });
    expect(descriptor.structure).toMatchObject({ decodeTargetCount: 1, chainCount: 0, decodeTargetProtectedBy: [] });
    expect(descriptor.frameNumber).toBe(1);
  });

  it('keeps the structure for the descriptors of three bytes that follow', () => {
    const reader = new DependencyDescriptorReader();
    expect(isMalformed(reader.read(hex('c30130'), 0, 3))).toBe(true);
    read(reader, L1T3);
    expect(read(reader, hex('c30130'))).toEqual({
      startOfFrame: true,
      endOfFrame: true,
      templateId: 3,
      frameNumber: 304,
      frame: L1T3_STRUCTURE.templates[3],
      structure: undefined,
      activeDecodeTargets: undefined,
      resolution: undefined,
    });
    // A template that the structure does not have.
    expect(isMalformed(reader.read(hex('c50130'), 0, 3))).toBe(true);
    expect(reader.structure).toEqual(L1T3_STRUCTURE);
  });

  it('tells a relay the mandatory fields without any structure', () => {
    expect(readMandatoryFields(hex('ff47fffe'), 1, 3)).toEqual({
      startOfFrame: false,
      endOfFrame: true,
      templateId: 7,
      frameNumber: 0xfffe,
    });
    expect(isMalformed(readMandatoryFields(hex('4000'), 0, 2))).toBe(true);
  });

  it('every prefix is refused or is the three bytes that need a structure, and changes nothing', () => {
    for (const vector of [L1T3, CHROME]) {
      const reader = new DependencyDescriptorReader();
      for (let length = 0; length < vector.length; length++)
        expect(isMalformed(reader.read(vector, 0, length))).toBe(true);
      expect(reader.structure).toBeUndefined();
      expect(reader.activeDecodeTargets).toBe(0);
    }
  });

  it('every flipped bit and any bytes are survived, by a reader with and without a structure', () => {
    for (const vector of [L1T3, CHROME])
      for (let bit = 0; bit < vector.length * 8; bit++) {
        const flipped = vector.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const reader = new DependencyDescriptorReader();
        reader.read(flipped, 0, flipped.length);
        read(reader, L1T3);
        reader.read(flipped, 0, flipped.length);
      }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const reader = new DependencyDescriptorReader();
        reader.read(bytes, 0, bytes.length);
        reader.read(bytes, 0, Math.min(bytes.length, 3));
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses layers that do not exist', () => {
    // Structure present, offset 0, one decode target, then a next temporal layer eight times.
    const bytes = hex('800001 80 00 05 55 55 55 55 55');
    expect(isMalformed(new DependencyDescriptorReader().read(bytes, 0, bytes.length))).toBe(true);
    // The same layer more than 64 times.
    const many = new Uint8Array(40);
    many[3] = 0x80;
    expect(isMalformed(new DependencyDescriptorReader().read(many, 0, many.length))).toBe(true);
  });
});

describe('writing', () => {
  it('writes the vectors', () => {
    const first = { startOfFrame: true, endOfFrame: false, frameNumber: 303, attachStructure: true };
    const writer = new DependencyDescriptorWriter(L1T3_STRUCTURE);
    expect(toHex(write(writer, { ...first, frame: L1T3_STRUCTURE.templates[0]! }))).toBe(toHex(L1T3));
    const { structure, frame } = read(new DependencyDescriptorReader(), CHROME);
    const chrome = new DependencyDescriptorWriter(structure!);
    expect(toHex(write(chrome, { ...first, frameNumber: 1, frame }))).toBe(toHex(CHROME));
  });

  it('takes three bytes when a template says it all, and the cheapest template otherwise', () => {
    const writer = new DependencyDescriptorWriter({ ...L1T3_STRUCTURE, templateIdOffset: 62 });
    const packet = { startOfFrame: true, endOfFrame: true, frameNumber: 304 };
    expect(toHex(write(writer, { ...packet, frame: L1T3_STRUCTURE.templates[3]! }))).toBe('c10130');
    const frame = { ...L1T3_STRUCTURE.templates[1]!, chainDiffs: [5] };
    const bytes = write(writer, { ...packet, frame });
    // Template 1 (id 63), and eight bits for the chain behind the five flags.
    expect(toHex(bytes)).toBe('ff01300828');
  });

  it('tells the active decode targets when they are not all, or without a structure', () => {
    const writer = new DependencyDescriptorWriter(L1T3_STRUCTURE);
    const packet = { startOfFrame: true, endOfFrame: true, frameNumber: 1, frame: L1T3_STRUCTURE.templates[0]! };
    const reader = new DependencyDescriptorReader();
    read(reader, write(writer, { ...packet, attachStructure: true, activeDecodeTargets: 3 }));
    expect(reader.activeDecodeTargets).toBe(3);
    expect(read(reader, write(writer, packet)).activeDecodeTargets).toBeUndefined();
    expect(reader.activeDecodeTargets).toBe(3);
    expect(read(reader, write(writer, { ...packet, activeDecodeTargets: 7 })).activeDecodeTargets).toBe(7);
    expect(write(writer, { ...packet, attachStructure: true, activeDecodeTargets: 7 })).toHaveLength(L1T3.length);
  });

  it('refuses structures and frames that cannot be written', () => {
    const wrong = expect.objectContaining({ code: 'RTP_BAD_EXTENSION' });
    const base = L1T3_STRUCTURE;
    for (const change of [
      { templateIdOffset: 64 },
      { decodeTargetCount: 0 },
      { chainCount: 4 },
      { decodeTargetProtectedBy: [0, 0] },
      { decodeTargetProtectedBy: [0, 0, 1] },
      { templates: [] },
      { templates: [base.templates[2]!] },
      { templates: [base.templates[0]!, base.templates[3]!] },
      { templates: [{ ...base.templates[0]!, frameDiffs: [17] }] },
      { templates: [{ ...base.templates[0]!, chainDiffs: [16] }] },
      { templates: [{ ...base.templates[0]!, decodeTargetIndications: [0, 0, 4] }] },
      { resolutions: [{ width: 0, height: 1 }] },
      {
        resolutions: [
          { width: 1, height: 1 },
          { width: 1, height: 1 },
        ],
      },
    ])
      expect(() => new DependencyDescriptorWriter({ ...base, ...change }), JSON.stringify(change)).toThrow(wrong);
    const writer = new DependencyDescriptorWriter(base);
    const packet = { startOfFrame: true, endOfFrame: true, frameNumber: 1, frame: base.templates[0]! };
    for (const change of [
      { frameNumber: 65_536 },
      { activeDecodeTargets: 8 },
      { frame: { ...packet.frame, spatialId: 1 } },
      { frame: { ...packet.frame, frameDiffs: [0] } },
      { frame: { ...packet.frame, frameDiffs: [4097] } },
      { frame: { ...packet.frame, frameDiffs: new Array(300).fill(4096) } },
      { frame: { ...packet.frame, chainDiffs: [256] } },
      { frame: { ...packet.frame, chainDiffs: [] } },
    ])
      expect(() => writer.length({ ...packet, ...change }), JSON.stringify(change).slice(0, 80)).toThrow(wrong);
    // It still works after that.
    expect(toHex(write(writer, packet))).toBe('c00001');
  });
});

describe('any structure', () => {
  const structures = fc
    .record({
      templateIdOffset: fc.nat({ max: 63 }),
      decodeTargetCount: fc.integer({ min: 1, max: 32 }),
      steps: fc.array(fc.nat({ max: 2 }), { maxLength: 10 }),
      withResolutions: fc.boolean(),
      seed: fc.array(fc.nat({ max: 4095 }), { minLength: 64, maxLength: 64 }),
    })
    .chain((shape) =>
      fc.record({ shape: fc.constant(shape), chainCount: fc.nat({ max: Math.min(4, shape.decodeTargetCount) }) }),
    )
    .map(({ shape, chainCount }): { structure: FrameDependencyStructure; seed: number[] } => {
      const { seed, decodeTargetCount } = shape;
      let next = 0;
      const draw = (max: number): number => seed[next++ % seed.length]! % (max + 1);
      const many = (count: number, max: number): number[] => Array.from({ length: count }, () => draw(max));
      let [spatialId, temporalId] = [0, 0];
      const make = () => ({
        spatialId,
        temporalId,
        decodeTargetIndications: many(decodeTargetCount, 3),
        frameDiffs: many(draw(3), 15).map((diff) => diff + 1),
        chainDiffs: many(chainCount, 15),
      });
      const templates = [make()];
      for (const step of shape.steps) {
        if (step === 1 && temporalId < 7) temporalId++;
        if (step === 2 && spatialId < 3) [spatialId, temporalId] = [spatialId + 1, 0];
        templates.push(make());
      }
      const resolutions = shape.withResolutions
        ? Array.from({ length: spatialId + 1 }, () => ({ width: draw(4095) + 1, height: draw(4095) + 1 }))
        : [];
      const decodeTargetProtectedBy = chainCount > 0 ? many(decodeTargetCount, chainCount - 1) : [];
      const { templateIdOffset } = shape;
      return {
        structure: { templateIdOffset, decodeTargetCount, chainCount, decodeTargetProtectedBy, templates, resolutions },
        seed,
      };
    });

  it('and the frames of it are read as they were written', () => {
    fc.assert(
      fc.property(structures, fc.nat({ max: 0xffff }), fc.boolean(), ({ structure, seed }, frameNumber, custom) => {
        const writer = new DependencyDescriptorWriter(structure);
        const reader = new DependencyDescriptorReader();
        const packet = { startOfFrame: true, endOfFrame: false, frameNumber };
        const first = read(reader, write(writer, { ...packet, frame: structure.templates[0]!, attachStructure: true }));
        expect(first.structure).toEqual(structure);
        const template = structure.templates[seed[0]! % structure.templates.length]!;
        const frame = custom
          ? {
              ...template,
              frameDiffs: [1, 16, 17, 256, 257, 4096].slice(seed[1]! % 6),
              chainDiffs: template.chainDiffs.map((_, i) => seed[i]! % 256),
              decodeTargetIndications: template.decodeTargetIndications.map((_, i) => seed[i]! % 4),
            }
          : template;
        const activeDecodeTargets = 2 ** structure.decodeTargetCount - 1;
        const second = read(reader, write(writer, { ...packet, frame, activeDecodeTargets }));
        expect(second).toMatchObject({ ...packet, frame, activeDecodeTargets });
        expect(reader.activeDecodeTargets).toBe(activeDecodeTargets);
      }),
    );
  });
});
