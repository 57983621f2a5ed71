import type { Instant } from '@kaon/interface/core/v1';

/**
 * Named deadlines of one core. Timers are data: a table of names and instants, nothing is scheduled.
 * `next()` is what the core's `pollTimeout` returns; `handleTimeout` asks `take` for each name in a fixed order.
 */
export class Timers<Name extends string> {
  readonly #at = new Map<Name, Instant>();

  /** Sets or moves a deadline. `Infinity` clears it. */
  set(name: Name, at: Instant): void {
    if (at === Number.POSITIVE_INFINITY) this.#at.delete(name);
    else this.#at.set(name, at);
  }

  /** Clears a deadline; unknown names are fine. */
  clear(name: Name): void {
    this.#at.delete(name);
  }

  clearAll(): void {
    this.#at.clear();
  }

  /** When the deadline is, or `Infinity`. */
  at(name: Name): Instant {
    return this.#at.get(name) ?? Number.POSITIVE_INFINITY;
  }

  isSet(name: Name): boolean {
    return this.#at.has(name);
  }

  /** Whether the deadline has been reached; if so it is cleared. */
  take(name: Name, now: Instant): boolean {
    const at = this.#at.get(name);
    if (at === undefined || at > now) return false;
    this.#at.delete(name);
    return true;
  }

  /** The earliest deadline, or `Infinity`. */
  next(): Instant {
    let earliest = Number.POSITIVE_INFINITY;
    for (const at of this.#at.values()) if (at < earliest) earliest = at;
    return earliest;
  }
}
