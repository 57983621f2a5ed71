/** What is kept of peers. */
import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import type { Deque } from '@kaon/wire';

/** The permission for one IP address, whatever its ports (RFC 8656 §9). */
export interface Permission {
  /** A peer with this address; the port does not count. */
  readonly peer: TransportAddress;
  /** Peers with this address. */
  users: number;
  /** Asked for by `permit`: refreshed also when idle. */
  kept: boolean;
  /** When the server forgets it, at the earliest; 0 before it is granted. */
  expires: Instant;
  /** When to ask for it again. */
  renewAt: Instant;
  asking: boolean;
  /** Idle for so long that it was not renewed. */
  lapsed: boolean;
  /** Refused: not asked for again before then. */
  heldUntil: Instant;
  /** When data went or came last. */
  lastUsed: Instant;
  /** Data for it while it is being asked for. */
  readonly waiting: Deque<Waiting>;
}

/** One peer: an address and a port. */
export interface Peer {
  readonly address: TransportAddress;
  readonly permission: Permission;
  /** What a Send indication begins with; made when first needed. */
  template: Uint8Array | undefined;
  /** 0x4000 to 0x4fff, or 0 for no channel. Never given to another peer while the server may still know it. */
  channel: number;
  /** Until when data may go over the channel; 0 before it is bound. */
  boundUntil: Instant;
  /** When to bind the channel again. */
  rebindAt: Instant;
  binding: boolean;
  /** When a ChannelBind was asked last, answered or not. */
  bindAsked: Instant;
  /** The bind was refused: not asked for again before then. */
  heldUntil: Instant;
  /** Asked for by `prefer`: bound again also when idle. */
  preferred: boolean;
  /** Idle for so long that the channel was not bound again. */
  lapsed: boolean;
  lastUsed: Instant;
}

/** A datagram that waits. */
export interface Waiting {
  readonly peer: Peer;
  readonly bytes: Uint8Array;
}
