import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Figures } from '../media/figures.ts';
import { figure, middle, times } from '../media/report.ts';
import { machineOf, type PeerId, type Results, type Row } from '../rows.ts';
import { type ConnectivityLine, SECTIONS, type Section, type SectionId } from './lines.ts';

const RESULTS = new URL('../../results/', import.meta.url);
const PAGE = new URL('../../../docs/benchmarks-connectivity.md', import.meta.url);

/** A row with its table, and when it was measured: not all tables are each time. */
export interface ConnectivityRow extends Row {
  readonly section: SectionId;
  readonly date: string;
  readonly load: number;
}

export interface ConnectivityResults extends Results {
  readonly rows: readonly ConnectivityRow[];
}

/** What a run has found. */
export interface Found {
  readonly lines: ReadonlyMap<string, ConnectivityLine>;
  readonly figures: Figures;
  readonly versions: ReadonlyMap<PeerId, string>;
  readonly serverVersions: ReadonlyMap<PeerId, string>;
}

export function resultsOf({ lines, figures, versions, serverVersions }: Found, load: number): ConnectivityResults {
  const machine = machineOf();
  const rows: ConnectivityRow[] = [];
  for (const line of lines.values()) {
    const section = sectionOf(line.section);
    const its = section.id === 'turn' || section.id === 'allocations' ? serverVersions : versions;
    const yardstick = section.yardstick === undefined ? null : middle(figures.of(section.yardstick, line));
    for (const peer of section.peers) {
      const samples = figures.of(peer, line);
      const value = middle(samples);
      const ratio = value === null || yardstick === null || yardstick === 0 ? null : value / yardstick;
      const { id, title, form, unit, better } = line;
      const what = { peer, version: its.get(peer) ?? '', scenario: id, metric: title, form, unit, better };
      rows.push({ ...what, value, ratio, samples, section: section.id, date: machine.date, load });
    }
  }
  return { ...machine, load, rows };
}

/** All tables that there are rows for, without words. */
export function connectivityTables(results: ConnectivityResults): string {
  return present(results)
    .map((section) => `${section.title}\n\n${table(results, section)}`)
    .join('\n\n');
}

/** What does not reach the bar: half of coturn's packets per core, Pion's packets per core, werift's time to connect. */
export function behind(results: ConnectivityResults): string[] {
  const missed: string[] = [];
  const own = results.rows.filter(({ peer, value }) => peer === 'kaon' && value !== null);
  const of = (row: Row, peer: PeerId): number =>
    results.rows.find((one) => one.scenario === row.scenario && one.peer === peer)?.value ?? Number.NaN;
  for (const row of own) {
    const value = row.value ?? Number.NaN;
    if (row.scenario.endsWith('-core')) {
      if (value < of(row, 'coturn') / 2) missed.push(`${row.metric}: below half of coturn's`);
      if (value < of(row, 'pion')) missed.push(`${row.metric}: below Pion's`);
    }
    if (row.section === 'connect' && row.unit === 'ms' && value > of(row, 'werift'))
      missed.push(`${row.metric}: above werift's`);
  }
  return missed;
}

/** Keeps the results and writes the page. Tables that were not measured this time stay as they were. */
export function writeConnectivity(measured: ConnectivityResults): void {
  const now = new Set(measured.rows.map(({ section }) => section));
  const results = { ...measured, rows: [...measured.rows, ...earlier().filter(({ section }) => !now.has(section))] };
  mkdirSync(new URL('history/', RESULTS), { recursive: true });
  const json = `${JSON.stringify(results, null, 1)}\n`;
  const time = results.date.slice(0, 19).replaceAll(':', '-');
  writeFileSync(new URL('connectivity.json', RESULTS), json);
  writeFileSync(new URL(`history/connectivity-${time}.json`, RESULTS), json);
  const { cpu, cores, memoryGiB, system } = results.machine;
  writeFileSync(
    PAGE,
    `# Benchmarks of connectivity

Kaon and others by turns in one run on one machine, in processes of their own: compare the ratios, not the figures.
\`pnpm bench --connectivity --write\` measures and writes this page; [benchmarks/](../benchmarks/README.md) says how. "× coturn" is
how many times as much as coturn Kaon does; where less is better, how many times less it takes.

${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${results.node}.

${present(results)
  .map((section) => page(results, section))
  .join('\n\n')}
`,
  );
}

function page(results: ConnectivityResults, section: Section): string {
  const row = results.rows.find((one) => one.section === section.id);
  const when = row === undefined ? '' : `${row.date.slice(0, 10)}, load ${row.load.toFixed(1)} at the start.`;
  return `## ${section.title}\n\n${section.notes}\n\n${when}\n\n${table(results, section)}`;
}

function table(results: ConnectivityResults, { id, peers }: Section): string {
  const rows = results.rows.filter(({ section }) => section === id);
  const others = peers.filter((peer) => peer !== 'kaon');
  const versionOf = (peer: PeerId): string => rows.find((row) => row.peer === peer)?.version ?? '';
  const head = [
    '',
    '',
    ...peers.map((peer) => `${peer} ${versionOf(peer)}`.trim()),
    ...others.map((peer) => `× ${peer}`),
  ];
  return [
    `| ${head.join(' | ')} |`,
    `| --- | --- |${' ---: |'.repeat(head.length - 2)}`,
    ...[...new Set(rows.map(({ scenario }) => scenario))].map((scenario) => {
      const same = rows.filter((row) => row.scenario === scenario);
      const [{ metric, unit, better }] = same as [ConnectivityRow];
      const value = (peer: PeerId): number | null => same.find((row) => row.peer === peer)?.value ?? null;
      const cells = [
        metric,
        unit,
        ...peers.map((peer) => cell(value(peer))),
        // Losses are near nothing: their ratios say nothing.
        ...others.map((peer) => (unit === '%' ? '' : times(value('kaon'), value(peer), better))),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}

function cell(value: number | null): string {
  if (value !== null && Number.isInteger(value) && Math.abs(value) < 1000) return `${value}`;
  return figure(value);
}

function present(results: ConnectivityResults): readonly Section[] {
  return SECTIONS.filter(({ id }) => results.rows.some(({ section }) => section === id));
}

function sectionOf(id: SectionId): Section {
  const found = SECTIONS.find((section) => section.id === id);
  if (found === undefined) throw new Error(`no section ${id}`);
  return found;
}

function earlier(): readonly ConnectivityRow[] {
  try {
    const text = readFileSync(new URL('connectivity.json', RESULTS), 'utf8');
    return (JSON.parse(text) as ConnectivityResults).rows;
  } catch {
    return [];
  }
}
