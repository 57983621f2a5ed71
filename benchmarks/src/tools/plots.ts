import { mkdirSync, writeFileSync } from 'node:fs';
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Row } from '../rows.ts';
import { type Run, runs } from './history.ts';

use([BarChart, GridComponent, LegendComponent, LineChart, SVGRenderer, TitleComponent]);

const DOCS = new URL('../../../docs/', import.meta.url);
const COLORS: Readonly<Record<string, string>> = {
  kaon: '#d1495b',
  'node-datachannel': '#66a182',
  pion: '#2e86ab',
  werift: '#8d96a3',
};

/** Writes docs/benchmarks-history.md and its plots from the runs that were not quick. Returns the files. */
export function writePlots(): string[] {
  const whole = runs().filter(({ name, run }) => run.quick !== true && !name.startsWith('media-'));
  if (whole.length === 0) throw new Error('results/history/ has no run that was not quick');
  const all = whole.map(({ run }) => run);
  const kept: string[] = [];
  const keep = (name: string, option: EChartsCoreOption, height: number): string => {
    mkdirSync(new URL('plots/', DOCS), { recursive: true });
    writeFileSync(new URL(`plots/${name}.svg`, DOCS), `${draw(option, height)}\n`);
    kept.push(`docs/plots/${name}.svg`);
    return `![${name}](./plots/${name}.svg)`;
  };
  const last = all.at(-1)!;
  const throughputs = last.rows.filter(({ unit }) => unit === 'MB/s');
  const trips = last.rows.filter(({ metric }) => metric.startsWith('round trip'));
  const sections = [
    '# Benchmarks over time',
    '',
    'Drawn by `pnpm bench plots` from what `pnpm bench` keeps in `benchmarks/results/history/`; [the table](./benchmarks.md)',
    'says what is measured. Between two runs the machine differs more than the libraries do: compare the lines with each',
    'other, not with themselves.',
    '',
    `## The last run, ${last.date.slice(0, 10)}`,
    '',
    ...(throughputs.length > 0 ? [keep('throughput', bars('MB/s, more is better', throughputs), 480), ''] : []),
    ...(trips.length > 0 ? [keep('roundtrip', bars('µs, less is better', trips), 300), ''] : []),
    '## All runs',
    '',
    keep('throughput-history', lines(all, '1 KiB messages, 1 connection', 'one process', 'MB/s'), 320),
    '',
    keep('connect-history', lines(all, 'connect, offer to both open, median', 'one process', 'ms'), 320),
    '',
    '| run | machine | Node | load at the start |',
    '| --- | --- | --- | ---: |',
    ...all.map(
      ({ date, label, machine, node, load }) =>
        `| ${date.slice(0, 16).replace('T', ' ')}${label === undefined ? '' : `, ${label}`} | ${machine.cpu}, ${machine.cores} cores | ${node} | ${load.toFixed(1)} |`,
    ),
  ];
  writeFileSync(new URL('benchmarks-history.md', DOCS), `${sections.join('\n')}\n`);
  return ['docs/benchmarks-history.md', ...kept];
}

/** Libraries beside each other, a group for each line of the table. */
function bars(unit: string, rows: readonly Row[]): EChartsCoreOption {
  const names = [...new Set(rows.map(({ metric, form }) => `${metric}, ${form}`))];
  const peers = [...new Set(rows.map(({ peer }) => peer))];
  return {
    ...frame(unit),
    xAxis: { type: 'value' },
    yAxis: { type: 'category', data: names, inverse: true, axisLabel: { width: 280, overflow: 'break' } },
    series: peers.map((peer) => ({
      name: peer,
      type: 'bar',
      itemStyle: { color: COLORS[peer] },
      data: names.map(
        (name) => rows.find((row) => row.peer === peer && `${row.metric}, ${row.form}` === name)?.value ?? null,
      ),
    })),
  };
}

/** One line of the table through all runs. */
function lines(all: readonly Run[], metric: string, form: string, unit: string): EChartsCoreOption {
  const peers = [...new Set(all.flatMap(({ rows }) => rows.map(({ peer }) => peer)))];
  return {
    ...frame(`${metric}, ${form}, ${unit}`),
    xAxis: { type: 'category', data: all.map(({ date }) => date.slice(5, 16).replace('T', ' ')) },
    yAxis: { type: 'value' },
    series: peers.map((peer) => ({
      name: peer,
      type: 'line',
      itemStyle: { color: COLORS[peer] },
      data: all.map(
        ({ rows }) =>
          rows.find((row) => row.peer === peer && row.metric === metric && row.form === form)?.value ?? null,
      ),
    })),
  };
}

function frame(title: string): EChartsCoreOption {
  return {
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, textStyle: { fontSize: 14 } },
    legend: { top: 32 },
    grid: { top: 64, left: 16, right: 32, bottom: 16, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
  };
}

function draw(option: EChartsCoreOption, height: number): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 900, height });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
