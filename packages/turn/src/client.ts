/** A TURN client: one allocation on one server (RFC 8656). This file only routes; the parts are in `client/`. */
import type { Core, Instant, Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import { attribute, decodeMessage, isStun, METHOD, type StunMessage, unknownRequired } from '@kaon/stun';
import { Deque, isMalformed, readU16, sameAddress } from '@kaon/wire';
import { CHANNEL_DATA_HEADER, isChannelData } from './channel-data.ts';
import { Allocation } from './client/allocation.ts';
import { connect, connectionAttempt } from './client/connections.ts';
import type { Context } from './client/context.ts';
import { dataFrom, isDataIndication } from './client/indication.ts';
import { Peers, type WrapResult } from './client/peers.ts';
import { Requests, TurnCredentials } from './client/requests.ts';
import { TurnDataConnection } from './data-connection.ts';
import { TurnError } from './errors.ts';
import type { TurnClientEvent } from './events.ts';
import { type Settings, settings, type TurnClientOptions } from './options.ts';
import { StreamFramer } from './stream-framer.ts';

/** Data from a peer. */
export interface ReceivedData {
  readonly peer: TransportAddress;
  /** A view into the message that brought it; it belongs to the caller. */
  readonly bytes: Uint8Array;
}

/** What a client has dropped so far. */
export interface TurnClientDropped {
  /** Messages from the server, or not from it, that led to nothing. */
  readonly messages: number;
  /** Data from peers that `pollData` did not take in time. */
  readonly received: number;
  /** Events that `pollEvent` did not take in time. */
  readonly events: number;
}

/**
 * A core that allocates as soon as it is made. Drive it as any core; give it what the server sends by `handleDatagram`
 * (UDP, DTLS) or `handleStream` (TCP, TLS), send to peers by `wrap` and take what they send by `pollData`. Call
 * `pollTransmit` until it is false after each of these but `wrap`'s `written`.
 */
export class TurnClient implements Core<TurnClientEvent> {
  readonly #settings: Settings;
  readonly #context: Context;
  readonly #requests: Requests;
  readonly #allocation: Allocation;
  readonly #peers: Peers;
  readonly #events = new Deque<TurnClientEvent>();
  readonly #received = new Deque<ReceivedData>();
  #framer = new StreamFramer();
  #over = false;
  readonly #dropped = { messages: 0, received: 0, events: 0 };

  /** Throws `TurnError` (`TURN_INVALID_ARGUMENT`) on options that make no sense, `StunError` on credentials that do not. */
  constructor(options: TurnClientOptions) {
    this.#settings = settings(options);
    this.#requests = new Requests(this.#settings, new TurnCredentials(options.credentials, options.crypto));
    this.#context = {
      settings: this.#settings,
      requests: this.#requests,
      path: options.path,
      emit: (event) => this.#emit(event),
      end: (event) => this.#end(event),
      fail: (error) => this.#end({ type: 'failed', error }),
      trace: (name, time, data) => this.#settings.trace?.({ time, name, data }),
    };
    this.#allocation = new Allocation(this.#context, options.now);
    this.#peers = new Peers(this.#context, this.#allocation);
  }

  /** The path to the server; another one after `migrated`. */
  get path(): Path {
    return this.#context.path;
  }

  /** Counters of what led to nothing. */
  get dropped(): TurnClientDropped {
    return this.#dropped;
  }

  /** Takes one message: a datagram of UDP, or what DTLS gave out. The bytes change owner. */
  handleDatagram(bytes: Uint8Array, path: Path, now: Instant): void {
    if (this.#over) return;
    if (path !== this.#context.path && !this.#isServer(path)) this.#drop('not from the server', now);
    else this.#take(bytes, now);
  }

  /** Takes a piece of the stream from the server, of any length. After `migrate` to another connection: of that one. */
  handleStream(bytes: Uint8Array, now: Instant): void {
    if (this.#over) return;
    this.#framer.push(bytes);
    for (let message = this.#framer.poll(); message !== undefined; message = this.#framer.poll()) {
      this.#take(message, now);
      if (this.#over) return;
    }
    if (this.#framer.broken) {
      this.#context.fail(new TurnError('TURN_BAD_STREAM', 'the server sent what is neither STUN nor ChannelData'));
    }
  }

  handleTimeout(now: Instant): void {
    if (this.#over) return;
    this.#requests.handleTimeout(now);
    if (!this.#over) this.#allocation.handleTimeout(now);
    if (!this.#over && this.#allocation.state === 'allocated') this.#peers.handleTimeout(now);
  }

  pollTimeout(): Instant {
    if (this.#over) return Number.POSITIVE_INFINITY;
    const peers = this.#allocation.state === 'allocated' ? this.#peers.deadline : Number.POSITIVE_INFINITY;
    return Math.min(this.#requests.pollTimeout(), this.#allocation.deadline, peers);
  }

  /** Writes the next request, or data that waited for its permission. */
  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    if (this.#over) return false;
    if (this.#requests.pollTransmit(slot, now)) return true;
    return this.#allocation.state === 'allocated' && this.#peers.pollTransmit(slot, now);
  }

  /**
   * Puts data to a peer, `buffer[start, end)`, into the slot as the server wants it: as ChannelData (4 bytes more) or as
   * a Send indication (36 bytes more, 48 for IPv6). The buffer may be the slot's own. Makes the permission, and the channel
   * as `channels` says, on demand. `dropped` when there is no allocation, none of the peer's family, no room in the slot
   * or for another peer, or when the server has refused the peer.
   */
  wrap(
    peer: TransportAddress,
    buffer: Uint8Array,
    start: number,
    end: number,
    slot: TransmitSlot,
    now: Instant,
  ): WrapResult {
    if (this.#over || this.#allocation.state !== 'allocated' || this.#settings.transport === 'tcp') return 'dropped';
    return this.#peers.wrap(peer, buffer, start, end, slot, now);
  }

  /** The next data from a peer, or undefined. */
  pollData(): ReceivedData | undefined {
    return this.#received.shift();
  }

  /**
   * Lets a peer's address in, and keeps it so until the end. Also ends the wait after a refusal. Throws `TurnError`
   * (`TURN_INVALID_STATE`) before `allocated`.
   */
  permit(peer: TransportAddress, now: Instant): void {
    if (this.#usable()) this.#peers.permit(peer, now, true);
  }

  /** The same for a peer that may never come: the permission lapses when nothing is sent to it. Throws as `permit`. */
  expect(peer: TransportAddress, now: Instant): void {
    if (this.#usable()) this.#peers.permit(peer, now, false);
  }

  /** Binds a channel to a peer and keeps it bound until the end. Throws as `permit`. */
  prefer(peer: TransportAddress, now: Instant): void {
    if (this.#usable()) this.#peers.prefer(peer, now);
  }

  /** Refreshes the allocation now, such as after a sleep of the machine. Nothing happens before `allocated`. */
  refresh(now: Instant): void {
    if (!this.#over) this.#allocation.refresh(now);
  }

  /**
   * Moves the allocation to another path: another socket or connection of ours to the same server (RFC 8016). Data goes the
   * old way until `migrated`. Throws `TurnError` (`TURN_INVALID_STATE`) when the server gave no ticket for it.
   */
  migrate(path: Path, now: Instant): void {
    if (!this.#usable()) return;
    this.#allocation.migrate(path, now);
    if (path.protocol === 'tcp') this.#framer = new StreamFramer();
  }

  /** TCP allocations: asks the server to connect to a peer; `connected` or `connect-failed` follows. Throws as `permit`. */
  connect(peer: TransportAddress, now: Instant): void {
    this.#mustBeTcp();
    if (this.#usable()) connect(this.#context, this.#allocation, peer, now);
  }

  /** TCP allocations: what binds a new connection to the server, `path`, to the `id` of an event. */
  dataConnection(id: number, path: Path, now: Instant): TurnDataConnection {
    this.#mustBeTcp();
    const { random, software, trace } = this.#settings;
    return new TurnDataConnection({ id, path, now, random, software, trace, credentials: this.#requests.credentials });
  }

  /** Gives the allocation up; `closed` follows, after 3 s at the latest. */
  close(now: Instant): void {
    if (!this.#over) this.#allocation.close(now);
  }

  pollEvent(): TurnClientEvent | undefined {
    return this.#events.shift();
  }

  #take(bytes: Uint8Array, now: Instant): void {
    const reason = isChannelData(bytes) ? this.#takeChannelData(bytes, now) : this.#takeStun(bytes, now);
    if (reason !== undefined) this.#drop(reason, now);
  }

  #takeChannelData(bytes: Uint8Array, now: Instant): string | undefined {
    if (bytes.length < CHANNEL_DATA_HEADER) return 'malformed';
    const end = CHANNEL_DATA_HEADER + readU16(bytes, 2);
    if (end > bytes.length) return 'malformed';
    const peer = this.#peers.byChannel(readU16(bytes, 0));
    if (peer === undefined) return 'unknown channel';
    this.#peers.use(peer, now);
    return this.#deliver(peer.address, bytes.subarray(CHANNEL_DATA_HEADER, end));
  }

  #takeStun(bytes: Uint8Array, now: Instant): string | undefined {
    if (isDataIndication(bytes) && isStun(bytes)) {
      const last = this.#peers.last;
      const data = last?.template === undefined ? undefined : dataFrom(bytes, last.template);
      if (last !== undefined && data !== undefined) {
        this.#peers.use(last, now);
        return this.#deliver(last.address, data);
      }
    }
    const message = decodeMessage(bytes);
    if (isMalformed(message)) return 'malformed';
    if (message.class === 'indication') return this.#takeIndication(message, now);
    if (message.class === 'request') return 'a request';
    return this.#requests.handleResponse(message, bytes, now);
  }

  #takeIndication(message: StunMessage, now: Instant): string | undefined {
    if (unknownRequired(message).length > 0) return 'unknown attributes';
    if (this.#allocation.state !== 'allocated') return 'no allocation';
    if (message.method === METHOD.ConnectionAttempt && this.#settings.transport === 'tcp') {
      return connectionAttempt(this.#context, message);
    }
    const address = attribute(message, 'xor-peer-address')?.address;
    if (message.method !== METHOD.Data || address === undefined) return 'unknown indication';
    // RFC 8656 §11.4: only what a permission let in.
    const permission = this.#peers.permission(address.address);
    if (permission === undefined) return 'no permission';
    const icmp = attribute(message, 'icmp');
    if (icmp !== undefined) {
      const { icmpType, icmpCode, errorData } = icmp;
      this.#emit({ type: 'icmp', peer: address, icmpType, icmpCode, data: errorData });
      return undefined;
    }
    const data = attribute(message, 'data')?.data;
    if (data === undefined) return 'no data';
    const peer = this.#peers.find(address);
    if (peer === undefined) permission.lastUsed = now;
    else this.#peers.use(peer, now);
    return this.#deliver(address, data);
  }

  #deliver(peer: TransportAddress, bytes: Uint8Array): undefined {
    if (this.#received.length >= this.#settings.maxReceived) this.#dropped.received++;
    else this.#received.push({ peer, bytes });
  }

  #isServer({ remote }: Path): boolean {
    const migratingTo = this.#allocation.migratingTo;
    if (sameAddress(remote, this.#context.path.remote)) return true;
    return migratingTo !== undefined && sameAddress(remote, migratingTo.remote);
  }

  /** After the end everything is a no-op; before the beginning it is a mistake. */
  #usable(): boolean {
    if (this.#over || this.#allocation.state === 'closing') return false;
    if (this.#allocation.state === 'allocated') return true;
    throw new TurnError('TURN_INVALID_STATE', 'there is no allocation yet');
  }

  #mustBeTcp(): void {
    if (this.#settings.transport === 'tcp') return;
    throw new TurnError('TURN_INVALID_STATE', 'only a TCP allocation has connections');
  }

  #emit(event: TurnClientEvent): void {
    if (this.#events.length >= MAX_EVENTS) this.#dropped.events++;
    else this.#events.push(event);
  }

  #end(event: TurnClientEvent): void {
    if (this.#over) return;
    this.#over = true;
    this.#requests.clear();
    this.#received.clear();
    this.#events.push(event);
  }

  #drop(reason: string, now: Instant): void {
    this.#dropped.messages++;
    this.#context.trace('turn:dropped', now, { reason });
  }
}

const MAX_EVENTS = 256;
