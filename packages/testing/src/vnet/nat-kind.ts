import type { NatOptions } from './nat.ts';

/** How a site is joined to the internet: by no NAT, by one of the four of RFC 3489 §5, or by one that lets no UDP through. */
export type NatKind = 'none' | 'full-cone' | 'address-restricted' | 'port-restricted' | 'symmetric' | 'udp-blocked';

/** All kinds, from the friendliest to the strictest: the rows and columns of a matrix. */
export const NAT_KINDS: readonly NatKind[] = [
  'none',
  'full-cone',
  'address-restricted',
  'port-restricted',
  'symmetric',
  'udp-blocked',
];

/** The options of a NAT of this kind, to be given an address; undefined for `none`. */
export function natKindOptions(kind: NatKind): Omit<NatOptions, 'addresses'> | undefined {
  if (kind === 'none') return undefined;
  return kind === 'udp-blocked' ? { type: 'port-restricted', blockUdp: true } : { type: kind };
}
