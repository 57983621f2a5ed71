export type { FecDecoder, FecDecoderCounters, FecDecoderOptions } from './decoder.ts';
export { FlexfecDecoder } from './flexfec-decoder.ts';
export { FLEXFEC_MAX_SPAN, FlexfecEncoder } from './flexfec-encoder.ts';
export { type FecEncoderOptions, type FecPattern, fecGroups } from './groups.ts';
export { UlpfecDecoder } from './ulpfec-decoder.ts';
export { ULPFEC_MAX_SPAN, UlpfecEncoder } from './ulpfec-encoder.ts';
