import type { StreamsEvent } from '@kaon/interface/message-streams/v1';
import { Slot } from '@kaon/wire';
import { Association, type AssociationOptions } from '../src/index.ts';

/** Numbers from a seed (mulberry32), so that a failing story can be told again. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  readonly fill = (out: Uint8Array): void => {
    for (let i = 0; i < out.length; i++) out[i] = Math.floor(this.next() * 256);
  };
}

/** What the link does to packets, both ways. */
export interface Link {
  /** One way, in ms. Default 0. */
  delay?: number;
  /** Share of packets that vanish, 0 to 1. */
  loss?: number;
  duplication?: number;
  /** Share of packets held back by `reorderingDelay` ms. */
  reordering?: number;
  reorderingDelay?: number;
  /** Bytes per ms; packets queue behind each other, up to `queueLimit` bytes. */
  rate?: number;
  queueLimit?: number;
  /** Decides on each packet before all else: false drops it. */
  filter?: (bytes: Uint8Array, from: 'a' | 'b', now: number) => boolean;
}

interface Flying {
  at: number;
  order: number;
  to: 'a' | 'b';
  bytes: Uint8Array;
}

/** Two associations, one virtual clock, one bad link. */
export class Pair {
  readonly a: Association;
  readonly b: Association;
  readonly events: { a: StreamsEvent[]; b: StreamsEvent[] } = { a: [], b: [] };
  readonly packets: { a: Uint8Array[]; b: Uint8Array[] } = { a: [], b: [] };
  /** Whether sent packets are kept in `packets`. */
  keep = true;
  /** Sides whose events are not polled. */
  readonly deaf: Set<'a' | 'b'> = new Set();
  now = 1000;
  link: Link;
  readonly #dice: Dice;
  readonly #flying: Flying[] = [];
  #order = 0;
  readonly #busyUntil = { a: 0, b: 0 };
  /** What both write packets into; its size is what no packet exceeds. */
  slot: Slot = new Slot(2000, 64);

  constructor(
    options: Partial<AssociationOptions> = {},
    link: Link = {},
    seed = 1,
    optionsOfB: Partial<AssociationOptions> = options,
  ) {
    this.#dice = new Dice(seed);
    this.link = link;
    this.a = new Association({ random: new Dice(seed + 1000).fill, ...options });
    this.b = new Association({ random: new Dice(seed + 2000).fill, ...optionsOfB });
  }

  /** Connects both and waits until both are up. */
  static connected(
    options: Partial<AssociationOptions> = {},
    link: Link = {},
    seed = 1,
    optionsOfB: Partial<AssociationOptions> = options,
  ): Pair {
    const pair = new Pair(options, link, seed, optionsOfB);
    pair.a.connect(pair.now);
    pair.b.connect(pair.now);
    const up = pair.drive(() => pair.a.state === 'established' && pair.b.state === 'established', 60_000);
    if (!up) throw new Error(`not connected: ${pair.a.state} ${pair.b.state}`);
    return pair;
  }

  /** Messages that a side received. */
  messages(side: 'a' | 'b'): Extract<StreamsEvent, { type: 'message' }>[] {
    return this.events[side].filter((event) => event.type === 'message');
  }

  of<T extends StreamsEvent['type']>(side: 'a' | 'b', type: T): Extract<StreamsEvent, { type: T }>[] {
    return this.events[side].filter((event) => event.type === type) as Extract<StreamsEvent, { type: T }>[];
  }

  /** Sends what both have to send, takes events, delivers what is due. */
  pump(): void {
    for (let more = true; more; ) {
      this.#transmit('a');
      this.#transmit('b');
      more = this.#deliver();
    }
  }

  /** Runs until `until` says so (true), or `limit` ms have passed or nothing is left to wait for (false). */
  drive(until: () => boolean, limit = 60_000): boolean {
    const end = this.now + limit;
    for (;;) {
      this.pump();
      if (until()) return true;
      const next = Math.min(this.a.pollTimeout(), this.b.pollTimeout(), this.#nextArrival());
      if (next > end) {
        this.now = Math.max(this.now, Math.min(end, next));
        return until();
      }
      this.now = Math.max(this.now, next);
      for (const side of ['a', 'b'] as const) {
        const core = this[side];
        if (core.pollTimeout() <= this.now) {
          core.handleTimeout(this.now);
          if (core.pollTimeout() <= this.now) throw new Error('pollTimeout is not later than now after handleTimeout');
        }
      }
    }
  }

  /** Lets `ms` pass. */
  wait(ms: number): void {
    const end = this.now + ms;
    this.drive(() => false, ms);
    this.now = end;
    this.pump();
  }

  #nextArrival(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const flying of this.#flying) if (flying.at < next) next = flying.at;
    return next;
  }

  #transmit(side: 'a' | 'b'): void {
    const core = this[side];
    this.#poll(side);
    this.slot.reset();
    while (core.pollTransmit(this.slot, this.now)) {
      const bytes = this.slot.bytes.slice();
      this.slot.reset();
      if (this.keep) this.packets[side].push(bytes);
      this.send(side, bytes);
    }
    this.#poll(side);
  }

  #poll(side: 'a' | 'b'): void {
    if (this.deaf.has(side)) return;
    for (let event = this[side].pollEvent(); event !== undefined; event = this[side].pollEvent()) {
      this.events[side].push(event);
    }
  }

  /** Puts a packet on the link as if `from` had sent it. */
  send(from: 'a' | 'b', bytes: Uint8Array): void {
    const link = this.link;
    if (link.filter !== undefined && !link.filter(bytes, from, this.now)) return;
    if (this.#dice.next() < (link.loss ?? 0)) return;
    let at = this.now + (link.delay ?? 0);
    if (link.rate !== undefined) {
      const start = Math.max(this.now, this.#busyUntil[from]);
      if ((start - this.now) * link.rate > (link.queueLimit ?? Number.POSITIVE_INFINITY)) return;
      this.#busyUntil[from] = start + bytes.length / link.rate;
      at += this.#busyUntil[from] - this.now;
    }
    if (this.#dice.next() < (link.reordering ?? 0)) at += (link.reorderingDelay ?? 10) * this.#dice.next();
    const to = from === 'a' ? 'b' : 'a';
    this.#flying.push({ at, order: this.#order++, to, bytes });
    if (this.#dice.next() < (link.duplication ?? 0))
      this.#flying.push({ at, order: this.#order++, to, bytes: bytes.slice() });
  }

  /** Delivers all packets that are due, in order of arrival. Answers whether there were any. */
  #deliver(): boolean {
    const due = this.#flying.filter((flying) => flying.at <= this.now);
    if (due.length === 0) return false;
    due.sort((x, y) => x.at - y.at || x.order - y.order);
    for (const flying of due) this.#flying.splice(this.#flying.indexOf(flying), 1);
    for (const { to, bytes } of due) this[to].handlePacket(bytes, this.now);
    return true;
  }
}

/** Bytes that tell where they come from. */
export function pattern(length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + seed * 7 + (i >> 8)) & 0xff;
  return bytes;
}
