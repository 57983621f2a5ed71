/** CreatePermission and ChannelBind (RFC 8656 §10, §12). */
import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import { attribute, ERROR } from '@kaon/stun';
import { addressToBytes } from '@kaon/wire';
import { type Allocation, type Channel, Permission } from '../allocation.ts';
import type { UserRequest } from '../replies.ts';
import type { ServerState } from '../state.ts';

/** How long a permission lasts (RFC 8656 §9). */
export const PERMISSION_LIFETIME = 300_000;
/** How long a channel binding lasts (RFC 8656 §12). */
export const CHANNEL_LIFETIME = 600_000;

/** RFC 8656 §12 ends at 0x4fff; clients of RFC 5766 use all up to here, and on this side nothing else needs these first bytes. */
const MAX_CHANNEL = 0x7fff;

/** RFC 8656 §10.2: all of the peers, or none. */
export function createPermission(state: ServerState, request: UserRequest, allocation: Allocation, now: Instant): void {
  const peers: TransportAddress[] = [];
  for (const each of request.message.attributes) if (each.type === 'xor-peer-address') peers.push(each.address);
  if (peers.length === 0) {
    state.replies.refuse(request, ERROR.BadRequest, now);
    return;
  }
  for (const peer of peers) {
    const code = refusalOf(state, request, allocation, peer, false);
    if (code !== undefined) {
      state.replies.refuse(request, code, now);
      return;
    }
  }
  state.sweepPermissions(allocation, now);
  const added = new Set(
    peers.map(({ address }) => address).filter((text) => !allocation.permissionsByAddress.has(text)),
  );
  if (allocation.permissions.length + added.size > state.settings.maxPermissions) {
    state.replies.refuse(request, ERROR.InsufficientCapacity, now);
    return;
  }
  for (const peer of peers) permit(state, allocation, peer, now);
  state.replies.success(request, [], now);
}

/** RFC 8656 §12.2. */
export function channelBind(state: ServerState, request: UserRequest, allocation: Allocation, now: Instant): void {
  const number = attribute(request.message, 'channel-number')?.channel;
  const peer = attribute(request.message, 'xor-peer-address')?.address;
  const refuse = (code: number): void => state.replies.refuse(request, code, now);
  if (number === undefined || peer === undefined || number < 0x4000 || number > MAX_CHANNEL) {
    refuse(ERROR.BadRequest);
    return;
  }
  if (allocation.protocol === 'tcp') {
    refuse(ERROR.BadRequest);
    return;
  }
  const code = refusalOf(state, request, allocation, peer, true);
  if (code !== undefined) {
    refuse(code);
    return;
  }
  state.sweepPermissions(allocation, now);
  const bound = allocation.channels.get(number);
  const isSame = bound !== undefined && bound.peer.port === peer.port && bound.peer.address === peer.address;
  if (!isSame && (bound !== undefined || channelTo(allocation, peer) !== undefined)) {
    refuse(ERROR.BadRequest);
    return;
  }
  const { maxChannels, maxPermissions } = state.settings;
  const isPermitted = allocation.permissionsByAddress.has(peer.address);
  if (
    (bound === undefined && allocation.channels.size >= maxChannels) ||
    (!isPermitted && allocation.permissions.length >= maxPermissions)
  ) {
    refuse(ERROR.InsufficientCapacity);
    return;
  }
  const permission = permit(state, allocation, peer, now);
  if (bound !== undefined) {
    bound.expiresAt = now + CHANNEL_LIFETIME;
  } else {
    const path = { protocol: 'udp', local: allocation.relay(peer.family)!.local, remote: peer } as const;
    const channel: Channel = { number, peer, permission, path, expiresAt: now + CHANNEL_LIFETIME };
    allocation.channels.set(number, channel);
    permission.channels.push(channel);
    state.counters.channels++;
    state.events.tell({ type: 'channel', allocation: allocation.id, peer, channel: number });
  }
  state.deadline(now + CHANNEL_LIFETIME);
  state.replies.success(request, [], now);
}

/** The error for a peer that cannot be had. `isPortKnown`: its port counts too. */
export function refusalOf(
  state: ServerState,
  request: UserRequest,
  allocation: Allocation,
  peer: TransportAddress,
  isPortKnown: boolean,
): number | undefined {
  if (allocation.relay(peer.family) === undefined) return ERROR.PeerAddressFamilyMismatch;
  const isAdmitted = isPortKnown
    ? state.policy.admits(peer)
    : state.policy.judge(addressToBytes(peer.address)!) !== 'denied';
  if (!isAdmitted) return ERROR.Forbidden;
  return state.settings.permit?.(request.user.username, peer) === false ? ERROR.Forbidden : undefined;
}

/** Makes or renews a permission; there is room for it. */
export function permit(state: ServerState, allocation: Allocation, peer: TransportAddress, now: Instant): Permission {
  let permission = allocation.permissionsByAddress.get(peer.address);
  if (permission === undefined) {
    const isOwn = state.policy.judge(addressToBytes(peer.address)!) === 'own';
    permission = new Permission(peer, isOwn, now);
    allocation.permissions.push(permission);
    allocation.permissionsByAddress.set(permission.text, permission);
    state.counters.permissions++;
    state.events.tell({ type: 'permission', allocation: allocation.id, peer: permission.text });
  }
  permission.expiresAt = now + PERMISSION_LIFETIME;
  state.deadline(permission.expiresAt);
  return permission;
}

function channelTo(allocation: Allocation, peer: TransportAddress): Channel | undefined {
  return allocation.permissionsByAddress.get(peer.address)?.channels.find((channel) => channel.peer.port === peer.port);
}
