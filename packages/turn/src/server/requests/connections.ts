/** TCP between client and peer (RFC 6062): who is connected with whom. The bytes themselves are the driver's. */
import type { Instant, Path, TransportAddress } from '@kaon/interface/core/v1';
import { attribute, ERROR, encodeMessage, METHOD } from '@kaon/stun';
import type { Allocation } from '../allocation.ts';
import type { UserRequest } from '../replies.ts';
import type { ServerState } from '../state.ts';
import { refusalOf } from './peers.ts';

/** Connections of all allocations. */
export class Connections {
  readonly #state: ServerState;
  readonly #connections = new Map<number, Connection>();
  /** Those that wait for the client, oldest first. */
  readonly #unbound = new Map<number, Instant>();

  constructor(state: ServerState) {
    this.#state = state;
    state.onRemoved = (allocation) => this.#removeAll(allocation);
  }

  /** When the oldest connection that waits for its client is given up. */
  get nextDeadline(): Instant {
    for (const at of this.#unbound.values()) return at;
    return Number.POSITIVE_INFINITY;
  }

  handleTimeout(now: Instant): void {
    for (const [id, at] of this.#unbound) {
      if (at > now) return;
      const connection = this.#connections.get(id);
      const request = connection?.request;
      if (request !== undefined) this.#state.replies.refuse(request, ERROR.ConnectionTimeoutOrFailure, now);
      this.#end(id);
    }
  }

  /** Connect (RFC 6062 §5.2). */
  connect(request: UserRequest, allocation: Allocation, now: Instant): void {
    const { replies, events } = this.#state;
    const peer = attribute(request.message, 'xor-peer-address')?.address;
    if (peer === undefined || allocation.protocol !== 'tcp') {
      replies.refuse(request, ERROR.BadRequest, now);
      return;
    }
    const code = refusalOf(this.#state, request, allocation, peer, true);
    if (code !== undefined) {
      replies.refuse(request, code, now);
      return;
    }
    if (this.#find(allocation, peer) !== undefined) {
      replies.refuse(request, ERROR.ConnectionAlreadyExists, now);
      return;
    }
    const relay = allocation.relay(peer.family)!;
    const connection = this.#add(allocation, peer, request, now);
    if (connection === undefined) {
      replies.refuse(request, ERROR.InsufficientCapacity, now);
      return;
    }
    events.order({ type: 'connect-peer', connection, local: relay.local, peer });
  }

  peerConnected(id: number, now: Instant): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) {
      this.#state.events.order({ type: 'close-connection', connection: id });
      return;
    }
    if (connection.request === undefined) return;
    this.#state.replies.success(connection.request, [{ type: 'connection-id', connectionId: id }], now);
    connection.request = undefined;
    this.#wait(id, now);
  }

  peerFailed(id: number, now: Instant): void {
    const connection = this.#connections.get(id);
    if (connection?.request === undefined) return;
    this.#state.replies.refuse(connection.request, ERROR.ConnectionTimeoutOrFailure, now);
    this.#forget(id, connection);
  }

  /** A peer connected to the relayed address (RFC 6062 §5.3): its number, or undefined when it is to be closed. */
  peerArrived(local: TransportAddress, peer: TransportAddress, now: Instant): number | undefined {
    const allocation = this.#state.relays.find(local, 'tcp')?.allocation;
    const permission = allocation?.permissionsByAddress.get(peer.address);
    if (allocation === undefined || permission === undefined || permission.expiresAt <= now) return undefined;
    const id = this.#add(allocation, peer, undefined, now);
    if (id === undefined) return undefined;
    const transactionId = new Uint8Array(12);
    this.#state.outbox.transactionId(transactionId, 0);
    const attributes = [
      { type: 'connection-id', connectionId: id },
      { type: 'xor-peer-address', address: peer },
    ] as const;
    const message = { class: 'indication', method: METHOD.ConnectionAttempt, transactionId, attributes } as const;
    this.#state.replies.indication(encodeMessage(message), allocation.entry.path);
    return id;
  }

