import type { TransportAddress } from '@kaon/interface/core/v1';
import { seededRandom } from '@kaon/testing';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { type Story, story } from '../helpers.ts';
import { Connections, tcpBase } from '../tcp.ts';

type Side = 'a' | 'b';

/** Networks that come, go and fall silent at random, under two agents with random options. */
class Turmoil {
  readonly random: ReturnType<typeof seededRandom>;
  readonly connections = new Connections();
  readonly silent = new Set<string>();
  readonly bases: { readonly [S in Side]: TransportAddress[] } = { a: [], b: [] };
  readonly s: Story;
  /** TCP bases beside the UDP ones. Then the line loses nothing: what is silent for a while breaks connections instead. */
  readonly tcp: boolean;
  #next = 1;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    const lite = this.chance(4);
    const renomination = this.chance(2);
    this.tcp = this.chance(2);
    this.s = story({
      seed,
      aBases: [],
      bBases: [],
      netem: { delay: this.pick([1, 20, 60]), loss: this.tcp ? 0 : this.pick([0, 0.05, 0.2]) },
      a: { renomination },
      b: { lite, renomination: this.chance(2) },
      route: (path, from) => {
        if (this.silent.has(path.local.address) || this.silent.has(path.remote.address)) return undefined;
        if (path.protocol === 'tcp') return this.connections.route(path, from);
        return { protocol: 'udp', local: path.remote, remote: path.local };
      },
    });
    if (lite) this.s.a.setRemoteLite(true, this.s.pair.now);
    this.add('a');
    this.add('b');
    this.s.exchangeCredentials();
  }

  chance(oneIn: number): boolean {
    return this.random.integer(1, oneIn) === 1;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.random.integer(0, from.length - 1)]!;
  }

  add(side: Side): void {
    const port = side === 'a' ? 5001 : 5002;
    const address = transportAddress(`${side === 'a' ? '192.0.2' : '198.51.100'}.${this.#next++}`, port);
    this.bases[side].push(address);
    const { pair } = this.s;
    this.s[side].addLocalBase({ address, networkCost: this.pick([0, 10, 900]) }, pair.now);
    if (this.tcp) this.s[side].addLocalBase(tcpBase(address, side === 'a' ? 'active' : 'passive'), pair.now);
  }

  remove(side: Side): void {
    const at = this.random.integer(0, this.bases[side].length - 1);
    const [base] = this.bases[side].splice(at, 1);
    if (base === undefined) return;
    this.silent.add(base.address);
    this.s[side].removeLocalBase(base, this.s.pair.now);
    const tcp = tcpBase(base, side === 'a' ? 'active' : 'passive').address;
    this.s[side].removeLocalBase(tcp, this.s.pair.now, 'tcp');
  }

  /** How many networks of a side work. */
  audible(side: Side): number {
    return this.bases[side].filter(({ address }) => !this.silent.has(address)).length;
  }

  step(): void {
    const { pair } = this.s;
    pair.restore();
    const side = this.pick(['a', 'b'] as const);
    switch (this.random.integer(0, 5)) {
      case 0:
      case 1:
        this.add(side);
        break;
      case 2:
        if (this.audible(side) > 1) this.remove(side);
        break;
      case 3:
        break;
      case 4: {
        const base = this.pick(this.bases[side]);
        if (!this.silent.delete(base.address) && this.audible(side) > 1) this.silent.add(base.address);
        break;
      }
      default:
        pair.cut();
    }
    if (this.tcp) this.connections.reset(this.s);
    pair.advance(this.random.integer(0, this.pick([10, 1000, 20_000])));
  }

  /** Whether data of each side arrives at the other, and is believed there. */
  works(): boolean {
    const { a, b } = this.s;
    for (const [from, to, name] of [
      [a, b, 'a'],
      [b, a, 'b'],
    ] as const) {
      const path = from.selectedPair?.path;
      if (path === undefined || this.silent.has(path.local.address) || this.silent.has(path.remote.address))
        return false;
      const arriving =
        path.protocol === 'tcp'
          ? this.connections.route(path, name)
          : ({ protocol: 'udp', local: path.remote, remote: path.local } as const);
      if (arriving === undefined || !to.isKnownPath(arriving)) return false;
    }
    return true;
  }
}

describe('whatever the networks do', () => {
  it('agents neither throw nor stand still, and connect once the networks are quiet', () => {
    let failed = 0;
    for (let seed = 1; seed <= 80; seed++) {
      const turmoil = new Turmoil(seed);
      const { s } = turmoil;
      for (let i = 0; i < 25; i++) turmoil.step();
      s.pair.restore();
      turmoil.silent.clear();
      turmoil.connections.reset(s);
      for (const side of ['a', 'b'] as const) turmoil.add(side);
      s.pair.advance(1000);
      const over = (): boolean => s.a.state === 'failed' || s.b.state === 'failed';
      s.pair.run({ until: () => over() || turmoil.works(), timeout: 90_000, what: `a way (seed ${seed})` });
      if (over()) {
        failed++;
        continue;
      }
      // And it stays.
      s.pair.advance(60_000);
      expect(turmoil.works() || over(), `seed ${seed}`).toBe(true);
    }
    // Two cuts in a row may be longer than 30 s, which ends it, as it should.
    expect(failed).toBeLessThan(10);
  });
});
