import { addressToBytes } from '@kaon/wire';

/**
 * What is counted as one address where addresses are limited: an IPv4 address, or the first 64 bits of an IPv6 one, since one
 * customer has all of the rest. Text that is no address stands for itself.
 */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address;
  const bytes = addressToBytes(address.split('%', 1)[0] as string);
  if (bytes === undefined) return address;
  let group = '';
  for (let i = 0; i < 8; i++) group += bytes[i]!.toString(16).padStart(2, '0');
  return group;
}
