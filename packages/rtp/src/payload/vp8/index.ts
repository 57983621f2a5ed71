export type { Depacketizer, DepacketizerCounters, EncodedFrame, Packetizer } from '../types.ts';
export { createVp8Depacketizer, isVp8KeyFrameStart } from './depacketizer.ts';
export {
  decodeVp8Descriptor,
  type Vp8Descriptor,
  type Vp8DescriptorView,
  vp8DescriptorLength,
  writeVp8Descriptor,
} from './descriptor.ts';
export { isVp8Frame, isVp8KeyFrame, vp8Dimensions } from './frame.ts';
export { createVp8Packetizer, type Vp8Metadata, type Vp8PacketizerOptions } from './packetizer.ts';
