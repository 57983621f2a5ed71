/** Requests that wait until the application knows who sent them. */
import type { Instant, Path } from '@kaon/interface/core/v1';
import { formatTransactionId, type StunMessage } from '@kaon/stun';
import { formatAddress } from '@kaon/wire';
import { addressGroup } from '../address-group.ts';

/** One of them. */
export interface Lookup {
  readonly message: StunMessage;
  readonly bytes: Uint8Array;
  readonly path: Path;
  readonly username: string;
}

/** The table, bounded and with a time limit. */
export class Lookups {
  readonly #limit: number;
  readonly #waiting = new Map<number, { readonly lookup: Lookup; readonly key: string; readonly until: Instant }>();
  readonly #keys = new Set<string>();
  readonly #byAddress = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** When the oldest one is given up. */
  get nextDeadline(): Instant {
    for (const { until } of this.#waiting.values()) return until;
    return Number.POSITIVE_INFINITY;
  }

  /** Whether this is the retransmission of a request that waits. */
  has(path: Path, message: StunMessage): boolean {
    return this.#keys.size > 0 && this.#keys.has(keyOf(path, message));
  }

  /** False: there are too many. */
  add(request: number, lookup: Lookup, now: Instant): boolean {
    const address = addressGroup(lookup.path.remote.address);
    const ofAddress = this.#byAddress.get(address) ?? 0;
    if (this.#waiting.size >= this.#limit || ofAddress >= Math.max(8, this.#limit / 16)) return false;
    this.#byAddress.set(address, ofAddress + 1);
    const key = keyOf(lookup.path, lookup.message);
    this.#keys.add(key);
    this.#waiting.set(request, { lookup, key, until: now + LOOKUP_TIME });
    return true;
  }

  take(request: number): Lookup | undefined {
    const waiting = this.#waiting.get(request);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(request);
    this.#keys.delete(waiting.key);
    const address = addressGroup(waiting.lookup.path.remote.address);
    const left = this.#byAddress.get(address)! - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
    return waiting.lookup;
  }

  handleTimeout(now: Instant): void {
    for (const [request, { until }] of this.#waiting) {
      if (until > now) return;
      this.take(request);
    }
  }
}

function keyOf(path: Path, { transactionId }: StunMessage): string {
  return `${path.protocol} ${formatAddress(path.remote)} ${formatAddress(path.local)} ${formatTransactionId(transactionId)}`;
}

/** Longer than any client asks: 39.5 s (RFC 8489 §6.2.1). */
const LOOKUP_TIME = 40_000;
