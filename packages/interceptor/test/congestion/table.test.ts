import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mean, Network } from './network.ts';
import { type Outcome, SCENARIOS } from './scenarios.ts';

/**
 * The table of `docs/guide/congestion-control.md`. With `KAON_CONGESTION_SEEDS=40` in the environment it is printed anew; the
 * same sources print the same table. Without it one seed is run, to see that every row still holds.
 */
const seeds = Array.from({ length: Number(process.env['KAON_CONGESTION_SEEDS'] ?? 1) }, (_, i) => i + 1);
const isPrinted = seeds.length > 1;
const page = readFileSync(new URL('../../../../docs/guide/congestion-control.md', import.meta.url), 'utf8');
/** First cells of the page's tables; what pads them in line does not count. */
const names = new Set(page.split('\n').map((line) => /^\|\s*(.*?)\s*\|/.exec(line)?.[1]));
const rows: string[] = [];

describe('the table of the guide', () => {
  it.each(SCENARIOS)('$name', { timeout: 600_000 }, ({ name, run }) => {
    const outcomes = seeds.map(run);
    for (const { utilisation } of outcomes) expect(utilisation).toBeGreaterThan(0.4);
    expect(names).toContain(name);
    rows.push(row(name, outcomes));
  });

  it('two senders', { timeout: 600_000 }, () => {
    const ratios = sorted(seeds.map(ratioOfTwo));
    expect(ratios.at(-1)).toBeLessThan(2);
    const [worst, usual] = [ratios.at(-1)!, median(ratios)].map((ratio) => ratio.toFixed(2));
    rows.push(`\nAfter 40 s the larger share is ${worst} times the other at worst, ${usual} times in the median.`);
    if (isPrinted) console.log(rows.join('\n'));
  });
});

function row(name: string, outcomes: readonly Outcome[]): string {
  const shares = sorted(outcomes.map(({ utilisation }) => utilisation));
  const delays = sorted(outcomes.map(({ queueDelay }) => queueDelay));
  const times = sorted(outcomes.map(({ reactionTime }) => reactionTime));
  const cells = [
    `${percent(shares[0]!)}, ${percent(median(shares))}`,
    `${delays.at(-1)!.toFixed(0)} ms, ${median(delays).toFixed(0)} ms`,
    `${seconds(times.at(-1)!)}, ${seconds(median(times))}`,
  ];
  return `| ${name} | ${cells.join(' | ')} |`;
}

/** The larger share by the smaller one of two senders on 4 Mbit/s, of which the second starts 5 s later. */
function ratioOfTwo(seed: number): number {
  const network = new Network({ seed, capacity: 4_000_000, flows: [{}, { startAt: 5000 }] });
  network.run(60_000);
  const shares = network.flows.map((flow) => mean(flow, 'arrived', 40_000, 60_000));
  return Math.max(...shares) / Math.min(...shares);
}

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
