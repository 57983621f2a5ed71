export type { ApplicationDefined } from './application-defined.ts';
export { compound, isReducedSize } from './compound.ts';
export {
  type ArrivedPacket,
  CCFB_MAX_PACKETS,
  CCFB_OFFSET_TOO_LONG,
  CCFB_OFFSET_UNKNOWN,
  type CongestionFeedback,
  type CongestionFeedbackStream,
} from './congestion-feedback.ts';
export { decodeRtcp } from './decode.ts';
export { encodeRtcp, rtcpLength, writeRtcp } from './encode.ts';
export type { ExtendedReport } from './extended-report.ts';
export type { FullIntraRequest } from './full-intra-request.ts';
export { type GenericNack, type NackPair, nackPairs } from './generic-nack.ts';
export type { Goodbye } from './goodbye.ts';
export { RTCP_TYPE } from './header.ts';
export type { MaxBitrateEntry, MaxBitrateNotification, MaxBitrateRequest } from './max-bitrate.ts';
export type { RtcpPacket } from './packet.ts';
export type { PictureLossIndication } from './picture-loss.ts';
export type { ReferencePictureSelection } from './reference-picture.ts';
export type { ReceiverEstimatedMaxBitrate } from './remb.ts';
export type { ReportBlock } from './report-block.ts';
export type { ReceiverReport, SenderReport } from './reports.ts';
export type { LostSlices, SliceLossIndication } from './slice-loss.ts';
export type { SdesChunk, SdesItem, SdesTextItemName, SourceDescription } from './source-description.ts';
export {
  type TransportFeedback,
  TWCC_MAX_DELTA,
  TWCC_MAX_PACKETS,
  TWCC_MIN_DELTA,
  TWCC_REFERENCE_UNIT,
  TWCC_REFERENCE_WRAP,
  TWCC_TICK,
} from './transport-feedback.ts';
export type { MalformedRtcp, UnknownRtcp } from './unknown.ts';
export type {
  XrBlock,
  XrDelaySinceLastReceiverReport,
  XrPacketReceiptTimes,
  XrReceiverReferenceTime,
  XrRunLengthBlock,
  XrStatisticsSummary,
  XrUnknownBlock,
  XrVoipMetrics,
} from './xr/blocks.ts';
export { expandRunLengths, runLengthChunks, thinnedSequences } from './xr/run-lengths.ts';
