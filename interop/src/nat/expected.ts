import type { PairEnd } from '../agent/protocol.ts';
import type { FirewallKind, NatKind } from './nat-kind.ts';
import type { NatPeer } from './peers.ts';

/** One end of a meeting: who, behind what. */
export interface Behind {
  readonly peer: NatPeer;
  readonly kind: NatKind | FirewallKind;
  /** It was told to relay. */
  readonly relayOnly: boolean;
}

/** What an end of a pair is called here: its candidate's type, and how the relay is reached when not over UDP. */
export function nameOf({ type, relayProtocol }: PairEnd): string {
  const over = relayProtocol === 'tcp' || relayProtocol === 'tls' ? ` over ${relayProtocol.toUpperCase()}` : '';
  return type === 'relay' ? `relay${over}` : type;
}

/** Whether this is a route that two behind these should take: the shortest that there is. */
export function isExpected(a: Behind, b: Behind, ends: readonly [PairEnd, PairEnd]): boolean {
  const [first, second] = ends.map(nameOf) as [string, string];
  return expectedRoutes(a, b).some(([one, other]) => one.includes(first) && other.includes(second));
}

/** The same in words. */
export function describeExpected(a: Behind, b: Behind): string {
  return expectedRoutes(a, b)
    .map((ends) => ends.map((names) => names.join('|')).join(' / '))
    .join(', or ');
}

type Routes = readonly (readonly [readonly string[], readonly string[]])[];

function expectedRoutes(a: Behind, b: Behind): Routes {
  const [mustA, mustB] = [a, b].map((one) => one.relayOnly || isBlocked(one)) as [boolean, boolean];
  if (mustA || mustB) return [[mustA ? relayed(a) : direct(a), mustB ? relayed(b) : direct(b)]];
  // One relay will do, whosoever.
  if (!canPunch(a, b)) {
    return [
      [relayed(a), direct(b)],
      [direct(a), relayed(b)],
    ];
  }
  return [[direct(a), direct(b)]];
}

function isBlocked({ kind }: Behind): boolean {
  return kind === 'udp-blocked' || kind === 'tls-only';
}

/** By RFC 4787: a symmetric NAT is reached by those who do not look at the port. */
function canPunch(a: Behind, b: Behind): boolean {
  const strict = ({ kind }: Behind): boolean => kind === 'symmetric' || kind === 'port-restricted';
  return !((a.kind === 'symmetric' && strict(b)) || (b.kind === 'symmetric' && strict(a)));
}

/** What its own candidate is when packets go straight to the other side, or to the other side's relay. */
function direct({ peer, kind }: Behind): readonly string[] {
  if (!peer.namesMappedAddress) return ['host', 'srflx', 'prflx'];
  // A firewall changes no address.
  if (kind === 'none' || kind === 'firewall') return ['host'];
  // A symmetric NAT shows another address to the peer than to the STUN server. What others show may be told by the peer's
  // check before the server's answer is here.
  return kind === 'symmetric' ? ['prflx'] : ['srflx', 'prflx'];
}

function relayed({ peer, kind }: Behind): readonly string[] {
  if (!isBlocked({ peer, kind, relayOnly: false }) || !peer.namesMappedAddress) return ['relay'];
  return [kind === 'tls-only' ? 'relay over TLS' : 'relay over TCP'];
}
