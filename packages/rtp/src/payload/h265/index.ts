export { type NalRange, splitAnnexB } from '../nal/annex-b.ts';
export type { Depacketizer, DepacketizerCounters, EncodedFrame, Packetizer } from '../types.ts';
export {
  createH265Depacketizer,
  type H265DepacketizerOptions,
  type H265Metadata,
  isH265KeyFrameStart,
} from './depacketizer.ts';
export { H265_NAL, h265NalType } from './nal.ts';
export { createH265Packetizer } from './packetizer.ts';
export { decodeH265Sps, type H265SequenceParameters } from './sps.ts';
