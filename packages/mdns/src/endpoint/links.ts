import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import { addressFamily, addressToBytes, isLinkLocal, isLoopback, isUnspecified } from '@kaon/wire';
import { MdnsError } from '../errors.ts';

/** The port of multicast DNS (RFC 6762 §3). */
export const MDNS_PORT = 5353;

/** Where a link's hosts listen (RFC 6762 §3). */
export const MDNS_GROUPS: { readonly IPv4: string; readonly IPv6: string } = { IPv4: '224.0.0.251', IPv6: 'ff02::fb' };

/** One interface, over one family: a socket of the driver that has joined the group. */
export interface MdnsLink {
  /** Address of the interface, with its zone where it has one, and port 5353: `local` of all its paths. */
  readonly local: TransportAddress;
  /** Leading bits of the address that all hosts on the link share; what comes from elsewhere is dropped. */
  readonly prefixLength?: number | undefined;
}

/** The links of an endpoint. */
export class Links {
  readonly #all: MdnsLink[] = [];

  get all(): readonly MdnsLink[] {
    return this.#all;
  }

  /** False: it is there already. Throws MdnsError `MDNS_BAD_ADDRESS`. */
  add(link: MdnsLink): boolean {
    const { address, family, port } = link.local;
    if (addressFamily(address) !== family || isUnspecified(address) || port < 1 || port > 65_535) {
      throw new MdnsError('MDNS_BAD_ADDRESS', `${address} is not the ${family} address of one interface`);
    }
    if (this.#at(link.local) !== undefined) return false;
    this.#all.push(link);
    return true;
  }

  remove(local: TransportAddress): void {
    const link = this.#at(local);
    if (link !== undefined) this.#all.splice(this.#all.indexOf(link), 1);
  }

  /** The link that a datagram came by; undefined when there is none, or the sender is not on it (RFC 6762 §11). */
  of({ local, remote }: Path): MdnsLink | undefined {
    const link = this.#at(local) ?? this.#all.find((each) => MDNS_GROUPS[each.local.family] === local.address);
    return link !== undefined && mayBeOn(link, remote) ? link : undefined;
  }

  #at(local: TransportAddress): MdnsLink | undefined {
    return this.#all.find((each) => each.local.address === local.address && each.local.port === local.port);
  }
}

/** How a link's hosts are reached. */
export function groupPath({ local }: MdnsLink): Path {
  const { family } = local;
  return { protocol: 'udp', local, remote: { address: MDNS_GROUPS[family], family, port: MDNS_PORT } };
}

/**
 * Whether the sender may be on the link. Routers do not pass the groups on, but anybody can send to the port itself. Without
 * a prefix only this can be told: a sender from the open Internet is not on a link with private addresses.
 */
function mayBeOn({ local, prefixLength }: MdnsLink, remote: TransportAddress): boolean {
  const ours = addressToBytes(local.address);
  const theirs = addressToBytes(remote.address);
  if (ours === undefined || theirs === undefined || ours.length !== theirs.length || remote.port === 0) return false;
  if (isUnspecified(remote.address) || isLoopback(remote.address) !== isLoopback(local.address)) return false;
  if (isLinkLocal(remote.address)) return true;
  if (prefixLength !== undefined) return sharedBits(ours, theirs) >= prefixLength;
  return isPrivate(theirs) || !isPrivate(ours) || isLinkLocal(local.address);
}

function sharedBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const different = a[i]! ^ b[i]!;
    if (different !== 0) return i * 8 + Math.clz32(different) - 24;
  }
  return a.length * 8;
}

/** RFC 1918, RFC 6598, RFC 4193. */
function isPrivate(bytes: Uint8Array): boolean {
  const [first, second] = [bytes[0]!, bytes[1]!];
  if (bytes.length === 16) return (first & 0xfe) === 0xfc;
  return (
    first === 10 ||
    (first === 172 && (second & 0xf0) === 16) ||
    (first === 192 && second === 168) ||
    (first === 100 && (second & 0xc0) === 64)
  );
}
