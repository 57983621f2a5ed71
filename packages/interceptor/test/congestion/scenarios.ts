/** What congestion control must cope with; the rows of the table in `docs/guide/congestion-control.md`. */
import { type Flow, largest, mean, Network, type NetworkOptions } from './network.ts';

/** One situation, and the figures that tell how well it went. */
export interface Scenario {
  readonly name: string;
  readonly run: (seed: number) => Outcome;
}

/** Shares are of the bottleneck's capacity, 0 to 1. */
export interface Outcome {
  /** Of the capacity, what arrived in the last seconds. */
  readonly utilisation: number;
  /** 95th percentile of the longest wait in the bottleneck's queue in each 100 ms of the last seconds, in ms. */
  readonly queueDelay: number;
  /** Seconds until the target came to 80 % of the capacity (or fell below it, for a drop); NaN: never. */
  readonly reactionTime: number;
}

const MEGABIT = 1_000_000;

/** A run of one flow for `seconds`, judged by what it did after `settled` seconds. */
function steady(options: Omit<NetworkOptions, 'seed'>, seconds = 20, settled = 10): (seed: number) => Outcome {
  return (seed) => {
    const network = new Network({ ...options, seed });
    network.run(seconds * 1000);
    const flow = network.flows[0]!;
    return {
      utilisation: mean(flow, 'arrived', settled * 1000, seconds * 1000) / options.capacity,
      queueDelay: percentile(flow, settled * 1000, seconds * 1000),
      reactionTime: timeUntil(flow, 0, (target) => target >= 0.8 * options.capacity),
    };
  };
}

/** The capacity changes to `capacity * factor` after 12 s. */
function change(factor: number, seconds: number, back = 0): (seed: number) => Outcome {
  return (seed) => {
    const capacity = 10 * MEGABIT;
    const network = new Network({ seed, capacity });
    network.run(12_000);
    network.setCapacity(capacity * factor);
    const flow = network.flows[0]!;
    const start = 12_000 + back * 1000;
    if (back > 0) {
      network.run(back * 1000);
      network.setCapacity(capacity);
    }
    network.run(seconds * 1000);
    const end = start + seconds * 1000;
    const now = network.capacity;
    return {
      utilisation: mean(flow, 'arrived', end - 5000, end) / now,
      queueDelay: percentile(flow, end - 5000, end),
      reactionTime: timeUntil(flow, start, (target) => (back > 0 ? target >= 0.8 * now : target < now)),
    };
  };
}

export const SCENARIOS: readonly Scenario[] = [
  { name: '10 Mbit/s', run: steady({ capacity: 10 * MEGABIT }) },
  {
    name: '10 Mbit/s, start at 1 Mbit/s',
    run: steady({ capacity: 10 * MEGABIT, flows: [{ control: { startBitrate: MEGABIT } }] }),
  },
  { name: '1 Mbit/s', run: steady({ capacity: MEGABIT }) },
  { name: '500 kbit/s with audio', run: steady({ capacity: MEGABIT / 2, flows: [{ audio: true }] }) },
  { name: '10 Mbit/s, 5 % random loss', run: steady({ capacity: 10 * MEGABIT, line: { loss: 0.05 } }) },
  { name: '10 Mbit/s, 20 % random loss', run: steady({ capacity: 10 * MEGABIT, line: { loss: 0.2 } }) },
  { name: '2 Mbit/s, 20 % random loss', run: steady({ capacity: 2 * MEGABIT, line: { loss: 0.2 } }) },
  {
    name: '10 Mbit/s, losses in bursts of 5 (3 %)',
    run: steady({ capacity: 10 * MEGABIT, line: { burstLoss: { enter: 0.006, leave: 0.2 } } }),
  },
  { name: '10 Mbit/s, jitter of 15 ms', run: steady({ capacity: 10 * MEGABIT, line: { jitter: 15 } }) },
  {
    name: '10 Mbit/s, 2 % reordered by 20 ms',
    run: steady({ capacity: 10 * MEGABIT, line: { reorder: 0.02, reorderDelay: 20 } }),
  },
  { name: '10 Mbit/s, 30 % of feedback lost', run: steady({ capacity: 10 * MEGABIT, back: { loss: 0.3 } }) },
  { name: '10 Mbit/s, round trip of 200 ms', run: steady({ capacity: 10 * MEGABIT, roundTrip: 200 }) },
  { name: '10 Mbit/s, queue of 10 ms', run: steady({ capacity: 10 * MEGABIT, queue: 10 }) },
  { name: '10 Mbit/s, queue of 1 s', run: steady({ capacity: 10 * MEGABIT, queue: 1000 }) },
  { name: 'RFC 8888', run: steady({ capacity: 10 * MEGABIT, flows: [{ feedback: 'ccfb' }] }) },
  {
    name: 'RFC 8888, 5 % random loss',
    run: steady({ capacity: 10 * MEGABIT, line: { loss: 0.05 }, flows: [{ feedback: 'ccfb' }] }),
  },
  {
    name: 'RFC 8888, CE marks from 10 ms of queue on',
    run: steady({ capacity: 10 * MEGABIT, line: { ecnThreshold: 12_500 }, flows: [{ feedback: 'ccfb', ecn: 1 }] }),
  },
  { name: 'REMB only', run: steady({ capacity: 10 * MEGABIT, flows: [{ feedback: 'remb' }] }) },
  {
    name: 'REMB only, 20 % random loss',
    run: steady({ capacity: 10 * MEGABIT, line: { loss: 0.2 }, flows: [{ feedback: 'remb' }] }),
  },
  { name: 'drop from 10 to 2.5 Mbit/s', run: change(0.25, 10) },
  { name: 'drop from 10 to 1 Mbit/s', run: change(0.1, 10) },
  { name: 'back from 2.5 to 10 Mbit/s', run: change(0.25, 20, 10) },
];

function timeUntil(flow: Flow, from: number, reached: (target: number) => boolean): number {
  const found = flow.samples.find(({ at, target }) => at > from && reached(target));
  return found === undefined ? Number.NaN : (found.at - from) / 1000;
}

function percentile(flow: Flow, from: number, to: number): number {
  const delays = flow.samples.filter(({ at }) => at > from && at <= to).map(({ queueDelay }) => queueDelay);
  delays.sort((a, b) => a - b);
  return delays[Math.floor(delays.length * 0.95)] ?? largest(flow, 'queueDelay', from, to);
}
