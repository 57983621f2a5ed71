import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import { IceError } from '../errors.ts';
import { AddressTable } from './address-table.ts';
import { checkUsername, kindOf } from './stun-peek.ts';
import { TransactionTable } from './transactions.ts';

/** What may be set on a `UfragRouter`. */
export interface UfragRouterOptions<T> {
  /** Most owners. Default 65,536. */
  readonly maxOwners?: number | undefined;
  /** Most remote addresses remembered for one owner; the least used is forgotten first. Default 32. */
  readonly maxAddressesPerOwner?: number | undefined;
  /** ms without STUN from an address until an owner that has not chosen it gives way to any other. Default 60,000. */
  readonly addressLifetime?: number | undefined;
  /** ms without STUN from an address until its owner gives way to one that has chosen it unanswered (ICE-lite). Default 30,000. */
  readonly silence?: number | undefined;
  /** ms without STUN from an address until an owner that has chosen it gives way, too. Default: never, while it is there. */
  readonly chosenLifetime?: number | undefined;
  /** Whether an owner stands for many agents, and chooses many addresses. Default false: the latest choice is its only one. */
  readonly manyChoices?: boolean | undefined;
  /** ms an answer is waited for. Default 39,500 (RFC 8489 §6.2.1). */
  readonly transactionLifetime?: number | undefined;
  /** Most requests that wait for an answer, of all owners. Default 65,536. */
  readonly maxTransactions?: number | undefined;
  /** Who gets the requests to a fragment that nobody has. Default: nobody. */
  readonly ownerOf?: ((usernameFragment: string) => T | undefined) | undefined;
}

/**
 * Tells whose a datagram is when many ICE agents share one socket: requests by the first half of their USERNAME
 * (RFC 8445 §7.2.2), responses by the transaction id of what was sent, everything else by the address it comes from.
 *
 * An address belongs to the first owner that is heard from there, and moves to another when that one's agent has chosen
 * it (`prefer`) and had an answer from there, or when the first is gone. Everything it remembers is bounded and expires.
 */
export class UfragRouter<T extends object> {
  readonly #options: UfragRouterOptions<T>;
  readonly #maxOwners: number;
  readonly #owners = new Map<T, string[]>();
  readonly #fragments = new Map<string, T>();
  readonly #addresses: AddressTable<T>;
  readonly #transactions: TransactionTable<T>;
  #nextExpiry: Instant = Number.NEGATIVE_INFINITY;

