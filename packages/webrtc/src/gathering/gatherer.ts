import type { LocalBase } from '@kaon/ice';
import type { TransportAddress } from '@kaon/interface/core/v1';
import type { InterfaceAddress, UdpSocket } from '@kaon/interface/network/v1';
import { addressFamily, isLoopback } from '@kaon/wire';
import type { Configuration } from '../configuration.ts';
import type { Environment } from '../environment.ts';
import type { ServerUrl } from '../ice-servers.ts';
import { type LocalName, mdnsFor } from '../mdns/index.ts';
import type { MuxAttachment } from '../mux/types.ts';
import type { RelayedAbout, RelayFailure } from '../relay/types.ts';
import { bindTcp } from '../tcp/bind.ts';
import { costOfType, localAddresses } from './addresses.ts';
import { RelaySet } from './relay-set.ts';

/** What the gatherer found; called only until `close`. The receiver owns the sockets. */
export interface GathererSink {
  /** A socket that candidates can be made of. */
  socket(socket: UdpSocket, base: LocalBase): void;
  /** A relayed address; its socket carries what goes through the server. */
  relayed(socket: UdpSocket, about: RelayedAbout): void;
  /** The address of this socket is no more, or its relay. The socket is closed. */
  gone(socket: UdpSocket): void;
  /** A TCP connection could not be made, or broke. */
  pathFailed(local: TransportAddress, remote: TransportAddress): void;
  /** A STUN server to ask for a reflexive address; a TURN server that is asked, too, says what it has to say as a relay. */
  stunServer(server: { readonly url: string; readonly address: string; readonly port: number; quiet: boolean }): void;
  /** A server that will not be used, and why. */
  serverFailed(url: string, why: string): void;
  /** A TURN server that gives nothing. */
  relayFailed(failure: RelayFailure): void;
  /** More may come after all. */
  begun(): void;
  /** Nothing more will come. */
  finished(): void;
}

/** Finds what candidates are made of: sockets on each address, names for them, addresses of servers, relays. */
export class Gatherer {
  readonly #environment: Environment;
  readonly #configuration: Configuration;
  readonly #sink: GathererSink;
  readonly #places = new Map<string, Place>();
  readonly #relays: RelaySet;
  #attachments: MuxAttachment[] | undefined = undefined;
  #servers: readonly ServerUrl[] = [];
  #asked = new Set<string>();
  #usernameFragment: string;
  #stopWatching: (() => void) | undefined = undefined;
  /** Looking around happens one after the other. */
  #round: Promise<void> | undefined = undefined;
  #closed = false;

  constructor(environment: Environment, configuration: Configuration, usernameFragment: string, sink: GathererSink) {
    this.#environment = environment;
    this.#configuration = configuration;
    this.#usernameFragment = usernameFragment;
    this.#sink = sink;
    this.#relays = new RelaySet(environment, configuration, sink);
  }

