import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import { IceError } from '../errors.ts';
import { kindOf } from './stun-peek.ts';
import { UfragRouter } from './ufrag-router.ts';

/** What may be set on a `ShardRouter`. */
export interface ShardRouterOptions {
  /** Most remote addresses remembered for one shard. Default 65,536. */
  readonly maxAddresses?: number | undefined;
  /** ms without STUN from an address until it is forgotten. Default 60,000. */
  readonly addressLifetime?: number | undefined;
}

/** The index of a shard; `any`: a response whose request was sent elsewhere, so that any shard may want it; undefined: nobody's. */
export type ShardAnswer = number | 'any' | undefined;

/** What username fragments in this shard begin with, so that every shard can tell whose they are. 0 to 4095. */
export function shardPrefix(index: number): string {
  checkIndex(index, MAX_SHARDS);
  return MARK + (ICE_CHARS[index >> 6] as string) + (ICE_CHARS[index & 63] as string);
}

/**
 * The shard of a username fragment: by its prefix, and for a fragment that is not of our making, such as one that a libp2p
 * peer made up, by a hash of it, so that each gets its share and always the same.
 */
export function shardOf(usernameFragment: string, count: number): number {
  if (usernameFragment.startsWith(MARK)) {
    const high = ICE_CHARS.indexOf(usernameFragment.charAt(2));
    const low = ICE_CHARS.indexOf(usernameFragment.charAt(3));
    const index = high * 64 + low;
    if (usernameFragment.length > 4 && high >= 0 && low >= 0 && index < count) return index;
  }
  let hash = 0x811c9dc5;
  for (let i = 0; i < usernameFragment.length; i++) {
    hash = Math.imul(hash ^ usernameFragment.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % count;
}

/**
 * Tells which shard a datagram is for when connections are spread over threads or processes behind one port. The rules are
 * those of `UfragRouter`, with the shard in place of the connection.
 */
export class ShardRouter {
  readonly #shards: readonly Shard[];
  readonly #router: UfragRouter<Shard>;

  /** Throws IceError `ICE_BAD_OPTION` unless there are 1 to 4096 shards. */
  constructor(count: number, options: ShardRouterOptions = {}) {
    checkIndex(count - 1, MAX_SHARDS);
    const lifetime = options.addressLifetime ?? 60_000;
    this.#shards = Array.from({ length: count }, (_, index) => ({ index }));
    this.#router = new UfragRouter<Shard>({
      maxAddressesPerOwner: options.maxAddresses ?? 65_536,
      addressLifetime: lifetime,
      chosenLifetime: lifetime,
      manyChoices: true,
      ownerOf: (fragment) => this.#shards[shardOf(fragment, count)],
    });
  }

  /** How many addresses and transactions are remembered. */
  get tables(): { readonly addresses: number; readonly transactions: number } {
    const { addresses, transactions } = this.#router.tables;
    return { addresses, transactions };
  }

  /** Which shard gets the datagram. */
  route(bytes: Uint8Array, remote: TransportAddress, now: Instant): ShardAnswer {
    if (bytes.length > 0 && bytes[0]! > 3) return this.#router.byAddress(remote)?.index;
    const shard = this.#router.route(bytes, remote, now);
    if (shard !== undefined && shard !== 'unknown') return shard.index;
    const kind = kindOf(bytes);
    return kind === 'success' || kind === 'error' ? 'any' : undefined;
  }

  /** A shard sends `buffer[start, end)`. To be called for everything; only STUN requests are looked at. */
  sent(buffer: Uint8Array, start: number, end: number, remote: TransportAddress, shard: number, now: Instant): void {
    this.#router.sent(buffer, start, end, remote, this.#shard(shard), now);
  }

  /** A connection in the shard has chosen a pair with this remote; see `UfragRouter.prefer`. */
  prefer(remote: TransportAddress, shard: number, now: Instant, answered = false): void {
    this.#router.prefer(remote, this.#shard(shard), now, answered);
  }

  /** A shard is gone, and with it its connections. */
  remove(shard: number): void {
    this.#router.remove(this.#shard(shard));
  }

  #shard(index: number): Shard {
    checkIndex(index, this.#shards.length);
    return this.#shards[index] as Shard;
  }
}

interface Shard {
  readonly index: number;
}

function checkIndex(index: number, count: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new IceError('ICE_BAD_OPTION', `${index} is not the number of a shard, of which there are ${count}`);
}

/** How the fragments of shards begin. Whoever makes up a fragment that begins so chooses the shard that refuses it. */
const MARK = '+/';
const MAX_SHARDS = 4096;
const ICE_CHARS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
