/** What the server keeps for one client (RFC 8656 §3.2): relayed addresses, permissions and channels. */
import type { Instant, Path, TransportAddress } from '@kaon/interface/core/v1';
import { addressToBytes, readU32 } from '@kaon/wire';
import type { Bucket } from './buckets.ts';
import type { ClientEntry } from './clients.ts';
import type { SessionKey } from './session-key.ts';
import type { UserAccount } from './users.ts';

/** An allocation. Its parts are few and looked up for every packet, so they are plain fields. */
export class Allocation {
  readonly id: number;
  readonly username: string;
  readonly account: UserAccount;
  readonly protocol: 'udp' | 'tcp';
  /** Keys of the client; replaced when a request proves itself by a newer credential. */
  key: SessionKey;
  /** Of the Allocate request: its retransmissions get `reply` again. */
  readonly transactionId: Uint8Array;
  reply: Uint8Array | undefined = undefined;
  replyUntil: Instant = Number.POSITIVE_INFINITY;
  /** The 5-tuple that data goes to; a second one while the client moves (RFC 8016 §3.2.2). */
  entry: ClientEntry;
  movingTo: ClientEntry | undefined = undefined;
  ticket: string | undefined = undefined;
  /** False until its relay sockets are bound. */
  isReady = false;
  expiresAt: Instant;
  /** When the client's token ends, and the allocation with it (RFC 7635 §4.1.1); Infinity for other credentials. */
  notAfter: Instant;
  readonly relays: Relay[] = [];
  readonly permissions: Permission[] = [];
  readonly permissionsByAddress: Map<string, Permission> = new Map();
  readonly channels: Map<number, Channel> = new Map();
  /** Connections with peers (RFC 6062), by id. */
  readonly connections: Set<number> = new Set();
  readonly fromClient: Bucket | undefined;
  readonly fromPeers: Bucket | undefined;
  packetsFromClient = 0;
  bytesFromClient = 0;
  packetsFromPeers = 0;
  bytesFromPeers = 0;

  constructor(init: AllocationInit) {
    this.id = init.id;
    this.username = init.username;
    this.account = init.account;
    this.protocol = init.protocol;
    this.key = init.key;
    this.transactionId = init.transactionId;
    this.entry = init.entry;
    this.expiresAt = init.expiresAt;
    this.notAfter = init.notAfter;
    this.fromClient = init.fromClient;
    this.fromPeers = init.fromPeers;
  }

  /** The relay of a family, undefined when the allocation has none. */
  relay(family: TransportAddress['family']): Relay | undefined {
    for (const relay of this.relays) if (relay.family === family) return relay;
    return undefined;
  }

  /** The living permission of an address given as bytes inside a message, unmasked. */
  permissionOf(address: Uint8Array, now: Instant): Permission | undefined {
    const word = readU32(address, 0) | 0;
    for (const permission of this.permissions) {
      if (permission.word === word && permission.expiresAt > now && sameBytes(permission.address, address)) {
        return permission;
      }
    }
    return undefined;
  }
}

/** What an allocation begins with. */
export interface AllocationInit {
  readonly id: number;
  readonly username: string;
  readonly account: UserAccount;
  readonly protocol: 'udp' | 'tcp';
  readonly key: SessionKey;
  readonly transactionId: Uint8Array;
  readonly entry: ClientEntry;
  readonly expiresAt: Instant;
  readonly notAfter: Instant;
  readonly fromClient: Bucket | undefined;
  readonly fromPeers: Bucket | undefined;
}

/** One relayed transport address. */
export interface Relay {
  /** As the driver names the socket. */
  readonly local: TransportAddress;
  /** As peers see it. */
  readonly relayed: TransportAddress;
  readonly family: TransportAddress['family'];
  readonly protocol: 'udp' | 'tcp';
  readonly allocation: Allocation;
  /** The next relay with the same port, on another address. */
  next: Relay | undefined;
}

/** A peer's IP address that may send to the client and be sent to (RFC 8656 §9). */
export class Permission {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** First four of them, to tell most apart by one comparison. */
  readonly word: number;
  readonly text: string;
  readonly family: TransportAddress['family'];
  /** It is the server's own address: only relays may be reached there. */
  readonly isOwn: boolean;
  expiresAt: Instant;
  readonly channels: Channel[] = [];
  /** Route to the peer's port that was used last. */
  path: Path | undefined = undefined;

  constructor(peer: TransportAddress, isOwn: boolean, expiresAt: Instant) {
    this.address = addressToBytes(peer.address)!;
    this.word = readU32(this.address, 0) | 0;
    this.text = peer.address;
    this.family = peer.family;
    this.isOwn = isOwn;
    this.expiresAt = expiresAt;
  }
}

/** A number that stands for a peer in ChannelData (RFC 8656 §12). */
export interface Channel {
  readonly number: number;
  readonly peer: TransportAddress;
  readonly permission: Permission;
  /** From the relay to the peer. */
  readonly path: Path;
  expiresAt: Instant;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 4; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
