import type { Instant } from '@kaon/interface/core/v1';
import type { MdnsRecord } from '../message.ts';

/** Addresses of names that were asked for, for as long as they hold (RFC 6762 §10). */
export class Cache {
  readonly #names = new Map<string, Entry[]>();

  /** Whether something is known of the name, or was. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  addresses(name: string, now: Instant): string[] {
    const entries = this.#names.get(name)?.filter(({ expiresAt }) => expiresAt > now) ?? [];
    if (entries.length === 0) this.#names.delete(name);
    return entries.map(({ address }) => address);
  }

  put({ name, type, address, ttl, flush }: MdnsRecord, now: Instant): void {
    let entries = (this.#names.get(name) ?? []).filter(({ expiresAt }) => expiresAt > now);
    const known = entries.find((each) => each.address === address);
    if (ttl === 0) {
      // Taken back: gone in a second, so that a second owner can object (RFC 6762 §10.1).
      if (known !== undefined) known.expiresAt = Math.min(known.expiresAt, now + 1000);
      return;
    }
    // RFC 6762 §10.2: what is older than a second is out of date.
    if (flush) entries = entries.filter((each) => each.type !== type || each.receivedAt > now - 1000);
    entries = entries.filter((each) => each.address !== address).slice(1 - MAX_ADDRESSES);
    entries.push({ address, type, receivedAt: now, expiresAt: now + Math.min(ttl, MAX_TTL) * 1000 });
    this.#names.delete(name);
    this.#names.set(name, entries);
    if (this.#names.size <= MAX_NAMES) return;
    const [oldest] = this.#names.keys();
    this.#names.delete(oldest!);
  }
}

interface Entry {
  readonly address: string;
  readonly type: string;
  readonly receivedAt: Instant;
  expiresAt: Instant;
}

const MAX_NAMES = 256;
const MAX_ADDRESSES = 8;
/** Seconds: the longest that RFC 6762 §10 knows. */
const MAX_TTL = 4500;
