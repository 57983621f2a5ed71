/** Allocate (RFC 8656 §7.2, RFC 6062 §5.1): from a request over the relay sockets that the driver binds to the answer. */
import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import { type Attribute, attribute, ERROR, type StunMessage } from '@kaon/stun';
import { equalBytes } from '@kaon/wire';
import { Allocation, type Relay } from '../allocation.ts';
import { Bucket } from '../buckets.ts';
import type { UserRequest } from '../replies.ts';
import { Reservations } from '../reservations.ts';
import type { ServerState } from '../state.ts';
import { lifetimeOf } from './lifetime.ts';
import { makeTicket } from './mobility.ts';

/** Makes allocations. */
export class Allocator {
  readonly #state: ServerState;
  readonly #reservations: Reservations;
  /** What the driver was asked to bind. */
  readonly #bindings = new Map<number, Binding>();
  /** No more allocations, for ever. */
  isDraining = false;

  constructor(state: ServerState) {
    this.#state = state;
    this.#reservations = new Reservations(state);
  }

  /** When a reservation ends. */
  get nextDeadline(): Instant {
    return this.#reservations.nextDeadline;
  }

  handleTimeout(now: Instant): void {
    this.#reservations.handleTimeout(now);
  }

  /** Takes an Allocate request of a known user. */
  allocate(request: UserRequest, now: Instant): void {
    const { clients, replies } = this.#state;
    const existing = clients.find(request.path)?.allocation;
    if (existing !== undefined) {
      const isAgain = equalBytes(existing.transactionId, request.message.transactionId);
      if (!isAgain || (existing.isReady && existing.reply === undefined)) {
        replies.refuse(request, ERROR.AllocationMismatch, now);
      } else if (existing.reply !== undefined) {
        replies.again(existing.reply, request.path);
      }
      return;
    }
    const plan = this.#plan(request);
    if (typeof plan === 'number') {
      replies.refuse(request, plan, now);
      return;
    }
    if (plan.unsupported !== undefined) {
      const types: Attribute = { type: 'unknown-attributes', types: [plan.unsupported] };
      replies.refuse(request, ERROR.UnknownAttribute, now, [types]);
      return;
    }
    const alternate = this.#alternate(request, plan);
    if (alternate !== undefined) {
      replies.refuse(request, ERROR.TryAlternate, now, alternate);
      return;
    }
    const refusal = this.#quota(request, plan);
    if (refusal !== undefined) {
      replies.refuse(request, refusal, now);
      return;
    }
    const reserved = plan.token === undefined ? undefined : this.#reservations.take(plan.token, now);
    if (plan.token !== undefined && reserved === undefined) {
      replies.refuse(request, ERROR.InsufficientCapacity, now);
      return;
    }
    this.#begin(request, plan, reserved, now);
  }

  /** The driver has bound a relay socket. */
  relayBound(number: number, local: TransportAddress, now: Instant): void {
    const binding = this.#bindings.get(number);
    this.#bindings.delete(number);
    const protocol = binding?.protocol ?? 'udp';
    if (binding === undefined) {
      this.#state.events.order({ type: 'release-relay', local, protocol });
      return;
    }
    if (!this.#state.allocations.has(binding.order.allocation.id)) {
      this.#state.events.order({ type: 'release-relay', local, protocol });
      return;
    }
    const { order } = binding;
    order.waiting--;
    if (binding.role === 'next') {
      order.next = local;
    } else {
      this.#attach(order.allocation, local, binding);
      const isWrong = order.plan.evenPort !== undefined && (local.port & 1) !== 0 && binding.role === 'first';
      if (isWrong) order.isFailed = true;
      else if (binding.role === 'first' && order.plan.evenPort === true) this.#bindNext(order, local, now);
    }
    this.#finishIfDone(order, now);
  }

