import { nodeNetwork } from '@kaon/runtime/node';

/** An address of this machine that others here reach: that of the namespace, or the machine's own. Throws when it has none. */
export function ownAddress(family: 'IPv4' | 'IPv6'): string {
  const address = findAddress(family);
  if (address === undefined) throw new Error(`this machine has no ${family} address besides loopback`);
  return address;
}

/** The same; undefined when there is none. */
export function findAddress(family: 'IPv4' | 'IPv6'): string | undefined {
  const own = nodeNetwork.interfaces().filter((one) => one.family === family && !one.internal);
  return own.find(({ address }) => !address.startsWith('fe80'))?.address;
}

/** Another IPv4 address of this machine: the namespace has one, elsewhere it is loopback's. */
export function secondAddress(): string {
  const own = nodeNetwork.interfaces().filter(({ family, internal }) => family === 'IPv4' && !internal);
  return own[1]?.address ?? '127.0.0.1';
}
