import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, ClockTimer, Network, UdpSocket } from '@kaon/interface/network/v1';
import {
  type BindRelayEvent,
  type Credential,
  TurnServer,
  type TurnServerEvent,
  type TurnServerOptions,
} from '../server/index.ts';
import { resolveListeners } from './addresses.ts';
import { type ClientConnection, ConnectionTable } from './connection.ts';
import { coreOptions } from './core-options.ts';
import { credentialOf } from './credential.ts';
import { Hairpin } from './hairpin.ts';
import { Listeners } from './listeners.ts';
import { flattenMetrics } from './metrics.ts';
import type { AuthenticationRequest, ListeningAddress, Metrics, Reload, TurnServerSettings } from './options.ts';
import type { Part } from './part.ts';
import { Pump } from './pump.ts';
import { bindRelay } from './relay-socket.ts';
import { TcpRelay } from './tcp-relay.ts';

/** What one thread's server needs besides its settings. */
export interface ThreadServerContext {
  readonly network: Network;
  readonly clock: Clock;
  readonly crypto: CryptoProvider;
  /** Share the ports with other workers. */
  readonly reusePort: boolean;
  readonly authenticate: ((request: AuthenticationRequest) => Promise<Credential | undefined>) | undefined;
  readonly permit: ((username: string, peer: TransportAddress) => boolean) | undefined;
  readonly onEvent: ((event: TurnServerEvent) => void) | undefined;
  readonly onError: (error: Error) => void;
}

/** Milliseconds between looks for idle connections. */
const SWEEP = 10_000;

/** The server of one thread: core, sockets, connections. */
export class ThreadServer implements Part {
  readonly #context: ThreadServerContext;
  readonly #core: TurnServer;
  readonly #pump: Pump<TurnServerEvent>;
  readonly #connections: ConnectionTable;
  readonly #listeners: Listeners;
  readonly #tcpRelay: TcpRelay;
  readonly #sweep: ClockTimer;
  /** Relay sockets, by what the core calls them. */
  readonly #relays = new Set<UdpSocket>();
  /** Connections that hold an allocation, by its number. */
  readonly #holders = new Map<number, ClientConnection>();
  #users: ReadonlyMap<string, string>;
  #closed = false;
  #drained: (() => void) | undefined = undefined;

