export { type ChainCounters, InterceptorChain, type InterceptorChainOptions } from './chain.ts';
export { InterceptorError, type InterceptorErrorCode } from './errors.ts';
export { inSlotOrder, type PlacedInterceptor, SLOTS, type SlotName, type SlotPlace } from './slots.ts';
