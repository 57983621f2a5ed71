export { type ChainCounters, InterceptorChain, type InterceptorChainOptions } from './chain.ts';
export { InterceptorError, type InterceptorErrorCode } from './errors.ts';
export {
  type NackGenerator,
  type NackGeneratorCounters,
  type NackGeneratorOptions,
  nackGenerator,
} from './nack/generator.ts';
export { type Arrival, ReceiveLog } from './nack/receive-log.ts';
export {
  type KeptPacket,
  RetransmissionBuffer,
  type RetransmissionBufferOptions,
} from './nack/retransmission-buffer.ts';
export { NackSchedule, type NackScheduleOptions } from './nack/schedule.ts';
export type { ReceptionFacts, RemoteInboundFacts, RemoteOutboundFacts } from './report/facts.ts';
export { Reception, type ReceptionReport } from './report/reception.ts';
export { type Reports, type ReportsOptions, reports } from './report/reports.ts';
export { inSlotOrder, type PlacedInterceptor, SLOTS, type SlotName, type SlotPlace } from './slots.ts';
export type { RoundTripTime } from './stream.ts';
export {
  allocateBitrate,
  type BandwidthUsage,
  type CongestionControl,
  type CongestionControlOptions,
  type CongestionController,
  congestionControl,
  type EstimatorState,
  type PacerState,
  type StreamDemand,
} from './congestion/index.ts';
