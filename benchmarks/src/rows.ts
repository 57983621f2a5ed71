import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { type Metric, median, type Scenario } from './scenarios.ts';
import type { LibraryId } from './worker-process.ts';

/** What is measured: a library, a server that is none, or the platform without any. */
export type PeerId = LibraryId | 'coturn' | 'node:dgram';

/** One figure of one library: a line of benchmarks/results/*.json. */
export interface Row {
  readonly peer: PeerId;
  readonly version: string;
  readonly scenario: string;
  readonly metric: string;
  readonly form: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Median of the samples; null when none could be taken. */
  readonly value: number | null;
  /**
   * `value` over that of node-datachannel; of media and of connecting over that of werift; of TURN servers over that of coturn.
   * Null where one is missing.
   */
  readonly ratio: number | null;
  readonly samples: readonly number[];
}

export interface Results {
  readonly date: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly system: string;
  };
  readonly node: string;
  /** Processes that wanted to run when the run began, over the last minute: anything above 0.5 disturbs the figures. */
  readonly load: number;
  readonly rows: readonly Row[];
}

const YARDSTICK: LibraryId = 'node-datachannel';
const RESULTS = new URL('../results/', import.meta.url);
const PAGE = new URL('../../docs/benchmarks.md', import.meta.url);

/** What else the machine is doing, see `Results.load`. */
export function currentLoad(): number {
  return loadavg()[0] ?? 0;
}

/** Samples as they come in. */
export class Samples {
  readonly #values: Map<string, number[]> = new Map();

  add(library: LibraryId, scenario: Scenario, metric: Metric, value: number): void {
    const key = `${library} ${scenario.id} ${metric.key}`;
    this.#values.set(key, [...(this.#values.get(key) ?? []), value]);
  }

  of(library: LibraryId, scenario: Scenario, metric: Metric): readonly number[] {
    return this.#values.get(`${library} ${scenario.id} ${metric.key}`) ?? [];
  }
}

export function summarize(
  samples: Samples,
  scenarios: readonly Scenario[],
  versions: ReadonlyMap<LibraryId, string>,
  load: number,
): Results {
  const rows: Row[] = [];
  for (const scenario of scenarios) {
    for (const metric of scenario.metrics) {
      const yardstick = middle(samples.of(YARDSTICK, scenario, metric));
      for (const [peer, version] of versions) {
        const values = samples.of(peer, scenario, metric);
        const value = middle(values);
        const ratio = value === null || yardstick === null || yardstick <= 0 ? null : value / yardstick;
        const { unit, better, title } = metric;
        const common = { peer, version, scenario: scenario.id, metric: title, form: scenario.form, unit, better };
        rows.push({ ...common, value, ratio, samples: values });
      }
    }
  }
  return { ...machineOf(), load, rows };
}

/** When and where a run is. */
export function machineOf(): Pick<Results, 'date' | 'machine' | 'node'> {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    machine: {
      cpu: cpu?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${type()} ${release().replace(/-.*/, '')}`,
    },
    node: process.version,
  };
}

/** The table, as it is printed and as docs/benchmarks.md shows it. */
export function table(results: Results): string {
  const peers = [...new Map(results.rows.map(({ peer, version }) => [peer, version]))];
  const lines = new Map<string, string[]>();
  for (const row of results.rows) {
    const key = `${row.metric}, ${row.form} | ${row.unit}`;
    const cell =
      row.value === null ? '–' : `${figure(row.value)}${row.ratio === null ? '' : ` (${figure(row.ratio)}×)`}`;
    lines.set(key, [...(lines.get(key) ?? []), cell]);
  }
  return [
    `| | | ${peers.map(([peer, version]) => `${peer} ${version}`).join(' | ')} |`,
    `| --- | --- |${' ---: |'.repeat(peers.length)}`,
    ...[...lines].map(([key, cells]) => `| ${key} | ${cells.join(' | ')} |`),
  ].join('\n');
}

/** Keeps the results as the latest, and writes docs/benchmarks.md. */
export function write(results: Results): void {
  writeFileSync(new URL('latest.json', RESULTS), `${JSON.stringify(results, null, 1)}\n`);
  const { cpu, cores, memoryGiB, system } = results.machine;
  writeFileSync(
    PAGE,
    `# Benchmarks

Kaon and other libraries by turns in one run on one machine, over UDP sockets of the same host: compare the ratios, not
the figures. \`pnpm bench --write\` measures and writes this page; [benchmarks/](../benchmarks/README.md) says how. In
parentheses: times node-datachannel. Media has [a page of its own](./benchmarks-media.md), and so has
[what earlier runs gave](./benchmarks-history.md).

${results.date.slice(0, 10)}: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${results.node}, load ${results.load.toFixed(1)} at the start.

${table(results)}

"One process" is both ends in one process, which for Kaon and werift means on one core; "two processes" is one end in
each. A connection is one RTCPeerConnection, so a connected pair is two. Memory "left" is what three rounds of opening and
closing 100 pairs add, after two rounds that are not counted; node-datachannel's heap is not its own and not shown.
`,
  );
}

/** The last stored results, if any. */
export function latest(): Results | undefined {
  try {
    return JSON.parse(readFileSync(new URL('latest.json', RESULTS), 'utf8')) as Results;
  } catch {
    return undefined;
  }
}

function middle(values: readonly number[]): number | null {
  return values.length === 0 ? null : median(values);
}

function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}