  /** Begins; all that is found goes to the sink. Never rejects. Does nothing the second time. */
  start(servers: readonly ServerUrl[]): Promise<void> {
    if (this.#round !== undefined) return this.#round;
    this.#servers = servers;
    this.#round = this.#lookAround();
    const { network } = this.#environment;
    if (this.#configuration.kaon.continualGathering && network.watchInterfaces !== undefined)
      this.#stopWatching = network.watchInterfaces(() => this.#again());
    return this.#round;
  }

  /** ICE begins anew: what has changed since is found out, servers among it, and relays that failed are tried again. */
  restart(usernameFragment: string, servers: readonly ServerUrl[]): void {
    this.#usernameFragment = usernameFragment;
    this.#servers = servers;
    for (const attachment of this.#attachments ?? []) {
      try {
        attachment.restart(usernameFragment);
      } catch (error) {
        this.#trace('webrtc:mux-failed', { error: String(error) });
      }
    }
    if (this.#round !== undefined) this.#again();
  }

  /** Nothing goes to the sink any more. Sockets that were handed over are the receiver's to close. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWatching?.();
    this.#relays.close();
    for (const attachment of this.#attachments ?? []) attachment.release();
    for (const place of this.#places.values()) place.name?.release();
    this.#places.clear();
  }

  #again(): void {
    if (this.#closed) return;
    this.#sink.begun();
    this.#round = (this.#round ?? Promise.resolve()).then(() => this.#lookAround());
  }

  async #lookAround(): Promise<void> {
    if (this.#closed) return;
    const addresses = this.#addresses();
    // Names first, so that they are looked up while sockets are being bound.
    const lookups = this.#servers.map((server) => this.#lookUp(server));
    this.#removeOthers(addresses);
    if (this.#configuration.iceTransportPolicy !== 'relay') await this.#bindAll(addresses);
    if (this.#closed) return;
    await Promise.all([...lookups, this.#relays.open(this.#servers, addresses)]);
    if (!this.#closed) this.#sink.finished();
  }

  #addresses(): readonly InterfaceAddress[] {
    try {
      return localAddresses(this.#environment.network.interfaces(), this.#configuration.kaon);
    } catch (error) {
      // A platform or a filter that throws leaves us without addresses, and must not end the process.
      this.#trace('webrtc:interfaces-failed', { error: String(error) });
      return [];
    }
  }

  async #bindAll(addresses: readonly InterfaceAddress[]): Promise<void> {
    const { udpMux, tcpMux, tcpCandidates = ['active'], iceLite } = this.#configuration.kaon;
    this.#attach();
    const fresh = addresses.filter((network) => !this.#places.has(placeOf(network)));
    const places = fresh.map((network) => this.#newPlace(network));
    await Promise.all(
      places.map(async (place) => {
        const { network } = place;
        // A name of our own making stands for the address from the first candidate on.
        const base = await this.#baseOf(place);
        const { connectTcp, listenTcp } = this.#environment.network;
        const types =
          connectTcp === undefined || listenTcp === undefined
            ? []
            : tcpCandidates.filter(
                (type) => (type !== 'passive' || tcpMux === undefined) && (type === 'passive' || !iceLite),
              );
        await Promise.all([
          udpMux === undefined ? this.#bindUdp(place, base) : undefined,
          ...types.map((type) => this.#bindTcp(place, base, type)),
        ]);
        if (place.sockets.length === 0 && this.#places.get(placeOf(network)) === place) this.#forget(place);
      }),
    );
  }

  /** Our places on the ports that are shared with other connections. */
  #attach(): void {
    if (this.#attachments !== undefined) return;
    this.#attachments = [];
    const { udpMux, tcpMux } = this.#configuration.kaon;
    for (const mux of [udpMux, tcpMux]) {
      if (mux === undefined) continue;
      try {
        const attachment = mux.attach(this.#usernameFragment, (local, remote) => this.#pathFailed(local, remote));
        this.#attachments.push(attachment);
        for (const socket of attachment.sockets) {
          const { protocol } = socket;
          const tcp = protocol === 'tcp' ? ({ protocol, tcpType: 'passive' } as const) : {};
          this.#sink.socket(socket, { ...this.#describe(socket.network), ...tcp, address: socket.local });
        }
      } catch (error) {
        this.#trace('webrtc:mux-failed', { error: String(error) });
      }
    }
  }

  #newPlace(network: InterfaceAddress): Place {
    const place: Place = { network, sockets: [], name: undefined };
    this.#places.set(placeOf(network), place);
    return place;
  }

  async #baseOf(place: Place): Promise<Omit<LocalBase, 'address'>> {
    const { network } = place;
    const described = this.#describe(network);
    if (this.#configuration.kaon.mdns !== 'hide' || isLoopback(network.address)) return described;
    const { network: platform, clock, crypto } = this.#environment;
    try {
      place.name = await mdnsFor(platform, clock, crypto.random).register(network.address);
      if (this.#closed) place.name.release();
      return { ...described, name: place.name.name };
    } catch (error) {
      // An address that was to be hidden is not shown because hiding it failed.
      this.#trace('webrtc:mdns-failed', { error: String(error) });
      return { ...described, signal: false };
    }
  }

  #describe({ name, address, type }: InterfaceAddress): Omit<LocalBase, 'address'> {
    const { networkCost } = this.#configuration.kaon;
    return {
      networkName: name === '' ? undefined : name,
      networkType: type,
      networkCost: networkCost?.({ name, address, type }) ?? costOfType(type),
    };
  }

  async #bindUdp(place: Place, base: Omit<LocalBase, 'address'>): Promise<void> {
    const { address } = place.network;
    const { portRange } = this.#configuration.kaon;
    await this.#bind(place, base, () => this.#environment.network.bindUdp({ address, portRange }));
  }

  async #bindTcp(place: Place, base: Omit<LocalBase, 'address'>, type: 'active' | 'passive' | 'so'): Promise<void> {
    const { network, clock } = this.#environment;
    const { tcpPortRange: portRange } = this.#configuration.kaon;
    const onPathFailed = (local: TransportAddress, remote: TransportAddress): void => this.#pathFailed(local, remote);
    await this.#bind(place, { ...base, protocol: 'tcp', tcpType: type }, () =>
      bindTcp(type, place.network, { network, clock, portRange, onPathFailed }),
    );
  }