  /** Throws RangeError or TypeError on settings that make no sense. Nothing is open before `open`. */
  constructor(settings: TurnServerSettings, context: ThreadServerContext) {
    const { network, clock, crypto } = context;
    this.#context = context;
    this.#users = new Map(Object.entries(settings.users ?? {}));
    const authenticate =
      context.authenticate === undefined ? (username: string) => this.#userOf(username) : ('event' as const);
    const permit = context.permit === undefined ? undefined : this.#permits;
    const options = coreOptions(settings, { network, clock, crypto, authenticate, permit });
    this.#core = new TurnServer(options);
    this.#connections = new ConnectionTable({
      total: settings.maxConnections ?? 10_000,
      perAddress: settings.maxConnectionsPerAddress ?? 1000,
      idle: settings.idleTimeout ?? 60_000,
    });
    this.#pump = new Pump(this.#core, clock, this.#connections, hairpinOf(options), (event) => this.#event(event));
    const host = {
      connections: this.#connections,
      input: (bytes: Uint8Array, connection: ClientConnection) => this.#pump.input(bytes, connection),
      gone: (connection: ClientConnection) => this.#gone(connection),
    };
    this.#listeners = new Listeners({
      ...context,
      host,
      addSocket: (socket) => this.#pump.addSocket(socket, 'clients', context.onError),
    });
    this.#tcpRelay = new TcpRelay({
      core: this.#core,
      pump: this.#pump,
      connections: this.#connections,
      network,
      clock,
    });
    this.#sweep = clock.timer(() => {
      this.#connections.sweep(clock.now());
      this.#checkDrained();
      this.#sweep.reset(clock.now() + SWEEP);
    });
  }

  get addresses(): readonly ListeningAddress[] {
    return this.#listeners.addresses;
  }

  /** Opens the listeners. Rejects with the reason, and leaves nothing open, when one of them cannot be. */
  async open(settings: TurnServerSettings): Promise<void> {
    try {
      await this.#listeners.open(resolveListeners(settings.listeners, this.#context.network));
    } catch (error) {
      this.close();
      throw error;
    }
    this.#sweep.reset(this.#context.clock.now() + SWEEP);
  }

  metrics(): Metrics {
    return flattenMetrics(this.#core.metrics, {
      clientConnections: this.#connections.size,
      clientConnectionsRefused: this.#connections.refused,
      sendFailures: this.#pump.dropped,
    });
  }

  async reload({ users, secrets, certificate, privateKey }: Reload): Promise<void> {
    if (certificate !== undefined && privateKey !== undefined) {
      await this.#listeners.showCertificate(certificate, privateKey);
    }
    if (users !== undefined) this.#users = new Map(Object.entries(users));
    if (secrets !== undefined) this.#core.setSecrets(secrets);
  }

  /** Makes no more allocations; resolves when the last has ended. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
      this.#core.drain();
      this.#checkDrained();
    });
  }

  /** Closes everything at once. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sweep.cancel();
    this.#core.close(this.#context.clock.now());
    this.#pump.stop();
    this.#connections.closeAll();
    this.#listeners.close();
    this.#tcpRelay.close();
    for (const socket of this.#relays) socket.close();
    this.#drained?.();
  }

  #event(event: TurnServerEvent): void {
    switch (event.type) {
      case 'bind-relay':
        void this.#bindRelay(event);
        return;
      case 'release-relay':
        this.#releaseRelay(event.local, event.protocol);
        return;
      case 'authenticate':
        void this.#authenticate(event.request, event);
        return;
      case 'connect-peer':
        this.#tcpRelay.connect(event);
        return;
      case 'connection-bound':
        this.#tcpRelay.bound(event);
        return;
      case 'close-connection':
        this.#tcpRelay.closeConnection(event.connection);
        return;
      case 'allocated':
      case 'moved':
        this.#hold(event.allocation, event.client);
        break;
      case 'deallocated':
        this.#hold(event.allocation, undefined);
        this.#checkDrained();
        break;
    }
    this.#tell(event);
  }

  async #bindRelay(event: BindRelayEvent): Promise<void> {
    const { request, protocol } = event;
    const { network, clock, onError } = this.#context;
    try {
      if (protocol === 'tcp') {
        const local = await this.#tcpRelay.listen(event);
        this.#core.relayBound(request, local, clock.now());
      } else {
        const socket = await bindRelay(network, event);
        if (this.#closed) {
          socket.close();
          return;
        }
        this.#relays.add(socket);
        this.#pump.addSocket(socket, 'relay', (error) => {
          this.#relays.delete(socket);
          this.#core.relayLost(socket.local, 'udp', clock.now());
          this.#pump.wake();
          onError(error);
        });
        this.#core.relayBound(request, socket.local, clock.now());
      }
    } catch {
      // No port is free, or the address went away: the client is told (508), and the metrics tell the operator.
      this.#core.relayFailed(request, clock.now());
    }
    this.#pump.wake();
  }

  #releaseRelay(local: TransportAddress, protocol: 'udp' | 'tcp'): void {
    if (protocol === 'tcp') {
      this.#tcpRelay.release(local);
      return;
    }
    const socket = this.#pump.socketAt(local);
    if (socket === undefined || !this.#relays.delete(socket)) return;
    this.#pump.removeSocket(socket);
    socket.close();
  }

  async #authenticate(
    request: number,
    { username, realm, client }: { readonly username: string; readonly realm: string; readonly client: Path },
  ): Promise<void> {
    let credential = this.#userOf(username);
    if (credential === undefined) {
      try {
        credential = credentialOf(await this.#context.authenticate?.({ username, realm, remote: client.remote }));
      } catch (error) {
        this.#context.onError(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.#core.credential(request, credential, this.#context.clock.now());
    this.#pump.wake();
  }

  /** Refuses what cannot be judged: a peer is asked for by a datagram, and none of them may end the server. */
  readonly #permits = (username: string, peer: TransportAddress): boolean => {
    try {
      return this.#context.permit?.(username, peer) !== false;
    } catch (error) {
      this.#context.onError(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  };

  #userOf(username: string): Credential | undefined {
    const password = this.#users.get(username);
    return password === undefined ? undefined : { password };
  }

  /** Remembers who holds an allocation: such a connection is not idle, however silent it is. */
  #hold(allocation: number, client: Path | undefined): void {
    const before = this.#holders.get(allocation);
    if (before !== undefined) before.allocated = false;
    const holder = client === undefined ? undefined : this.#connections.find(client);
    if (holder === undefined) {
      this.#holders.delete(allocation);
    } else {
      holder.allocated = true;
      this.#holders.set(allocation, holder);
    }
  }

  #gone(connection: ClientConnection): void {
    if (this.#closed) return;
    this.#core.handleClosed(connection, this.#context.clock.now());
    this.#pump.wake();
  }

  #checkDrained(): void {
    if (this.#drained !== undefined && this.#core.metrics.allocations === 0) this.#drained();
  }

  #tell(event: TurnServerEvent): void {
    try {
      this.#context.onEvent?.('client' in event ? { ...event, client: plainPath(event.client) } : event);
    } catch (error) {
      this.#context.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** Listeners of events get the addresses, not our connection. */
function plainPath({ protocol, local, remote }: Path): Path {
  return { protocol, local, remote };
}

/** Needed only where addresses differ inside and outside. */
function hairpinOf({ relayAddress, externalAddress = {}, relayPorts }: TurnServerOptions): Hairpin | undefined {
  if (externalAddress.IPv4 === undefined && externalAddress.IPv6 === undefined) return undefined;
  return new Hairpin(relayAddress, externalAddress, relayPorts ?? [49_152, 65_535]);
}
