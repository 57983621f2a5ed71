import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import type { BindOptions, Clock, InterfaceAddress, Network, UdpSocket } from '@kaon/interface/network/v1';
import { addressFamily, canonicalAddress, formatAddress, isLoopback, isUnspecified } from '@kaon/wire';
import type { SeededRandom } from '../random.ts';
import { Link, type LinkOptions, type Packet, Wire } from './link.ts';
import type { Router } from './router.ts';

/** One network card of a host. */
export interface InterfaceOptions {
  /** `eth0`. Must be unique on the host. */
  readonly name: string;
  /** Its addresses, IPv4 and IPv6. */
  readonly addresses: readonly string[];
  /** The network it is plugged into. */
  readonly network: Router;
  /** The cable. Default: 1 ms delay. */
  readonly link?: LinkOptions | undefined;
  readonly type?: InterfaceAddress['type'];
}

/** Name lookup shared by the hosts of a simulation. */
export type Names = Map<string, readonly string[]>;

/** A machine in the simulated network: a `Network` (network/v1) of its own. */
export class Host implements Network {
  readonly interface = 'kaon:network/1' as const;
  readonly name: string;
  /** Names that only this host knows; asked before the simulation's. */
  readonly hosts: Names = new Map();
  readonly #names: Names;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #cards = new Map<string, Card>();
  readonly #sockets = new Map<string, HostSocket>();
  readonly #local: Wire;
  #nextPort = FIRST_EPHEMERAL_PORT;

  constructor(name: string, names: Names, clock: Clock, random: SeededRandom) {
    this.name = name;
    this.#names = names;
    this.#clock = clock;
    this.#random = random;
    this.#local = new Wire({}, clock, random.fork('lo'));
    this.#local.onPacket = (packet) => this.#receive(packet);
  }

  /** The cable of an interface. Throws RangeError when there is no such interface. */
  link(name = 'eth0'): Link {
    const card = this.#cards.get(name);
    if (card === undefined) throw new RangeError(`${this.name} has no interface ${name}`);
    return card.link;
  }

