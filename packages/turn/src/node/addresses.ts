import type { InterfaceAddress, Network } from '@kaon/interface/network/v1';
import { addressFamily, isLinkLocal, isLoopback, isUnspecified } from '@kaon/wire';
import type { ListenerOptions } from './options.ts';

/** A listener with everything filled in. */
export interface ResolvedListener extends ListenerOptions {
  readonly address: string;
  readonly port: number;
}

/** Listeners with an address and a port each; those without address become one for each address of the machine. */
export function resolveListeners(
  listeners: readonly ListenerOptions[] | undefined,
  network: Network,
): readonly ResolvedListener[] {
  const given = listeners ?? [{ protocol: 'udp' } as const, { protocol: 'tcp' } as const];
  return given.flatMap((one) => {
    const addresses = one.address === undefined ? ownAddresses(network.interfaces()) : [one.address];
    const port = one.port ?? (one.protocol === 'tls' || one.protocol === 'dtls' ? 5349 : 3478);
    return addresses.map((address) => ({ ...one, address, port }));
  });
}

/** One address of each family to relay from. */
export function relayAddressesFor(
  given: readonly string[] | undefined,
  listeners: readonly ResolvedListener[],
  network: Network,
): { readonly IPv4?: string; readonly IPv6?: string } {
  if (given !== undefined && given.length > 0) return perFamily(given);
  const candidates = listeners.flatMap(({ address }) => {
    if (!isUnspecified(address)) return [address];
    const family = addressFamily(address);
    return ownAddresses(network.interfaces()).filter((own) => addressFamily(own) === family);
  });
  return perFamily([...candidates.filter((one) => !isLoopback(one)), ...candidates.filter(isLoopback)]);
}

/** The first address of each family. */
export function perFamily(addresses: readonly string[]): { readonly IPv4?: string; readonly IPv6?: string } {
  const found: { IPv4?: string; IPv6?: string } = {};
  for (const address of addresses) {
    const family = addressFamily(address);
    if (family !== undefined) found[family] ??= address;
  }
  return found;
}

/** IPv4 first: that is where clients look. */
function ownAddresses(interfaces: readonly InterfaceAddress[]): readonly string[] {
  const usable = interfaces.map(({ address }) => address).filter((address) => !isLinkLocal(address));
  return [...usable.filter((one) => !one.includes(':')), ...usable.filter((one) => one.includes(':'))];
}
