import type { TransportAddress } from '@kaon/interface/core/v1';
import type { InterfaceAddress, Network } from '@kaon/interface/network/v1';
import { isLinkLocal, isLoopback } from '@kaon/wire';

/** An address of ours that leads to a server: of its family, and loopback to loopback. Undefined: there is none. */
export function routeTo(network: Network, server: TransportAddress): InterfaceAddress | undefined {
  const own = network.interfaces().filter(({ family }) => family === server.family);
  const isHere = isLoopback(server.address);
  return (
    own.find(({ address }) => address === server.address) ??
    own.find(({ address, internal }) => (internal || isLoopback(address)) === isHere && !isLinkLocal(address))
  );
}

/** Addresses that others may reach us at, loopback only where there is nothing else. */
export function usableAddresses(network: Network): readonly InterfaceAddress[] {
  const all = network.interfaces();
  const others = all.filter(({ address, internal }) => !internal && !isLoopback(address) && !isLinkLocal(address));
  return others.length > 0 ? others : all;
}
