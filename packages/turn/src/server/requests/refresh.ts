/** Refresh (RFC 8656 §8.2), also from another address (RFC 8016 §3.2.2). */
import type { Instant } from '@kaon/interface/core/v1';
import { type Attribute, attribute, ERROR } from '@kaon/stun';
import { addressGroup } from '../../address-group.ts';
import type { Allocation } from '../allocation.ts';
import type { UserRequest } from '../replies.ts';
import type { ServerState } from '../state.ts';
import { lifetimeOf } from './lifetime.ts';
import { makeTicket } from './mobility.ts';

/** Prolongs an allocation, or ends it or one of its families. */
export function refresh(state: ServerState, request: UserRequest, allocation: Allocation, now: Instant): void {
  const { message } = request;
  const family = attribute(message, 'requested-address-family')?.family;
  const relay = family === undefined ? undefined : allocation.relay(family);
  if (family !== undefined && relay === undefined) {
    state.replies.refuse(request, ERROR.PeerAddressFamilyMismatch, now);
    return;
  }
  allocation.key = request.user.key;
  allocation.notAfter = request.user.notAfter;
  if (attribute(message, 'lifetime')?.seconds === 0) {
    const isPart = relay !== undefined && allocation.relays.length > 1;
    state.replies.success(request, [{ type: 'lifetime', seconds: 0 }], now);
    if (!isPart) {
      state.remove(allocation, 'client');
      return;
    }
    allocation.relays.splice(allocation.relays.indexOf(relay), 1);
    state.release(relay);
    for (const permission of [...allocation.permissions]) {
      if (permission.family === family) state.removePermission(allocation, permission);
    }
    return;
  }
  const lifetime = lifetimeOf(state.settings, message, allocation, now);
  allocation.expiresAt = now + lifetime;
  state.deadline(allocation.expiresAt);
  state.events.tell({ type: 'refreshed', allocation: allocation.id, lifetime });
  const attributes: Attribute[] = [{ type: 'lifetime', seconds: Math.floor(lifetime / 1000) }];
  // The client that has moved did not hear our answer, and asks again with a ticket that is void.
  if (attribute(message, 'mobility-ticket') !== undefined && allocation.ticket !== undefined) {
    attributes.push({ type: 'mobility-ticket', ticket: makeTicket(state, allocation) });
  }
  state.replies.success(request, attributes, now);
}

/** Lets an allocation be reached from the address that this request came from. */
export function move(state: ServerState, request: UserRequest, allocation: Allocation, now: Instant): void {
  if (allocation.username !== request.user.username) {
    state.replies.refuse(request, ERROR.WrongCredentials, now);
    return;
  }
  if (attribute(request.message, 'lifetime')?.seconds === 0) {
    state.replies.success(request, [{ type: 'lifetime', seconds: 0 }], now);
    state.remove(allocation, 'client');
    return;
  }
  if (isFull(state, request, allocation)) {
    state.replies.refuse(request, ERROR.AllocationQuotaReached, now);
    return;
  }
  // A second move before the first one was made use of takes its place.
  if (allocation.movingTo !== undefined) state.clients.remove(allocation.movingTo);
  const entry = state.clients.add(request.path);
  entry.allocation = allocation;
  allocation.movingTo = entry;
  allocation.key = request.user.key;
  allocation.notAfter = request.user.notAfter;
  const lifetime = lifetimeOf(state.settings, request.message, allocation, now);
  allocation.expiresAt = now + lifetime;
  state.deadline(allocation.expiresAt);
  const attributes: Attribute[] = [
    { type: 'lifetime', seconds: Math.floor(lifetime / 1000) },
    { type: 'mobility-ticket', ticket: makeTicket(state, allocation) },
  ];
  state.replies.success(request, attributes, now);
  state.events.tell({ type: 'moved', allocation: allocation.id, client: request.path });
}

/** Whether the new address has all that one may have. Another port of an address that it has already is always had. */
function isFull(state: ServerState, { path }: UserRequest, allocation: Allocation): boolean {
  const { address } = path.remote;
  const group = addressGroup(address);
  for (const entry of [allocation.entry, allocation.movingTo]) {
    if (entry !== undefined && addressGroup(entry.path.remote.address) === group) return false;
  }
  return state.clients.countOf(address) >= state.settings.maxAllocationsPerAddress;
}
