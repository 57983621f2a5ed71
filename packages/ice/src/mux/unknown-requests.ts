import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import { checkUsername } from './stun-peek.ts';

/** What may be set on `UnknownRequests`. */
export interface UnknownRequestsOptions {
  /** New fragments that are reported in a second, on average and in one go; the rest is ignored. Default 100. */
  readonly maxPerSecond?: number | undefined;
  /** Most fragments whose requests are kept, of which one remote address has a quarter at most. Default 256. */
  readonly maxHeld?: number | undefined;
  /** ms a request is kept for the connection that takes its fragment. Default 10,000. */
  readonly lifetime?: number | undefined;
}

/** A request to a fragment that nobody has. The bytes are the request as it came. */
export interface UnknownRequest<S> {
  /** The first half of USERNAME: what we would have to be called. */
  readonly localUsernameFragment: string;
  /** The second half: what the peer calls itself. */
  readonly remoteUsernameFragment: string;
  readonly username: string;
  readonly remote: TransportAddress;
  /** Where it came in. */
  readonly source: S;
  readonly bytes: Uint8Array;
}

/**
 * Keeps requests to unknown fragments for a while, in case a connection takes the fragment, and says which are worth
 * reporting: each fragment once while it is kept, not too many in a second. Bounded in everything.
 */
export class UnknownRequests<S> {
  readonly #maxPerSecond: number;
  readonly #maxHeld: number;
  readonly #lifetime: number;
  /** In the order of their first request. */
  readonly #held = new Map<string, Held<S>>();
  /** How many of them each remote address began. */
  readonly #shares = new Map<string, number>();
  #tokens: number;
  #filledAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(options: UnknownRequestsOptions = {}) {
    this.#maxPerSecond = options.maxPerSecond ?? 100;
    this.#maxHeld = options.maxHeld ?? 256;
    this.#lifetime = options.lifetime ?? 10_000;
    this.#tokens = this.#maxPerSecond;
  }

  /** Fragments whose requests are kept. */
  get size(): number {
    return this.#held.size;
  }

  /** Takes a request, and returns it when it is to be reported. */
  add(bytes: Uint8Array, remote: TransportAddress, source: S, now: Instant): UnknownRequest<S> | undefined {
    const names = checkUsername(bytes);
    // Nothing that could not be a connection's: it may well be put into a description.
    if (names === undefined || !FRAGMENT.test(names.local)) return undefined;
    this.expire(now);
    const held = this.#held.get(names.local);
    if (held === undefined) {
      const { address } = remote;
      const share = this.#shares.get(address) ?? 0;
      if (this.#held.size >= this.#maxHeld || share >= Math.max(4, this.#maxHeld / 4)) return undefined;
      if (!this.#mayReport(now)) return undefined;
      const request = requestOf(names, bytes, remote, source);
      this.#held.set(names.local, { until: now + this.#lifetime, address, requests: [request] });
      this.#shares.set(address, share + 1);
      return request;
    }
    const request = requestOf(names, bytes, remote, source);
    // A retransmission stands for the one before it.
    const known = held.requests.findIndex(
      (one) => one.source === source && one.remote.port === remote.port && one.remote.address === remote.address,
    );
    if (known >= 0) held.requests[known] = request;
    else if (held.requests.length < MAX_REMOTES) held.requests.push(request);
    return undefined;
  }

  /** The requests to this fragment, which are kept no longer. */
  take(usernameFragment: string, now: Instant): readonly UnknownRequest<S>[] {
    this.expire(now);
    const held = this.#held.get(usernameFragment);
    if (held === undefined) return [];
    this.#forget(usernameFragment, held);
    return held.requests;
  }

  /** Forgets what waited too long. */
  expire(now: Instant): void {
    for (const [fragment, held] of this.#held) {
      if (held.until > now) return;
      this.#forget(fragment, held);
    }
  }

  clear(): void {
    this.#held.clear();
    this.#shares.clear();
  }

  #forget(fragment: string, { address }: Held<S>): void {
    this.#held.delete(fragment);
    const share = this.#shares.get(address) ?? 0;
    if (share > 1) this.#shares.set(address, share - 1);
    else this.#shares.delete(address);
  }

  #mayReport(now: Instant): boolean {
    const passed = Math.max(0, now - this.#filledAt);
    this.#tokens = Math.min(this.#maxPerSecond, this.#tokens + (passed * this.#maxPerSecond) / 1000);
    this.#filledAt = Math.max(now, this.#filledAt);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

interface Held<S> {
  readonly until: Instant;
  /** Where the first came from. */
  readonly address: string;
  readonly requests: UnknownRequest<S>[];
}

function requestOf<S>(
  names: { readonly local: string; readonly remote: string },
  bytes: Uint8Array,
  { address, family, port }: TransportAddress,
  source: S,
): UnknownRequest<S> {
  const { local, remote } = names;
  return {
    localUsernameFragment: local,
    remoteUsernameFragment: remote,
    username: `${local}:${remote}`,
    remote: { address, family, port },
    source,
    bytes,
  };
}

/** RFC 8839 §5.4. */
const FRAGMENT = /^[A-Za-z0-9+/]{4,256}$/;
/** A peer asks from each of its addresses. */
const MAX_REMOTES = 4;
