import type { Row } from '../rows.ts';
import { findRun, type Run } from './history.ts';

/** Below this no difference counts, however close the samples of each run are. */
const LEAST_NOISE = 0.05;

/** A row that both runs have. */
export interface Difference {
  readonly row: string;
  readonly unit: string;
  readonly before: number;
  readonly after: number;
  /** `after` over `before`. */
  readonly ratio: number;
  /** Half of what lies between the smallest and the largest sample over the value, of the worse run; at least 0.05. */
  readonly spread: number;
  /** `undefined` when it is not beyond noise: the samples overlap or the ratio is within the spread. */
  readonly change: 'better' | 'worse' | undefined;
}

/** `pnpm bench compare A B`. */
export function compareRuns(a: string, b: string): string {
  const [before, after] = [findRun(a), findRun(b)];
  const all = differences(before.run, after.run);
  const line = ({ row, unit, before, after, ratio, spread, change }: Difference): string =>
    `| ${row} | ${unit} | ${short(before)} | ${short(after)} | ${ratio.toFixed(2)}× | ±${(spread * 100).toFixed(0)} % | ${change ?? ''} |`;
  const changed = all.filter(({ change }) => change !== undefined);
  return [
    told('A', before.name, before.run),
    told('B', after.name, after.run),
    ...(before.run.machine.cpu === after.run.machine.cpu ? [] : ['Not the same machine: compare nothing but ratios.']),
    '',
    '| | | A | B | B/A | spread | |',
    '| --- | --- | ---: | ---: | ---: | ---: | --- |',
    ...all.map(line),
    '',
    changed.length === 0
      ? `Nothing of ${all.length} rows changed beyond noise.`
      : `${changed.length} of ${all.length} rows changed beyond noise:`,
    ...changed.map(({ row, ratio, change }) => `- ${change}: ${row}, ${ratio.toFixed(2)}×`),
  ].join('\n');
}

/** Rows that both runs have, in the order of the second one. */
export function differences(before: Run, after: Run): Difference[] {
  const old = new Map(before.rows.map((row) => [nameOf(row), row]));
  return after.rows.flatMap((row) => {
    const other = old.get(nameOf(row));
    // What is left behind may be below nothing; a ratio would mean nothing.
    if (row.value === null || row.value <= 0 || other?.value == null || other.value <= 0) return [];
    const ratio = row.value / other.value;
    const spread = Math.max(LEAST_NOISE, spreadOf(row), spreadOf(other));
    const isApart =
      Math.min(...row.samples) > Math.max(...other.samples) || Math.max(...row.samples) < Math.min(...other.samples);
    const isBetter = row.better === 'higher' ? ratio > 1 : ratio < 1;
    const change = isApart && Math.abs(ratio - 1) > spread ? (isBetter ? 'better' : 'worse') : undefined;
    return [{ row: nameOf(row), unit: row.unit, before: other.value, after: row.value, ratio, spread, change }];
  });
}

function nameOf({ peer, metric, form }: Row): string {
  return `${peer}: ${metric}, ${form}`;
}

function spreadOf({ samples, value }: Row): number {
  if (value === null || value === 0 || samples.length === 0) return 0;
  return (Math.max(...samples) - Math.min(...samples)) / 2 / Math.abs(value);
}

function told(letter: string, name: string, { machine, node, load, label, commit, governor, quick }: Run): string {
  const facts = [
    label,
    commit,
    `${machine.cpu} × ${machine.cores}`,
    governor,
    `Node ${node}`,
    `load ${load.toFixed(1)}`,
  ];
  return `${letter}: ${[name, ...facts, quick ? 'quick' : undefined].filter((fact) => fact != null).join(', ')}`;
}

function short(value: number): string {
  return value.toPrecision(3).includes('e') ? value.toFixed(0) : value.toPrecision(3);
}
