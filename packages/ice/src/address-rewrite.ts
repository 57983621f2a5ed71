import { addressFamily, addressToBytes, canonicalAddress, isUnspecified } from '@kaon/wire';
import { IceError } from './errors.ts';

/** Says another address than the local one, where the caller knows better: a NAT that maps one to one, a forwarded port. */
export interface AddressRewrite {
  /** Numeric address that peers reach the base at. */
  readonly external: string;
  /** Port that peers reach the base at. Default: the base's own. */
  readonly externalPort?: number | undefined;
  /** Bases with this address, or in this range (`10.0.0.0/8`). Default: all. */
  readonly local?: string | undefined;
  /** Bases of this interface. Default: all. */
  readonly networkName?: string | undefined;
  /** Bases of these families. Default: that of `local`, else that of `external`. */
  readonly families?: readonly ('IPv4' | 'IPv6')[] | undefined;
  /** What the external address is reported as. Default host. */
  readonly type?: 'host' | 'srflx' | undefined;
  /**
   * Whether it comes in place of the base's own candidates of that type, or besides them. Default: `replace` for host,
   * `append` for srflx. STUN servers are not asked through a base whose srflx candidates are replaced.
   */
  readonly mode?: 'replace' | 'append' | undefined;
}

/** What a rule is held against. */
export interface RewriteSubject {
  /** Numeric; a zone is ignored. */
  readonly address: string;
  readonly networkName?: string | undefined;
}

/** What is said of a base. */
export interface Rewritten {
  /** In the order of the rules. */
  readonly external: readonly { readonly address: string; readonly port: number | undefined }[];
  /** The base's own candidates of the type are not reported. */
  readonly replace: boolean;
}

/** A rule that was checked. */
export interface CheckedRewrite {
  readonly type: 'host' | 'srflx';
  readonly replace: boolean;
  readonly address: string;
  readonly port: number | undefined;
  readonly families: readonly ('IPv4' | 'IPv6')[];
  readonly networkName: string | undefined;
  readonly local: { readonly bytes: Uint8Array; readonly bits: number } | undefined;
  /** The greater wins: an address before a range, a range and an interface before everything. */
  readonly rank: number;
}

/** Checks rules. Throws IceError `ICE_BAD_OPTION`. */
export function checkAddressRewrites(rules: readonly AddressRewrite[]): readonly CheckedRewrite[] {
  return rules.map(checkRule);
}

/**
 * What the rules make of a base: those that name it most closely apply, all of them. Undefined: none does. A rule for one
 * address goes before one for a range or an interface, and that before one for everything.
 */
export function rewriteAddress(
  rules: readonly CheckedRewrite[],
  type: 'host' | 'srflx',
  subject: RewriteSubject,
): Rewritten | undefined {
  const bytes = addressToBytes(subject.address);
  if (rules.length === 0 || bytes === undefined) return undefined;
  const matching = rules.filter((rule) => rule.type === type && matches(rule, bytes, subject.networkName));
  if (matching.length === 0) return undefined;
  const rank = Math.max(...matching.map((rule) => rule.rank));
  const chosen = matching.filter((rule) => rule.rank === rank);
  return {
    external: chosen.map(({ address, port }) => ({ address, port })),
    replace: chosen.some((rule) => rule.replace),
  };
}

function matches(rule: CheckedRewrite, bytes: Uint8Array, networkName: string | undefined): boolean {
  if (!rule.families.includes(bytes.length === 4 ? 'IPv4' : 'IPv6')) return false;
  if (rule.networkName !== undefined && rule.networkName !== networkName) return false;
  return rule.local === undefined || inRange(bytes, rule.local.bytes, rule.local.bits);
}

function inRange(bytes: Uint8Array, range: Uint8Array, bits: number): boolean {
  if (bytes.length !== range.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== range[i]) return false;
  const rest = bits & 7;
  return rest === 0 || (bytes[whole]! ^ range[whole]!) >> (8 - rest) === 0;
}

function checkRule(rule: AddressRewrite): CheckedRewrite {
  const address = canonicalAddress(rule.external);
  if (address === undefined || address.includes('%') || isUnspecified(address)) {
    throw bad(`external is ${rule.external}, it must be a numeric address`);
  }
  const port = rule.externalPort;
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65535)) throw bad(`${port} is no port`);
  const type = rule.type ?? 'host';
  if (type !== 'host' && type !== 'srflx') throw bad(`type is ${type}, it must be host or srflx`);
  const mode = rule.mode ?? (type === 'host' ? 'replace' : 'append');
  if (mode !== 'replace' && mode !== 'append') throw bad(`mode is ${mode}, it must be replace or append`);
  const local = rule.local === undefined ? undefined : checkRange(rule.local);
  const family = local === undefined ? addressFamily(address)! : local.bytes.length === 4 ? 'IPv4' : 'IPv6';
  const exact = local !== undefined && local.bits === local.bytes.length * 8;
  const rank = exact ? 2 : local !== undefined || rule.networkName !== undefined ? 1 : 0;
  const families = rule.families ?? [family];
  return { type, replace: mode === 'replace', address, port, families, networkName: rule.networkName, local, rank };
}

/** An address, or a range in the form of RFC 4632 §3.1. */
function checkRange(text: string): { bytes: Uint8Array; bits: number } {
  const slash = text.indexOf('/');
  const bytes = addressToBytes(slash < 0 ? text : text.slice(0, slash));
  const length = slash < 0 ? '' : text.slice(slash + 1);
  if (bytes === undefined || (slash >= 0 && !/^[0-9]{1,3}$/.test(length))) {
    throw bad(`local is ${text}, it must be an address or a range of addresses`);
  }
  const bits = slash < 0 ? bytes.length * 8 : Number(length);
  if (bits > bytes.length * 8) throw bad(`local is ${text}, which has no ${bits} bits`);
  return { bytes, bits };
}

function bad(text: string): IceError {
  return new IceError('ICE_BAD_OPTION', `addressRewrites: ${text}`);
}
