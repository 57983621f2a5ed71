export { DependencyDescriptorReader, readMandatoryFields } from './reader.ts';
export {
  DECODE_TARGET_INDICATION,
  type DependencyDescriptor,
  decodeTargetLayers,
  type FrameDependencies,
  type FrameDependencyStructure,
  type MandatoryDescriptorFields,
} from './types.ts';
export { type DependencyDescriptorInit, DependencyDescriptorWriter } from './writer.ts';
