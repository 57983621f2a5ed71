import { type RunOptions, VirtualClock, type VirtualClockOptions } from './clock.ts';
import { Pair, type PairCore, type PairEnd, type PairOptions } from './pair.ts';
import { type SeededRandom, seededRandom } from './random.ts';
import { defaultSeed, nameSeed, withSeed } from './seed.ts';
import { Host, type InterfaceOptions, type Names } from './vnet/host.ts';
import { Link, type LinkOptions } from './vnet/link.ts';
import { Nat, type NatOptions } from './vnet/nat.ts';
import { type NatKind, natKindOptions } from './vnet/nat-kind.ts';
import { Router } from './vnet/router.ts';

/** Seed and start of a simulation. */
export interface SimulationOptions extends VirtualClockOptions {
  /** Default: `KAON_SEED`, or 1. */
  readonly seed?: number | undefined;
}

/** A host, with one interface `eth0` or with several. */
export interface HostOptions {
  readonly name?: string | undefined;
  /** Addresses of `eth0`. Excludes `interfaces`. */
  readonly addresses?: readonly string[] | undefined;
  /** Where `eth0` is plugged in. Default: the internet. */
  readonly network?: Router | Nat | undefined;
  /** The cable of `eth0`. Default: 1 ms delay. */
  readonly link?: LinkOptions | undefined;
  readonly interfaces?: readonly InterfaceOptions[] | undefined;
}

/** A NAT: one external address, or several. */
export interface SimulatedNatOptions extends Omit<NatOptions, 'addresses'> {
  readonly name?: string | undefined;
  readonly address?: string | undefined;
  readonly addresses?: readonly string[] | undefined;
  /** The network outside. Default: the internet; give another NAT for NAT behind NAT. */
  readonly network?: Router | Nat | undefined;
  /** The cable between the NAT and the network outside. Default: no delay. */
  readonly link?: LinkOptions | undefined;
}

/**
 * A world for a story: hosts, networks and NATs, one virtual clock, one seed.
 *
 * @example
 * const sim = new Simulation({ seed: 1 });
 * const home = sim.nat({ type: 'symmetric', address: '203.0.113.7' });
 * const alice = sim.host({ addresses: ['192.168.1.2'], network: home });
 * const server = sim.host({ addresses: ['198.51.100.1'], link: { delay: 20, loss: 0.01 } });
 * const socket = await alice.bindUdp({ address: '192.168.1.2' });
 * await sim.run(() => done);
 */
export class Simulation {
  readonly clock: VirtualClock;
  readonly seed: number;
  /** Also a `RandomSource`. */
  readonly random: SeededRandom;
  /** The network that everything is plugged into unless said otherwise. */
  readonly internet: Router = new Router('internet');
  /** What host names resolve to, for all hosts. */
  readonly names: Names = new Map();
  #count = 0;

  constructor(options: SimulationOptions = {}) {
    this.seed = options.seed ?? defaultSeed();
    this.random = seededRandom(this.seed);
    this.clock = new VirtualClock(options);
  }

  /** Adds a host. Throws when an address is taken or is not one. */
  host(options: HostOptions): Host {
    const name = options.name ?? `host${++this.#count}`;
    const host = new Host(name, this.names, this.clock, this.random.fork(name));
    if (options.addresses !== undefined) {
      const network = toRouter(options.network ?? this.internet);
      host.addInterface({ name: 'eth0', addresses: options.addresses, network, link: options.link });
    }
    for (const each of options.interfaces ?? []) host.addInterface(each);
    return host;
  }

  /** Adds a network that has no way out, such as a cable between two hosts. */
  network(name = `network${++this.#count}`): Router {
    return new Router(name);
  }

  /** Adds a NAT; put hosts behind it by giving it as their `network`. */
  nat(options: SimulatedNatOptions): Nat {
    const name = options.name ?? `nat${++this.#count}`;
    const addresses = [...(options.address === undefined ? [] : [options.address]), ...(options.addresses ?? [])];
    const outside = toRouter(options.network ?? this.internet);
    const link = new Link(options.link ?? {}, this.clock, this.random.fork(name));
    return new Nat(name, { ...options, addresses }, outside, link, this.clock);
  }

  /** The network of a site that is joined to the outside in this way: a NAT, or with `none` the outside itself. */
  site(kind: NatKind, options: SimulatedNatOptions): Router | Nat {
    const preset = natKindOptions(kind);
    return preset === undefined ? toRouter(options.network ?? this.internet) : this.nat({ ...preset, ...options });
  }

  /** Joins two bare cores directly: a `Pair` with this simulation's seed. It keeps a time of its own. */
  pair<A extends PairCore | PairEnd, B extends PairCore | PairEnd>(a: A, b: B, options: PairOptions = {}): Pair<A, B> {
    return new Pair(a, b, { seed: this.seed, ...options });
  }

  /** Runs until the predicate holds; see `VirtualClock.runUntil`. Errors name the seed. */
  async run(predicate: () => boolean, options?: RunOptions): Promise<void> {
    try {
      await this.clock.runUntil(predicate, options);
    } catch (error) {
      throw nameSeed(error, this.seed);
    }
  }

  /** Runs for this many virtual ms. */
  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /**
   * Runs until the promise is settled and gives its value. What it waits for must come from the simulation:
   * a promise that waits for the host's threads lets virtual time run away.
   */
  async until<T>(promise: Promise<T>, options?: RunOptions): Promise<T> {
    let settled = false;
    const done = (): void => {
      settled = true;
    };
    promise.then(done, done);
    await this.run(() => settled, options);
    return promise;
  }
}

/**
 * A test body over a fresh simulation, whose failures name the seed.
 *
 * @example
 * it('survives a cut cable', story(async (sim) => { ... }));
 */
export function story<T>(body: (sim: Simulation) => T, options: SimulationOptions = {}): () => T {
  return () => withSeed((seed) => body(new Simulation({ ...options, seed })), options.seed ?? defaultSeed());
}

function toRouter(network: Router | Nat): Router {
  return 'inside' in network ? network.inside : network;
}
