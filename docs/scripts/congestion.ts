/**
 * Prints the table of `docs/guide/congestion-control.md`: how congestion control does on the simulated network, over as many
 * seeds as the first argument says (default 20). It is deterministic: the same sources print the same table.
 *
 *     node --conditions=@kaon/source docs/scripts/congestion.ts
 */
import { mean, Network } from '../../packages/interceptor/test/congestion/network.ts';
import { SCENARIOS } from '../../packages/interceptor/test/congestion/scenarios.ts';

const seeds = Array.from({ length: Number(process.argv[2] ?? 20) }, (_, i) => i + 1);

console.log(
  '| Situation | Of the capacity: worst, median | Queue, 95th percentile: worst, median | Seconds: worst, median |',
);
console.log('| --- | --- | --- | --- |');
for (const { name, run } of SCENARIOS) {
  const outcomes = seeds.map(run);
  const shares = sorted(outcomes.map(({ utilisation }) => utilisation));
  const delays = sorted(outcomes.map(({ queueDelay }) => queueDelay));
  const times = sorted(outcomes.map(({ reactionTime }) => reactionTime));
  const cells = [
    `${percent(shares[0]!)}, ${percent(median(shares))}`,
    `${delays.at(-1)!.toFixed(0)} ms, ${median(delays).toFixed(0)} ms`,
    `${seconds(times.at(-1)!)}, ${seconds(median(times))}`,
  ];
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}

const ratios = sorted(
  seeds.map((seed) => {
    const network = new Network({ seed, capacity: 4_000_000, flows: [{}, { startAt: 5000 }] });
    network.run(60_000);
    const shares = network.flows.map((flow) => mean(flow, 'arrived', 40_000, 60_000));
    return Math.max(...shares) / Math.min(...shares);
  }),
);
console.log(
  `\nTwo senders share 4 Mbit/s, the second starts 5 s later: after 40 s the larger share is ${ratios.at(-1)!.toFixed(2)} times the other at worst, ${median(ratios).toFixed(2)} times in the median.`,
);

function sorted(values: readonly number[]): number[] {
  // What never happened sorts last.
  return values.map((value) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : value)).sort((a, b) => a - b);
}

function median(values: readonly number[]): number {
  return values[Math.floor(values.length / 2)]!;
}

function seconds(time: number): string {
  return Number.isFinite(time) ? time.toFixed(1) : '∞';
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
