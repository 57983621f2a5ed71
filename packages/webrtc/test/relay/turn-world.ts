import { Connection, portableCrypto } from '@kaon/dtls';
import { Certificate } from '@kaon/dtls/certificate';
import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import type { ByteStream, ClockTimer, StreamListener, UdpSocket } from '@kaon/interface/network/v1';
import { type Host, type HostOptions, type Simulation, simulatedCertificate } from '@kaon/testing';
import { StreamFramer } from '@kaon/turn';
import { TurnServer, type TurnServerEvent, type TurnServerOptions } from '@kaon/turn/server';
import { formatAddress, Slot } from '@kaon/wire';
import { TURN_CERTIFICATE, TURN_KEY } from './turn-certificate.ts';

/** How a simulated TURN server is reached and what it is. */
export interface TurnWorldOptions {
  /** Its addresses, one of each family at most, that it relays on. */
  readonly addresses: readonly string[];
  /** Addresses that it listens on. Default: the same. */
  readonly listen?: readonly string[];
  /** Passwords by user name. Default `{ u: 'p' }`. */
  readonly users?: Readonly<Record<string, string>>;
  /** Names that its certificates are for. Default: its addresses. Put them into `sim.names` to have them found. */
  readonly names?: readonly string[];
  /** The simulated TLS certificate is signed by itself. Default false. */
  readonly selfSigned?: boolean;
  /** What it shows over DTLS on the TLS port; without one there is no DTLS. `dtlsCertificate()` makes one. */
  readonly dtls?: Certificate;
  /** Default 3478, for UDP and TCP. */
  readonly port?: number;
  /** Default 5349, for TLS and DTLS. */
  readonly tlsPort?: number;
  /** Listen on TCP and TLS. Default true. */
  readonly streams?: boolean;
  /** Its place in the network. Default: on the internet. */
  readonly host?: Omit<HostOptions, 'addresses'>;
  /** Options of the core beyond these. */
  readonly server?: Partial<TurnServerOptions>;
}

/** A certificate for DTLS, self-signed. It takes time of the host: await it before the clock moves. */
export function dtlsCertificate(): Promise<Certificate> {
  return Certificate.fromPEM(TURN_CERTIFICATE + TURN_KEY);
}

/** Starts a TURN server on a host of its own. */
export async function turnServer(sim: Simulation, options: TurnWorldOptions): Promise<SimulatedTurnServer> {
  const server = new SimulatedTurnServer(sim, options);
  await server.listen();
  return server;
}

/** Our server's core over simulated sockets. */
export class SimulatedTurnServer {
  readonly host: Host;
  readonly core: TurnServer;
  /** All that it told, orders included. */
  readonly events: TurnServerEvent[] = [];
  readonly #sim: Simulation;
  readonly #options: TurnWorldOptions;
  readonly #timer: ClockTimer;
  readonly #slot = new Slot(2048, 32);
  /** What sends for a socket of ours: datagrams by its address, streams by that and the client's. */
  readonly #senders = new Map<string, (slot: Slot, path: Path) => void>();
  readonly #closers = new Set<{ close(): void }>();
  /** What ends the connections of clients. */
  readonly #connections = new Set<() => void>();
  #dead = false;

