/** Counters of a `TurnServer`; they only go up, except the first four. */
export interface TurnServerMetrics {
  /** Allocations there are now, those that wait for their relay socket included. */
  readonly allocations: number;
  readonly permissions: number;
  readonly channels: number;
  /** Connections with peers there are now (RFC 6062). */
  readonly connections: number;
  readonly allocationsMade: number;
  readonly packetsFromClients: number;
  /** Payload, in bytes. */
  readonly bytesFromClients: number;
  readonly packetsFromPeers: number;
  /** Payload, in bytes. */
  readonly bytesFromPeers: number;
  /** Binding requests that were answered. */
  readonly bindings: number;
  /** Requests that were granted. */
  readonly successes: number;
  /** Requests that were refused, by STUN error code. */
  readonly errors: ReadonlyMap<number, number>;
  /** Requests with credentials that were wrong. */
  readonly authenticationFailures: number;
  /** Datagrams that led to nothing, by reason. */
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/** Why a datagram led to nothing. */
export type DropReason =
  /** No STUN message and no ChannelData, or a malformed one. */
  | 'malformed'
  /** Data of a client without allocation, permission or channel. */
  | 'no-permission'
  /** Data of a peer without permission. */
  | 'unknown-peer'
  /** Over an allocation's or a user's bandwidth. */
  | 'bandwidth'
  /** The outbox was full, or the slot too small. */
  | 'overflow'
  /** Too many small requests of one address. */
  | 'rate'
  /** A request that was not answered: of an unknown method, or shorter than its answer. */
  | 'unanswered';

export interface Counters {
  allocations: number;
  permissions: number;
  channels: number;
  connections: number;
  allocationsMade: number;
  packetsFromClients: number;
  bytesFromClients: number;
  packetsFromPeers: number;
  bytesFromPeers: number;
  bindings: number;
  successes: number;
  readonly errors: Map<number, number>;
  authenticationFailures: number;
  readonly dropped: Record<DropReason, number>;
}

export function newCounters(): Counters {
  return {
    allocations: 0,
    permissions: 0,
    channels: 0,
    connections: 0,
    allocationsMade: 0,
    packetsFromClients: 0,
    bytesFromClients: 0,
    packetsFromPeers: 0,
    bytesFromPeers: 0,
    bindings: 0,
    successes: 0,
    errors: new Map(),
    authenticationFailures: 0,
    dropped: { malformed: 0, 'no-permission': 0, 'unknown-peer': 0, bandwidth: 0, overflow: 0, rate: 0, unanswered: 0 },
  };
}
