/** Which peers may be relayed to. An open relay into the operator's own network is what TURN servers are attacked for. */
import type { TransportAddress } from '@kaon/interface/core/v1';
import { addressToBytes, equalBytes } from '@kaon/wire';
import { AddressRanges } from './address-ranges.ts';

/** Ranges that are denied unless `allowedPeers` has them: whatever is not reached over the public internet. */
export const DEFAULT_DENIED_PEERS: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // The unspecified address, ::1, and IPv4-compatible and IPv4-mapped addresses: a socket would send to the IPv4 address.
  '::/96',
  '::ffff:0:0/96',
  '64:ff9b:1::/48',
  '100::/64',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

/** What a `PeerPolicy` is made from. */
export interface PeerPolicyOptions {
  readonly denied: readonly string[];
  readonly allowed: readonly string[];
  /** The server's own addresses: only its relays may be reached there. */
  readonly own: readonly string[];
  readonly relayPorts: readonly [number, number];
}

/** Judges peers by their addresses in all the forms that an IPv4 address can take in an IPv6 one. */
export class PeerPolicy {
  readonly #denied: AddressRanges;
  readonly #allowed: AddressRanges;
  readonly #own: readonly Uint8Array[];
  readonly #relayPorts: readonly [number, number];

  /** Throws RangeError on ranges that are none. */
  constructor(options: PeerPolicyOptions) {
    this.#denied = new AddressRanges([...DEFAULT_DENIED_PEERS, ...options.denied]);
    this.#allowed = new AddressRanges(options.allowed);
    this.#own = options.own.map((address) => addressToBytes(address)!);
    this.#relayPorts = options.relayPorts;
  }

  /** Whether there may be a permission for an IP address: `own` when only relay ports of it may be reached. */
  judge(address: Uint8Array): 'allowed' | 'own' | 'denied' {
    if (this.#allowed.has(address) && embeddedIpv4(address) === undefined) return 'allowed';
    // Two clients of one server reach each other over its own address.
    if (this.#own.some((own) => equalBytes(own, address))) return 'own';
    for (const form of [address, embeddedIpv4(address)]) {
      if (form !== undefined && this.#denied.has(form) && !this.#allowed.has(form)) return 'denied';
      if (form !== undefined && form !== address && this.#own.some((own) => equalBytes(own, form))) return 'denied';
    }
    return 'allowed';
  }

  /** As `judge`, for a peer with its port. */
  admits(peer: TransportAddress): boolean {
    const address = addressToBytes(peer.address);
    if (address === undefined || peer.port === 0) return false;
    const verdict = this.judge(address);
    return verdict === 'allowed' || (verdict === 'own' && this.isRelayPort(peer.port));
  }

  isRelayPort(port: number): boolean {
    return port >= this.#relayPorts[0] && port <= this.#relayPorts[1];
  }
}

/**
 * The IPv4 address that datagrams to an IPv6 address end up at: mapped and compatible (RFC 4291 §2.5.5), translated (RFC 2765
 * §2.1), NAT64 (RFC 6052 §2.1), 6to4 (RFC 3056), Teredo (RFC 4380 §4) and ISATAP (RFC 5214 §6.1). Undefined when there is none.
 */
export function embeddedIpv4(address: Uint8Array): Uint8Array | undefined {
  if (address.length !== 16) return undefined;
  if (zeros(address, 0, 10)) {
    // :: and ::1 are no IPv4 addresses.
    const isCompatible = zeros(address, 10, 12) && !zeros(address, 12, 14);
    return isCompatible || (address[10] === 0xff && address[11] === 0xff) ? address.slice(12) : undefined;
  }
  const isTranslated = zeros(address, 0, 8) && address[8] === 0xff && address[9] === 0xff && zeros(address, 10, 12);
  if (isTranslated) return address.slice(12);
  const first = (address[0]! << 8) | address[1]!;
  if (first === 0x0064 && address[2] === 0xff && address[3] === 0x9b && zeros(address, 4, 12)) return address.slice(12);
  if (first === 0x2002) return address.slice(2, 6);
  if (first === 0x2001 && zeros(address, 2, 4)) return address.slice(12).map((byte) => byte ^ 0xff);
  if ((address[8]! & 0xfd) === 0 && address[9] === 0 && address[10] === 0x5e && address[11] === 0xfe) {
    return address.slice(12);
  }
  return undefined;
}

function zeros(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}
