export { type RunOptions, VirtualClock, type VirtualClockOptions } from './clock.ts';
export {
  type CoreOf,
  type EventOf,
  Pair,
  type PairCore,
  type PairEnd,
  type PairOptions,
  type PairRunOptions,
  reaches,
  reversed,
  type Tap,
  type TappedPacket,
} from './pair.ts';
export { PairSide, type SideName } from './pair-side.ts';
export { type SeededRandom, seededRandom } from './random.ts';
export { Schedule } from './schedule.ts';
export { defaultSeed, withSeed } from './seed.ts';
export {
  type HostOptions,
  type SimulatedNatOptions,
  Simulation,
  type SimulationOptions,
  story,
} from './simulation.ts';
export { Host, type InterfaceOptions, type Names } from './vnet/host.ts';
export { Link, type LinkOptions, type Packet, Wire } from './vnet/link.ts';
export { Nat, type NatOptions } from './vnet/nat.ts';
export { NAT_KINDS, type NatKind, natKindOptions } from './vnet/nat-kind.ts';
export { type NatBehaviour, NatTable, type NatTableOptions, type NatType } from './vnet/nat-table.ts';
export {
  type BurstLoss,
  type Delivery,
  Netem,
  type NetemFate,
  type NetemOptions,
  type NetemStats,
} from './vnet/netem.ts';
export { Router, type Uplink } from './vnet/router.ts';
export type { Segment } from './vnet/tcp/segment.ts';
export { type SimulatedCertificateOptions, simulatedCertificate } from './vnet/tcp/tls.ts';
