/**
 * Two cores, one clock, one bad line: the story form of a test.
 *
 * Fully synchronous: `run` moves from deadline to deadline (packets arriving, timers of the cores) and feeds and
 * drains both cores at each, so megabytes go through in a test. It also holds the cores to line 3 of the contract in
 * core/v1: a core whose `pollTimeout()` is not later than `now` right after `handleTimeout(now)` fails the story.
 */
import type { Core, CoreEvent, DatagramCore, EcnCodepoint, Instant, Path } from '@kaon/interface/core/v1';
import type { MessageStreams } from '@kaon/interface/message-streams/v1';
import type { SecureTransport } from '@kaon/interface/secure-transport/v1';
import { Deque, formatAddress, Slot, sameAddress, transportAddress } from '@kaon/wire';
import { PairSide, type SideName } from './pair-side.ts';
import { type SeededRandom, seededRandom } from './random.ts';
import { defaultSeed, nameSeed } from './seed.ts';
import type { NetemFate, NetemOptions } from './vnet/netem.ts';
import { Netem } from './vnet/netem.ts';

/** A core that a `Pair` can drive as it is. */
export type PairCore = DatagramCore<CoreEvent> | SecureTransport<CoreEvent> | MessageStreams;

/** A core with its own way to take packets in, such as channels over streams. */
export interface PairEnd<C extends Core<CoreEvent> = Core<CoreEvent>> {
  readonly core: C;
  receive(bytes: Uint8Array, path: Path, now: Instant, ecn: EcnCodepoint): void;
}

/** The core of what was given to a `Pair`. */
export type CoreOf<T> = T extends PairEnd<infer C> ? C : T;

/** The events of a core. */
export type EventOf<C> = C extends { pollEvent(): infer E } ? Exclude<E, undefined> : never;

/** How two cores are joined. */
export interface PairOptions {
  /** The line in both directions. Default: 5 ms delay and nothing bad. */
  readonly netem?: NetemOptions | undefined;
  /** What differs from `netem` from a to b. */
  readonly aToB?: NetemOptions | undefined;
  /** What differs from `netem` from b to a. */
  readonly bToA?: NetemOptions | undefined;
  /** Default: `KAON_SEED`, or 1. */
  readonly seed?: number | undefined;
  /** First instant in ms. Default 1000. */
  readonly start?: Instant | undefined;
  /** The path of packets for which a core sets none. `local` is a's address. */
  readonly path?: Path | undefined;
  /**
   * The path as the receiver sees it of a packet that `from` sent on `path`; undefined loses the packet.
   * Default: the same path the other way round.
   */
  readonly route?: ((path: Path, from: SideName) => Path | undefined) | undefined;
  /** Room in the transmit slot: the largest packet in bytes. Default 1200. */
  readonly mtu?: number | undefined;
  /** Bytes kept free in front of a packet in the slot. Default 0. */
  readonly headroom?: number | undefined;
  /** What to print for a packet in the transcript. Default: its first bytes in hex. */
  readonly describe?: ((bytes: Uint8Array) => string) | undefined;
  /** How many packets the transcript keeps. Default 60. */
  readonly transcriptLength?: number | undefined;
}

/** A packet on its way, as a tap sees it. */
export interface TappedPacket {
  readonly from: SideName;
  /** Counts the packets of this side from 0. */
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly now: Instant;
}

/** Looks at a packet before the line does: false drops it, bytes take its place, undefined lets it pass. */
export type Tap = (packet: TappedPacket) => Uint8Array | false | undefined;

/** How long `run` goes on. */
export interface PairRunOptions {
  /** Stop as soon as this holds. Without it, `run` stops when nothing is left to happen. */
  readonly until?: (() => boolean) | undefined;
  /** Virtual ms from now. With `until`, running out of them throws; without it, `run` just returns. Default 60 000. */
  readonly timeout?: number | undefined;
  /** What is awaited, for the error message. */
  readonly what?: string | undefined;
}

/**
 * Two cores joined by a line.
 *
 * @example
 * const pair = new Pair(client, server, { netem: { delay: 20, loss: 0.1 } });
 * client.connect(pair.now);
 * pair.run({ until: () => pair.a.has('connected') && pair.b.has('connected') });
 */
export class Pair<A extends PairCore | PairEnd, B extends PairCore | PairEnd> {
  /** The first core, its events and its line to the other. */
  readonly a: PairSide<EventOf<CoreOf<A>>>;
  readonly b: PairSide<EventOf<CoreOf<B>>>;
  readonly seed: number;
  /** The random source the lines use is a fork of this one. */
  readonly random: SeededRandom;
  readonly #options: PairOptions;
  readonly #slot: Slot;
  readonly #path: Path;
  readonly #taps: Tap[] = [];
  readonly #transcript: Deque<Noted> = new Deque(64);
  #now: Instant;
  #packetsNow = 0;

