import type { CoreEvent, Instant, Path } from '@kaon/interface/core/v1';
import type { PairEnd } from './pair.ts';
import type { Netem } from './vnet/netem.ts';

/** One of the two sides of a `Pair`. */
export type SideName = 'a' | 'b';

/** One side of a `Pair`: what its core reported, and the line that carries its packets away. */
export class PairSide<E extends CoreEvent> {
  readonly name: SideName;
  readonly end: PairEnd;
  /** What happens to this side's packets on their way to the other. */
  readonly line: Netem<Path>;
  /** Everything the core has reported, in order. */
  readonly events: E[] = [];
  /** When each of `events` was polled. */
  readonly times: Instant[] = [];
  /** Packets this side has sent. */
  sent = 0;
  /** While true the core's events are not polled, as by a slow consumer. */
  held = false;
  /** Called with each event as it is polled; it may command the core. */
  onEvent: ((event: E, now: Instant) => void) | undefined = undefined;

  constructor(name: SideName, end: PairEnd, line: Netem<Path>) {
    this.name = name;
    this.end = end;
    this.line = line;
  }

  /** Whether an event of this type was reported. */
  has(type: E['type']): boolean {
    return this.events.some((event) => event.type === type);
  }

  /** The events of one type, in order. */
  of<T extends E['type']>(type: T): Extract<E, { readonly type: T }>[] {
    return this.events.filter((event): event is Extract<E, { readonly type: T }> => event.type === type);
  }

  /** The last event of one type. Throws when there was none. */
  last<T extends E['type']>(type: T): Extract<E, { readonly type: T }> {
    const event = this.of(type).at(-1);
    if (event === undefined) throw new Error(`side ${this.name} saw no '${type}': ${this.summary()}`);
    return event;
  }

  /** Forgets the events so far. */
  clear(): void {
    this.events.length = 0;
    this.times.length = 0;
  }

  /** Polls the core's events dry. Returns whether there were any. */
  pollEvents(now: Instant): boolean {
    let polled = false;
    for (let event = this.end.core.pollEvent(); event !== undefined; event = this.end.core.pollEvent()) {
      polled = true;
      this.events.push(event as E);
      this.times.push(now);
      this.onEvent?.(event as E, now);
    }
    return polled;
  }

  /** The types of the last events, for messages. */
  summary(): string {
    const types = this.events.slice(-20).map((event) => event.type);
    if (types.length === 0) return 'no events';
    return `${this.events.length} events${this.events.length > 20 ? ', last' : ':'} ${types.join(', ')}`;
  }
}
