import type { TransportAddress } from '@kaon/interface/core/v1';
import type { ByteStream, Clock, Network, StreamListener } from '@kaon/interface/network/v1';
import { formatAddress } from '@kaon/wire';
import type {
  BindRelayEvent,
  ConnectionBoundEvent,
  ConnectPeerEvent,
  TurnServer,
  TurnServerEvent,
} from '../server/index.ts';
import type { ConnectionTable } from './connection.ts';
import type { Pump } from './pump.ts';
import { bindPort } from './relay-socket.ts';
import { splice } from './splice.ts';
import { StreamConnection } from './stream-listener.ts';

/** Milliseconds that a peer has to accept a connection (RFC 6062 §5.2 leaves 30 s until ConnectionBind). */
const CONNECT_TIMEOUT = 20_000;

/** What relaying TCP needs (RFC 6062). */
export interface TcpRelayContext {
  readonly core: TurnServer;
  readonly pump: Pump<TurnServerEvent>;
  readonly connections: ConnectionTable;
  readonly network: Network;
  readonly clock: Clock;
}

/** Connections with peers (RFC 6062): listeners for those that come, streams to those that are called, joined with clients' streams. */
export class TcpRelay {
  readonly #context: TcpRelayContext;
  readonly #listeners = new Map<string, StreamListener>();
  /** Streams with peers, by the core's number. */
  readonly #peers = new Map<number, ByteStream>();
  /** The client's side of those that are joined, and what ends that. */
  readonly #clients = new Map<number, { readonly stream: StreamConnection; readonly stop: () => void }>();
  #closed = false;

  constructor(context: TcpRelayContext) {
    this.#context = context;
  }

  /** Opens a relayed address for TCP. Rejects when no port is free. */
  async listen(order: BindRelayEvent): Promise<TransportAddress> {
    const { core, clock, network, pump } = this.#context;
    const listen = network.listenTcp;
    if (listen === undefined) throw new Error('This network has no TCP.');
    const listener = await bindPort(order, (where) => listen.call(network, where));
    if (this.#closed) {
      listener.close();
      throw new Error('The server was closed.');
    }
    this.#listeners.set(formatAddress(listener.local), listener);
    listener.onError = () => {
      this.release(listener.local);
      core.relayLost(listener.local, 'tcp', clock.now());
      pump.wake();
    };
    listener.onStream = (stream) => {
      const connection = core.peerArrived(listener.local, stream.remote, clock.now());
      pump.wake();
      if (connection === undefined) stream.close();
      else this.#keep(connection, stream);
    };
    return listener.local;
  }

  release(local: TransportAddress): void {
    const name = formatAddress(local);
    this.#listeners.get(name)?.close();
    this.#listeners.delete(name);
  }

  /** Calls a peer, from the relayed address but not from its port: the listener has it. */
  connect({ connection, local, peer }: ConnectPeerEvent): void {
    const { core, clock, network, pump } = this.#context;
    const connecting =
      network.connectTcp?.({ remote: peer, local: { address: local.address }, timeout: CONNECT_TIMEOUT }) ??
      Promise.reject(new Error('This network has no TCP.'));
    connecting.then(
      (stream) => {
        if (this.#closed) {
          stream.close();
          return;
        }
        this.#keep(connection, stream);
        core.peerConnected(connection, clock.now());
        pump.wake();
      },
      () => {
        core.peerFailed(connection, clock.now());
        pump.wake();
      },
    );
  }

  /** Joins a client's stream with that of its peer, behind the last message to the client. */
  bound({ connection, client }: ConnectionBoundEvent): void {
    const { connections, pump, core, clock } = this.#context;
    const stream = connections.find(client);
    const peer = this.#peers.get(connection);
    if (!(stream instanceof StreamConnection) || peer === undefined) return;
    pump.sendWaiting();
    // Its own messages are over: what ends it from now on is one of the two streams.
    stream.allocated = true;
    const { own, rest } = stream.takeStream();
    const stop = splice(own, rest, peer, clock, {
      passed: (from, bytes) => core.connectionRelayed(connection, from === 'a' ? 'client' : 'peer', bytes, clock.now()),
      ended: () => this.#over(connection),
    });
    this.#clients.set(connection, { stream, stop });
  }

  closeConnection(connection: number): void {
    this.#peers.get(connection)?.close();
    this.#peers.delete(connection);
    const client = this.#clients.get(connection);
    this.#clients.delete(connection);
    client?.stop();
    client?.stream.close();
  }

  close(): void {
    this.#closed = true;
    for (const listener of this.#listeners.values()) listener.close();
    for (const connection of [...this.#peers.keys()]) this.closeConnection(connection);
  }

  #keep(connection: number, stream: ByteStream): void {
    this.#peers.set(connection, stream);
    stream.onClose = () => this.#over(connection);
  }

  #over(connection: number): void {
    if (!this.#peers.has(connection)) return;
    this.closeConnection(connection);
    const { core, clock, pump } = this.#context;
    core.connectionClosed(connection, clock.now());
    pump.wake();
  }
}
