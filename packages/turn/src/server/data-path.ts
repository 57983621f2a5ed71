/**
 * Relayed data, both ways (RFC 8656 §11, §12): what the server does nearly all the time. One look-up for each table, no object,
 * string or view for a packet.
 */
import type { EcnCodepoint, Instant, Path, TransportAddress } from '@kaon/interface/core/v1';
import { encodeMessage, METHOD } from '@kaon/stun';
import { readU16, readU32 } from '@kaon/wire';
import type { Allocation, Permission, Relay } from './allocation.ts';
import type { ClientEntry } from './clients.ts';
import type { Counters } from './metrics.ts';
import { DATA_INDICATION, type Outbox, RAW, RAW_DONT_FRAGMENT } from './outbox.ts';
import type { ServerState } from './state.ts';

export class DataPath {
  readonly #state: ServerState;
  readonly #counters: Counters;
  readonly #outbox: Outbox;
  /** The address of a Send indication, unmasked. */
  readonly #address4: Uint8Array = new Uint8Array(4);
  readonly #address16: Uint8Array = new Uint8Array(16);

  constructor(state: ServerState) {
    this.#state = state;
    this.#counters = state.counters;
    this.#outbox = state.outbox;
  }

  /** ChannelData of a client (RFC 8656 §12.6). */
  channelData(entry: ClientEntry | undefined, bytes: Uint8Array, now: Instant, ecn: EcnCodepoint): void {
    if (bytes.length < 4) {
      this.#drop('malformed');
      return;
    }
    const allocation = entry?.allocation;
    if (allocation === undefined) {
      this.#drop('no-permission');
      return;
    }
    const length = (bytes[2]! << 8) | bytes[3]!;
    if (length > bytes.length - 4) {
      this.#drop('malformed');
      return;
    }
    const channel = allocation.channels.get((bytes[0]! << 8) | bytes[1]!);
    if (channel === undefined || channel.expiresAt <= now || channel.permission.expiresAt <= now) {
      this.#drop('no-permission');
      return;
    }
    if (!this.#admitFromClient(allocation, entry!, length, now)) return;
    this.#outbox.relay(RAW, bytes, 4, 4 + length, channel.path, ecn, undefined, 0);
  }

  /** A Send indication of a client (RFC 8656 §11.2), read where it lies. The frame has been checked. */
  send(entry: ClientEntry | undefined, bytes: Uint8Array, now: Instant, ecn: EcnCodepoint): void {
    const allocation = entry?.allocation;
    if (allocation === undefined) {
      this.#drop('no-permission');
      return;
    }
    let addressAt = -1;
    let addressLength = 0;
    let dataAt = -1;
    let dataLength = 0;
    let kind = RAW;
    for (let at = 20; at < bytes.length; ) {
      const type = readU16(bytes, at);
      const length = readU16(bytes, at + 2);
      if (length > bytes.length - at - 4) {
        this.#drop('malformed');
        return;
      }
      if (type === 0x0012 && addressAt < 0) {
        addressAt = at + 4;
        addressLength = length;
      } else if (type === 0x0013 && dataAt < 0) {
        dataAt = at + 4;
        dataLength = length;
      } else if (type === 0x001a) {
        if (!this.#state.settings.dontFragment) {
          this.#drop('no-permission');
          return;
        }
        kind = RAW_DONT_FRAGMENT;
      } else if (type < 0x8000 && !isUnderstood(type)) {
        // RFC 8489 §6.3.2: what must be understood and is not.
        this.#drop('malformed');
        return;
      }
      at += 4 + length + (-length & 3);
    }
    const family = addressAt < 0 ? 0 : bytes[addressAt + 1]!;
    if (dataAt < 0 || addressLength !== (family === 1 ? 8 : family === 2 ? 20 : -1)) {
      this.#drop('malformed');
      return;
    }
    const address = family === 1 ? this.#address4 : this.#address16;
    // The mask is the magic cookie with the transaction id behind it (RFC 8489 §14.2): bytes 4 to 20 of the message.
    for (let i = 0; i < address.length; i++) address[i] = bytes[addressAt + 4 + i]! ^ bytes[4 + i]!;
    const permission = allocation.permissionOf(address, now);
    if (permission === undefined) {
      this.#drop('no-permission');
      return;
    }
    const port = readU16(bytes, addressAt + 2) ^ 0x2112;
    if (port === 0 || (permission.isOwn && !this.#state.policy.isRelayPort(port))) {
      this.#drop('no-permission');
      return;
    }
    const path = pathTo(allocation, permission, port);
    if (path === undefined) {
      this.#drop('no-permission');
      return;
    }
    if (!this.#admitFromClient(allocation, entry!, dataLength, now)) return;
    this.#outbox.relay(kind, bytes, dataAt, dataAt + dataLength, path, ecn, undefined, 0);
  }

  /** A datagram of a peer (RFC 8656 §11.5, §12.7). */
  fromPeer(relay: Relay, bytes: Uint8Array, remote: TransportAddress, now: Instant, ecn: EcnCodepoint): void {
    const { allocation } = relay;
    const permission = permissionFor(allocation, remote);
    if (permission === undefined || permission.expiresAt <= now || allocation.expiresAt <= now) {
      this.#drop('unknown-peer');
      return;
    }
    const { length } = bytes;
    const { fromPeers, account } = allocation;
    if (fromPeers !== undefined && !fromPeers.take(length, now)) {
      this.#drop('bandwidth');
      return;
    }
    if (account.fromPeers !== undefined && !account.fromPeers.take(length, now)) {
      this.#drop('bandwidth');
      return;
    }
    allocation.packetsFromPeers++;
    allocation.bytesFromPeers += length;
    this.#counters.packetsFromPeers++;
    this.#counters.bytesFromPeers += length;
    const { path } = allocation.entry;
    for (const channel of permission.channels) {
      if (channel.peer.port !== remote.port || channel.expiresAt <= now) continue;
      this.#outbox.relay(channel.number, bytes, 0, length, path, ecn, undefined, 0);
      return;
    }
    this.#outbox.relay(DATA_INDICATION, bytes, 0, length, path, ecn, permission, remote.port);
  }

  /** An ICMP error for a datagram to a peer (RFC 8656 §11.5): told to the client if there is a permission. */
  icmp(relay: Relay, peer: TransportAddress, type: number, code: number, data: number, now: Instant): void {
    const { allocation } = relay;
    const permission = permissionFor(allocation, peer);
    if (permission === undefined || permission.expiresAt <= now) {
      this.#drop('unknown-peer');
      return;
    }
    const transactionId = new Uint8Array(12);
    this.#outbox.transactionId(transactionId, 0);
    const attributes = [
      { type: 'xor-peer-address', address: peer },
      { type: 'icmp', icmpType: type & 0x7f, icmpCode: code & 0x1ff, errorData: data >>> 0 },
    ] as const;
    const message = { class: 'indication', method: METHOD.Data, transactionId, attributes } as const;
    this.#outbox.answer(encodeMessage(message), allocation.entry.path);
  }

  /** Counts a datagram of a client, whose new address it proves where it is moving. Whether the datagram may pass. */
  #admitFromClient(allocation: Allocation, entry: ClientEntry, length: number, now: Instant): boolean {
    if (allocation.expiresAt <= now) {
      this.#drop('no-permission');
      return false;
    }
    const { fromClient, account } = allocation;
    if (
      (fromClient !== undefined && !fromClient.take(length, now)) ||
      (account.fromClient !== undefined && !account.fromClient.take(length, now))
    ) {
      this.#drop('bandwidth');
      return false;
    }
    if (entry === allocation.movingTo) this.#arrive(allocation, entry);
    allocation.packetsFromClient++;
    allocation.bytesFromClient += length;
    this.#counters.packetsFromClients++;
    this.#counters.bytesFromClients += length;
    return true;
  }

  /** RFC 8016 §3.2.2: from now on data goes to the new address. */
  #arrive(allocation: Allocation, entry: ClientEntry): void {
    this.#state.clients.remove(allocation.entry);
    allocation.entry.allocation = undefined;
    allocation.entry = entry;
    allocation.movingTo = undefined;
  }

  #drop(reason: 'malformed' | 'no-permission' | 'unknown-peer' | 'bandwidth'): void {
    this.#counters.dropped[reason]++;
  }
}

