/** Permissions and channels (RFC 8656 §9, §10, §12): made when first needed, refreshed while used, never two for one peer. */
import type { Instant, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import { attribute, ERROR, METHOD, type StunMessage } from '@kaon/stun';
import { canonicalAddress, Deque, writeU16 } from '@kaon/wire';
import { CHANNEL_DATA_HEADER, CHANNEL_MAX, CHANNEL_MIN } from '../channel-data.ts';
import { TurnError } from '../errors.ts';
import type { Allocation } from './allocation.ts';
import type { Context } from './context.ts';
import { copy, sendTemplate, writeSendIndication } from './indication.ts';
import type { Peer, Permission, Waiting } from './peer.ts';

/**
 * What became of data to a peer. `written`: it is in the slot. `waiting`: the slot is untouched, and `pollTransmit` gives
 * the data once the server permits the peer. `dropped`: nothing will be sent.
 */
export type WrapResult = 'written' | 'waiting' | 'dropped';

/** All peers of one allocation. */
export class Peers {
  readonly #context: Context;
  readonly #allocation: Allocation;
  readonly #permissions = new Map<string, Permission>();
  readonly #peers = new Map<string, Map<number, Peer>>();
  readonly #channels: (Peer | undefined)[] = [];
  /** Data whose permission has come. */
  readonly #ready = new Deque<Waiting>();
  #count = 0;
  #nextChannel = CHANNEL_MIN;
  #last: Peer | undefined;
  #deadline: Instant | undefined;

  constructor(context: Context, allocation: Allocation) {
    this.#context = context;
    this.#allocation = allocation;
  }

  /** Earliest renewal. Kept, since it is asked for once for each turn and changes rarely. */
  get deadline(): Instant {
    this.#deadline ??= this.#earliest();
    return this.#deadline;
  }

  /** The peer that data went to or came from last. */
  get last(): Peer | undefined {
    return this.#last;
  }

  handleTimeout(now: Instant): void {
    if (now < this.deadline) return;
    this.#deadline = undefined;
    const { idleTimeout } = this.#context.settings;
    for (const permission of this.#permissions.values()) {
      if (renews(permission) > now) continue;
      if (permission.kept || now - permission.lastUsed <= idleTimeout) this.#askPermission(permission, now);
      else permission.lapsed = true;
    }
    for (const peer of this.#all()) {
      if (rebinds(peer) > now) continue;
      if (peer.preferred || now - peer.lastUsed <= idleTimeout) this.#bind(peer, now);
      else peer.lapsed = true;
    }
  }

  wrap(
    address: TransportAddress,
    buffer: Uint8Array,
    start: number,
    end: number,
    slot: TransmitSlot,
    now: Instant,
  ): WrapResult {
    const peer = this.find(address) ?? this.#add(address, now);
    if (peer === undefined) return 'dropped';
    this.use(peer, now);
    if (peer.boundUntil > now) return this.#write(peer, buffer, start, end, slot, now) ? 'written' : 'dropped';
    if (this.#wantsChannel(buffer, start, end)) this.#bindOnDemand(peer, now);
    const { permission } = peer;
    if (permission.expires > now) return this.#write(peer, buffer, start, end, slot, now) ? 'written' : 'dropped';
    if (!permission.asking && !peer.binding) {
      if (now < permission.heldUntil) return 'dropped';
      this.#askPermission(permission, now);
    }
    if (permission.waiting.length >= this.#context.settings.maxWaiting) permission.waiting.shift();
    permission.waiting.push({ peer, bytes: buffer.slice(start, end) });
    return 'waiting';
  }

  /** Data that waited for its permission. */
  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift()) {
      if (this.#write(next.peer, next.bytes, 0, next.bytes.length, slot, now)) return true;
    }
    return false;
  }

  permit(address: TransportAddress, now: Instant, kept: boolean): void {
    const peer = this.#peerOf(address, now);
    if (peer === undefined) return;
    const { permission } = peer;
    permission.kept ||= kept;
    permission.lapsed = false;
    permission.heldUntil = 0;
    this.#deadline = undefined;
    if (!permission.asking && permission.expires <= now) this.#askPermission(permission, now);
  }

  prefer(address: TransportAddress, now: Instant): void {
    const peer = this.#peerOf(address, now);
    if (peer === undefined) return;
    peer.preferred = true;
    peer.lapsed = false;
    peer.heldUntil = 0;
    this.#deadline = undefined;
    if (peer.boundUntil <= now) this.#bindOnDemand(peer, now);
  }

  find(address: TransportAddress): Peer | undefined {
    const last = this.#last;
    if (last !== undefined && last.address.port === address.port && last.address.address === address.address)
      return last;
    return this.#peers.get(address.address)?.get(address.port);
  }

  /** The peer of a channel, also while its ChannelBind has not been answered: the answer may be what got lost. */
  byChannel(channel: number): Peer | undefined {
    return this.#channels[channel - CHANNEL_MIN];
  }

  permission(address: string): Permission | undefined {
    return this.#permissions.get(address);
  }

  /** Data went or came: what had lapsed is renewed again from now on. */
  use(peer: Peer, now: Instant): void {
    const { permission } = peer;
    this.#last = peer;
    peer.lastUsed = now;
    permission.lastUsed = now;
    if (!peer.lapsed && !permission.lapsed) return;
    peer.lapsed = false;
    permission.lapsed = false;
    this.#deadline = undefined;
  }

  /** Local misuse throws; what cannot be is reported as the server would. */
  #peerOf(address: TransportAddress, now: Instant): Peer | undefined {
    if (canonicalAddress(address.address) === undefined) {
      throw new TurnError('TURN_INVALID_ARGUMENT', `${address.address} is not an IP address`);
    }
    const peer = this.find(address) ?? this.#add(address, now);
    if (peer !== undefined) return peer;
    const wrongFamily = !this.#allocation.families.includes(address.family);
    const statusCode = wrongFamily ? ERROR.PeerAddressFamilyMismatch : undefined;
    const reason = wrongFamily ? 'there is no relayed address of this family' : 'there are too many peers';
    this.#context.emit({ type: 'permission-failed', peer: address, statusCode, reason });
    return undefined;
  }

  #add(given: TransportAddress, now: Instant): Peer | undefined {
    const text = canonicalAddress(given.address);
    if (text === undefined || !this.#allocation.families.includes(given.family)) return undefined;
    const address: TransportAddress = { address: text, family: given.family, port: given.port };
    const known = text === given.address ? undefined : this.find(address);
    if (known !== undefined) return known;
    if (this.#count >= this.#context.settings.maxPeers && !this.#evict(now)) return undefined;
    let permission = this.#permissions.get(text);
    if (permission === undefined) {
      permission = newPermission(address, now);
      this.#permissions.set(text, permission);
    }
    permission.users++;
    const peer = newPeer(address, permission, now);
    let ports = this.#peers.get(text);
    if (ports === undefined) {
      ports = new Map();
      this.#peers.set(text, ports);
    }
    ports.set(address.port, peer);
    this.#count++;
    return peer;
  }

  /** Forgets the peer unused for longest. One with a channel stays until the server has forgotten that too. */
  #evict(now: Instant): boolean {
    let oldest: Peer | undefined;
    for (const peer of this.#all()) {
      if (peer.preferred || peer.binding || peer.permission.kept || peer.permission.asking) continue;
      if (peer.channel !== 0 && now < peer.bindAsked + CHANNEL_LIFETIME + CHANNEL_QUARANTINE) continue;
      if (oldest === undefined || peer.lastUsed < oldest.lastUsed) oldest = peer;
    }
    if (oldest === undefined) return false;
    const { address, port } = oldest.address;
    const ports = this.#peers.get(address)!;
    ports.delete(port);
    if (ports.size === 0) this.#peers.delete(address);
    if (--oldest.permission.users === 0) this.#permissions.delete(address);
    if (oldest.channel !== 0) this.#channels[oldest.channel - CHANNEL_MIN] = undefined;
    if (this.#last === oldest) this.#last = undefined;
    this.#count--;
    this.#deadline = undefined;
    return true;
  }

  #write(peer: Peer, buffer: Uint8Array, start: number, end: number, slot: TransmitSlot, now: Instant): boolean {
    const length = end - start;
    if (peer.boundUntil > now) {
      // Over a stream ChannelData is padded (RFC 8656 §12.5).
      const padding = this.#context.path.protocol === 'tcp' ? -length & 3 : 0;
      const at = slot.start + CHANNEL_DATA_HEADER;
      if (at + length + padding > slot.limit || length > 0xffff) return false;
      copy(slot.buffer, at, buffer, start, end);
      writeU16(slot.buffer, slot.start, peer.channel);
      writeU16(slot.buffer, slot.start + 2, length);
      if (padding > 0) slot.buffer.fill(0, at + length, at + length + padding);
      slot.end = at + length + padding;
    } else {
      peer.template ??= sendTemplate(peer.address, this.#allocation.dontFragment, this.#context.settings.random);
      if (!writeSendIndication(slot, peer.template, buffer, start, end)) return false;
    }
    slot.path = this.#context.path;
    return true;
  }

  #wantsChannel(buffer: Uint8Array, start: number, end: number): boolean {
    const { channels } = this.#context.settings;
    // STUN begins with 0 to 3 (RFC 7983 §7).
    return channels === 'always' || (channels === 'data' && end > start && buffer[start]! > 3);
  }

  #bindOnDemand(peer: Peer, now: Instant): void {
    if (!peer.binding && now >= peer.heldUntil) this.#bind(peer, now);
  }

  /** A peer keeps its number for good: the server refuses a second one while it knows the first. */
  #bind(peer: Peer, now: Instant): void {
    if (peer.channel === 0) {
      const channel = this.#freeChannel();
      if (channel === undefined) return;
      peer.channel = channel;
      this.#channels[channel - CHANNEL_MIN] = peer;
    }
    peer.binding = true;
    peer.bindAsked = now;
    this.#deadline = undefined;
    const { requests, path } = this.#context;
    requests.ask(
      {
        method: METHOD.ChannelBind,
        attributes: [
          { type: 'channel-number', channel: peer.channel },
          { type: 'xor-peer-address', address: peer.address },
        ],
        path,
        done: (reply, asked, now) => this.#bound(peer, reply, asked, now),
      },
      now,
    );
  }

  #bound(peer: Peer, reply: StunMessage | undefined, asked: Instant, now: Instant): void {
    peer.binding = false;
    this.#deadline = undefined;
    if (reply?.class === 'success') {
      peer.boundUntil = asked + CHANNEL_LIFETIME;
      peer.rebindAt = asked + CHANNEL_RENEWAL;
      this.#granted(peer.permission, asked);
      return;
    }
    const code = reply === undefined ? undefined : attribute(reply, 'error-code')?.code;
    if (code === ERROR.AllocationMismatch) {
      this.#allocation.lost('the server does not know it', code);
      return;
    }
    // Not answered: asked again with the same number, as the server may have bound it. Refused: Send indications do.
    peer.rebindAt = reply === undefined ? now : now + REFUSAL_HOLD;
    if (reply !== undefined) {
      peer.boundUntil = 0;
      peer.heldUntil = peer.rebindAt;
    }
    const { permission } = peer;
    if (permission.expires > now || permission.asking || permission.waiting.length === 0) return;
    this.#askPermission(permission, now);
  }

  #freeChannel(): number | undefined {
    for (let tried = CHANNEL_MIN; tried <= CHANNEL_MAX; tried++) {
      const channel = this.#nextChannel;
      this.#nextChannel = channel === CHANNEL_MAX ? CHANNEL_MIN : channel + 1;
      if (this.#channels[channel - CHANNEL_MIN] === undefined) return channel;
    }
    return undefined;
  }

  /** One request for each address: of several in one, a single refused address would lose all (RFC 8656 §10.2). */
  #askPermission(permission: Permission, now: Instant): void {
    permission.asking = true;
    this.#deadline = undefined;
    const { requests, path } = this.#context;
    requests.ask(
      {
        method: METHOD.CreatePermission,
        attributes: [{ type: 'xor-peer-address', address: permission.peer }],
        path,
        done: (reply, asked, now) => this.#permissionAnswered(permission, reply, asked, now),
      },
      now,
    );
  }

  #permissionAnswered(permission: Permission, reply: StunMessage | undefined, asked: Instant, now: Instant): void {
    permission.asking = false;
    this.#deadline = undefined;
    if (reply?.class === 'success') {
      this.#granted(permission, asked);
      return;
    }
    const error = reply === undefined ? undefined : attribute(reply, 'error-code');
    if (error?.code === ERROR.AllocationMismatch) {
      this.#allocation.lost('the server does not know it', error.code);
      return;
    }
    permission.renewAt = reply === undefined ? now : now + REFUSAL_HOLD;
    // One that is still good is only renewed later.
    if (permission.expires > now) return;
    permission.renewAt = Number.POSITIVE_INFINITY;
    permission.heldUntil = reply === undefined ? now : now + REFUSAL_HOLD;
    permission.waiting.clear();
    const reason = error?.reason ?? 'the server did not answer';
    this.#context.emit({ type: 'permission-failed', peer: permission.peer, statusCode: error?.code, reason });
  }

  #granted(permission: Permission, asked: Instant): void {
    permission.expires = asked + PERMISSION_LIFETIME;
    permission.renewAt = asked + PERMISSION_RENEWAL;
    for (let next = permission.waiting.shift(); next !== undefined; next = permission.waiting.shift()) {
      this.#ready.push(next);
    }
  }

  #earliest(): Instant {
    let earliest = Number.POSITIVE_INFINITY;
    for (const permission of this.#permissions.values()) earliest = Math.min(earliest, renews(permission));
    for (const peer of this.#all()) earliest = Math.min(earliest, rebinds(peer));
    return earliest;
  }

  *#all(): Iterable<Peer> {
    for (const ports of this.#peers.values()) yield* ports.values();
  }
}