  /** The driver could not bind a relay socket. */
  relayFailed(number: number, now: Instant): void {
    const binding = this.#bindings.get(number);
    if (binding === undefined) return;
    this.#bindings.delete(number);
    const { order } = binding;
    if (!this.#state.allocations.has(order.allocation.id)) return;
    order.waiting--;
    if (binding.role === 'first') order.isFailed = true;
    else if (binding.role === 'second') order.isSecondFailed = true;
    else this.#retryEven(order, now);
    this.#finishIfDone(order, now);
  }

  /** Lets go of what was bound for later. */
  close(): void {
    this.#reservations.close();
    this.#bindings.clear();
  }

  /** What a request asks for, or the error code that answers it (RFC 8656 §7.2 in its order). */
  #plan(request: UserRequest): Plan | number {
    const { message, path } = request;
    const { tcpRelay, dontFragment, mobility, relayAddress } = this.#state.settings;
    const transport = attribute(message, 'requested-transport')?.protocol;
    if (transport === undefined) return ERROR.BadRequest;
    if (transport !== UDP && !(transport === TCP && tcpRelay)) return ERROR.UnsupportedTransportProtocol;
    const protocol = transport === UDP ? 'udp' : 'tcp';
    const family = attribute(message, 'requested-address-family')?.family;
    const additional = attribute(message, 'additional-address-family')?.family;
    const evenPort = attribute(message, 'even-port')?.reserveNext;
    const token = attribute(message, 'reservation-token')?.token;
    const wantsDontFragment = attribute(message, 'dont-fragment') !== undefined;
    if (protocol === 'tcp') {
      // RFC 6062 §5.1: over streams only, and without what belongs to datagrams.
      const isOdd = evenPort !== undefined || token !== undefined || wantsDontFragment || additional !== undefined;
      if (path.protocol !== 'tcp' || isOdd) return ERROR.BadRequest;
    }
    const plan = { protocol, family: family ?? 'IPv4', additional: undefined, evenPort, token } as const;
    if (wantsDontFragment && !dontFragment) return { ...plan, unsupported: DONT_FRAGMENT };
    if (token !== undefined && (evenPort !== undefined || family !== undefined || additional !== undefined)) {
      return ERROR.BadRequest;
    }
    if (family !== undefined && additional !== undefined) return ERROR.BadRequest;
    if (additional === 'IPv4' || (additional !== undefined && evenPort === true)) return ERROR.BadRequest;
    const ticket = attribute(message, 'mobility-ticket')?.ticket;
    if (ticket !== undefined && ticket.length > 0) return ERROR.BadRequest;
    if (ticket !== undefined && !mobility) return ERROR.MobilityForbidden;
    if (token === undefined && relayAddress[plan.family] === undefined) return ERROR.AddressFamilyNotSupported;
    return { ...plan, additional };
  }

  #alternate(request: UserRequest, plan: Plan): Attribute[] | undefined {
    const { path, user } = request;
    const { alternateServer } = this.#state.settings;
    const { family, protocol } = plan;
    const alternate = alternateServer?.({ username: user.username, client: path, family, protocol });
    if (alternate === undefined) return undefined;
    const attributes: Attribute[] = [{ type: 'alternate-server', address: alternate.address }];
    if (alternate.domain !== undefined) attributes.push({ type: 'alternate-domain', domain: alternate.domain });
    return attributes;
  }

  #quota(request: UserRequest, { token, evenPort }: Plan): number | undefined {
    const { allocations, settings, clients, users } = this.#state;
    if (this.isDraining || allocations.size >= settings.maxAllocations) return ERROR.InsufficientCapacity;
    const { user } = request.user;
    // A port that is held back takes up as much as an allocation, which it may become.
    const held = token !== undefined && this.#reservations.userOf(token) === user ? 1 : 0;
    const wanted = evenPort === true ? 2 : 1;
    if (users.countOf(user) - held + wanted > settings.maxAllocationsPerUser) return ERROR.AllocationQuotaReached;
    const { address } = request.path.remote;
    return clients.countOf(address) >= settings.maxAllocationsPerAddress ? ERROR.AllocationQuotaReached : undefined;
  }

  #begin(request: UserRequest, plan: Plan, reserved: TransportAddress | undefined, now: Instant): void {
    const state = this.#state;
    const { message, path, user } = request;
    const rate = state.settings.allocationBandwidth;
    const bucket = (): Bucket | undefined => (rate === undefined ? undefined : new Bucket(rate, now));
    const entry = state.clients.add(path);
    const allocation = new Allocation({
      id: state.number(),
      username: user.username,
      account: state.users.enter(user.user, now),
      protocol: plan.protocol,
      key: user.key,
      transactionId: message.transactionId.slice(),
      entry,
      // Until its sockets are bound.
      expiresAt: now + BINDING_TIME,
      notAfter: user.notAfter,
      fromClient: bucket(),
      fromPeers: bucket(),
    });
    entry.allocation = allocation;
    state.allocations.set(allocation.id, allocation);
    state.counters.allocations++;
    state.deadline(allocation.expiresAt);
    const order: Order = {
      allocation,
      request,
      plan,
      waiting: 0,
      isFailed: false,
      isSecondFailed: false,
      next: undefined,
      tries: 0,
    };
    if (reserved !== undefined) {
      this.#attach(allocation, reserved, { family: reserved.family, protocol: 'udp' });
      this.#finishIfDone(order, now);
      return;
    }
    this.#bind(order, 'first', plan.family, plan.evenPort === undefined ? 'any' : 'even');
    if (plan.additional === undefined) return;
    if (state.settings.relayAddress[plan.additional] === undefined) order.isSecondFailed = true;
    else this.#bind(order, 'second', plan.additional, 'any');
  }

  #bind(order: Order, role: Binding['role'], family: 'IPv4' | 'IPv6', port: 'any' | 'even' | number): void {
    const { settings, events } = this.#state;
    const request = this.#state.number();
    const { protocol } = order.plan;
    order.waiting++;
    this.#bindings.set(request, { order, role, family, protocol });
    const address = settings.relayAddress[family]!;
    events.order({ type: 'bind-relay', request, family, address, portRange: settings.relayPorts, port, protocol });
  }

  /** The port above an even one, to be held back (RFC 8656 §7.2). */
  #bindNext(order: Order, local: TransportAddress, now: Instant): void {
    const port = local.port + 1;
    if (port > this.#state.settings.relayPorts[1] || !this.#reservations.hasRoom) this.#retryEven(order, now);
    else this.#bind(order, 'next', local.family, port);
  }

  /** The port above was taken: another even one, a few times. */
  #retryEven(order: Order, _now: Instant): void {
    const relay = order.allocation.relays.pop();
    if (relay !== undefined) this.#state.release(relay);
    if (++order.tries >= EVEN_TRIES || !this.#reservations.hasRoom) order.isFailed = true;
    else this.#bind(order, 'first', order.plan.family, 'even');
  }

  #attach(
    allocation: Allocation,
    local: TransportAddress,
    { family, protocol }: Pick<Binding, 'family' | 'protocol'>,
  ): void {
    const { settings, relays } = this.#state;
    const address = settings.externalAddress[family] ?? local.address;
    const relayed = { address, family, port: local.port };
    const relay: Relay = { local, relayed, family, protocol, allocation, next: undefined };
    relays.add(relay);
    // The one that was asked for comes first, whichever is bound first.
    if (family === 'IPv4') allocation.relays.unshift(relay);
    else allocation.relays.push(relay);
  }

  #finishIfDone(order: Order, now: Instant): void {
    if (order.waiting > 0) return;
    const state = this.#state;
    const { allocation, request, plan } = order;
    if (order.isFailed || allocation.relays.length === 0) {
      if (order.next !== undefined) {
        state.events.order({ type: 'release-relay', local: order.next, protocol: 'udp' });
      }
      state.remove(allocation, 'closed');
      state.replies.refuse(request, ERROR.InsufficientCapacity, now);
      return;
    }
    const lifetime = lifetimeOf(state.settings, request.message, allocation, now);
    allocation.isReady = true;
    allocation.expiresAt = now + lifetime;
    allocation.replyUntil = now + REPLY_KEPT;
    state.deadline(Math.min(allocation.expiresAt, allocation.replyUntil));
    state.counters.allocationsMade++;
    const relayed = allocation.relays.map((relay) => relay.relayed);
    const attributes: Attribute[] = relayed.map((address) => ({ type: 'xor-relayed-address', address }));
    attributes.push({ type: 'lifetime', seconds: Math.floor(lifetime / 1000) });
    if (order.next !== undefined) {
      attributes.push({
        type: 'reservation-token',
        token: this.#reservations.add(order.next, allocation.account.user, now),
      });
    }
    attributes.push({ type: 'xor-mapped-address', address: request.path.remote });
    if (order.isSecondFailed) attributes.push(this.#secondFailure(plan));
    if (wantsMobility(request.message)) {
      attributes.push({ type: 'mobility-ticket', ticket: makeTicket(state, allocation) });
    }
    allocation.reply = state.replies.success(request, attributes, now);
    state.events.tell({
      type: 'allocated',
      allocation: allocation.id,
      client: request.path,
      username: allocation.username,
      relayed,
      protocol: plan.protocol,
      lifetime,
    });
  }

  /** Why there is one address where two were asked for (RFC 8656 §7.2). */
  #secondFailure(plan: Plan): Attribute {
    const family = plan.additional!;
    const isKnown = this.#state.settings.relayAddress[family] !== undefined;
    const code = isKnown ? ERROR.InsufficientCapacity : ERROR.AddressFamilyNotSupported;
    return { type: 'address-error-code', family, code, reason: '' };
  }
}

