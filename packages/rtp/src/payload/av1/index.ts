export type { Depacketizer, DepacketizerCounters, EncodedFrame, Packetizer } from '../types.ts';
export { type Av1Metadata, createAv1Depacketizer, isAv1KeyFrameStart } from './depacketizer.ts';
export { AV1_OBU, type Av1Obu, splitObus } from './obu.ts';
export { createAv1Packetizer } from './packetizer.ts';
export { type Av1SequenceHeader, decodeAv1SequenceHeader } from './sequence-header.ts';
export { av1SequenceHeader } from './temporal-unit.ts';
