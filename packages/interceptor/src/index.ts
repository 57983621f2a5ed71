export { type ChainCounters, InterceptorChain, type InterceptorChainOptions } from './chain.ts';
export {
  allocateBitrate,
  type BandwidthUsage,
  type CongestionControl,
  type CongestionController,
  type CongestionControlOptions,
  congestionControl,
  type EstimatorState,
  type PacerState,
  type StreamDemand,
} from './congestion/index.ts';
export {
  type DefaultInterceptors,
  type DefaultInterceptorsOptions,
  defaultInterceptors,
} from './default-interceptors.ts';
export { type PcapngEndpoint, PcapngWriter, type PcapngWriterOptions } from './dump/pcapng-writer.ts';
export { type PacketDump, type PacketDumpOptions, packetDump } from './dump/stage.ts';
export { InterceptorError, type InterceptorErrorCode } from './errors.ts';
export {
  type FecEncoderStage,
  type FecEncoderStageOptions,
  type FecSentCounters,
  fecEncoder,
} from './fec/encoder.ts';
export { type FecReceivedCounters, type FecRecovery, fecRecovery } from './fec/recovery.ts';
export { DelayEstimator } from './jitter-buffer/delay-estimator.ts';
export {
  JitterBuffer,
  type JitterBufferFate,
  type JitterBufferOptions,
  type JitterBufferStatistics,
} from './jitter-buffer/jitter-buffer.ts';
export { type JitterBufferStage, type JitterBufferStageOptions, jitterBuffer } from './jitter-buffer/stage.ts';
export {
  type KeyFrameCounters,
  type KeyFrameRequester,
  type KeyFrameRequesterOptions,
  keyFrameRequester,
} from './keyframe/requester.ts';
export {
  type NackGenerator,
  type NackGeneratorCounters,
  type NackGeneratorOptions,
  nackGenerator,
} from './nack/generator.ts';
export { type Arrival, ReceiveLog } from './nack/receive-log.ts';
export {
  type NackResponder,
  type NackResponderCounters,
  type NackResponderOptions,
  nackResponder,
} from './nack/responder.ts';
export {
  type KeptPacket,
  RetransmissionBuffer,
  type RetransmissionBufferOptions,
} from './nack/retransmission-buffer.ts';
export { NackSchedule, type NackScheduleOptions } from './nack/schedule.ts';
export type { ReceptionFacts, RemoteInboundFacts, RemoteOutboundFacts } from './report/facts.ts';
export { Reception, type ReceptionReport } from './report/reception.ts';
export { type Reports, type ReportsOptions, reports } from './report/reports.ts';
export { type RtxUnwrap, type RtxUnwrapCounters, rtxUnwrap } from './rtx/unwrap.ts';
export { inSlotOrder, type PlacedInterceptor, SLOTS, type SlotName, type SlotPlace } from './slots.ts';
export type {
  ChainStatistics,
  InboundStreamStatistics,
  OutboundStreamStatistics,
} from './stats/chain-statistics.ts';
export type { InboundCounters, OutboundCounters, TransportCounters } from './stats/counters.ts';
export { type StatisticsStage, statistics } from './stats/stage.ts';
export type { RoundTripTime } from './stream.ts';
