import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { Clock, Network } from '@kaon/interface/network/v1';

/** A name that stands for an address of ours until it is released. */
export interface LocalName {
  /** `….local`. */
  readonly name: string;
  release(): void;
}

/** Multicast DNS on a network. */
export interface LocalNames {
  /** Addresses of a `.local` name. Rejects when nobody answers. */
  resolve(name: string): Promise<readonly string[]>;
  /** Gives an address a name that others on the link can look up. Rejects where there is no multicast. */
  register(address: string): Promise<LocalName>;
}

/** The names of a network, shared by all who use it. */
export function mdnsFor(_network: Network, _clock: Clock, _random: RandomSource): LocalNames {
  const fail = (): Promise<never> => Promise.reject(new Error('there is no multicast here'));
  return { resolve: fail, register: fail };
}