  async #bind(place: Place, base: Omit<LocalBase, 'address'>, bind: () => Promise<UdpSocket>): Promise<void> {
    const { network } = place;
    try {
      const socket = await bind();
      if (this.#places.get(placeOf(network)) !== place) {
        socket.close();
        return;
      }
      place.sockets.push(socket);
      this.#sink.socket(socket, { ...base, address: socket.local });
    } catch (error) {
      // An address that went away or has no free port is one candidate fewer, and no reason to fail.
      const pii = { address: network.address };
      this.#trace('webrtc:bind-failed', { interface: network.name, error: String(error), pii });
    }
  }

  #pathFailed(local: TransportAddress, remote: TransportAddress): void {
    if (!this.#closed) this.#sink.pathFailed(local, remote);
  }

  #removeOthers(addresses: readonly InterfaceAddress[]): void {
    const present = new Set(addresses.map(placeOf));
    for (const [key, place] of [...this.#places]) {
      if (present.has(key)) continue;
      this.#forget(place);
      for (const socket of place.sockets) {
        socket.close();
        this.#sink.gone(socket);
      }
    }
  }

  #forget(place: Place): void {
    this.#places.delete(placeOf(place.network));
    place.name?.release();
  }

  async #lookUp({ url, uri }: ServerUrl): Promise<void> {
    if (this.#asked.has(url) || this.#configuration.kaon.iceLite) return;
    this.#asked.add(url);
    const { scheme, transport, host, port } = uri;
    const relays = scheme === 'turn' || scheme === 'turns';
    if (relays && (scheme === 'turns' || transport === 'tcp' || this.#configuration.iceTransportPolicy === 'relay'))
      return;
    if (!relays && (scheme === 'stuns' || transport === 'tcp')) {
      // Not from inside the caller's own call.
      await Promise.resolve();
      if (!this.#closed) this.#sink.serverFailed(url, 'STUN over TCP or TLS is not supported');
      return;
    }
    const fail = (why: string): void => {
      if (!this.#closed && !relays) this.#sink.serverFailed(url, why);
    };
    try {
      const families = this.#configuration.kaon.families ?? ['IPv4', 'IPv6'];
      const addresses = await this.#environment.network.resolve(host);
      if (this.#closed) return;
      // One address of each family: every base asks the one of its own.
      const used = families.flatMap((family) => addresses.find((address) => addressFamily(address) === family) ?? []);
      for (const address of used) this.#sink.stunServer({ url, address, port, quiet: relays });
      if (used.length === 0) fail(`${host} has no address of a family in use`);
    } catch {
      fail(`the name ${host} was not found`);
    }
  }

  #trace(name: string, data: { readonly [key: string]: unknown }): void {
    this.#configuration.kaon.trace?.({ time: this.#environment.clock.now(), name, data });
  }
}

/** An address of ours, and what is bound to it. */
interface Place {
  readonly network: InterfaceAddress;
  readonly sockets: UdpSocket[];
  name: LocalName | undefined;
}

function placeOf({ name, address }: InterfaceAddress): string {
  return `${name} ${address}`;
}