/** What was asked for. */
interface Plan {
  readonly protocol: 'udp' | 'tcp';
  readonly family: 'IPv4' | 'IPv6';
  readonly additional: 'IPv4' | 'IPv6' | undefined;
  /** Undefined: any port; true: an even one with the next one held back. */
  readonly evenPort: boolean | undefined;
  readonly token: Uint8Array | undefined;
  /** Attribute that the server cannot honour. */
  readonly unsupported?: number;
}

/** An allocation whose relay sockets are being bound. */
interface Order {
  readonly allocation: Allocation;
  readonly request: UserRequest;
  readonly plan: Plan;
  /** Sockets that the driver has not answered for. */
  waiting: number;
  isFailed: boolean;
  isSecondFailed: boolean;
  /** The port held back. */
  next: TransportAddress | undefined;
  tries: number;
}

interface Binding {
  readonly order: Order;
  readonly role: 'first' | 'second' | 'next';
  readonly family: 'IPv4' | 'IPv6';
  readonly protocol: 'udp' | 'tcp';
}

function wantsMobility(message: StunMessage): boolean {
  return attribute(message, 'mobility-ticket') !== undefined;
}

/** IP protocol numbers. */
const UDP = 17;
const TCP = 6;
const DONT_FRAGMENT = 0x001a;
/** How long the driver may take to bind, ms. */
const BINDING_TIME = 10_000;
/** How long a client may go on asking with the same transaction id: 39.5 s (RFC 8489 §6.2.1). */
const REPLY_KEPT = 40_000;
/** Pairs of ports that are tried. */
const EVEN_TRIES = 8;
