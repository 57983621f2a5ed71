export { type NalRange, splitAnnexB } from '../nal/annex-b.ts';
export type { Depacketizer, DepacketizerCounters, EncodedFrame, Packetizer } from '../types.ts';
export {
  createH264Depacketizer,
  type H264DepacketizerOptions,
  type H264Metadata,
  isH264KeyFrameStart,
} from './depacketizer.ts';
export { H264_NAL, h264NalType } from './nal.ts';
export { createH264Packetizer, type H264PacketizerOptions } from './packetizer.ts';
export { decodeH264Sps, type H264SequenceParameters } from './sps.ts';