  /** Plugs a network card in. Throws when its name or an address is taken. */
  addInterface(options: InterfaceOptions): Link {
    const { name, network } = options;
    if (this.#cards.has(name) || name === 'lo') throw new RangeError(`${this.name} already has an interface ${name}`);
    const link = new Link(options.link ?? { delay: 1 }, this.#clock, this.#random.fork(name));
    link.up.onPacket = (packet) => network.forward(packet);
    link.down.onPacket = (packet) => this.#receive(packet);
    const addresses = options.addresses.map((address) => canonical(address));
    for (const address of addresses) network.attach(address, (packet) => link.down.send(packet));
    this.#cards.set(name, { ...options, addresses, link });
    return link;
  }

  /** Pulls a network card out: its addresses are gone, and sockets bound to them send nothing any more. */
  removeInterface(name: string): void {
    const card = this.#cards.get(name);
    if (card === undefined) return;
    this.#cards.delete(name);
    for (const address of card.addresses) card.network.detach(address);
    card.link.cut();
  }

  interfaces(): readonly InterfaceAddress[] {
    const all: InterfaceAddress[] = [
      { name: 'lo', address: '127.0.0.1', family: 'IPv4', internal: true, type: 'loopback' },
      { name: 'lo', address: '::1', family: 'IPv6', internal: true, type: 'loopback' },
    ];
    for (const card of this.#cards.values()) {
      for (const address of card.addresses) {
        const { name, type } = card;
        all.push({ name, address, family: familyOf(address), internal: false, ...(type !== undefined && { type }) });
      }
    }
    return all;
  }

  async bindUdp(options: BindOptions): Promise<UdpSocket> {
    const address = canonical(options.address);
    if (!isUnspecified(address) && !this.#isOwn(address)) throw failure('EADDRNOTAVAIL', address);
    const local = { address, family: familyOf(address), port: this.#freePort(address, options) };
    const socket = new HostSocket(local, {
      send: (bytes, remote, ecn) => this.#send(local, bytes, remote, ecn),
      close: () => this.#sockets.delete(formatAddress(local)),
    });
    this.#sockets.set(formatAddress(local), socket);
    return socket;
  }

  async resolve(hostname: string, family?: 'IPv4' | 'IPv6'): Promise<readonly string[]> {
    const name = hostname.toLowerCase();
    const numeric = canonicalAddress(name);
    const found =
      numeric !== undefined
        ? [numeric]
        : (this.hosts.get(name) ?? this.#names.get(name) ?? (name === 'localhost' ? ['127.0.0.1', '::1'] : []));
    const wanted = found.filter((address) => family === undefined || addressFamily(address) === family);
    if (wanted.length === 0) throw failure('ENOTFOUND', hostname);
    return wanted;
  }

  /** Sockets that are open: 0 when everything has been shut down. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Ends a socket as a platform may: it reports an error and is closed. */
  killSocket(local: TransportAddress, error: Error): void {
    const socket = this.#sockets.get(formatAddress(local));
    const report = socket?.onError;
    socket?.close();
    report?.(error);
  }

  #isOwn(address: string): boolean {
    if (isLoopback(address)) return true;
    for (const card of this.#cards.values()) if (card.addresses.includes(address)) return true;
    return false;
  }

  #freePort(address: string, { port, portRange }: BindOptions): number {
    if (portRange !== undefined) {
      for (let candidate = portRange[0]; candidate <= portRange[1]; candidate++) {
        if (this.#isFree(address, candidate)) return candidate;
      }
      throw failure('EADDRINUSE', `${address} ${portRange[0]}-${portRange[1]}`);
    }
    if (port !== undefined && port !== 0) {
      if (this.#isFree(address, port)) return port;
      throw failure('EADDRINUSE', `${address}:${port}`);
    }
    for (let tries = FIRST_EPHEMERAL_PORT; tries < 65_536; tries++) {
      const candidate = this.#nextPort;
      this.#nextPort = candidate === 65_535 ? FIRST_EPHEMERAL_PORT : candidate + 1;
      if (this.#isFree(address, candidate)) return candidate;
    }
    throw failure('EADDRINUSE', address);
  }

  #isFree(address: string, port: number): boolean {
    const family = familyOf(address);
    for (const { local } of this.#sockets.values()) {
      if (local.port !== port || local.family !== family) continue;
      if (local.address === address || isUnspecified(local.address) || isUnspecified(address)) return false;
    }
    return true;
  }

  #send(local: TransportAddress, bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint): boolean {
    if (remote.family !== local.family || bytes.length > MAX_UDP_PAYLOAD || remote.port === 0) return false;
    const own = this.#isOwn(canonical(remote.address));
    const source = isUnspecified(local.address) ? this.#sourceFor(remote, own) : local.address;
    if (source === undefined || !this.#isOwn(source)) return false;
    const packet: Packet = { source: { ...local, address: source }, destination: remote, bytes, ecn, hops: MAX_HOPS };
    if (own) {
      this.#local.send(packet);
      return true;
    }
    for (const card of this.#cards.values()) {
      if (!card.addresses.includes(source)) continue;
      card.link.up.send(packet);
      return true;
    }
    return false;
  }

  #sourceFor(remote: TransportAddress, own: boolean): string | undefined {
    if (own) return canonical(remote.address);
    for (const card of this.#cards.values()) {
      const address = card.addresses.find((each) => familyOf(each) === remote.family);
      if (address !== undefined) return address;
    }
    return undefined;
  }

  #receive(packet: Packet): void {
    const { address, family, port } = packet.destination;
    const wildcard = family === 'IPv4' ? '0.0.0.0' : '::';
    const socket =
      this.#sockets.get(formatAddress({ address: canonical(address), family, port })) ??
      this.#sockets.get(formatAddress({ address: wildcard, family, port }));
    socket?.onDatagram?.(packet.bytes, packet.source, packet.ecn);
  }
}

interface Card extends Omit<InterfaceOptions, 'link'> {
  readonly link: Link;
}

interface HostPort {
  send(bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint): boolean;
  close(): void;
}

class HostSocket implements UdpSocket {
  readonly interface = 'kaon:udp-socket/1' as const;
  readonly local: TransportAddress;
  onDatagram: ((bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint) => void) | undefined = undefined;
  onError: ((error: Error) => void) | undefined = undefined;
  #port: HostPort | undefined;

  constructor(local: TransportAddress, port: HostPort) {
    this.local = local;
    this.#port = port;
  }

  send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress, ecn: EcnCodepoint = 0): boolean {
    // A copy: the caller uses the buffer again.
    return this.#port?.send(buffer.slice(start, end), remote, ecn) ?? false;
  }

  close(): void {
    this.#port?.close();
    this.#port = undefined;
    this.onDatagram = undefined;
    this.onError = undefined;
  }
}

const FIRST_EPHEMERAL_PORT = 49_152;
const MAX_UDP_PAYLOAD = 65_507;
const MAX_HOPS = 16;

function canonical(address: string): string {
  const text = canonicalAddress(address);
  if (text === undefined) throw failure('EINVAL', address);
  return text;
}

function familyOf(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** An error with the code that `node:dgram` and `node:dns` would give. */
function failure(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