  constructor(a: A, b: B, options: PairOptions = {}) {
    const netem = options.netem ?? { delay: 5 };
    this.#options = options;
    this.seed = options.seed ?? defaultSeed();
    this.random = seededRandom(this.seed);
    this.#now = options.start ?? 1000;
    this.#slot = new Slot(options.mtu ?? 1200, options.headroom ?? 0);
    this.#path = options.path ?? DEFAULT_PATH;
    this.a = new PairSide('a', toEnd(a), new Netem({ ...netem, ...options.aToB }, this.random.fork('a to b')));
    this.b = new PairSide('b', toEnd(b), new Netem({ ...netem, ...options.bToA }, this.random.fork('b to a')));
  }

  /** The time to give to commands of the cores. */
  get now(): Instant {
    return this.#now;
  }

  /** The last packets and what became of them, one line each, oldest first. */
  get transcript(): readonly string[] {
    return [...this.#transcript].map(({ at, from, index, length, text, head, fate }) => {
      const shown = text ?? `${hex(head)}${length > head.length ? '..' : ''}`;
      return `${at.toFixed(1)} ${from}#${index} ${length} B ${shown}${fate === undefined ? '' : ` (${fate})`}`;
    });
  }

  /** Adds a tap on the packets of both sides; taps are asked in the order they were added. */
  tap(tap: Tap): void {
    this.#taps.push(tap);
  }

  /** Drops the packets of one side with these indexes (from 0, counting everything the side ever sent). */
  drop(from: SideName, ...indexes: readonly number[]): void {
    this.tap((packet) => (packet.from === from && indexes.includes(packet.index) ? false : undefined));
  }

  /** Puts a packet of the test's own making on the line, as if `from` had sent it; taps do not see it. The bytes change owner. */
  inject(from: SideName, bytes: Uint8Array, path?: Path): void {
    const side = from === 'a' ? this.a : this.b;
    const arriving = reversed(path ?? (from === 'a' ? this.#path : reversed(this.#path)));
    this.#note(side, side.sent, bytes, 'injected');
    side.line.push(bytes, this.#now, arriving, 0);
  }

  /** Changes the line in both directions from now on. */
  setNetem(options: NetemOptions): void {
    this.a.line.set(options);
    this.b.line.set(options);
  }

  /** Cuts the line in both directions: what is sent is lost, and so is what is in flight. */
  cut(): void {
    this.setNetem({ down: true });
    this.a.line.flush();
    this.b.line.flush();
  }

  /** Joins what `cut` has cut. */
  restore(): void {
    this.setNetem({ down: false });
  }

  /** Drives both cores. Throws, with the seed and the transcript, when `until` does not hold in time. */
  run(options: PairRunOptions = {}): void {
    const { until, timeout = 60_000 } = options;
    const end = this.#now + timeout;
    try {
      for (;;) {
        this.#pump();
        if (until?.()) return;
        const next = this.#nextDeadline();
        if (next > end || next === Number.POSITIVE_INFINITY) {
          if (until !== undefined) throw new Error(this.#complaint(options, timeout, next));
          if (end !== Number.POSITIVE_INFINITY) this.#now = end;
          return;
        }
        if (next > this.#now) {
          this.#now = next;
          this.#packetsNow = 0;
        }
      }
    } catch (error) {
      throw nameSeed(error, this.seed);
    }
  }

  /** Drives both cores for exactly this many virtual ms. */
  advance(ms: number): void {
    this.run({ timeout: ms });
  }

  /** Feeds and drains both cores at the present instant until neither has anything to do now. */
  #pump(): void {
    let busy = true;
    while (busy) {
      const fromA = this.#feed(this.a, this.b);
      const fromB = this.#feed(this.b, this.a);
      busy = this.#drain(this.a) || fromA || fromB;
      busy = this.#drain(this.b) || busy;
    }
  }

  /** Gives `to` what has arrived from `from` and its due timers. */
  #feed(to: DrivenSide, from: DrivenSide): boolean {
    let busy = false;
    for (let packet = from.line.poll(this.#now); packet !== undefined; packet = from.line.poll(this.#now)) {
      busy = true;
      to.end.receive(packet.bytes, packet.meta, this.#now, packet.ecn);
    }
    const { core } = to.end;
    if (core.pollTimeout() <= this.#now) {
      busy = true;
      core.handleTimeout(this.#now);
      const next = core.pollTimeout();
      if (!(next > this.#now))
        throw new Error(`side ${to.name}: pollTimeout() is ${next} right after handleTimeout(${this.#now})`);
    }
    return busy;
  }

  #drain(side: DrivenSide): boolean {
    const slot = this.#slot;
    let busy = false;
    while (this.#transmit(side, slot)) {
      busy = true;
      if (++this.#packetsNow > MAX_PACKETS_PER_INSTANT)
        throw new Error(`side ${side.name} does not stop sending at ${this.#now}`);
    }
    if (!side.held && side.pollEvents(this.#now)) busy = true;
    return busy;
  }

  #transmit(side: DrivenSide, slot: Slot): boolean {
    slot.reset();
    if (!side.end.core.pollTransmit(slot, this.#now)) return false;
    if (slot.end > slot.limit || slot.start > slot.end)
      throw new Error(`side ${side.name} wrote [${slot.start}, ${slot.end}) into a slot with the limit ${slot.limit}`);
    const path = slot.path ?? (side.name === 'a' ? this.#path : reversed(this.#path));
    // The slot is used again at once, and the receiver owns what it gets.
    let bytes: Uint8Array = slot.buffer.slice(slot.start, slot.end);
    const index = side.sent++;
    for (const tap of this.#taps) {
      const verdict = tap({ from: side.name, index, bytes, now: this.#now });
      if (verdict === false) {
        this.#note(side, index, bytes, 'dropped by a tap');
        return true;
      }
      if (verdict !== undefined) bytes = verdict;
    }
    const arriving = this.#options.route === undefined ? reversed(path) : this.#options.route(path, side.name);
    if (arriving === undefined) this.#note(side, index, bytes, `no route to ${formatAddress(path.remote)}`);
    else {
      this.#note(side, index, bytes, undefined);
      const fate = side.line.push(bytes, this.#now, arriving, slot.ecn);
      if (fate !== 'sent') this.#amend(fate);
    }
    return true;
  }

  #nextDeadline(): Instant {
    return Math.min(
      this.a.line.pollTimeout(),
      this.b.line.pollTimeout(),
      this.a.end.core.pollTimeout(),
      this.b.end.core.pollTimeout(),
    );
  }

  /** Keeps what a line of the transcript needs; most are never read, so that they are written only then. */
  #note(side: DrivenSide, index: number, bytes: Uint8Array, fate: string | undefined): void {
    const { describe, transcriptLength = 60 } = this.#options;
    this.#transcript.push({
      at: this.#now,
      from: side.name,
      index,
      length: bytes.length,
      text: describe?.(bytes),
      // A copy: the receiver may decrypt in place.
      head: bytes.slice(0, 16),
      fate,
    });
    if (this.#transcript.length > transcriptLength) this.#transcript.shift();
  }

  #amend(fate: NetemFate): void {
    const last = this.#transcript.at(this.#transcript.length - 1);
    if (last !== undefined) last.fate = fate;
  }

  #complaint(options: PairRunOptions, timeout: number, next: Instant): string {
    const why = next === Number.POSITIVE_INFINITY ? ': nothing is left to happen' : '';
    return [
      `${options.what ?? 'what the story waits for'} did not happen within ${timeout} ms${why} (now ${this.#now})`,
      `a saw ${this.a.summary()}`,
      `b saw ${this.b.summary()}`,
      ...this.transcript,
    ].join('\n  ');
  }
}

/** Whether two paths lead to the same place; for `route` functions. */
export function reaches(path: Path, addresses: readonly Path['local'][]): boolean {
  return addresses.some((address) => sameAddress(address, path.remote));
}

/** The path as seen from its other end. */
export function reversed(path: Path): Path {
  return { protocol: path.protocol, local: path.remote, remote: path.local };
}

/** A line of the transcript before it is written. */
interface Noted {
  readonly at: Instant;
  readonly from: SideName;
  readonly index: number;
  readonly length: number;
  readonly text: string | undefined;
  readonly head: Uint8Array;
  fate: string | undefined;
}

/** A side as the loop sees it, whatever its events are. */
type DrivenSide = Pick<PairSide<CoreEvent>, 'name' | 'end' | 'line' | 'sent' | 'held' | 'pollEvents'>;

/** From 192.0.2.1:5001 to 198.51.100.1:5002 (RFC 5737). */
const DEFAULT_PATH: Path = {
  protocol: 'udp',
  local: transportAddress('192.0.2.1', 5001),
  remote: transportAddress('198.51.100.1', 5002),
};

/** Far beyond what any window lets through, so it is a loop. */
const MAX_PACKETS_PER_INSTANT = 300_000;

function toEnd(core: PairCore | PairEnd): PairEnd {
  if ('receive' in core) return core;
  if ('handleDatagram' in core) {
    return { core, receive: (bytes, path, now, ecn) => core.handleDatagram(bytes, path, now, ecn) };
  }
  if ('handleRecord' in core) return { core, receive: (bytes, path, now) => core.handleRecord(bytes, path, now) };
  return { core, receive: (bytes, _path, now) => core.handlePacket(bytes, now) };
}

function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