/** When a permission is to be renewed. */
function renews({ asking, lapsed, renewAt }: Permission): Instant {
  return asking || lapsed ? Number.POSITIVE_INFINITY : renewAt;
}

/** When a channel is to be bound again. */
function rebinds({ binding, lapsed, rebindAt }: Peer): Instant {
  return binding || lapsed ? Number.POSITIVE_INFINITY : rebindAt;
}

function newPermission(peer: TransportAddress, now: Instant): Permission {
  const never = Number.POSITIVE_INFINITY;
  return {
    peer,
    users: 0,
    kept: false,
    expires: 0,
    renewAt: never,
    asking: false,
    lapsed: false,
    heldUntil: 0,
    lastUsed: now,
    waiting: new Deque<Waiting>(),
  };
}

function newPeer(address: TransportAddress, permission: Permission, now: Instant): Peer {
  return {
    address,
    permission,
    template: undefined,
    channel: 0,
    boundUntil: 0,
    rebindAt: Number.POSITIVE_INFINITY,
    binding: false,
    bindAsked: 0,
    heldUntil: 0,
    preferred: false,
    lapsed: false,
    lastUsed: now,
  };
}

/** RFC 8656 §9: five minutes, renewed after four. */
const PERMISSION_LIFETIME = 300_000;
const PERMISSION_RENEWAL = 240_000;
/** RFC 8656 §12: ten minutes, renewed after eight. */
const CHANNEL_LIFETIME = 600_000;
const CHANNEL_RENEWAL = 480_000;
/** RFC 8656 §12: how long number and peer stay tied after that. */
const CHANNEL_QUARANTINE = 300_000;
/** How long something refused is not asked for again, unless the caller says so. */
const REFUSAL_HOLD = 60_000;
