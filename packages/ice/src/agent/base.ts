import type { TransportAddress } from '@kaon/interface/core/v1';
import { addressFamily, canonicalAddress, formatAddress, isLinkLocal, isLoopback, isUnspecified } from '@kaon/wire';
import { rewriteAddress } from '../address-rewrite.ts';
import type { Candidate, CandidateType, TcpType } from '../candidate.ts';
import { IceError } from '../errors.ts';
import type { NetworkType, ResolvedOptions } from '../options.ts';
import { candidatePriority, localPreference, type Preference, tcpLocalPreference } from '../priority.ts';
import { type LocalCandidate, type LocalCandidates, withoutZone } from './local-candidates.ts';

/** A bound socket of the driver. */
export interface LocalBase {
  /** Where it is bound: numeric and not the unspecified address; IPv6 link-local with its zone. An active TCP base has port 9. */
  readonly address: TransportAddress;
  /** Default udp. */
  readonly protocol?: 'udp' | 'tcp' | undefined;
  /** Who opens connections (RFC 6544 §4.5); of TCP alone, and needed there. */
  readonly tcpType?: TcpType | undefined;
  /** An mDNS name that stands for the address wherever that would be signalled (draft-ietf-mmusic-mdns-ice-candidates §3.1). */
  readonly name?: string | undefined;
  /** Interface, for `interfaceFilter`. */
  readonly networkName?: string | undefined;
  readonly networkType?: NetworkType | undefined;
  /** 0 to 999; dearer networks get lower priority and say so in `network-cost`. */
  readonly networkCost?: number | undefined;
  /** False: the host candidate is used but not reported, and its address is not named in others. Default true. */
  readonly signal?: boolean | undefined;
}

/** A base that is used. */
export interface Base {
  readonly address: TransportAddress;
  readonly protocol: 'udp' | 'tcp';
  readonly tcpType: TcpType | undefined;
  /** Its address: canonical, without a zone. */
  readonly text: string;
  readonly order: Preference;
  readonly local: LocalBase;
  /** Its address must not be seen in what is signalled. */
  readonly hidden: boolean;
}

/** Takes a base in. `index`: how many of its family and protocol there are. Throws IceError `ICE_BAD_ADDRESS`. */
export function makeBase(local: LocalBase, index: number, options: ResolvedOptions): Base {
  const { address, protocol = 'udp', tcpType, name } = local;
  checkAddress(address);
  if ((protocol === 'tcp') !== (tcpType !== undefined)) {
    throw new IceError('ICE_BAD_ADDRESS', `${formatAddress(address)} over ${protocol} has tcpType ${tcpType}`);
  }
  if (name !== undefined && !NAME.test(name)) throw new IceError('ICE_BAD_ADDRESS', `${name} is no name`);
  const text = withoutZone(canonicalAddress(address.address) ?? address.address);
  const limitedScope = isLoopback(text) || isLinkLocal(text);
  const order = { family: address.family, index, cost: local.networkCost ?? 0, limitedScope };
  const replaced = rewriteAddress(options.addressRewrites, 'host', { address: text, networkName: local.networkName });
  const hidden =
    name !== undefined ||
    local.signal === false ||
    replaced?.replace === true ||
    !options.candidateTypes.includes('host');
  // The address as it was given: paths lead back to the driver's socket by it.
  return { address, protocol, tcpType, text, order, local, hidden };
}

/** Whether the base is the socket at this address. */
export function isAt(base: Base, address: TransportAddress, protocol: 'udp' | 'tcp'): boolean {
  return base.protocol === protocol && base.address.port === address.port && base.address.address === address.address;
}

/** Local preference of the base's candidates of a type (RFC 8445 §5.1.2.1, RFC 6544 §4.2). */
export function preferenceOf({ order, tcpType }: Base, type: CandidateType): number {
  return tcpType === undefined ? localPreference(order) : tcpLocalPreference(order, type, tcpType);
}

