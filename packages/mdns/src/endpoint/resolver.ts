import type { Instant } from '@kaon/interface/core/v1';
import { isUnspecified } from '@kaon/wire';
import type { MdnsEvent } from '../events.ts';
import { encodeQuery, type MdnsRecord } from '../message.ts';
import type { ResolvedOptions } from '../options.ts';
import { Cache } from './cache.ts';
import { groupPath, type Links, type MdnsLink } from './links.ts';
import type { Outbox } from './outbox.ts';

/** Asks the links for names (RFC 6762 §5.2): at once, and again after 1 s, 2 s, 4 s and so on until time is up. */
export class Resolver {
  readonly #options: ResolvedOptions;
  readonly #links: Links;
  readonly #outbox: Outbox;
  readonly #emit: (event: MdnsEvent) => void;
  readonly #cache = new Cache();
  readonly #pending = new Map<string, Query>();

  constructor(options: ResolvedOptions, links: Links, outbox: Outbox, emit: (event: MdnsEvent) => void) {
    this.#options = options;
    this.#links = links;
    this.#outbox = outbox;
    this.#emit = emit;
  }

  /** An event says how it ended, at once when it is known already. A name that is being asked for is not asked for twice. */
  resolve(name: string, now: Instant): void {
    const addresses = this.#cache.addresses(name, now);
    if (addresses.length > 0) this.#emit({ type: 'resolved', name, addresses });
    else if (this.#pending.has(name)) return;
    else if (this.#pending.size >= MAX_PENDING) this.#emit({ type: 'unresolved', name, reason: 'too-many' });
    else {
      this.#pending.set(name, { deadline: now + this.#options.timeout, sendAt: now + 1000, interval: 1000 });
      for (const link of this.#links.all) this.#ask(name, link);
    }
  }

  /** Nobody wants to know any more; no event follows. */
  cancel(name: string): void {
    this.#pending.delete(name);
  }

  /** A new link may know what others did not. */
  addLink(link: MdnsLink): void {
    for (const name of this.#pending.keys()) this.#ask(name, link);
  }

  handleRecords(records: readonly MdnsRecord[], now: Instant): void {
    const touched = new Set<string>();
    for (const record of records) {
      // Only what was asked for: others must not fill memory, nor plant an answer ahead of its question.
      if (!this.#pending.has(record.name) && !this.#cache.has(record.name)) continue;
      if (isNobody(record)) continue;
      this.#cache.put(record, now);
      touched.add(record.name);
    }
    for (const name of touched) {
      const addresses = this.#cache.addresses(name, now);
      if (addresses.length > 0 && this.#pending.delete(name)) this.#emit({ type: 'resolved', name, addresses });
    }
  }

  handleTimeout(now: Instant): void {
    for (const [name, query] of this.#pending) {
      if (query.deadline <= now) {
        this.#pending.delete(name);
        this.#emit({ type: 'unresolved', name, reason: 'timeout' });
      } else if (query.sendAt <= now) {
        query.interval *= 2;
        query.sendAt = now + query.interval;
        for (const link of this.#links.all) this.#ask(name, link);
      }
    }
  }

  pollTimeout(): Instant {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { deadline, sendAt } of this.#pending.values()) earliest = Math.min(earliest, deadline, sendAt);
    return earliest;
  }

  #ask(name: string, link: MdnsLink): void {
    const path = groupPath(link);
    this.#outbox.push(encodeQuery(name, 'A'), path);
    this.#outbox.push(encodeQuery(name, 'AAAA'), path);
  }
}

interface Query {
  readonly deadline: Instant;
  sendAt: Instant;
  interval: number;
}

/** No host has such an address: unspecified or multicast. */
function isNobody({ type, address }: MdnsRecord): boolean {
  if (isUnspecified(address)) return true;
  return type === 'AAAA' ? address.startsWith('ff') : Number.parseInt(address, 10) >= 224;
}

const MAX_PENDING = 64;
