import type { Vp9Descriptor, Vp9LayerIndices } from './descriptor.ts';
import type { Vp9ScalabilityStructure } from './scalability.ts';

/** What a VP9 picture says beyond its bytes. */
export interface Vp9Metadata {
  /** 7 or 15 bits. */
  readonly pictureId?: number | undefined;
  readonly longPictureId?: boolean | undefined;
  readonly flexible: boolean;
  /** With the first picture that needs it, and with key pictures. */
  readonly scalability?: Vp9ScalabilityStructure | undefined;
  /** The frames that the picture consists of, the lowest spatial layer first; one where there is no spatial scalability. */
  readonly frames: readonly Vp9LayerFrame[];
}

/** The frame of one spatial layer. */
export interface Vp9LayerFrame extends Pick<Vp9Descriptor, 'interPicture' | 'notForUpperLayers' | 'referenceDiffs'> {
  /** Bytes of the picture's data that are its. */
  readonly length: number;
  readonly layer?: Vp9LayerIndices | undefined;
}
