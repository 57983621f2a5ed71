import { Netem, type NetemOptions, type SeededRandom, seededRandom } from '@kaon/testing';
import { Slot } from '@kaon/wire';
import { Association, type AssociationOptions } from '../../src/index.ts';

/** Two ends of an association, and what came out of it. */
export interface Flow {
  readonly from: Association;
  readonly to: Association;
  /** Bytes of messages that arrived. */
  received: number;
  /** Bytes still to be written. */
  remaining: number;
  /** When a message arrived last. */
  lastAt: number;
}

/** Associations that share one line: each sends as much as it can, or as it was told. Virtual time, in ms. */
export class SharedLine {
  readonly flows: Flow[] = [];
  readonly there: Netem<number>;
  readonly back: Netem<number>;
  now = 0;
  readonly #slot = new Slot(2000, 64);

  constructor(seed: number, there: NetemOptions, count = 1, options: Partial<AssociationOptions> = {}) {
    const random = seededRandom(seed);
    this.there = new Netem(there, random.fork('there'));
    this.back = new Netem({ delay: there.delay }, random.fork('back'));
    for (let n = 0; n < count; n++) {
      const from = new Association({ random: source(random, `from ${n}`), ...options });
      const to = new Association({ random: source(random, `to ${n}`), ...options });
      this.flows.push({ from, to, received: 0, remaining: Number.POSITIVE_INFINITY, lastAt: 0 });
      from.connect(0);
      to.connect(0);
    }
    // All are connected before the line gets bad.
    const { loss, burstLoss, reorder } = there;
    this.there.set({ loss: 0, burstLoss: undefined, reorder: 0 });
    for (const flow of this.flows) flow.remaining = 0;
    this.run(1000);
    this.there.set({ loss, burstLoss, reorder });
    for (const flow of this.flows) flow.remaining = Number.POSITIVE_INFINITY;
  }

  /** Lets `ms` pass, or less when `until` holds. Answers whether it does. */
  run(ms: number, until: () => boolean = () => false): boolean {
    const end = this.now + ms;
    for (;;) {
      for (const [n, flow] of this.flows.entries()) this.#turn(n, flow);
      if (until()) return true;
      let next = Math.min(this.there.pollTimeout(), this.back.pollTimeout());
      for (const flow of this.flows) next = Math.min(next, flow.from.pollTimeout(), flow.to.pollTimeout());
      if (next > end) break;
      this.now = Math.max(this.now, next);
      for (let one = this.there.poll(this.now); one !== undefined; one = this.there.poll(this.now)) {
        this.flows[one.meta]!.to.handlePacket(one.bytes, this.now);
      }
      for (let one = this.back.poll(this.now); one !== undefined; one = this.back.poll(this.now)) {
        this.flows[one.meta]!.from.handlePacket(one.bytes, this.now);
      }
      for (const { from, to } of this.flows) {
        if (from.pollTimeout() <= this.now) from.handleTimeout(this.now);
        if (to.pollTimeout() <= this.now) to.handleTimeout(this.now);
      }
    }
    this.now = end;
    return until();
  }

  /** Bytes per second that each flow gets over `ms` to come. */
  measure(ms: number): number[] {
    const before = this.flows.map((flow) => flow.received);
    this.run(ms);
    return this.flows.map((flow, n) => ((flow.received - before[n]!) * 1000) / ms);
  }

  #turn(n: number, flow: Flow): void {
    const { from, to } = flow;
    if (from.state === 'established') {
      while (flow.remaining > 0 && from.bufferedAmount(1) < 500_000) {
        const size = Math.min(16_000, flow.remaining);
        from.write(1, 53, new Uint8Array(size), this.now);
        flow.remaining -= size;
      }
    }
    this.#send(from, this.there, n);
    for (let event = to.pollEvent(); event !== undefined; event = to.pollEvent()) {
      if (event.type !== 'message') continue;
      flow.received += event.data.length;
      flow.lastAt = this.now;
    }
    this.#send(to, this.back, n);
    for (let event = from.pollEvent(); event !== undefined; event = from.pollEvent());
  }

  #send(core: Association, line: Netem<number>, n: number): void {
    this.#slot.reset();
    while (core.pollTransmit(this.#slot, this.now)) {
      line.push(this.#slot.bytes.slice(), this.now, n);
      this.#slot.reset();
    }
  }
}

function source(random: SeededRandom, name: string): (out: Uint8Array) => void {
  const one = random.fork(name);
  return (out) => one(out);
}
