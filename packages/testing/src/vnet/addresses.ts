/** Questions to addresses in canonical text: each is asked several times per packet, so none of them parses. */
import { canonicalAddress } from '@kaon/wire';
import { failure } from './failure.ts';

/** What a world has been asked for so far: few addresses, each of them again and again. */
const known = new Map<string, string>();
const MAX_KNOWN = 10_000;

/** The address in canonical text; undefined when it is none. */
export function canonicalOrNone(address: string): string | undefined {
  const before = known.get(address);
  if (before !== undefined) return before;
  const text = canonicalAddress(address);
  if (text === undefined) return undefined;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(address, text);
  return text;
}

/** The address in canonical text. Throws `EINVAL`. */
export function canonical(address: string): string {
  const text = canonicalOrNone(address);
  if (text === undefined) throw failure('EINVAL', address);
  return text;
}

export function familyOf(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** 0.0.0.0 or ::. */
export function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** 224.0.0.0/4 or ff00::/8. */
export function isMulticast(address: string): boolean {
  if (address.includes(':')) return address.startsWith('ff') && address.indexOf(':') === 4;
  const first = Number.parseInt(address, 10);
  return first >= 224 && first < 240;
}
