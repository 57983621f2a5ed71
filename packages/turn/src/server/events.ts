/** What a `TurnServer` asks of its driver, and what it tells. */
import type { Path, TransportAddress } from '@kaon/interface/core/v1';

/** The events of a `TurnServer`: the first ones are orders that the driver must carry out, the others are news. */
export type TurnServerEvent =
  | BindRelayEvent
  | ReleaseRelayEvent
  | AuthenticateEvent
  | ConnectPeerEvent
  | ConnectionBoundEvent
  | CloseConnectionEvent
  | AllocatedEvent
  | RefreshedEvent
  | MovedEvent
  | DeallocatedEvent
  | PermissionEvent
  | ChannelEvent
  | RefusedEvent
  | ClosedEvent;

/** Bind a relay socket, then call `relayBound` or `relayFailed` with this `request`. */
export interface BindRelayEvent {
  readonly type: 'bind-relay';
  readonly request: number;
  readonly family: 'IPv4' | 'IPv6';
  /** Address to bind to, as `relayAddress` says. */
  readonly address: string;
  /** Inclusive range to take the port from, as `relayPorts` says. */
  readonly portRange: readonly [min: number, max: number];
  /** Any free port of the range, an even one, or exactly this one. */
  readonly port: 'any' | 'even' | number;
  /** A UDP socket, or a TCP listener (RFC 6062). */
  readonly protocol: 'udp' | 'tcp';
}

/** Close a relay socket or listener; nothing is heard of it again. */
export interface ReleaseRelayEvent {
  readonly type: 'release-relay';
  readonly local: TransportAddress;
  readonly protocol: 'udp' | 'tcp';
}

/** Look a user up, then call `credential` with this `request`. Only with `authenticate: 'event'`. */
export interface AuthenticateEvent {
  readonly type: 'authenticate';
  readonly request: number;
  readonly username: string;
  readonly realm: string;
  readonly client: Path;
}

/** Connect to a peer from the relayed address, then call `peerConnected` or `peerFailed` (RFC 6062 §5.2). */
export interface ConnectPeerEvent {
  readonly type: 'connect-peer';
  readonly connection: number;
  readonly local: TransportAddress;
  readonly peer: TransportAddress;
}

/**
 * A client's connection and a peer's belong together now (RFC 6062 §5.4): send what `pollTransmit` still gives for `client`,
 * then pass bytes on as they are, in both directions, those behind the last message included.
 */
export interface ConnectionBoundEvent {
  readonly type: 'connection-bound';
  readonly connection: number;
  readonly client: Path;
}

/** Close a connection with a peer, and the client's side of it where there is one. */
export interface CloseConnectionEvent {
  readonly type: 'close-connection';
  readonly connection: number;
}

/** A client has an allocation. */
export interface AllocatedEvent {
  readonly type: 'allocated';
  /** Names the allocation in the other events. */
  readonly allocation: number;
  readonly client: Path;
  readonly username: string;
  /** The addresses that peers see, one or two. */
  readonly relayed: readonly TransportAddress[];
  readonly protocol: 'udp' | 'tcp';
  /** Milliseconds. */
  readonly lifetime: number;
}

/** An allocation was prolonged. */
export interface RefreshedEvent {
  readonly type: 'refreshed';
  readonly allocation: number;
  /** Milliseconds. */
  readonly lifetime: number;
}

/** An allocation follows its client to another address (RFC 8016). */
export interface MovedEvent {
  readonly type: 'moved';
  readonly allocation: number;
  readonly client: Path;
}

/** An allocation is gone. */
export interface DeallocatedEvent {
  readonly type: 'deallocated';
  readonly allocation: number;
  readonly username: string;
  readonly reason: DeallocationReason;
  readonly traffic: AllocationTraffic;
}

/** Why an allocation ended: by the client, by time, with the client's connection, with its relay socket, by `deallocate`, with the server. */
export type DeallocationReason = 'client' | 'expired' | 'disconnected' | 'relay-lost' | 'operator' | 'closed';

/** What an allocation carried. Bytes are payload. */
export interface AllocationTraffic {
  readonly packetsFromClient: number;
  readonly bytesFromClient: number;
  readonly packetsFromPeers: number;
  readonly bytesFromPeers: number;
}

/** A permission was made; refreshing it is no news. */
export interface PermissionEvent {
  readonly type: 'permission';
  readonly allocation: number;
  /** IP address of the peer. */
  readonly peer: string;
}

/** A channel was bound; refreshing it is no news. */
export interface ChannelEvent {
  readonly type: 'channel';
  readonly allocation: number;
  readonly peer: TransportAddress;
  readonly channel: number;
}

/** A genuine user was refused something. */
export interface RefusedEvent {
  readonly type: 'refused';
  readonly client: Path;
  readonly username: string;
  /** STUN method. */
  readonly method: number;
  /** STUN error code: 486 is a quota, 508 the server's capacity, 403 a peer that is not allowed. */
  readonly statusCode: number;
}

/** The server was closed; nothing follows. */
export interface ClosedEvent {
  readonly type: 'closed';
}
