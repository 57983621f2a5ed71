import { isMalformed, MALFORMED, type Malformed, readU16 } from '@kaon/wire';
import { BitReader } from './bits.ts';
import { readStructure } from './structure.ts';
import {
  allDecodeTargets,
  type DependencyDescriptor,
  type FrameDependencies,
  type FrameDependencyStructure,
  MAX_TEMPLATES,
  type MandatoryDescriptorFields,
} from './types.ts';

/**
 * Reads the dependency descriptors of one stream (AV1 RTP payload specification, appendix A): each refers to the structure
 * that came last, which is kept here.
 */
export class DependencyDescriptorReader {
  #structure: FrameDependencyStructure | undefined;
  #activeDecodeTargets = 0;

  /** The structure that came last. */
  get structure(): FrameDependencyStructure | undefined {
    return this.#structure;
  }

  /** Mask of the decode targets that are being sent, as told last; 0 before the first structure. */
  get activeDecodeTargets(): number {
    return this.#activeDecodeTargets;
  }

  /**
   * The descriptor in `bytes[offset, offset + length)`. Malformed, with nothing changed, also when it refers to a template that
   * is not known: its structure was lost. Those of packets that come late must be read in order of arrival.
   */
  read(bytes: Uint8Array, offset: number, length: number): DependencyDescriptor | Malformed {
    const mandatory = readMandatoryFields(bytes, offset, length);
    if (isMalformed(mandatory)) return MALFORMED;
    const extended = length > MANDATORY_LENGTH;
    const reader = new BitReader(bytes, offset + MANDATORY_LENGTH, offset + length);
    const flags = extended ? reader.bits(5) : 0;
    const attached = (flags & STRUCTURE) !== 0 ? readStructure(reader) : undefined;
    if ((flags & STRUCTURE) !== 0 && attached === undefined) return MALFORMED;
    const structure = attached ?? this.#structure;
    if (structure === undefined) return MALFORMED;
    let active = attached === undefined ? undefined : allDecodeTargets(attached.decodeTargetCount);
    if ((flags & ACTIVE_TARGETS) !== 0) active = reader.bits(structure.decodeTargetCount);
    const template = templateOf(structure, mandatory.templateId);
    if (template === undefined) return MALFORMED;
    const frame = (flags & CUSTOM) !== 0 ? readCustom(reader, flags, template, structure) : template;
    if (reader.failed) return MALFORMED;
    this.#structure = structure;
    if (active !== undefined) this.#activeDecodeTargets = active;
    return {
      ...mandatory,
      frame,
      structure: attached,
      activeDecodeTargets: active,
      resolution: structure.resolutions[frame.spatialId],
    };
  }
}

/** The fields that need no structure: what a relay must know of each packet. */
export function readMandatoryFields(
  bytes: Uint8Array,
  offset: number,
  length: number,
): MandatoryDescriptorFields | Malformed {
  if (length < MANDATORY_LENGTH) return MALFORMED;
  const first = bytes[offset]!;
  return {
    startOfFrame: first >= 0x80,
    endOfFrame: (first & 0x40) !== 0,
    templateId: first & 0x3f,
    frameNumber: readU16(bytes, offset + 1),
  };
}

function templateOf(structure: FrameDependencyStructure, templateId: number): FrameDependencies | undefined {
  return structure.templates[(templateId + MAX_TEMPLATES - structure.templateIdOffset) % MAX_TEMPLATES];
}

/** `frame_dependency_definition`: what the frame says instead of its template. */
function readCustom(
  reader: BitReader,
  flags: number,
  template: FrameDependencies,
  structure: FrameDependencyStructure,
): FrameDependencies {
  const many = (count: number, width: number) => Array.from({ length: count }, () => reader.bits(width));
  const decodeTargetIndications =
    (flags & CUSTOM_DTIS) !== 0 ? many(structure.decodeTargetCount, 2) : template.decodeTargetIndications;
  const frameDiffs = (flags & CUSTOM_FDIFFS) !== 0 ? readFrameDiffs(reader) : template.frameDiffs;
  const chainDiffs = (flags & CUSTOM_CHAINS) !== 0 ? many(structure.chainCount, 8) : template.chainDiffs;
  return {
    spatialId: template.spatialId,
    temporalId: template.temporalId,
    decodeTargetIndications,
    frameDiffs,
    chainDiffs,
  };
}

function readFrameDiffs(reader: BitReader): number[] {
  const diffs: number[] = [];
  for (let size = reader.bits(2); size > 0; size = reader.bits(2)) diffs.push(reader.bits(4 * size) + 1);
  return diffs;
}

const MANDATORY_LENGTH = 3;
const STRUCTURE = 0x10;
const ACTIVE_TARGETS = 0x08;
const CUSTOM_DTIS = 0x04;
const CUSTOM_FDIFFS = 0x02;
const CUSTOM_CHAINS = 0x01;
const CUSTOM = CUSTOM_DTIS | CUSTOM_FDIFFS | CUSTOM_CHAINS;
