import { RtpError } from '../../errors.ts';
import { checkValue } from '../check.ts';
import { BitWriter } from './bits.ts';
import { checkDependencies, checkStructure, writeStructure } from './structure.ts';
import { allDecodeTargets, type FrameDependencies, type FrameDependencyStructure, MAX_TEMPLATES } from './types.ts';

/** What to write of a packet. */
export interface DependencyDescriptorInit {
  readonly startOfFrame: boolean;
  readonly endOfFrame: boolean;
  /** 0 to 65535, one more for each frame. */
  readonly frameNumber: number;
  readonly frame: FrameDependencies;
  /** Whether the structure comes along: in the first packet of a frame that begins a coded video sequence. Default false. */
  readonly attachStructure?: boolean | undefined;
  /** Mask of the decode targets that are being sent, when it has changed. */
  readonly activeDecodeTargets?: number | undefined;
}

/** Writes the dependency descriptors of one stream; each frame by the template that takes the fewest bits. */
export class DependencyDescriptorWriter {
  readonly structure: FrameDependencyStructure;
  readonly #bits = new BitWriter(MAX_LENGTH);

  /** Throws RtpError (`RTP_BAD_EXTENSION`) for a structure that cannot be written. */
  constructor(structure: FrameDependencyStructure) {
    checkStructure(structure);
    this.structure = structure;
  }

  /**
   * Writes the descriptor at `buffer[offset...]` and returns its length, up to 255: more than 16 bytes take the two-byte form.
   * Throws RtpError (`RTP_BAD_EXTENSION`) when a field does not fit or no template has the frame's layer.
   */
  write(buffer: Uint8Array, offset: number, descriptor: DependencyDescriptorInit): number {
    const length = this.length(descriptor);
    buffer.set(this.#bits.bytes.subarray(0, length), offset);
    return length;
  }

  /** Bytes that `write` writes; throws as it does. */
  length(descriptor: DependencyDescriptorInit): number {
    const { structure } = this;
    const { frame, frameNumber, attachStructure = false, activeDecodeTargets } = descriptor;
    const all = allDecodeTargets(structure.decodeTargetCount);
    checkValue('frame number', frameNumber, 0, 0xffff);
    checkDependencies(frame, structure, 4096, 255);
    if (activeDecodeTargets !== undefined) checkValue('active decode targets', activeDecodeTargets, 0, all);
    const { index, custom } = bestTemplate(structure.templates, frame);
    const tellActive = activeDecodeTargets !== undefined && !(attachStructure && activeDecodeTargets === all);
    const bits = this.#bits;
    bits.reset();
    bits.flag(descriptor.startOfFrame);
    bits.flag(descriptor.endOfFrame);
    bits.bits((index + structure.templateIdOffset) % MAX_TEMPLATES, 6);
    bits.bits(frameNumber, 16);
    if (!attachStructure && !tellActive && custom.bits === 0) return bits.length;
    bits.flag(attachStructure);
    bits.flag(tellActive);
    bits.flag(custom.dtis);
    bits.flag(custom.frameDiffs);
    bits.flag(custom.chains);
    if (attachStructure) writeStructure(bits, structure);
    if (tellActive) bits.bits(activeDecodeTargets, structure.decodeTargetCount);
    if (custom.dtis) for (const dti of frame.decodeTargetIndications) bits.bits(dti, 2);
    if (custom.frameDiffs) writeFrameDiffs(bits, frame.frameDiffs);
    if (custom.chains) for (const diff of frame.chainDiffs) bits.bits(diff, 8);
    return bits.length;
  }
}

/** What a frame has to say instead of a template, and what that costs. */
interface Custom {
  readonly dtis: boolean;
  readonly frameDiffs: boolean;
  readonly chains: boolean;
  readonly bits: number;
}

function bestTemplate(
  templates: readonly FrameDependencies[],
  frame: FrameDependencies,
): { index: number; custom: Custom } {
  let best: { index: number; custom: Custom } | undefined;
  templates.forEach((template, index) => {
    if (template.spatialId !== frame.spatialId || template.temporalId !== frame.temporalId) return;
    const custom = compare(template, frame);
    if (best === undefined || custom.bits < best.custom.bits) best = { index, custom };
  });
  if (best === undefined)
    throw new RtpError('RTP_BAD_EXTENSION', `no template has spatial ${frame.spatialId}, temporal ${frame.temporalId}`);
  return best;
}

function compare(template: FrameDependencies, frame: FrameDependencies): Custom {
  const dtis = !same(template.decodeTargetIndications, frame.decodeTargetIndications);
  const frameDiffs = !same(template.frameDiffs, frame.frameDiffs);
  const chains = !same(template.chainDiffs, frame.chainDiffs);
  let bits = 0;
  if (dtis) bits += 2 * frame.decodeTargetIndications.length;
  if (frameDiffs) for (const diff of frame.frameDiffs) bits += 2 + 4 * nibbles(diff);
  if (frameDiffs) bits += 2;
  if (chains) bits += 8 * frame.chainDiffs.length;
  return { dtis, frameDiffs, chains, bits };
}

function writeFrameDiffs(writer: BitWriter, diffs: readonly number[]): void {
  for (const diff of diffs) {
    writer.bits(nibbles(diff), 2);
    writer.bits(diff - 1, 4 * nibbles(diff));
  }
  writer.bits(0, 2);
}

/** `next_fdiff_size`: 1 to 3 times four bits. */
function nibbles(diff: number): number {
  return diff <= 16 ? 1 : diff <= 256 ? 2 : 3;
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** What an element holds (RFC 8285 §4.3). */
const MAX_LENGTH = 255;
