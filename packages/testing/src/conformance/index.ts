export { type ClockSubject, clockConformance } from './clock.ts';
export { coreConformance } from './core.ts';
export { type CryptoConformanceOptions, cryptoConformance } from './crypto.ts';
export { datagramCoreConformance } from './datagram-core.ts';
export type { Framework } from './framework.ts';
export {
  type InterceptorConformanceOptions,
  interceptorConformance,
  type MakeInterceptor,
} from './interceptor.ts';
export { type MakeStreamsWorld, messageStreamsConformance, type StreamsWorld } from './message-streams.ts';
export { type MulticastSubject, multicastConformance } from './multicast.ts';
export { type NetworkSubject, networkConformance } from './network.ts';
export { type MakeSecureWorld, type SecureWorld, secureTransportConformance } from './secure-transport.ts';
export { type StreamSubject, streamConformance } from './streams.ts';
export type { Command, MakeWorld, World, WorldPair } from './world.ts';
