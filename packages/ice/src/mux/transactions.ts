import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import { readU16, readU32 } from '@kaon/wire';

/** A request that was sent and may be answered. */
export interface SentRequest<O> {
  readonly owner: O;
  readonly remote: TransportAddress;
  /** Whether it was a connectivity check; otherwise it went to a STUN server. */
  readonly check: boolean;
}

/** Requests on their way, by transaction id. Bounded: the oldest goes first. Each is forgotten in time, or once answered. */
export class TransactionTable<O extends object> {
  readonly #lifetime: number;
  readonly #max: number;
  /** In the order of sending. The key is one half of the id, the other is compared. */
  readonly #requests = new Map<number, Entry<O>>();
  readonly #keys = new Map<O, Set<number>>();

  constructor(lifetime: number, max: number) {
    this.#lifetime = lifetime;
    this.#max = max;
  }

  get size(): number {
    return this.#requests.size;
  }

  /** A request whose header begins at `start` leaves. A retransmission lengthens the wait. */
  add(bytes: Uint8Array, start: number, request: SentRequest<O>, now: Instant): void {
    const key = half(bytes, start + 8);
    this.#delete(key);
    this.expire(now);
    if (this.#requests.size >= this.#max) this.#deleteOldest();
    const { owner, remote, check } = request;
    this.#requests.set(key, { owner, remote, check, rest: half(bytes, start + 14), until: now + this.#lifetime });
    const keys = this.#keys.get(owner);
    if (keys === undefined) this.#keys.set(owner, new Set([key]));
    else keys.add(key);
  }

  /** The request that this response answers, which is thereby over. */
  take(response: Uint8Array, now: Instant): SentRequest<O> | undefined {
    const key = half(response, 8);
    const entry = this.#requests.get(key);
    if (entry === undefined || entry.rest !== half(response, 14)) return undefined;
    this.#delete(key);
    return entry.until > now ? entry : undefined;
  }

  /** Forgets what waited too long. */
  expire(now: Instant): void {
    for (const [key, entry] of this.#requests) {
      if (entry.until > now) return;
      this.#delete(key);
    }
  }

  /** Forgets what this owner sent. */
  removeOwner(owner: O): void {
    for (const key of this.#keys.get(owner) ?? []) this.#requests.delete(key);
    this.#keys.delete(owner);
  }

  #deleteOldest(): void {
    for (const key of this.#requests.keys()) {
      this.#delete(key);
      return;
    }
  }

  #delete(key: number): void {
    const entry = this.#requests.get(key);
    if (entry === undefined) return;
    this.#requests.delete(key);
    const keys = this.#keys.get(entry.owner);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(entry.owner);
  }
}

interface Entry<O> extends SentRequest<O> {
  /** The second half of the transaction id. */
  readonly rest: number;
  readonly until: Instant;
}

/** 48 bits, which a number holds exactly. */
function half(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at) * 0x1_0000_0000 + readU32(bytes, at + 2);
}
