/** Token buckets: for bandwidth, and for answers to strangers. */
import type { Instant } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import { readU32 } from '@kaon/wire';
import { addressGroup } from '../address-group.ts';

/** Lets `rate` units a second through, and a burst of one second's worth. */
export class Bucket {
  readonly #rate: number;
  #level: number;
  #at: Instant;

  constructor(rate: number, now: Instant) {
    this.#rate = rate;
    this.#level = rate;
    this.#at = now;
  }

  /** Takes `amount` if there is any credit left, else says no. The last taker may overdraw, so that one datagram always fits. */
  take(amount: number, now: Instant): boolean {
    if (now > this.#at) {
      this.#level = Math.min(this.#rate, this.#level + ((now - this.#at) / 1000) * this.#rate);
      this.#at = now;
    }
    if (this.#level <= 0) return false;
    this.#level -= amount;
    return true;
  }

  /** Takes `amount` in any case, and says how many ms to wait until there is credit again. */
  spend(amount: number, now: Instant): number {
    if (!this.take(amount, now)) this.#level -= amount;
    return this.#level > 0 ? 0 : Math.ceil((-this.#level / this.#rate) * 1000) + 1;
  }
}

/**
 * One bucket for each address, in a table of fixed size: addresses that fall on the same place share it. What falls together is
 * keyed, so that nobody can pick a victim's place.
 */
export class AddressBuckets {
  readonly #rate: number;
  readonly #levels: Float64Array = new Float64Array(PLACES);
  readonly #at: Float64Array = new Float64Array(PLACES);
  readonly #key: number;

  constructor(rate: number, random: RandomSource) {
    this.#rate = rate;
    this.#levels.fill(rate * 2);
    const key = new Uint8Array(4);
    random(key);
    this.#key = readU32(key, 0);
  }

  take(address: string, now: Instant): boolean {
    const place = this.#place(address);
    const elapsed = Math.max(0, now - this.#at[place]!);
    const level = Math.min(this.#rate * 2, this.#levels[place]! + (elapsed / 1000) * this.#rate);
    this.#at[place] = now;
    this.#levels[place] = level < 1 ? level : level - 1;
    return level >= 1;
  }

  #place(address: string): number {
    let hash = this.#key;
    const group = addressGroup(address);
    for (let i = 0; i < group.length; i++) {
      hash = Math.imul(hash ^ group.charCodeAt(i), 0x01000193);
      hash ^= hash >>> 15;
    }
    return (hash >>> 0) % PLACES;
  }
}

const PLACES = 8192;
