import type { InterfaceAddress } from '@kaon/interface/network/v1';
import { isLinkLocal, isLoopback, transportAddress } from '@kaon/wire';
import type { KaonOptions } from '../kaon-options.ts';

/** Which addresses to bind to. Loopback only when asked for or when there is nothing else, link-local likewise. */
export function localAddresses(
  interfaces: readonly InterfaceAddress[],
  options: KaonOptions,
): readonly InterfaceAddress[] {
  const { bindAddresses, interfaceFilter, families } = options;
  if (bindAddresses !== undefined) {
    return bindAddresses.map((address) => {
      const known = interfaces.find((one) => one.address === address);
      const { family } = transportAddress(address, 0);
      return known ?? { name: '', address, family, internal: isLoopback(address) };
    });
  }
  const allowed = interfaces.filter(
    (one) => (families?.includes(one.family) ?? true) && (interfaceFilter?.(one) ?? true),
  );
  const global = allowed.filter((one) => !one.internal && !isLoopback(one.address) && !isLinkLocal(one.address));
  const loopback = allowed.filter((one) => one.internal || isLoopback(one.address));
  if (options.includeLoopback) return [...global, ...loopback];
  if (global.length > 0) return global;
  const linkLocal = allowed.filter((one) => isLinkLocal(one.address));
  return linkLocal.length > 0 ? linkLocal : loopback;
}

/**
 * What traffic over a kind of network costs, 0 to 999, as browsers have it (`network-cost`): dearer ones are avoided.
 * Undefined where the platform does not know the kind.
 */
export function costOfType(type: InterfaceAddress['type']): number | undefined {
  return type === undefined ? undefined : COSTS[type];
}

const COSTS: Readonly<Record<NonNullable<InterfaceAddress['type']>, number>> = {
  loopback: 0,
  ethernet: 0,
  wifi: 10,
  unknown: 50,
  vpn: 50,
  cellular: 900,
};
