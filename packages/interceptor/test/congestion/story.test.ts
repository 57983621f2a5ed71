import { withSeed } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { type Flow, type FlowOptions, largest, mean, Network, type NetworkOptions } from './network.ts';

const MEGABIT = 1_000_000;
const CAPACITY = 10 * MEGABIT;
const SEEDS = [1, 22, 40];

/** Each story is told with three seeds, which were the hardest of forty. */
function told(name: string, story: (seed: number) => void): void {
  it.each(SEEDS)(`${name} (seed %i)`, (seed) => withSeed(story, seed));
}

function after(seconds: number, options: Omit<NetworkOptions, 'capacity'>, capacity = CAPACITY): Flow {
  const network = new Network({ capacity, ...options });
  network.run(seconds * 1000);
  return network.flows[0]!;
}

/** Mean of what arrived from one second to another as a share of the capacity. */
function utilisation(flow: Flow, from: number, to: number, capacity = CAPACITY): number {
  return mean(flow, 'arrived', from * 1000, to * 1000) / capacity;
}

const byKind: readonly [string, FlowOptions][] = [
  ['transport-wide feedback', { feedback: 'twcc' }],
  ['RFC 8888', { feedback: 'ccfb' }],
];

describe.each(byKind)('a sender with %s', (_, flow) => {
  told('finds 80 % of 10 Mbit/s within 10 s', (seed) => {
    const sender = after(20, { seed, flows: [flow] });
    expect(mean(sender, 'target', 8000, 10_000)).toBeGreaterThan(0.8 * CAPACITY);
    expect(utilisation(sender, 10, 20)).toBeGreaterThan(0.8);
  });

  told('keeps 70 % at 5 % of random loss', (seed) => {
    const sender = after(20, { seed, flows: [flow], line: { loss: 0.05 } });
    expect(utilisation(sender, 10, 20)).toBeGreaterThan(0.7);
  });

  told('keeps 40 % at 20 % of random loss', (seed) => {
    const sender = after(20, { seed, flows: [flow], line: { loss: 0.2 } });
    expect(utilisation(sender, 10, 20)).toBeGreaterThan(0.4);
    expect(sender.controller.estimate().inherentLoss).toBeGreaterThan(0.1);
  });

  told('is below the new capacity within 2 s after a drop to a quarter, and comes back', (seed) => {
    const network = new Network({ seed, capacity: CAPACITY, flows: [flow] });
    network.run(12_000);
    network.setCapacity(CAPACITY / 4);
    network.run(2000);
    const sender = network.flows[0]!;
    expect(sender.controller.targetBitrate).toBeLessThan(CAPACITY / 4);
    network.run(8000);
    expect(utilisation(sender, 17, 22, CAPACITY / 4)).toBeGreaterThan(0.8);
    network.setCapacity(CAPACITY);
    network.run(20_000);
    expect(utilisation(sender, 37, 42)).toBeGreaterThan(0.7);
  });
});

describe('queues', () => {
  told('do not grow in the long run, however long they may be', (seed) => {
    const sender = after(25, { seed, queue: 2000 });
    expect(mean(sender, 'queueDelay', 10_000, 25_000)).toBeLessThan(60);
    expect(largest(sender, 'queueDelay', 10_000, 25_000)).toBeLessThan(200);
  });

  told('that a drop of the capacity filled are drained', (seed) => {
    const network = new Network({ seed, capacity: CAPACITY, queue: 1000 });
    network.run(12_000);
    network.setCapacity(CAPACITY / 10);
    network.run(16_000);
    expect(mean(network.flows[0]!, 'queueDelay', 25_000, 28_000)).toBeLessThan(150);
  });

  told('that hold 10 ms only do not make the rate collapse', (seed) => {
    const sender = after(20, { seed, queue: 10 });
    expect(utilisation(sender, 10, 20)).toBeGreaterThan(0.45);
  });

  told('that mark packets (CE) instead of dropping them stay short', (seed) => {
    const flow: FlowOptions = { feedback: 'ccfb', ecn: 1 };
    const network = new Network({ seed, capacity: CAPACITY, line: { ecnThreshold: 12_500 }, flows: [flow] });
    network.run(20_000);
    const sender = network.flows[0]!;
    expect(network.line.stats.marked).toBeGreaterThan(10);
    expect(network.line.stats.overflowed).toBe(0);
    expect(utilisation(sender, 10, 20)).toBeGreaterThan(0.8);
    expect(mean(sender, 'queueDelay', 10_000, 20_000)).toBeLessThan(15);
  });
});

