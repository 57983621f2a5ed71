export type { Depacketizer, DepacketizerCounters, EncodedFrame, Packetizer } from '../types.ts';
export { createVp9Depacketizer, isVp9KeyFrameStart } from './depacketizer.ts';
export {
  decodeVp9Descriptor,
  type Vp9Descriptor,
  type Vp9DescriptorView,
  type Vp9LayerIndices,
  writeVp9Descriptor,
} from './descriptor.ts';
export { readVp9Frame, type Vp9FrameHeader, vp9Dimensions } from './frame.ts';
export type { Vp9LayerFrame, Vp9Metadata } from './metadata.ts';
export { createVp9Packetizer, type Vp9PacketizerOptions } from './packetizer.ts';
export type { Vp9GroupPicture, Vp9ScalabilityStructure } from './scalability.ts';