  constructor(sim: Simulation, options: TurnWorldOptions) {
    this.#sim = sim;
    this.#options = options;
    this.host = sim.host({ ...options.host, addresses: options.addresses });
    const users = options.users ?? { u: 'p' };
    const of = (family: 'IPv4' | 'IPv6'): string | undefined =>
      options.addresses.find((address) => address.includes(':') === (family === 'IPv6'));
    this.core = new TurnServer({
      realm: 'test',
      random: sim.random,
      relayAddress: { IPv4: of('IPv4'), IPv6: of('IPv6') },
      authenticate: (username) => {
        const password = users[username];
        return password === undefined ? undefined : { password };
      },
      // Simulated networks are private ones.
      allowedPeers: ['0.0.0.0/0', '::/0'],
      ...options.server,
    });
    this.#timer = sim.clock.timer(() => {
      this.core.handleTimeout(sim.clock.now());
      this.#pump();
    });
  }

  async listen(): Promise<void> {
    const { addresses, port = 3478, tlsPort = 5349, streams = true, names = addresses, selfSigned } = this.#options;
    const certificate = simulatedCertificate(names, { selfSigned });
    for (const address of this.#options.listen ?? addresses) {
      this.#serve(await this.host.bindUdp({ address, port }));
      if (this.#options.dtls !== undefined) {
        this.#serveDtls(await this.host.bindUdp({ address, port: tlsPort }), this.#options.dtls);
      }
      if (!streams) continue;
      this.#accept(await this.host.listenTcp({ address, port }));
      const tls = { certificate, privateKey: certificate };
      this.#accept(await this.host.listenTcp({ address, port: tlsPort, tls }));
    }
  }

  /** Allocations that are there. */
  get allocations(): number {
    return [...this.core.allocations()].length;
  }

  /** Ends it as a crash would: sockets are closed and nothing is said. */
  kill(): void {
    this.#dead = true;
    this.#timer.cancel();
    for (const closer of this.#closers) closer.close();
    this.#closers.clear();
    this.#senders.clear();
    this.#connections.clear();
  }

  /** Ends every connection as a server that shuts down does: FIN, or close_notify over DTLS. */
  hangUp(): void {
    for (const end of [...this.#connections]) end();
  }

  /** Closes the allocations of all users, as an operator may. Their clients are not told. */
  forget(): void {
    for (const { allocation } of [...this.core.allocations()]) this.core.deallocate(allocation, this.#sim.clock.now());
    this.#pump();
  }

  #serve(socket: UdpSocket): void {
    this.#closers.add(socket);
    const local = socket.local;
    this.#senders.set(`udp ${formatAddress(local)}`, (slot, { remote }) => {
      socket.send(slot.buffer, slot.start, slot.end, remote);
    });
    socket.onDatagram = (bytes, remote, ecn) => {
      this.core.handleDatagram(bytes, { protocol: 'udp', local, remote }, this.#sim.clock.now(), ecn);
      this.#pump();
    };
  }

  #serveDtls(socket: UdpSocket, certificate: Certificate): void {
    this.#closers.add(socket);
    const { clock } = this.#sim;
    const { local } = socket;
    const clients = new Map<string, Connection>();
    const flush = (connection: Connection, remote: TransportAddress): void => {
      const slot = new Slot(1500);
      for (slot.reset(); connection.pollTransmit(slot, clock.now()); slot.reset())
        socket.send(slot.buffer, slot.start, slot.end, remote);
    };
    this.#senders.set(`udp ${formatAddress(local)}`, (slot, { remote }) => {
      const connection = clients.get(formatAddress(remote));
      if (connection?.state !== 'connected') return;
      connection.seal(slot, clock.now());
      socket.send(slot.buffer, slot.start, slot.end, remote);
    });
    socket.onDatagram = (bytes, remote) => {
      const key = formatAddress(remote);
      const path: Path = { protocol: 'udp', local, remote };
      const now = clock.now();
      const connection =
        clients.get(key) ??
        new Connection({
          role: 'server',
          certificate: { chain: certificate.chain, signer: portableCrypto.signer(certificate.privateKey) },
          requestCertificate: false,
          verifyPeer: () => undefined,
        });
      if (!clients.has(key)) {
        this.#connections.add(() => {
          connection.close(clock.now());
          flush(connection, remote);
        });
      }
      clients.set(key, connection);
      connection.handleRecord(bytes, path, now);
      flush(connection, remote);
      for (let data = connection.pollPlaintext(); data !== undefined; data = connection.pollPlaintext())
        this.core.handleDatagram(data, path, now);
      if (connection.state === 'closed' || connection.state === 'failed') {
        clients.delete(key);
        this.core.handleClosed(path, now);
      }
      this.#pump();
    };
  }

  #accept(listener: StreamListener): void {
    this.#closers.add(listener);
    listener.onStream = (stream) => this.#stream(stream, listener.local);
  }

  #stream(stream: ByteStream, local: TransportAddress): void {
    this.#closers.add(stream);
    const path: Path = { protocol: 'tcp', local, remote: stream.remote };
    const key = `tcp ${formatAddress(local)} ${formatAddress(stream.remote)}`;
    const framer = new StreamFramer();
    this.#senders.set(key, (slot) => stream.write(slot.buffer, slot.start, slot.end));
    const end = (): void => stream.close();
    this.#connections.add(end);
    const gone = (): void => {
      this.#senders.delete(key);
      this.#closers.delete(stream);
      this.#connections.delete(end);
      if (this.#dead) return;
      this.core.handleClosed(path, this.#sim.clock.now());
      this.#pump();
    };
    stream.onClose = gone;
    stream.onData = (bytes) => {
      framer.push(bytes);
      for (let message = framer.poll(); message !== undefined; message = framer.poll())
        this.core.handleDatagram(message, path, this.#sim.clock.now());
      if (framer.broken) {
        stream.close();
        gone();
      } else this.#pump();
    };
  }

  #pump(): void {
    if (this.#dead) return;
    const { clock } = this.#sim;
    const transmit = (): void => {
      const slot = this.#slot;
      slot.reset();
      slot.limit -= 32;
      for (; this.core.pollTransmit(slot, clock.now()); slot.reset(), slot.limit -= 32) this.#send(slot);
    };
    transmit();
    for (let event = this.core.pollEvent(); event !== undefined; event = this.core.pollEvent()) {
      this.events.push(event);
      if (event.type === 'bind-relay') void this.#bind(event);
      else if (event.type === 'release-relay') this.#release(event.local);
      transmit();
    }
    this.#timer.reset(this.core.pollTimeout());
  }

  #send(slot: Slot): void {
    const { path } = slot;
    if (path === undefined) return;
    const local = `${path.protocol} ${formatAddress(path.local)}`;
    const key = path.protocol === 'udp' ? local : `${local} ${formatAddress(path.remote)}`;
    this.#senders.get(key)?.(slot, path);
  }

  async #bind({ request, address, portRange, port }: Extract<TurnServerEvent, { type: 'bind-relay' }>): Promise<void> {
    const range = typeof port === 'number' ? ([port, port] as const) : portRange;
    try {
      const socket = await this.host.bindUdp({ address, portRange: range });
      this.#serve(socket);
      this.#relays.set(formatAddress(socket.local), socket);
      this.core.relayBound(request, socket.local, this.#sim.clock.now());
    } catch {
      this.core.relayFailed(request, this.#sim.clock.now());
    }
    this.#pump();
  }

  readonly #relays = new Map<string, UdpSocket>();

  #release(local: TransportAddress): void {
    const key = formatAddress(local);
    const socket = this.#relays.get(key);
    if (socket === undefined) return;
    socket.close();
    this.#relays.delete(key);
    this.#closers.delete(socket);
    this.#senders.delete(`udp ${key}`);
  }
}
