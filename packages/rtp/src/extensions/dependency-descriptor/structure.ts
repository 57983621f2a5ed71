import { RtpError } from '../../errors.ts';
import { checkValue } from '../check.ts';
import type { BitReader, BitWriter } from './bits.ts';
import {
  type FrameDependencies,
  type FrameDependencyStructure,
  MAX_SPATIAL_ID,
  MAX_TEMPLATES,
  MAX_TEMPORAL_ID,
} from './types.ts';

/** Reads a `template_dependency_structure` (appendix A.8.2); undefined when it is malformed. */
export function readStructure(reader: BitReader): FrameDependencyStructure | undefined {
  const templateIdOffset = reader.bits(6);
  const decodeTargetCount = reader.bits(5) + 1;
  const layers = readLayers(reader);
  if (layers === undefined) return undefined;
  const indications = layers.map(() => readMany(reader, decodeTargetCount, 2));
  const frameDiffs = layers.map(() => readTemplateDiffs(reader));
  const chainCount = reader.nonSymmetric(decodeTargetCount + 1);
  const decodeTargetProtectedBy: number[] = [];
  let chainDiffs: readonly (readonly number[])[] = [];
  if (chainCount > 0) {
    for (let i = 0; i < decodeTargetCount; i++) decodeTargetProtectedBy.push(reader.nonSymmetric(chainCount));
    chainDiffs = layers.map(() => readMany(reader, chainCount, 4));
  }
  const resolutions: { width: number; height: number }[] = [];
  if (reader.flag()) {
    const count = layers.at(-1)!.spatialId + 1;
    for (let i = 0; i < count; i++) resolutions.push({ width: reader.bits(16) + 1, height: reader.bits(16) + 1 });
  }
  if (reader.failed) return undefined;
  const templates = layers.map((layer, i) => ({
    ...layer,
    decodeTargetIndications: indications[i]!,
    frameDiffs: frameDiffs[i]!,
    chainDiffs: chainDiffs[i] ?? [],
  }));
  return { templateIdOffset, decodeTargetCount, chainCount, decodeTargetProtectedBy, templates, resolutions };
}

/** Writes a structure that `checkStructure` has accepted. */
export function writeStructure(writer: BitWriter, structure: FrameDependencyStructure): void {
  const { templates, chainCount, decodeTargetCount, resolutions } = structure;
  writer.bits(structure.templateIdOffset, 6);
  writer.bits(decodeTargetCount - 1, 5);
  for (let i = 1; i < templates.length; i++) writer.bits(nextLayer(templates[i - 1]!, templates[i]!), 2);
  writer.bits(NO_MORE_LAYERS, 2);
  for (const { decodeTargetIndications } of templates) for (const dti of decodeTargetIndications) writer.bits(dti, 2);
  for (const { frameDiffs } of templates) {
    for (const diff of frameDiffs) writer.bits(0x10 | (diff - 1), 5);
    writer.bits(0, 1);
  }
  writer.nonSymmetric(chainCount, decodeTargetCount + 1);
  if (chainCount > 0) {
    for (const chain of structure.decodeTargetProtectedBy) writer.nonSymmetric(chain, chainCount);
    for (const { chainDiffs } of templates) for (const diff of chainDiffs) writer.bits(diff, 4);
  }
  writer.flag(resolutions.length > 0);
  for (const { width, height } of resolutions) {
    writer.bits(width - 1, 16);
    writer.bits(height - 1, 16);
  }
}

