/** What the parts of one server share. */
import type { Instant } from '@kaon/interface/core/v1';
import { ServerNonces } from '@kaon/stun';
import { TurnError } from '../errors.ts';
import type { Allocation, Permission, Relay } from './allocation.ts';
import { Clients } from './clients.ts';
import { EventQueue } from './event-queue.ts';
import type { DeallocationReason } from './events.ts';
import { type Counters, newCounters } from './metrics.ts';
import { Outbox } from './outbox.ts';
import { PeerPolicy } from './peer-policy.ts';
import { Relays } from './relays.ts';
import { Replies } from './replies.ts';
import type { Settings } from './settings.ts';
import { Users } from './users.ts';

/** Tables and queues of a server, and how an allocation leaves them. */
export class ServerState {
  readonly settings: Settings;
  readonly counters: Counters = newCounters();
  readonly events: EventQueue = new EventQueue();
  readonly outbox: Outbox;
  readonly nonces: ServerNonces;
  readonly replies: Replies;
  readonly policy: PeerPolicy;
  readonly clients: Clients = new Clients();
  readonly relays: Relays = new Relays();
  readonly users: Users;
  readonly allocations: Map<number, Allocation> = new Map();
  /** Allocations by mobility ticket (RFC 8016). */
  readonly tickets: Map<string, Allocation> = new Map();
  /** Earliest time at which something ends; looked at in `sweep`. */
  nextDeadline: Instant = Number.POSITIVE_INFINITY;
  /** Told when an allocation goes, for what hangs on it elsewhere. */
  onRemoved: (allocation: Allocation) => void = () => undefined;
  #lastNumber = 0;

  constructor(settings: Settings) {
    this.settings = settings;
    const transactionId = new Uint8Array(12);
    settings.random(transactionId);
    this.outbox = new Outbox(settings.maxQueued, transactionId, this.counters);
    this.nonces = new ServerNonces(settings.random, settings.nonceLifetime, settings.crypto);
    this.replies = new Replies(settings, this.counters, this.outbox, this.events, this.nonces);
    this.users = new Users(settings.userBandwidth);
    const { relayAddress, externalAddress, relayPorts } = settings;
    const own = [relayAddress.IPv4, relayAddress.IPv6, externalAddress.IPv4, externalAddress.IPv6];
    try {
      this.policy = new PeerPolicy({
        denied: settings.deniedPeers,
        allowed: settings.allowedPeers,
        own: own.filter((address) => address !== undefined),
        relayPorts,
      });
    } catch (cause) {
      throw new TurnError('TURN_INVALID_ARGUMENT', (cause as Error).message, { cause });
    }
  }

  /** A number for a request, an allocation or a connection: never used before. */
  number(): number {
    return ++this.#lastNumber;
  }

  /** Remembers that something ends at `at`. */
  deadline(at: Instant): void {
    if (at < this.nextDeadline) this.nextDeadline = at;
  }

  /** Ends an allocation with all that belongs to it. */
  remove(allocation: Allocation, reason: DeallocationReason): void {
    if (!this.allocations.delete(allocation.id)) return;
    const { counters } = this;
    counters.allocations--;
    counters.permissions -= allocation.permissions.length;
    counters.channels -= allocation.channels.size;
    for (const relay of allocation.relays) this.release(relay);
    this.clients.remove(allocation.entry);
    if (allocation.movingTo !== undefined) this.clients.remove(allocation.movingTo);
    allocation.entry.allocation = undefined;
    if (allocation.ticket !== undefined) this.tickets.delete(allocation.ticket);
    this.users.leave(allocation.account);
    if (this.allocations.size === 0) this.nextDeadline = Number.POSITIVE_INFINITY;
    this.onRemoved(allocation);
    if (!allocation.isReady) return;
    const { packetsFromClient, bytesFromClient, packetsFromPeers, bytesFromPeers } = allocation;
    this.events.tell({
      type: 'deallocated',
      allocation: allocation.id,
      username: allocation.username,
      reason,
      traffic: { packetsFromClient, bytesFromClient, packetsFromPeers, bytesFromPeers },
    });
  }

  release(relay: Relay): void {
    this.relays.remove(relay);
    this.events.order({ type: 'release-relay', local: relay.local, protocol: relay.protocol });
  }

  removePermission(allocation: Allocation, permission: Permission): void {
    allocation.permissions.splice(allocation.permissions.indexOf(permission), 1);
    allocation.permissionsByAddress.delete(permission.text);
    for (const channel of permission.channels) allocation.channels.delete(channel.number);
    this.counters.permissions--;
    this.counters.channels -= permission.channels.length;
  }

  /** Ends what is over, and finds out what ends next: once a second at most, however much there is. */
  sweep(now: Instant): void {
    let next = Number.POSITIVE_INFINITY;
    for (const allocation of this.allocations.values()) {
      if (allocation.expiresAt <= now) {
        this.remove(allocation, 'expired');
        continue;
      }
      if (allocation.replyUntil <= now) {
        allocation.reply = undefined;
        allocation.replyUntil = Number.POSITIVE_INFINITY;
      }
      next = Math.min(next, allocation.expiresAt, allocation.replyUntil, this.sweepPermissions(allocation, now));
    }
    this.nextDeadline = next === Number.POSITIVE_INFINITY ? next : Math.max(next, now + 1000);
  }

  /** Drops permissions and channels that are over; answers when the next one is. */
  sweepPermissions(allocation: Allocation, now: Instant): Instant {
    let next = Number.POSITIVE_INFINITY;
    for (let i = allocation.permissions.length - 1; i >= 0; i--) {
      const permission = allocation.permissions[i]!;
      for (let k = permission.channels.length - 1; k >= 0; k--) {
        const channel = permission.channels[k]!;
        if (channel.expiresAt <= now) {
          permission.channels.splice(k, 1);
          allocation.channels.delete(channel.number);
          this.counters.channels--;
        } else {
          next = Math.min(next, channel.expiresAt);
        }
      }
      if (permission.expiresAt > now) next = Math.min(next, permission.expiresAt);
      // A channel outlives its permission, which a request may renew (RFC 8656 §12).
      else if (permission.channels.length === 0) this.removePermission(allocation, permission);
    }
    return next;
  }
}