  /** ConnectionBind (RFC 6062 §5.4), on a connection that has no allocation. */
  bind(request: UserRequest, now: Instant): void {
    const id = attribute(request.message, 'connection-id')?.connectionId;
    const connection = id === undefined ? undefined : this.#connections.get(id);
    const isOurs = connection?.allocation.username === request.user.username;
    const { path } = request;
    if (id === undefined || connection === undefined || connection.client !== undefined || !isOurs) {
      this.#state.replies.refuse(request, ERROR.BadRequest, now);
      return;
    }
    if (connection.request !== undefined || path.protocol !== 'tcp' || this.#state.clients.find(path) !== undefined) {
      this.#state.replies.refuse(request, ERROR.BadRequest, now);
      return;
    }
    connection.client = path;
    this.#unbound.delete(id);
    this.#state.replies.success(request, [], now);
    this.#state.events.order({ type: 'connection-bound', connection: id, client: path });
  }

  /** One of the two sides has closed. */
  closed(id: number): void {
    const connection = this.#connections.get(id);
    if (connection !== undefined) this.#forget(id, connection);
  }

  /** Counts bytes passed on; how many ms to wait before more are read from that side. */
  relayed(id: number, from: 'client' | 'peer', bytes: number, now: Instant): number {
    const connection = this.#connections.get(id);
    if (connection === undefined) return 0;
    const { allocation } = connection;
    const { counters } = this.#state;
    if (from === 'client') {
      allocation.bytesFromClient += bytes;
      counters.bytesFromClients += bytes;
      const own = allocation.fromClient?.spend(bytes, now) ?? 0;
      return Math.max(own, allocation.account.fromClient?.spend(bytes, now) ?? 0);
    }
    allocation.bytesFromPeers += bytes;
    counters.bytesFromPeers += bytes;
    const own = allocation.fromPeers?.spend(bytes, now) ?? 0;
    return Math.max(own, allocation.account.fromPeers?.spend(bytes, now) ?? 0);
  }

  #find(allocation: Allocation, peer: TransportAddress): number | undefined {
    for (const id of allocation.connections) {
      const connection = this.#connections.get(id)!;
      if (connection.peer.port === peer.port && connection.peer.address === peer.address) return id;
    }
    return undefined;
  }

  #add(
    allocation: Allocation,
    peer: TransportAddress,
    request: UserRequest | undefined,
    now: Instant,
  ): number | undefined {
    if (allocation.connections.size >= this.#state.settings.maxChannels) return undefined;
    // Ids are on the wire, and who knows one could bind it: a number that cannot be guessed, RFC 6062 §5.2.
    const id = this.#freshId();
    allocation.connections.add(id);
    this.#connections.set(id, { allocation, peer, request, client: undefined });
    this.#state.counters.connections++;
    this.#wait(id, now);
    return id;
  }

  #freshId(): number {
    const bytes = new Uint8Array(4);
    for (;;) {
      this.#state.settings.random(bytes);
      const id = new DataView(bytes.buffer).getUint32(0);
      if (!this.#connections.has(id)) return id;
    }
  }

  #wait(id: number, now: Instant): void {
    this.#unbound.delete(id);
    this.#unbound.set(id, now + BIND_TIME);
  }

  #end(id: number): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#forget(id, connection);
    this.#state.events.order({ type: 'close-connection', connection: id });
  }

  #forget(id: number, connection: Connection): void {
    this.#connections.delete(id);
    this.#unbound.delete(id);
    connection.allocation.connections.delete(id);
    this.#state.counters.connections--;
  }

  #removeAll(allocation: Allocation): void {
    for (const id of [...allocation.connections]) this.#end(id);
  }
}

/** A connection with a peer. */
interface Connection {
  readonly allocation: Allocation;
  readonly peer: TransportAddress;
  /** The Connect request that is not answered yet. */
  request: UserRequest | undefined;
  /** The client's data connection. */
  client: Path | undefined;
}

/** How long a connection waits for the peer, then for its client (RFC 6062 §5.2, §5.3). */
const BIND_TIME = 30_000;