/** Throws RtpError (`RTP_BAD_EXTENSION`) for a structure that cannot be written. */
export function checkStructure(structure: FrameDependencyStructure): void {
  const { templates, chainCount, decodeTargetCount, decodeTargetProtectedBy, resolutions } = structure;
  checkValue('template id offset', structure.templateIdOffset, 0, MAX_TEMPLATES - 1);
  checkValue('count of decode targets', decodeTargetCount, 1, 32);
  checkValue('count of chains', chainCount, 0, decodeTargetCount);
  checkValue('count of templates', templates.length, 1, MAX_TEMPLATES);
  checkLength('decodeTargetProtectedBy', decodeTargetProtectedBy, chainCount > 0 ? decodeTargetCount : 0);
  for (const chain of decodeTargetProtectedBy) checkValue('chain', chain, 0, chainCount - 1);
  templates.forEach((template, i) => {
    const previous = templates[i - 1];
    checkValue('spatial id', template.spatialId, 0, previous === undefined ? 0 : MAX_SPATIAL_ID);
    checkValue('temporal id', template.temporalId, 0, previous === undefined ? 0 : MAX_TEMPORAL_ID);
    if (previous !== undefined && nextLayer(previous, template) < 0)
      throw new RtpError('RTP_BAD_EXTENSION', `template ${i} does not follow the layer of the one before`);
    checkDependencies(template, structure, 16, 15);
  });
  if (resolutions.length > 0) checkLength('resolutions', resolutions, templates.at(-1)!.spatialId + 1);
  for (const { width, height } of resolutions) {
    checkValue('width', width, 1, 65_536);
    checkValue('height', height, 1, 65_536);
  }
}

/** Throws RtpError (`RTP_BAD_EXTENSION`) for dependencies that do not fit the structure or their fields. */
export function checkDependencies(
  frame: FrameDependencies,
  { decodeTargetCount, chainCount }: FrameDependencyStructure,
  maxFrameDiff: number,
  maxChainDiff: number,
): void {
  checkLength('decodeTargetIndications', frame.decodeTargetIndications, decodeTargetCount);
  checkLength('chainDiffs', frame.chainDiffs, chainCount);
  for (const dti of frame.decodeTargetIndications) checkValue('decode target indication', dti, 0, 3);
  for (const diff of frame.frameDiffs) checkValue('frame diff', diff, 1, maxFrameDiff);
  for (const diff of frame.chainDiffs) checkValue('chain diff', diff, 0, maxChainDiff);
}

function readLayers(reader: BitReader): { spatialId: number; temporalId: number }[] | undefined {
  const layers: { spatialId: number; temporalId: number }[] = [];
  let spatialId = 0;
  let temporalId = 0;
  for (;;) {
    if (layers.length === MAX_TEMPLATES) return undefined;
    layers.push({ spatialId, temporalId });
    const next = reader.bits(2);
    if (reader.failed) return undefined;
    if (next === NO_MORE_LAYERS) return layers;
    if (next === NEXT_TEMPORAL) temporalId++;
    if (next === NEXT_SPATIAL) {
      spatialId++;
      temporalId = 0;
    }
    if (spatialId > MAX_SPATIAL_ID || temporalId > MAX_TEMPORAL_ID) return undefined;
  }
}

function readTemplateDiffs(reader: BitReader): number[] {
  const diffs: number[] = [];
  while (reader.flag()) diffs.push(reader.bits(4) + 1);
  return diffs;
}

function readMany(reader: BitReader, count: number, width: number): number[] {
  const values: number[] = [];
  for (let i = 0; i < count; i++) values.push(reader.bits(width));
  return values;
}

/** `next_layer_idc` from one template to the next; -1 when there is none. */
function nextLayer(from: FrameDependencies, to: FrameDependencies): number {
  if (to.spatialId === from.spatialId && to.temporalId === from.temporalId) return SAME_LAYER;
  if (to.spatialId === from.spatialId && to.temporalId === from.temporalId + 1) return NEXT_TEMPORAL;
  return to.spatialId === from.spatialId + 1 && to.temporalId === 0 ? NEXT_SPATIAL : -1;
}

function checkLength(name: string, list: readonly unknown[], length: number): void {
  if (list.length !== length)
    throw new RtpError('RTP_BAD_EXTENSION', `${name} has ${list.length} entries instead of ${length}`);
}

const SAME_LAYER = 0;
const NEXT_TEMPORAL = 1;
const NEXT_SPATIAL = 2;
const NO_MORE_LAYERS = 3;
