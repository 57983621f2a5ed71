import { CHUNK_OVERHEAD, type Events } from '../association/events.ts';
import { Partial } from './interleaved.ts';

/** The receiving side of one stream: order among whole messages, and what I-DATA has begun. */
export class InStream {
  readonly id: number;
  /** SSN or MID of the ordered message to be delivered next. */
  next = 0;
  /** Whether anything came since the stream began or was reset. */
  touched = false;
  /** Whole messages that came too early, by their number. Made by the first. */
  #early: Map<number, { readonly ppid: number; readonly data: Uint8Array }> | undefined = undefined;
  /** Begun I-DATA messages by `key`. Made by the first. */
  #partials: Map<number, Partial> | undefined = undefined;
  /** The one that got the latest fragment: mostly it gets the next one too. */
  #latest: Partial | undefined = undefined;
  /** The latest messages that the peer gave up, ordered and unordered; -1 before the first. */
  #skippedOrdered = -1;
  #skippedUnordered = -1;
  /** What early messages and partials count for in the receive window. */
  cost = 0;

  constructor(id: number) {
    this.id = id;
  }

  /** A whole ordered message. `span` is 2^16 for SSNs, 2^32 for MIDs. */
  deliver(number: number, ppid: number, data: Uint8Array, span: number, events: Events): void {
    if (number === this.next) {
      events.pushMessage(this.id, ppid, data);
      this.next = number + 1 === span ? 0 : number + 1;
      if (this.#early !== undefined && this.#early.size > 0) this.#deliverEarly(span, events);
      return;
    }
    if (modulo(number - this.next, span) >= span / 2) return;
    this.#early ??= new Map();
    const before = this.#early.get(number);
    if (before !== undefined) this.cost -= before.data.length + CHUNK_OVERHEAD;
    this.#early.set(number, { ppid, data });
    this.cost += data.length + CHUNK_OVERHEAD;
  }

  /** The peer gave up ordered messages up to `number` (RFC 3758 §3.6): deliver around them. */
  skip(number: number, span: number, events: Events): void {
    const distance = modulo(number - this.next, span);
    if (distance >= span / 2) return;
    const early = this.#early;
    if (early !== undefined && early.size > 0) {
      if (distance < early.size) {
        for (let n = 0; n <= distance; n++) this.#release(modulo(this.next + n, span), events);
      } else {
        const due: number[] = [];
        for (const waiting of early.keys()) if (modulo(waiting - this.next, span) <= distance) due.push(waiting);
        due.sort((a, b) => modulo(a - this.next, span) - modulo(b - this.next, span));
        for (const waiting of due) this.#release(waiting, events);
      }
    }
    this.next = modulo(number + 1, span);
    if (early !== undefined && early.size > 0) this.#deliverEarly(span, events);
  }

  /** The message that an I-DATA fragment belongs to, begun now if need be. */
  partial(mid: number, unordered: boolean): Partial {
    const latest = this.#latest;
    if (latest !== undefined && latest.mid === mid && latest.unordered === unordered) return latest;
    this.#partials ??= new Map();
    const key = keyOf(mid, unordered);
    let partial = this.#partials.get(key);
    if (partial === undefined) {
      partial = new Partial(mid, unordered);
      this.#partials.set(key, partial);
    }
    this.#latest = partial;
    return partial;
  }

  /** Forgets a message that is whole or given up. */
  forget(partial: Partial): void {
    if (this.#latest === partial) this.#latest = undefined;
    this.#partials?.delete(keyOf(partial.mid, partial.unordered));
  }

  /** The peer gave up begun messages up to `mid`. */
  skipPartials(mid: number, unordered: boolean): void {
    const before = unordered ? this.#skippedUnordered : this.#skippedOrdered;
    const distance = modulo(mid - before, MID_SPAN);
    if (distance === 0 || distance >= MID_SPAN / 2) return;
    if (unordered) this.#skippedUnordered = mid;
    else this.#skippedOrdered = mid;
    const partials = this.#partials;
    if (partials === undefined) return;
    if (distance < partials.size) {
      // Step by step: many small skips must not each look at everything that is buffered.
      for (let n = 1; n <= distance; n++) this.#drop(partials.get(keyOf(modulo(before + n, MID_SPAN), unordered)));
      return;
    }
    for (const partial of partials.values()) {
      if (partial.unordered === unordered && modulo(mid - partial.mid, MID_SPAN) < MID_SPAN / 2) this.#drop(partial);
    }
  }

  /** The peer reset the stream (RFC 6525 §5.2.2): numbers begin anew, what is incomplete is lost. */
  reset(): void {
    this.next = 0;
    this.touched = false;
    this.#early = undefined;
    this.#partials = undefined;
    this.#latest = undefined;
    this.#skippedOrdered = -1;
    this.#skippedUnordered = -1;
    this.cost = 0;
  }

  #drop(partial: Partial | undefined): void {
    if (partial === undefined) return;
    this.cost -= partial.cost;
    this.forget(partial);
  }

  #deliverEarly(span: number, events: Events): void {
    while (this.#release(this.next, events)) this.next = this.next + 1 === span ? 0 : this.next + 1;
  }

  #release(number: number, events: Events): boolean {
    const early = this.#early?.get(number);
    if (early === undefined) return false;
    this.#early?.delete(number);
    this.cost -= early.data.length + CHUNK_OVERHEAD;
    events.pushMessage(this.id, early.ppid, early.data);
    return true;
  }
}

const MID_SPAN = 2 ** 32;

function keyOf(mid: number, unordered: boolean): number {
  return mid * 2 + (unordered ? 1 : 0);
}

function modulo(value: number, span: number): number {
  const rest = value % span;
  return rest < 0 ? rest + span : rest;
}
