import type {
  DatagramCore,
  EcnCodepoint,
  Instant,
  Path,
  TransmitSlot,
  TransportAddress,
} from '@kaon/interface/core/v1';
import {
  attribute,
  decodeMessage,
  ERROR,
  METHOD,
  type StunMessage,
  unknownRequired,
  verifyFingerprint,
} from '@kaon/stun';
import { isMalformed } from '@kaon/wire';
import { TurnError } from '../errors.ts';
import type { Allocation } from './allocation.ts';
import { Authenticator, type Verdict } from './authenticator.ts';
import type { ClientEntry } from './clients.ts';
import { DataPath, isSend } from './data-path.ts';
import type { AllocationTraffic, TurnServerEvent } from './events.ts';
import { Lookups } from './lookups.ts';
import type { DropReason, TurnServerMetrics } from './metrics.ts';
import type { Credential, TurnServerOptions } from './options.ts';
import type { UserRequest } from './replies.ts';
import { Allocator } from './requests/allocate.ts';
import { Connections } from './requests/connections.ts';
import { allocationOf } from './requests/mobility.ts';
import { channelBind, createPermission } from './requests/peers.ts';
import { move, refresh } from './requests/refresh.ts';
import { settingsOf } from './settings.ts';
import { ServerState } from './state.ts';

/** One allocation as `allocations()` shows it. */
export interface AllocationInfo {
  readonly allocation: number;
  readonly client: Path;
  readonly username: string;
  /** Empty while the relay socket is being bound. */
  readonly relayed: readonly TransportAddress[];
  readonly protocol: 'udp' | 'tcp';
  readonly expiresAt: Instant;
  readonly permissions: readonly string[];
  readonly channels: number;
  readonly traffic: AllocationTraffic;
}

/**
 * A TURN server (RFC 8656, with 6062, 7635 and 8016) without sockets. Datagrams and messages go in by `handleDatagram`, and
 * come out of `pollTransmit` with a `path` whose `local` is the listening or the relay socket to send from. `pollEvent` gives
 * orders, above all `bind-relay`, that the driver answers by `relayBound` or `relayFailed`.
 *
 * A message of a stream (TCP, TLS) goes in whole, framed by `StreamFramer`; what comes out for a path with `protocol: 'tcp'`
 * is written to that stream as it is. Datagrams can be as long as UDP allows, so slots should have room for 65,600 bytes;
 * what does not fit is dropped and counted. What waits is bounded: poll when `queued` has reached some dozens.
 */
export class TurnServer implements DatagramCore<TurnServerEvent> {
  readonly #options: TurnServerOptions;
  readonly #state: ServerState;
  readonly #authenticator: Authenticator;
  readonly #data: DataPath;
  readonly #allocator: Allocator;
  readonly #connections: Connections;
  readonly #lookups: Lookups;
  #now: Instant = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  /** Throws `TurnError` (`TURN_INVALID_ARGUMENT`) on options that make no sense. */
  constructor(options: TurnServerOptions) {
    const settings = settingsOf(options);
    this.#options = options;
    this.#state = new ServerState(settings);
    this.#authenticator = new Authenticator(settings, this.#state.nonces);
    this.#data = new DataPath(this.#state);
    this.#allocator = new Allocator(this.#state);
    this.#connections = new Connections(this.#state);
    this.#lookups = new Lookups(settings.maxAuthenticating);
  }

