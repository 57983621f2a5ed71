export type { Depacketizer, DepacketizerCounters, Packetizer } from './types.ts';
