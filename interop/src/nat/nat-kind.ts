/**
 * What stands between a host and the internet, as rules for the kernel's own packet filter and connection tracking.
 */
import type { Site } from './world.ts';

/** By RFC 3489 §5; `udp-blocked` lets TCP out alone, `tls-only` nothing but TCP to port 5349. */
export type NatKind =
  | 'none'
  | 'full-cone'
  | 'address-restricted'
  | 'port-restricted'
  | 'symmetric'
  | 'udp-blocked'
  | 'tls-only';

/** The matrix, from the friendliest to the strictest. `tls-only` is run with some of them. */
export const NAT_KINDS: readonly NatKind[] = [
  'none',
  'full-cone',
  'address-restricted',
  'port-restricted',
  'symmetric',
  'udp-blocked',
];

/** What an IPv6 router does; `firewall` lets in what was asked for, as home routers do. */
export type FirewallKind = 'none' | 'firewall' | 'udp-blocked';

/**
 * The rules of an IPv4 router of this kind, for `nft -f`.
 *
 * Mapping: `snat` keeps the port while it is free, so one inner port has one outer port; `fully-random` draws another one
 * for each destination. Filtering: connection tracking lets in answers alone; the two friendlier kinds lead what else
 * comes to the one host inside.
 */
export function natRules(kind: NatKind, site: Site): string {
  if (kind === 'none') return 'flush ruleset\n';
  const { inner, innerNetwork, outer } = site;
  const inbound = {
    'full-cone': `iifname "wan" meta l4proto udp dnat to ${inner}`,
    'address-restricted': `iifname "wan" ip saddr . udp dport @asked dnat to ${inner}`,
  }[kind as string];
  const passing = {
    'udp-blocked': 'meta l4proto udp drop',
    'tls-only': 'iifname "lan" tcp dport != 5349 drop\n    iifname "lan" meta l4proto != tcp drop',
  }[kind as string];
  // What was not asked for is dropped before connection tracking keeps it: a packet of the peer that came early would
  // take the place of our mapping else, and push it to another port.
  return `flush ruleset
table ip kaon {
  set asked {
    type ipv4_addr . inet_service
    flags dynamic,timeout
    timeout 60s
  }
  chain direct {
    type filter hook prerouting priority raw
    iifname "wan" ip daddr ${innerNetwork} drop
  }
  chain inbound {
    type nat hook prerouting priority dstnat
    ${inbound ?? ''}
  }
  chain outbound {
    type nat hook postrouting priority srcnat
    oifname "wan" ${kind === 'symmetric' ? 'masquerade fully-random' : `snat to ${outer}`}
  }
  chain ask {
    type filter hook postrouting priority mangle
    oifname "wan" update @asked { ip daddr . udp sport }
  }
  chain here {
    type filter hook input priority filter
    iifname "wan" ct state new drop
  }
  chain through {
    type filter hook forward priority filter
    ${passing ?? ''}
    ${inbound === undefined ? 'iifname "wan" ct state new drop' : 'iifname "wan" meta l4proto tcp ct state new drop'}
  }
}
`;
}

/** The rules of an IPv6 router. There is no translation. */
export function firewallRules(kind: FirewallKind): string {
  if (kind === 'none') return 'flush ruleset\n';
  return `flush ruleset
table ip6 kaon {
  chain through {
    type filter hook forward priority filter
    ${kind === 'udp-blocked' ? 'meta l4proto udp drop' : ''}
    iifname "wan" ct state new drop
  }
}
`;
}