  /** Takes a datagram of a peer when `path.local` is a relay socket, else one message of a client. */
  handleDatagram(bytes: Uint8Array, path: Path, now: Instant, ecn: EcnCodepoint = 0): void {
    if (this.#isClosed) return;
    const time = this.#advance(now);
    const { relays, clients } = this.#state;
    const relay = path.protocol === 'udp' ? relays.find(path.local, 'udp') : undefined;
    if (relay !== undefined) {
      this.#data.fromPeer(relay, bytes, path.remote, time, ecn);
      return;
    }
    if (bytes.length === 0) {
      this.#drop('malformed');
      return;
    }
    const kind = bytes[0]! >> 6;
    if (kind === 1) {
      this.#data.channelData(clients.find(path), bytes, time, ecn);
      return;
    }
    if (kind !== 0) {
      this.#drop('malformed');
      return;
    }
    if (isSend(bytes)) {
      this.#data.send(clients.find(path), bytes, time, ecn);
      return;
    }
    this.#message(bytes, path, time);
  }

  /** The TCP connection with a client is gone, and with it the allocation, unless it can move (RFC 8016). */
  handleClosed(path: Path, now: Instant): void {
    if (this.#isClosed) return;
    this.#advance(now);
    const entry = this.#state.clients.find(path);
    const allocation = entry?.allocation;
    if (entry === undefined || allocation === undefined) return;
    if (entry === allocation.movingTo) {
      this.#state.clients.remove(entry);
      allocation.movingTo = undefined;
    } else if (allocation.ticket === undefined) {
      this.#state.remove(allocation, 'disconnected');
    }
  }

  handleTimeout(now: Instant): void {
    if (this.#isClosed) return;
    const time = this.#advance(now);
    if (this.#state.nextDeadline <= time) this.#state.sweep(time);
    this.#allocator.handleTimeout(time);
    this.#connections.handleTimeout(time);
    this.#lookups.handleTimeout(time);
  }

  pollTimeout(): Instant {
    if (this.#isClosed) return Number.POSITIVE_INFINITY;
    return Math.min(
      this.#state.nextDeadline,
      this.#allocator.nextDeadline,
      this.#connections.nextDeadline,
      this.#lookups.nextDeadline,
    );
  }

  /** Moves the slot's `start` up where that saves a copy. */
  pollTransmit(slot: TransmitSlot, _now: Instant): boolean {
    return this.#state.outbox.poll(slot);
  }

  pollEvent(): TurnServerEvent | undefined {
    return this.#state.events.poll();
  }

  /** Answers `bind-relay`: the socket is bound to `local`. After `closed` the driver closes it by itself. */
  relayBound(request: number, local: TransportAddress, now: Instant): void {
    if (!this.#isClosed) this.#allocator.relayBound(request, local, this.#advance(now));
  }

  /** Answers `bind-relay`: there is no such port. The client gets 508. */
  relayFailed(request: number, now: Instant): void {
    if (!this.#isClosed) this.#allocator.relayFailed(request, this.#advance(now));
  }

  /** A relay socket died by itself; its allocation goes with it. `release-relay` follows as for any other. */
  relayLost(local: TransportAddress, protocol: 'udp' | 'tcp', now: Instant): void {
    if (this.#isClosed) return;
    this.#advance(now);
    const relay = this.#state.relays.find(local, protocol);
    if (relay !== undefined) this.#state.remove(relay.allocation, 'relay-lost');
  }

  /** Takes other secrets for time-limited credentials from now on; as the option `secrets`. Allocations live on. */
  setSecrets(secrets: readonly string[]): void {
    if (secrets.length > 0 && this.#options.wallClock === undefined) {
      throw new TurnError('TURN_INVALID_ARGUMENT', 'credentials that expire need wallClock');
    }
    this.#authenticator.secrets = [...secrets];
  }

  /** Answers `authenticate`; undefined: there is no such user. */
  credential(request: number, credential: Credential | undefined, now: Instant): void {
    const lookup = this.#isClosed ? undefined : this.#lookups.take(request);
    if (lookup === undefined) return;
    const time = this.#advance(now);
    const { message, bytes, path, username } = lookup;
    const verdict = this.#authenticator.checkCredential(message, bytes, username, credential);
    this.#judged(message, bytes, path, verdict, time);
  }

  /**
   * The platform was told that a datagram from a relay socket to `peer` did not arrive: type and code of the ICMP or ICMPv6
   * message, and the MTU for "too big", else 0.
   */
  icmpReceived(
    local: TransportAddress,
    peer: TransportAddress,
    type: number,
    code: number,
    data: number,
    now: Instant,
  ): void {
    const relay = this.#isClosed ? undefined : this.#state.relays.find(local, 'udp');
    if (relay !== undefined) this.#data.icmp(relay, peer, type, code, data, this.#advance(now));
  }

  /** Answers `connect-peer`: the connection stands. */
  peerConnected(connection: number, now: Instant): void {
    if (!this.#isClosed) this.#connections.peerConnected(connection, this.#advance(now));
  }

  /** Answers `connect-peer`: there is no connection. */
  peerFailed(connection: number, now: Instant): void {
    if (!this.#isClosed) this.#connections.peerFailed(connection, this.#advance(now));
  }

  /** A peer has connected to a relay listener. Returns the connection's number, or undefined: close it. */
  peerArrived(local: TransportAddress, peer: TransportAddress, now: Instant): number | undefined {
    return this.#isClosed ? undefined : this.#connections.peerArrived(local, peer, this.#advance(now));
  }

  /** A connection with a peer, or the client's side of it, is gone; the driver has closed the other. */
  connectionClosed(connection: number, now: Instant): void {
    this.#advance(now);
    this.#connections.closed(connection);
  }

  /** Bytes were passed on. Returns how many ms to wait before more are read from that side: bandwidth limits. */
  connectionRelayed(connection: number, from: 'client' | 'peer', bytes: number, now: Instant): number {
    return this.#isClosed ? 0 : this.#connections.relayed(connection, from, bytes, this.#advance(now));
  }

  /** Ends an allocation; false when there is none of that number. */
  deallocate(allocation: number, now: Instant): boolean {
    this.#advance(now);
    const found = this.#state.allocations.get(allocation);
    if (found !== undefined) this.#state.remove(found, 'operator');
    return found !== undefined;
  }

  /** From now on no allocation is made (508); those that are live on. For shutting down without cutting anybody off. */
  drain(): void {
    this.#allocator.isDraining = true;
  }

  /** Ends everything at once; `closed` follows what the driver still has to release. */
  close(now: Instant): void {
    if (this.#isClosed) return;
    this.#advance(now);
    for (const allocation of [...this.#state.allocations.values()]) this.#state.remove(allocation, 'closed');
    this.#allocator.close();
    this.#state.outbox.clear();
    this.#isClosed = true;
    this.#state.events.order({ type: 'closed' });
  }

  /** Messages and datagrams that wait for `pollTransmit`. */
  get queued(): number {
    return this.#state.outbox.length;
  }

  /** Whether the datagram polled last must go out with "don't fragment" set. */
  get dontFragment(): boolean {
    return this.#state.outbox.dontFragment;
  }

  /** Counters; the object stays the same and its numbers change. */
  get metrics(): TurnServerMetrics {
    return this.#state.counters;
  }

  /** What there is now. */
  *allocations(): IterableIterator<AllocationInfo> {
    for (const allocation of this.#state.allocations.values()) yield infoOf(allocation);
  }

  /** A message that is neither data nor ChannelData. */
  #message(bytes: Uint8Array, path: Path, now: Instant): void {
    const message = decodeMessage(bytes);
    if (isMalformed(message)) {
      this.#drop('malformed');
      return;
    }
    if (message.class !== 'request') {
      this.#drop('unanswered');
      return;
    }
    if (attribute(message, 'fingerprint') !== undefined && !verifyFingerprint(bytes)) {
      this.#drop('malformed');
      return;
    }
    const { method } = message;
    if (method === METHOD.Binding) {
      this.#binding(message, bytes, path, now);
      return;
    }
    if (!isTurn(method)) {
      this.#drop('unanswered');
      return;
    }
    if (this.#lookups.has(path, message)) return;
    const verdict = this.#authenticator.check(message, bytes, path, this.#subject(message, path), now);
    this.#judged(message, bytes, path, verdict, now);
  }

  #binding(message: StunMessage, bytes: Uint8Array, path: Path, now: Instant): void {
    if (!this.#state.settings.stunBinding) {
      this.#drop('unanswered');
      return;
    }
    this.#state.replies.binding(message, path, bytes.length, unknownRequired(message), now);
  }

  #judged(message: StunMessage, bytes: Uint8Array, path: Path, verdict: Verdict, now: Instant): void {
    if (verdict.type === 'refused') {
      const { code, isChallenge } = verdict;
      this.#state.replies.refuseStranger(message, path, bytes.length, code, isChallenge, now);
      return;
    }
    if (verdict.type === 'accepted') {
      this.#request({ message, path, user: verdict.user }, now);
      return;
    }
    const { username } = verdict;
    const request = this.#state.number();
    if (!this.#lookups.add(request, { message, bytes, path, username }, now)) {
      this.#drop('rate');
      return;
    }
    const { realm } = this.#state.settings;
    this.#state.events.order({ type: 'authenticate', request, username, realm, client: path });
  }

  /** Routes a request of a known user. */
  #request(request: UserRequest, now: Instant): void {
    const { message, user, path } = request;
    const { replies } = this.#state;
    const unknown = unknownRequired(message);
    if (unknown.length > 0) {
      replies.refuse(request, ERROR.UnknownAttribute, now, [{ type: 'unknown-attributes', types: unknown }]);
      return;
    }
    if (message.method === METHOD.ConnectionBind) {
      this.#connections.bind(request, now);
      return;
    }
    const entry = this.#living(path, now);
    const allocation = entry?.allocation;
    const isAllocate = message.method === METHOD.Allocate;
    if (allocation !== undefined && allocation.username !== user.username && !isAllocate) {
      replies.refuse(request, ERROR.WrongCredentials, now);
      return;
    }
    if (isAllocate) {
      this.#allocator.allocate(request, now);
      return;
    }
    if (allocation === undefined || !allocation.isReady) {
      this.#withoutAllocation(request, now);
      return;
    }
    switch (message.method) {
      case METHOD.Refresh:
        refresh(this.#state, request, allocation, now);
        return;
      case METHOD.CreatePermission:
        createPermission(this.#state, request, allocation, now);
        return;
      case METHOD.ChannelBind:
        channelBind(this.#state, request, allocation, now);
        return;
      default:
        this.#connections.connect(request, allocation, now);
        return;
    }
  }

  #withoutAllocation(request: UserRequest, now: Instant): void {
    const { replies, settings } = this.#state;
    const ticket = attribute(request.message, 'mobility-ticket')?.ticket;
    if (request.message.method === METHOD.Refresh && ticket !== undefined) {
      if (!settings.mobility) {
        replies.refuse(request, ERROR.MobilityForbidden, now);
        return;
      }
      const allocation = allocationOf(this.#state, ticket);
      if (allocation !== undefined && allocation.expiresAt > now) {
        move(this.#state, request, allocation, now);
        return;
      }
    }
    replies.refuse(request, ERROR.AllocationMismatch, now);
  }

  /** The allocation that a request is about, whoever sends it. */
  #subject(message: StunMessage, path: Path): Allocation | undefined {
    const allocation = this.#state.clients.find(path)?.allocation;
    if (allocation !== undefined || message.method !== METHOD.Refresh) return allocation;
    const ticket = attribute(message, 'mobility-ticket')?.ticket;
    return ticket === undefined ? undefined : allocationOf(this.#state, ticket);
  }

  /** The entry of a client; an allocation whose time is over goes now, not at the next sweep. */
  #living(path: Path, now: Instant): ClientEntry | undefined {
    const entry = this.#state.clients.find(path);
    const allocation = entry?.allocation;
    if (allocation === undefined || allocation.expiresAt > now) return entry;
    this.#state.remove(allocation, 'expired');
    return undefined;
  }

  #drop(reason: DropReason): void {
    this.#state.counters.dropped[reason]++;
  }

  #advance(now: Instant): Instant {
    if (now > this.#now) this.#now = now;
    return this.#now;
  }
}

function isTurn(method: number): boolean {
  return (
    method === METHOD.Allocate ||
    method === METHOD.Refresh ||
    method === METHOD.CreatePermission ||
    method === METHOD.ChannelBind ||
    method === METHOD.Connect ||
    method === METHOD.ConnectionBind
  );
}

function infoOf(allocation: Allocation): AllocationInfo {
  const { packetsFromClient, bytesFromClient, packetsFromPeers, bytesFromPeers } = allocation;
  return {
    allocation: allocation.id,
    client: allocation.entry.path,
    username: allocation.username,
    relayed: allocation.isReady ? allocation.relays.map((relay) => relay.relayed) : [],
    protocol: allocation.protocol,
    expiresAt: allocation.expiresAt,
    permissions: allocation.permissions.map((permission) => permission.text),
    channels: allocation.channels.size,
    traffic: { packetsFromClient, bytesFromClient, packetsFromPeers, bytesFromPeers },
  };
}
