import type { CandidateType, RelayProtocol, TcpType } from './candidate.ts';

/** Recommended type preferences (RFC 8445 §5.1.2.2). */
export const TYPE_PREFERENCE: { readonly [T in CandidateType]: number } = {
  host: 126,
  prflx: 110,
  srflx: 100,
  relay: 0,
};

/**
 * The same for TCP: each below its UDP twin and above the next type, so that a direct way over TCP goes before a relay
 * (RFC 6544 §4.2 leaves the numbers open).
 */
export const TCP_TYPE_PREFERENCE: { readonly [T in CandidateType]: number } = {
  host: 90,
  prflx: 80,
  srflx: 70,
  relay: 0,
};

/** Type preference of a relayed candidate by what carries it: the fewer round trips and retransmissions, the better. */
export const RELAY_PREFERENCE: { readonly [P in RelayProtocol]: number } = { udp: 3, dtls: 2, tcp: 1, tls: 0 };

/** What a candidate travels over, as far as its priority depends on it. */
export interface Transports {
  /** Default udp. */
  readonly protocol?: 'udp' | 'tcp' | undefined;
  /** Of a relayed candidate; unknown is the least preferred. */
  readonly relayProtocol?: RelayProtocol | undefined;
}

/** RFC 8445 §5.1.2.1: 2^24 type preference + 2^8 local preference (0 to 65535) + 256 - component. */
export function candidatePriority(
  type: CandidateType,
  localPreference: number,
  component = 1,
  over: Transports = {},
): number {
  return typePreference(type, over) * 0x100_0000 + localPreference * 0x100 + (256 - component);
}

/** The local preference inside a candidate priority, 0 to 65535. */
export function localPreferenceOf(priority: number): number {
  return Math.floor(priority / 0x100) % 0x1_0000;
}

/** RFC 8445 §6.1.2.3: 2^32 MIN(G,D) + 2 MAX(G,D) + (G > D), with the priority of the controlling side's candidate first. */
export function pairPriority(controlling: number, controlled: number): bigint {
  const low = Math.min(controlling, controlled);
  const high = Math.max(controlling, controlled);
  return (BigInt(low) << 32n) + 2n * BigInt(high) + (controlling > controlled ? 1n : 0n);
}

/** What tells one local base from another when their preference is chosen. */
export interface Preference {
  readonly family: 'IPv4' | 'IPv6';
  /** How many bases of the same family came before, in the order of the routing table or of the caller's wishes. */
  readonly index: number;
  /** 0 (free) to 999 (dear), as in the `network-cost` extension. */
  readonly cost?: number;
  /** Link-local and loopback addresses reach less and go last. */
  readonly limitedScope?: boolean;
}

/**
 * Local preference of a base, 0 to 65535, unique within a family. The families take turns, IPv6 first, so that
 * a broken family cannot delay the other by more than one check per address (RFC 8421 §4).
 */
export function localPreference(base: Preference): number {
  const turn = 2 * base.index + (base.family === 'IPv4' ? 1 : 0);
  return Math.max(0, 0xffff - Math.min(turn, 0x3ff) - costOf(base) * 0x20 - (base.limitedScope === true ? 0x2000 : 0));
}

/**
 * Local preference of a TCP candidate, 0 to 65535: 2^13 times the preference of its direction, and within that what
 * `localPreference` goes by (RFC 6544 §4.2). Who opens connections is most likely to get through a NAT, so active goes
 * first; where the candidate is a NAT's mapping, it is opening from both sides.
 */
export function tcpLocalPreference(base: Preference, type: CandidateType, tcpType: TcpType): number {
  const direction = (type === 'srflx' || type === 'prflx' ? MAPPED_DIRECTION : OWN_DIRECTION)[tcpType];
  const turn = 2 * base.index + (base.family === 'IPv4' ? 1 : 0);
  const other = 0x1fff - Math.min(turn, 0x3ff) - costOf(base) * 4 - (base.limitedScope === true ? 0x800 : 0);
  return direction * 0x2000 + other;
}

function costOf(base: Preference): number {
  return Math.max(0, Math.min(999, Math.round(base.cost ?? 0)));
}

function typePreference(type: CandidateType, { protocol, relayProtocol }: Transports): number {
  if (type === 'relay') return relayProtocol === undefined ? 0 : RELAY_PREFERENCE[relayProtocol];
  return (protocol === 'tcp' ? TCP_TYPE_PREFERENCE : TYPE_PREFERENCE)[type];
}

const OWN_DIRECTION: { readonly [T in TcpType]: number } = { active: 6, passive: 4, so: 2 };
const MAPPED_DIRECTION: { readonly [T in TcpType]: number } = { so: 6, active: 4, passive: 2 };
