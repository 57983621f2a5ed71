import type { CandidateType } from './candidate.ts';

/** Recommended type preferences (RFC 8445 §5.1.2.2). */
export const TYPE_PREFERENCE: { readonly [T in CandidateType]: number } = {
  host: 126,
  prflx: 110,
  srflx: 100,
  relay: 0,
};

/** RFC 8445 §5.1.2.1: 2^24 type preference + 2^8 local preference (0 to 65535) + 256 - component. */
export function candidatePriority(type: CandidateType, localPreference: number, component = 1): number {
  return TYPE_PREFERENCE[type] * 0x100_0000 + localPreference * 0x100 + (256 - component);
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
  const cost = Math.max(0, Math.min(999, Math.round(base.cost ?? 0)));
  return Math.max(0, 0xffff - Math.min(turn, 0x3ff) - cost * 0x20 - (base.limitedScope === true ? 0x2000 : 0));
}
