import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import type { InterfaceAddress, UdpSocket } from '@kaon/interface/network/v1';

/** Tells which shard a datagram is for; `ShardRouter` of `@kaon/ice/mux` is one. Told the time in ms. */
export interface DatagramRouter {
  /** A shard's number; `any`: it may be for any shard, and each will know; undefined: for none. Must not throw. */
  route(bytes: Uint8Array, remote: TransportAddress, now: Instant): number | 'any' | undefined;
  /** A shard sends `buffer[start, end)`. */
  sent(buffer: Uint8Array, start: number, end: number, remote: TransportAddress, shard: number, now: Instant): void;
  /** What comes from this remote is the shard's, as it says; `answered`: it had an answer from there. */
  prefer(remote: TransportAddress, shard: number, now: Instant, answered: boolean): void;
  /** The shard is gone. */
  remove(shard: number): void;
}

/**
 * How datagrams come to their shard. `reusePort`: every shard has a socket of its own on the port (SO_REUSEPORT), the kernel
 * spreads remotes over them, and what came to the wrong one is handed over. `handover`: the main thread has the socket, and
 * hands everything over, both ways.
 */
export type ShardMode = 'reusePort' | 'handover';

/** A socket of a shard: the shared port as this shard sees it. */
export interface ShardSocket extends UdpSocket {
  /** Its address and interface. */
  readonly network: InterfaceAddress;
  /** What comes from this remote is for this shard. `answered`: it had an answer from there, so that the address is not forged. */
  claim(remote: TransportAddress, answered: boolean): void;
}

/** What the threads or processes say to each other. */
export type ShardMessage =
  /** Shard to main: it listens. */
  | { readonly kaonShard: 'here' }
  /** Main to shard. */
  | { readonly kaonShard: 'start'; readonly setup: ShardSetup }
  /** Shard to main: its sockets are bound, or not. */
  | { readonly kaonShard: 'ready' }
  | { readonly kaonShard: 'failed'; readonly reason: string }
  /** Main to shard: a way to another shard that has come. `port` is a MessagePort; without one, by way of the main thread. */
  | { readonly kaonShard: 'peer'; readonly index: number; readonly port?: unknown }
  /** Main to shard: another shard has gone. */
  | { readonly kaonShard: 'gone'; readonly index: number }
  /** Datagrams, and claims. */
  | { readonly kaonShard: 'batch'; readonly from: number; readonly to: number; readonly batch: Batch }
  /** The receiver has worked through so many bytes. */
  | { readonly kaonShard: 'done'; readonly from: number; readonly to: number; readonly bytes: number }
  /** Either way: what the application says. */
  | { readonly kaonShard: 'app'; readonly message: unknown }
  /** Main to shard: the end. */
  | { readonly kaonShard: 'stop' };

/** What a shard is told of itself. */
export interface ShardSetup {
  readonly index: number;
  readonly count: number;
  readonly mode: ShardMode;
  readonly networks: readonly InterfaceAddress[];
  readonly port: number;
  /** What the application gave for it. */
  readonly data: unknown;
}

/** Records of datagrams one behind the other, moved to another thread as a whole. */
export interface Batch {
  /** The records are in its first `length` bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly length: number;
  /** Addresses that records name for the first time, numbered on from those of the batches before. */
  readonly names: readonly string[];
  /** The numbering begins anew with this batch. */
  readonly anew: boolean;
}

/** The number of the main thread among shards. */
export const MAIN = -1;
