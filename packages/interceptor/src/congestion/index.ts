export { allocateBitrate, type StreamDemand } from './allocate.ts';
export { type CongestionControl, type CongestionController, congestionControl } from './congestion-control.ts';
export type { EstimatorState } from './gcc/estimator.ts';
export type { BandwidthUsage } from './gcc/overuse-detector.ts';
export type { CongestionControlOptions } from './options.ts';
export type { PacerState } from './pacer/pacer.ts';