  constructor(options: UfragRouterOptions<T> = {}) {
    this.#options = options;
    this.#maxOwners = positive('maxOwners', options.maxOwners ?? 65_536);
    this.#addresses = new AddressTable({
      maxPerOwner: positive('maxAddressesPerOwner', options.maxAddressesPerOwner ?? 32),
      lifetime: positive('addressLifetime', options.addressLifetime ?? 60_000),
      silence: positive('silence', options.silence ?? 30_000),
      chosenLifetime: positive('chosenLifetime', options.chosenLifetime ?? Number.POSITIVE_INFINITY),
      manyChoices: options.manyChoices ?? false,
    });
    this.#transactions = new TransactionTable(
      positive('transactionLifetime', options.transactionLifetime ?? 39_500),
      positive('maxTransactions', options.maxTransactions ?? 65_536),
    );
  }

  /** How many owners have a fragment. */
  get owners(): number {
    return this.#owners.size;
  }

  /** How much is remembered, for tests and metrics. */
  get tables(): { readonly fragments: number; readonly addresses: number; readonly transactions: number } {
    return {
      fragments: this.#fragments.size,
      addresses: this.#addresses.size,
      transactions: this.#transactions.size,
    };
  }

  /** Who has this fragment. */
  get(usernameFragment: string): T | undefined {
    return this.#fragments.get(usernameFragment);
  }

  /** Who gets what is not STUN and comes from there: what `route` says of it, without a look at the bytes. */
  byAddress(remote: TransportAddress): T | undefined {
    return this.#addresses.owner(remote);
  }

  /**
   * Gives the fragment to an owner, which may have several: the latest four are kept, since a restart leaves the one before
   * in use (RFC 8445 §9). Throws IceError `ICE_UFRAG_TAKEN` when another owner has it, `ICE_MUX_FULL` when there are too many.
   */
  add(usernameFragment: string, owner: T): void {
    const present = this.#fragments.get(usernameFragment);
    if (present === owner) return;
    if (present !== undefined) {
      throw new IceError('ICE_UFRAG_TAKEN', `another connection has the username fragment ${usernameFragment}`);
    }
    const fragments = this.#owners.get(owner) ?? [];
    if (fragments.length === 0 && this.#owners.size >= this.#maxOwners) {
      throw new IceError('ICE_MUX_FULL', `there are ${this.#maxOwners} connections on this port, which is the limit`);
    }
    if (fragments.length >= MAX_FRAGMENTS) this.#fragments.delete(fragments.shift() as string);
    fragments.push(usernameFragment);
    this.#owners.set(owner, fragments);
    this.#fragments.set(usernameFragment, owner);
  }

  /** Forgets the owner and all that belongs to it. */
  remove(owner: T): void {
    for (const fragment of this.#owners.get(owner) ?? []) this.#fragments.delete(fragment);
    this.#owners.delete(owner);
    this.#addresses.removeOwner(owner);
    this.#transactions.removeOwner(owner);
  }

  /** Whose the datagram is. `unknown`: a request to a fragment that nobody has. Undefined: nobody's. Any bytes will do. */
  route(bytes: Uint8Array, remote: TransportAddress, now: Instant): T | 'unknown' | undefined {
    const kind = bytes.length > 0 && bytes[0]! > 3 ? 'other' : kindOf(bytes);
    if (kind === 'other') return this.#addresses.owner(remote);
    this.#expire(now);
    if (kind === 'success' || kind === 'error') return this.#routeResponse(bytes, remote, kind, now);
    const username = checkUsername(bytes);
    if (username === undefined) return this.#addresses.touch(remote, now);
    const owner = this.#fragments.get(username.local) ?? this.#options.ownerOf?.(username.local);
    if (owner === undefined) return kind === 'request' ? 'unknown' : undefined;
    this.#addresses.heard(remote, owner, now);
    return owner;
  }

  /** An owner sends `buffer[start, end)`. To be called for everything; only STUN requests are looked at. */
  sent(buffer: Uint8Array, start: number, end: number, remote: TransportAddress, owner: T, now: Instant): void {
    if (end <= start || buffer[start]! > 1) return;
    const bytes = buffer.subarray(start, end);
    if (kindOf(bytes) !== 'request') return;
    const check = checkUsername(bytes) !== undefined;
    this.#transactions.add(bytes, 0, { owner, remote, check }, now);
  }

  /** The owner's agent has chosen a pair with this remote. `answered`: it had an answer from there that did not come by here. */
  prefer(remote: TransportAddress, owner: T, now: Instant, answered = false): void {
    this.#addresses.chosen(remote, owner, now, answered);
  }

  /** Whether a check of the owner was answered with success from there, so that who is there gets what is sent there. */
  isAnswered(remote: TransportAddress, owner: T): boolean {
    return this.#addresses.isAnswered(remote, owner);
  }

  #routeResponse(bytes: Uint8Array, remote: TransportAddress, kind: 'success' | 'error', now: Instant): T | undefined {
    const request = this.#transactions.take(bytes, now);
    if (request === undefined) return this.#addresses.touch(remote, now);
    const { owner, check } = request;
    const { address, port } = request.remote;
    // An error proves nothing: a stranger who is asked says that, too.
    if (check && kind === 'success' && remote.port === port && remote.address === address) {
      this.#addresses.answered(remote, owner, now);
    }
    return owner;
  }

  #expire(now: Instant): void {
    if (now < this.#nextExpiry) return;
    this.#nextExpiry = now + EXPIRY_INTERVAL;
    this.#addresses.expire(now);
    this.#transactions.expire(now);
  }
}

function positive(name: string, value: number): number {
  if (!(value > 0)) throw new IceError('ICE_BAD_OPTION', `${name} is ${value}, it must be positive`);
  return value;
}

/** Fragments of one owner: the present one, those before it, and the ones of a restart that was taken back. */
const MAX_FRAGMENTS = 4;
/** ms between walks through the tables. */
const EXPIRY_INTERVAL = 10_000;