/** What a base is signalled as: by its own address or name, and by those that the rules give it. */
export function hostCandidates(base: Base, locals: LocalCandidates, options: ResolvedOptions): LocalCandidate[] {
  const { local, address, protocol } = base;
  const rules = rewriteAddress(options.addressRewrites, 'host', { address: base.text, networkName: local.networkName });
  const places =
    rules?.replace === true ? [] : [{ address: local.name ?? base.text, port: undefined as number | undefined }];
  places.push(...(rules?.external ?? []));
  return places.map((place, at) => {
    const preference = Math.max(0, preferenceOf(base, 'host') - at * EXTRA);
    return localCandidate(base, preference, {
      foundation: locals.foundation('host', address.address, protocol, ''),
      priority: candidatePriority('host', preference, 1, { protocol }),
      address: place.address,
      port: portOf(base, place.port),
      type: 'host',
      ...costExtension(local.networkCost),
    });
  });
}

/** What the rules say that a base is seen as from outside, as if a STUN server had said so. */
export function mappedCandidates(base: Base, locals: LocalCandidates, options: ResolvedOptions): LocalCandidate[] {
  // Nobody can connect to what only opens connections: its mapping is of no use to a peer.
  if (base.tcpType === 'active') return [];
  const subject = { address: base.text, networkName: base.local.networkName };
  const rules = rewriteAddress(options.addressRewrites, 'srflx', subject);
  return (rules?.external ?? []).map((place, at) =>
    reflexiveCandidate(base, { address: place.address, port: portOf(base, place.port) }, place.address, at, locals),
  );
}

/** Whether only the rules say what the base is seen as from outside. */
export function mappingReplaced(base: Base, options: ResolvedOptions): boolean {
  const subject = { address: base.text, networkName: base.local.networkName };
  return rewriteAddress(options.addressRewrites, 'srflx', subject)?.replace === true;
}

/** A server-reflexive candidate; `others`: how many the base has already. */
export function reflexiveCandidate(
  base: Base,
  mapped: { readonly address: string; readonly port: number },
  server: string,
  others: number,
  locals: LocalCandidates,
): LocalCandidate {
  const { protocol } = base;
  const preference = Math.max(0, preferenceOf(base, 'srflx') - others);
  return localCandidate(base, preference, {
    foundation: locals.foundation('srflx', base.address.address, protocol, server),
    priority: candidatePriority('srflx', preference, 1, { protocol }),
    address: mapped.address,
    port: mapped.port,
    type: 'srflx',
    ...costExtension(base.local.networkCost),
    ...(base.hidden ? hiddenRelated(mapped.address) : { relatedAddress: base.text, relatedPort: base.address.port }),
  });
}

/** RFC 8839 §5.1: what policy hides is written as unspecified, port 9. */
export function hiddenRelated(address: string): Pick<Candidate, 'relatedAddress' | 'relatedPort'> {
  return { relatedAddress: addressFamily(address) === 'IPv6' ? '::' : '0.0.0.0', relatedPort: 9 };
}

/** Checks an address of a socket. Throws IceError `ICE_BAD_ADDRESS`. Returns it in canonical text. */
export function checkAddress(address: TransportAddress): TransportAddress {
  const canonical = canonicalAddress(address.address);
  const { family, port } = address;
  if (canonical === undefined || addressFamily(canonical) !== family || isUnspecified(canonical)) {
    throw new IceError('ICE_BAD_ADDRESS', `${formatAddress(address)} is not the ${family} address of one interface`);
  }
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new IceError('ICE_BAD_ADDRESS', `${port} is no port`);
  return canonical === address.address ? address : { address: canonical, family, port };
}

function localCandidate(
  base: Base,
  preference: number,
  own: Omit<Candidate, 'component' | 'protocol' | 'tcpType'>,
): LocalCandidate {
  const { protocol, tcpType } = base;
  const candidate = { component: 1, protocol, ...own, ...(tcpType === undefined ? {} : { tcpType }) };
  const { networkType, networkCost = 0 } = base.local;
  return { candidate, base: base.address, preference, protocol, tcpType, networkType, networkCost };
}

/** All candidates of a network say what it costs: one that did not would pass for the cheapest. */
export function costExtension(cost = 0): Pick<Candidate, 'extensions'> {
  return cost > 0 ? { extensions: [['network-cost', String(cost)]] } : {};
}

/** RFC 6544 §4.5: an active candidate has no port to connect to, and says 9. */
function portOf(base: Base, port: number | undefined): number {
  return base.tcpType === 'active' ? DISCARD : (port ?? base.address.port);
}

const DISCARD = 9;
/** Sets a further candidate of a base behind the first ones of all other bases. */
const EXTRA = 0x400;
/** What may stand in a candidate line in place of an address. */
const NAME = /^[A-Za-z0-9_.-]{1,255}$/;
