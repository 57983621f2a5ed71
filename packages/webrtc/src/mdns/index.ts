import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { Clock, Network } from '@kaon/interface/network/v1';
import { SharedNames } from './shared-names.ts';

/** A name that stands for an address of ours until it is released. */
export interface LocalName {
  /** `….local`. */
  readonly name: string;
  /** Takes the name back. Idempotent. */
  release(): void;
}

/** Multicast DNS on a network. */
export interface LocalNames {
  /**
   * Addresses of a `.local` name, at least one. Rejects when it is none that stands for a candidate's address, when nobody
   * answers within 10 s, where there is no multicast, and when `signal` is aborted.
   */
  resolve(name: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** Gives an address a name that others on the link can look up. Rejects where there is no multicast. */
  register(address: string): Promise<LocalName>;
}

/**
 * The names of a network, shared by all who use it: port 5353 is open while somebody does, and no longer. `clock` and
 * `random` are those of the first who asks.
 */
export function mdnsFor(network: Network, clock: Clock, random: RandomSource): LocalNames {
  let names = NETWORKS.get(network);
  if (names === undefined) {
    names = new SharedNames(network, clock, random);
    NETWORKS.set(network, names);
  }
  return names;
}

const NETWORKS = new WeakMap<Network, LocalNames>();