function permissionFor(allocation: Allocation, peer: TransportAddress): Permission | undefined {
  // One peer is the usual case, and comparing two strings is cheaper than hashing one.
  const first = allocation.permissions[0];
  return first !== undefined && first.text === peer.address ? first : allocation.permissionsByAddress.get(peer.address);
}

/** The route to a port of a peer; the last one is kept. */
function pathTo(allocation: Allocation, permission: Permission, port: number): Path | undefined {
  const last = permission.path;
  if (last !== undefined && last.remote.port === port) return last;
  const relay = allocation.relay(permission.family);
  if (relay === undefined || relay.protocol !== 'udp') return undefined;
  const { text: address, family } = permission;
  permission.path = { protocol: 'udp', local: relay.local, remote: { address, family, port } };
  return permission.path;
}

/** Attributes that have no meaning here and do no harm: a second address or payload, and credentials, which nobody checks. */
function isUnderstood(type: number): boolean {
  switch (type) {
    case 0x0006:
    case 0x0008:
    case 0x0012:
    case 0x0013:
    case 0x0014:
    case 0x0015:
    case 0x001c:
      return true;
    default:
      return false;
  }
}

/** Whether bytes are the frame of a Send indication. */
export function isSend(bytes: Uint8Array): boolean {
  return (
    bytes.length >= 20 &&
    bytes[0] === 0x00 &&
    bytes[1] === 0x16 &&
    readU32(bytes, 4) === 0x2112a442 &&
    (bytes.length & 3) === 0 &&
    readU16(bytes, 2) === bytes.length - 20
  );
}