describe('a sender', () => {
  told('starts at 300 kbit/s and stays inside 500 kbit/s with audio', (seed) => {
    const sender = after(20, { seed, flows: [{ audio: true }] }, MEGABIT / 2);
    expect(sender.samples[0]!.target).toBeLessThan(MEGABIT);
    expect(utilisation(sender, 10, 20, MEGABIT / 2)).toBeGreaterThan(0.8);
    expect(largest(sender, 'queueDelay', 10_000, 20_000)).toBeLessThan(200);
  });

  told('copes with a third of its feedback lost', (seed) => {
    const sender = after(20, { seed, back: { loss: 0.3 } });
    expect(utilisation(sender, 10, 20)).toBeGreaterThan(0.7);
  });

  told('copes with reordering and duplicates', (seed) => {
    const sender = after(25, { seed, line: { reorder: 0.02, reorderDelay: 20, duplicate: 0.01 } });
    expect(utilisation(sender, 15, 25)).toBeGreaterThan(0.7);
  });

  told('copes with losses in bursts', (seed) => {
    const sender = after(20, { seed, line: { burstLoss: { enter: 0.006, leave: 0.2 } } });
    expect(utilisation(sender, 10, 20)).toBeGreaterThan(0.7);
  });

  told('copes with a round trip of 200 ms', (seed) => {
    const sender = after(20, { seed, roundTrip: 200 });
    expect(utilisation(sender, 10, 20)).toBeGreaterThan(0.8);
    expect(sender.controller.roundTripTime).toBeGreaterThan(195);
  });

  told('copes with hosts whose timers fire every 2 ms', (seed) => {
    const sender = after(20, { seed, granularity: 2 });
    expect(utilisation(sender, 10, 20)).toBeGreaterThan(0.8);
    const lossy = after(20, { seed, granularity: 2, line: { loss: 0.2 } });
    expect(utilisation(lossy, 10, 20)).toBeGreaterThan(0.4);
  });

  told('follows REMB when the peer sends nothing else', (seed) => {
    const sender = after(10, { seed, flows: [{ feedback: 'remb' }] });
    expect(sender.controller.targetBitrate / CAPACITY).toBeCloseTo(0.95, 2);
    expect(utilisation(sender, 5, 10)).toBeGreaterThan(0.85);
  });

  told('grows without retransmissions to pad probes with, if slowly', (seed) => {
    const sender = after(20, { seed, flows: [{ rtx: false }] });
    expect(sender.controller.pacer(0)?.paddingPackets).toBe(0);
    expect(sender.controller.targetBitrate).toBeGreaterThan(MEGABIT);
  });

  told('goes down to the minimum while no feedback comes, and comes back', (seed) => {
    const network = new Network({ seed, capacity: CAPACITY });
    network.run(10_000);
    network.back.set({ down: true });
    network.run(20_000);
    const sender = network.flows[0]!;
    expect(sender.controller.targetBitrate).toBeLessThan(0.1 * CAPACITY);
    network.back.set({ down: false });
    network.run(10_000);
    expect(utilisation(sender, 35, 40)).toBeGreaterThan(0.7);
  });
});

describe('an application that sends less than it may', () => {
  told('does not make the estimate grow beyond twice its demand, and is free at once when it wants more', (seed) => {
    const network = new Network({ seed, capacity: CAPACITY });
    const sender = network.flows[0]!;
    sender.limit = MEGABIT / 2;
    sender.controller.setDemand(MEGABIT / 2, network.now);
    network.run(30_000);
    expect(sender.controller.estimate().applicationLimited).toBe(true);
    expect(largest(sender, 'target', 0, 30_000)).toBeLessThan(1.2 * MEGABIT);
    sender.limit = Number.POSITIVE_INFINITY;
    sender.controller.setDemand(2 * CAPACITY, network.now);
    network.run(10_000);
    expect(mean(sender, 'target', 31_000, 33_000)).toBeGreaterThan(0.6 * CAPACITY);
    expect(utilisation(sender, 35, 40)).toBeGreaterThan(0.8);
  });

  told('without a stated demand is probed up to what the network carries, and no further', (seed) => {
    const network = new Network({ seed, capacity: CAPACITY });
    const sender = network.flows[0]!;
    sender.limit = MEGABIT / 2;
    network.run(30_000);
    expect(largest(sender, 'target', 0, 30_000)).toBeLessThan(1.1 * CAPACITY);
    sender.limit = Number.POSITIVE_INFINITY;
    network.run(10_000);
    expect(utilisation(sender, 35, 40)).toBeGreaterThan(0.8);
  });
});

describe('two senders over one link', () => {
  told('come to equal shares, also when one comes late', (seed) => {
    const network = new Network({ seed, capacity: 4 * MEGABIT, flows: [{}, { startAt: 5000 }] });
    network.run(60_000);
    const shares = network.flows.map((flow) => mean(flow, 'arrived', 40_000, 60_000));
    expect(Math.max(...shares) / Math.min(...shares)).toBeLessThan(2);
    expect((shares[0]! + shares[1]!) / (4 * MEGABIT)).toBeGreaterThan(0.8);
  });
});
