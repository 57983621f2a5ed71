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
  type BurstLoss,
  type Delivery,
  Netem,
  type NetemFate,
  type NetemOptions,
  type NetemStats,
} from './vnet/netem.ts';
