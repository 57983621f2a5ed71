import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import type {
  BindOptions,
  ByteStream,
  Clock,
  ConnectOptions,
  InterfaceAddress,
  ListenOptions,
  MulticastOptions,
  Network,
  StreamListener,
  TlsClientOptions,
  UdpSocket,
} from '@kaon/interface/network/v1';
import { addressFamily, canonicalAddress } from '@kaon/wire';
import type { SeededRandom } from '../random.ts';
import { canonical, familyOf, isLoopback, isMulticast, isUnspecified } from './addresses.ts';
import { failure } from './failure.ts';
import { Link, type LinkOptions, type Packet, Wire } from './link.ts';
import { Ports } from './ports.ts';
import type { Router } from './router.ts';
import { TcpStack } from './tcp/stack.ts';
import { connectTls } from './tcp/tls.ts';
import { HostSocket, UdpSockets } from './udp.ts';

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
  readonly #sockets = new UdpSockets();
  readonly #ports = new Ports();
  readonly #tcpPorts = new Ports();
  readonly #tcp: TcpStack;
  readonly #local: Wire;
  readonly #watchers = new Set<() => void>();
  #changed = false;

  constructor(name: string, names: Names, clock: Clock, random: SeededRandom) {
    this.name = name;
    this.#names = names;
    this.#clock = clock;
    this.#random = random;
    this.#local = new Wire({}, clock, random.fork('lo'));
    this.#local.onPacket = (packet) => this.#receive(packet, undefined);
    this.#tcp = new TcpStack({
      clock,
      random: random.fork('tcp'),
      transmit: (packet) => this.#transmit({ ...packet, ecn: 0, hops: MAX_HOPS }),
      sourceFor: (remote) => this.#sourceFor(remote),
      bindable: (address) => this.#bindable(address),
      freePort: (address, options, isFree) => this.#tcpPorts.pick(address, options, isFree),
    });
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
    link.down.onPacket = (packet) => this.#receive(packet, name);
    const addresses = options.addresses.map((address) => canonical(address));
    for (const address of addresses) network.attach(address, (packet) => link.down.send(packet));
    this.#cards.set(name, { ...options, addresses, link });
    this.#interfacesChanged();
    return link;
  }

  /** Pulls a network card out: its addresses are gone, and sockets bound to them send nothing any more. */
  removeInterface(name: string): void {
    const card = this.#cards.get(name);
    if (card === undefined) return;
    this.#cards.delete(name);
    for (const address of card.addresses) card.network.detach(address);
    card.link.cut();
    this.#interfacesChanged();
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
    const address = this.#bindable(options.address);
    const isShared = options.reusePort ?? false;
    const port = this.#ports.pick(address, options, (one) => this.#sockets.isFree(address, one, isShared));
    return this.#socket({ address, family: familyOf(address), port }, { isShared });
  }

  async connectTcp(options: ConnectOptions): Promise<ByteStream> {
    const { address, port } = options.remote;
    const remote = { address: canonical(address), family: familyOf(address), port };
    return this.#tcp.connect({ ...options, remote });
  }

  /** With `tls`, `certificate` is what `simulatedCertificate` gives; see there. */
  async listenTcp(options: ListenOptions): Promise<StreamListener> {
    return this.#tcp.listen(options);
  }

  /** One round trip, and the server's certificate is looked at. Nothing is encrypted. */
  async startTls(stream: ByteStream, options: TlsClientOptions): Promise<ByteStream> {
    return connectTls(stream, options, this.#clock);
  }

  /** Reaches the members of the group that are in the same network, by whatever router. */
  async bindMulticast({ group, port, interfaceAddress }: MulticastOptions): Promise<UdpSocket> {
    const address = this.#bindable(interfaceAddress);
    const joined = canonical(group);
    if (!isMulticast(joined) || familyOf(joined) !== familyOf(address)) throw failure('EINVAL', group);
    if (!this.#sockets.isFree(address, port, true)) throw failure('EADDRINUSE', `${address}:${port}`);
    const socket = this.#socket({ address, family: familyOf(address), port }, { group: joined, isShared: true });
    const card = this.#cardOf(address);
    card?.network.join(joined, card, (packet) => {
      if (!card.addresses.includes(packet.source.address)) card.link.down.send(packet);
    });
    return socket;
  }

  watchInterfaces(onChange: () => void): () => void {
    // Not the function itself: who watches twice is told twice, and may stop one of them.
    const watcher = (): void => onChange();
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
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

  /** Sockets, listeners and streams that are open: 0 when everything has been shut down. */
  get openSockets(): number {
    return this.#sockets.size + this.#tcp.open;
  }

  /** Ends a socket as a platform may: it reports an error and is closed. */
  killSocket(local: TransportAddress, error: Error): void {
    const socket = this.#sockets.at(local)[0];
    const report = socket?.onError;
    socket?.close();
    report?.(error);
  }

  /** Breaks all TCP connections with a RST, as when the program that has them dies. Listeners stay. */
  resetStreams(): void {
    this.#tcp.reset();
  }

  #socket(local: TransportAddress, options: { readonly group?: string; readonly isShared: boolean }): HostSocket {
    const socket: HostSocket = new HostSocket(local, options, {
      send: (bytes, remote, ecn) => this.#send(socket, bytes, remote, ecn),
      close: () => this.#closed(socket),
    });
    this.#sockets.add(socket);
    return socket;
  }

  #closed(socket: HostSocket): void {
    const { group, local } = socket;
    this.#sockets.delete(socket);
    const card = this.#cardOf(local.address);
    if (group === undefined || card === undefined) return;
    // Others of this host may be in the group by the same card.
    const others = card.addresses.some((own) => this.#sockets.members(group, undefined, own).length > 0);
    if (!others) card.network.leave(group, card);
  }

  #bindable(text: string): string {
    const address = canonical(text);
    if (!isUnspecified(address) && !this.#isOwn(address)) throw failure('EADDRNOTAVAIL', address);
    return address;
  }

  #isOwn(address: string): boolean {
    return isLoopback(address) || this.#cardOf(address) !== undefined;
  }

  #cardOf(address: string): Card | undefined {
    for (const card of this.#cards.values()) if (card.addresses.includes(address)) return card;
    return undefined;
  }

  #send(socket: HostSocket, bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint): boolean {
    const { local } = socket;
    if (remote.family !== local.family || bytes.length > MAX_UDP_PAYLOAD || remote.port === 0) return false;
    const address = isUnspecified(local.address) ? this.#sourceFor(remote) : local.address;
    if (address === undefined) return false;
    const packet: Packet = { source: { ...local, address }, destination: remote, bytes, ecn, hops: MAX_HOPS };
    if (isMulticast(canonical(remote.address))) this.#loopBack(packet, socket);
    return this.#transmit(packet);
  }

  #transmit(packet: Packet): boolean {
    const { source, destination } = packet;
    if (!this.#isOwn(source.address)) return false;
    if (this.#isOwn(canonical(destination.address))) {
      this.#local.send(packet);
      return true;
    }
    const card = this.#cardOf(source.address);
    card?.link.up.send(packet);
    // To a group by way of loopback: nobody else is there.
    return card !== undefined || isMulticast(canonical(destination.address));
  }

  /** Others on this host hear what one sends to their group, and the sender does not. */
  #loopBack({ source, destination, bytes, ecn }: Packet, sender: HostSocket): void {
    const members = this.#sockets.members(canonical(destination.address), destination.port, source.address);
    for (const member of members) {
      if (member !== sender) this.#clock.defer(() => member.onDatagram?.(bytes.slice(), source, ecn));
    }
  }

  #sourceFor(remote: TransportAddress): string | undefined {
    const address = canonical(remote.address);
    if (this.#isOwn(address)) return address;
    for (const card of this.#cards.values()) {
      const own = card.addresses.find((each) => familyOf(each) === remote.family);
      if (own !== undefined) return own;
    }
    return undefined;
  }

  /** `card` is the name of the network card it came in by. */
  #receive(packet: Packet, card: string | undefined): void {
    const { family, port } = packet.destination;
    const destination = { address: canonical(packet.destination.address), family, port };
    if (packet.protocol === 'tcp') this.#tcp.receive({ ...packet, destination });
    else if (isMulticast(destination.address)) this.#receiveMulticast(packet, destination, card);
    else this.#sockets.receiver(destination, packet.source)?.onDatagram?.(packet.bytes, packet.source, packet.ecn);
  }

  #receiveMulticast(packet: Packet, { address, port }: TransportAddress, card: string | undefined): void {
    for (const own of this.#cards.get(card ?? '')?.addresses ?? []) {
      for (const member of this.#sockets.members(address, port, own)) {
        member.onDatagram?.(packet.bytes.slice(), packet.source, packet.ecn);
      }
    }
  }

  #interfacesChanged(): void {
    if (this.#changed || this.#watchers.size === 0) return;
    this.#changed = true;
    this.#clock.defer(() => {
      this.#changed = false;
      for (const watcher of [...this.#watchers]) watcher();
    });
  }
}

interface Card extends Omit<InterfaceOptions, 'link'> {
  readonly link: Link;
}

const MAX_UDP_PAYLOAD = 65_507;
const MAX_HOPS = 16;
