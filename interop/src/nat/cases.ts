import { type FirewallKind, NAT_KINDS, type NatKind } from './nat-kind.ts';
import { KAON, type NatPeer } from './peers.ts';
import type { ServerName } from './servers.ts';
import type { Family } from './world.ts';

/** One meeting to be tried: Kaon is at the first host. */
export interface Case {
  readonly peer: NatPeer;
  readonly family: Family;
  readonly kinds: readonly [NatKind | FirewallKind, NatKind | FirewallKind];
  readonly relayOnly: boolean;
  readonly server: ServerName;
  readonly role: 'offers' | 'answers';
}

/** Whom a host that gets out by TLS alone is tried with. */
export const TLS_PARTNERS: readonly NatKind[] = ['none', 'port-restricted', 'symmetric', 'udp-blocked', 'tls-only'];

const IPV6: readonly { readonly kinds: readonly [FirewallKind, FirewallKind]; readonly relayOnly?: boolean }[] = [
  { kinds: ['none', 'none'] },
  { kinds: ['firewall', 'firewall'] },
  { kinds: ['udp-blocked', 'firewall'] },
  { kinds: ['none', 'none'], relayOnly: true },
];

/** All meetings with this peer, IPv4 first. Kaon offers and answers, and the servers serve, by turns. */
export function casesOf(peer: NatPeer, server: ServerName | undefined): readonly Case[] {
  const v4 = [
    ...NAT_KINDS.flatMap((a) => NAT_KINDS.map((b) => [a, b] as const)),
    ...(peer.transports.includes('tls') ? TLS_PARTNERS.map((b) => ['tls-only', b] as const) : []),
  ].map((kinds) => ({ family: 'IPv4' as const, kinds, relayOnly: false }));
  const v6 = IPV6.filter(({ kinds, relayOnly }) => {
    return peer.ipv6 && (peer.relayOverIpv6 || (relayOnly !== true && !kinds.includes('udp-blocked')));
  }).map(({ kinds, relayOnly = false }) => ({ family: 'IPv6' as const, kinds, relayOnly }));
  return [...v4, ...v6].map((one, i) => ({
    ...one,
    peer,
    // The second side of Kaon with Kaon is as good as the first.
    role: peer === KAON || i % 2 === 0 ? 'offers' : 'answers',
    server: server ?? ((i >> 1) % 2 === 0 ? 'kaon' : 'coturn'),
  }));
}
