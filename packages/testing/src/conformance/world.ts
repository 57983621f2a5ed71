import type { CoreEvent, Instant } from '@kaon/interface/core/v1';
import { Pair, type PairCore, type PairEnd, type PairOptions } from '../pair.ts';
import type { SideName } from '../pair-side.ts';
import { show } from './framework.ts';

/** Two cores that get to know each other: what a suite tests. Make everything anew, from the seed alone. */
export interface World {
  readonly a: PairCore | PairEnd;
  readonly b: PairCore | PairEnd;
  /** Gives the commands with which the story begins. */
  start(now: Instant): void;
  /** Whether the story has come to its point, such as both sides connected. */
  isReady(pair: WorldPair): boolean;
  /** Ends side a for good: a terminal event of a must follow. Leave it out for cores that never end. */
  close?(now: Instant): void;
  /** Wrong uses of side a, once ready: each must throw an error with a `code` and change nothing. */
  readonly misuses?: readonly Command[];
  /** Commands that side a must take at any time once ready, also from inside the loop that drains events. */
  readonly commands?: readonly Command[];
  /** How the cores are joined. */
  readonly pair?: PairOptions;
  /** Platform functions that the injected providers use, such as `crypto.getRandomValues`: they are not the core's. */
  readonly ambient?: readonly string[];
}

/** A named command of a core. */
export interface Command {
  readonly name: string;
  call(now: Instant): void;
}

/** A pair of whatever cores a world has. */
export type WorldPair = Pair<PairCore | PairEnd, PairCore | PairEnd>;

/** Makes a world from a seed. Asynchronous parts such as certificates are made before, outside. */
export type MakeWorld = (seed: number) => World;

/** A packet that was seen in a story, with bytes of its own. */
export interface SeenPacket {
  readonly from: SideName;
  readonly bytes: Uint8Array;
}

/** A world set in motion, with a record of what it did. */
export interface Running {
  readonly world: World;
  readonly pair: WorldPair;
  readonly packets: SeenPacket[];
}

/** Starts a world; options change how its cores are joined. */
export function launch(make: MakeWorld, seed: number, options: PairOptions = {}): Running {
  const world = make(seed);
  const pair: WorldPair = new Pair(world.a, world.b, { seed, ...world.pair, ...options });
  const packets: SeenPacket[] = [];
  pair.tap(({ from, bytes }) => {
    packets.push({ from, bytes: bytes.slice() });
    return undefined;
  });
  return { world, pair, packets };
}

/** Starts a world and runs it until it is ready. */
export function launchReady(make: MakeWorld, seed: number, options: PairOptions = {}): Running {
  const running = launch(make, seed, options);
  running.world.start(running.pair.now);
  runReady(running);
  return running;
}

export function runReady({ world, pair }: Running): void {
  pair.run({ until: () => world.isReady(pair), what: 'the end of the connect story' });
}

/** Everything two runs of the same story must have in common, as text. */
export function chronicle({ pair, packets }: Running): string {
  return [
    ...packets.map(({ from, bytes }) => `${from} sent ${show(bytes)}`),
    ...[pair.a, pair.b].flatMap((side) =>
      side.events.map((event, i) => `${side.times[i]} ${side.name} ${show(event)}`),
    ),
  ].join('\n');
}

/** Whether an event ends its core for good. */
export function isTerminal(event: CoreEvent): boolean {
  return event.type === 'closed' || event.type === 'failed';
}
