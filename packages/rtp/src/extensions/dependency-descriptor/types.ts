/** How a frame matters to a decode target (AV1 RTP payload specification, appendix A.8.2, table A.1). */
export const DECODE_TARGET_INDICATION = {
  /** The frame is not part of the target. */
  notPresent: 0,
  /** No other frame of the target needs it. */
  discardable: 1,
  /** All later frames of the target can be decoded once this one is. */
  switch: 2,
  /** Other frames of the target need it. */
  required: 3,
} as const;

/** What a frame depends on. */
export interface FrameDependencies {
  /** 0 to 3. */
  readonly spatialId: number;
  /** 0 to 7. */
  readonly temporalId: number;
  /** One of `DECODE_TARGET_INDICATION` for each decode target. */
  readonly decodeTargetIndications: readonly number[];
  /** How many frames back those are that it refers to: 1 to 16 in a template, 1 to 4096 in a frame. */
  readonly frameDiffs: readonly number[];
  /** For each chain how many frames back its last frame is: 0 to 15 in a template, 0 to 255 in a frame; 0: none. */
  readonly chainDiffs: readonly number[];
}

/** The templates that frames refer to until the next structure comes (appendix A.8.2, `template_dependency_structure`). */
export interface FrameDependencyStructure {
  /** Id of the first template, 0 to 63; ids wrap. */
  readonly templateIdOffset: number;
  /** 1 to 32. */
  readonly decodeTargetCount: number;
  /** Up to as many as there are decode targets. */
  readonly chainCount: number;
  /** The chain of each decode target; empty without chains. */
  readonly decodeTargetProtectedBy: readonly number[];
  /** 1 to 64, in order of spatial, then temporal id. */
  readonly templates: readonly FrameDependencies[];
  /** Of each spatial layer, 1 to 65536 pixels; empty where not told. */
  readonly resolutions: readonly { readonly width: number; readonly height: number }[];
}

/** What stands in every descriptor, readable without the structure. */
export interface MandatoryDescriptorFields {
  readonly startOfFrame: boolean;
  readonly endOfFrame: boolean;
  /** 0 to 63. */
  readonly templateId: number;
  /** 0 to 65535, wraps. */
  readonly frameNumber: number;
}

/** A descriptor with what its template says. */
export interface DependencyDescriptor extends MandatoryDescriptorFields {
  readonly frame: FrameDependencies;
  /** Present in the first packet of a frame that begins a coded video sequence. */
  readonly structure?: FrameDependencyStructure | undefined;
  /** Mask of the decode targets that are being sent, where this packet tells; a structure without one means all. */
  readonly activeDecodeTargets?: number | undefined;
  /** Of the frame's spatial layer, where the structure tells. */
  readonly resolution?: { readonly width: number; readonly height: number } | undefined;
}

/** The spatial and temporal layer up to which a decode target goes (appendix A.8.3, `decode_target_layers`). */
export function decodeTargetLayers(
  structure: FrameDependencyStructure,
): { readonly spatialId: number; readonly temporalId: number }[] {
  return Array.from({ length: structure.decodeTargetCount }, (_, target) => {
    let spatialId = 0;
    let temporalId = 0;
    for (const template of structure.templates) {
      if (template.decodeTargetIndications[target] === DECODE_TARGET_INDICATION.notPresent) continue;
      spatialId = Math.max(spatialId, template.spatialId);
      temporalId = Math.max(temporalId, template.temporalId);
    }
    return { spatialId, temporalId };
  });
}

/** The mask of all decode targets. */
export function allDecodeTargets(count: number): number {
  return 2 ** count - 1;
}

/** Limits of the fields; ids wrap at the first. */
export const MAX_TEMPLATES = 64;
export const MAX_SPATIAL_ID = 3;
export const MAX_TEMPORAL_ID = 7;
