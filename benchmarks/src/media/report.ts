import { mkdirSync, writeFileSync } from 'node:fs';
import { machineOf, type Results, type Row } from '../rows.ts';
import { median } from '../scenarios.ts';
import type { LibraryId } from '../worker-process.ts';
import type { Figures } from './figures.ts';
import { OPERATION_GROUPS } from './operations.ts';

const RESULTS = new URL('../../results/', import.meta.url);
const PAGE = new URL('../../../docs/benchmarks-media.md', import.meta.url);

/** Rows as those of the other benchmarks; the ratio is over werift. */
export function resultsOf(figures: Figures, versions: ReadonlyMap<LibraryId, string>, load: number): Results {
  const rows: Row[] = [];
  for (const line of figures.lines.values()) {
    const yardstick = middle(figures.of('werift', line));
    for (const [peer, version] of versions) {
      const samples = figures.of(peer, line);
      const value = middle(samples);
      const ratio = value === null || yardstick === null || yardstick === 0 ? null : value / yardstick;
      const { id, title, form, unit, better } = line;
      rows.push({ peer, version, scenario: id, metric: title, form, unit, better, value, ratio, samples });
    }
  }
  return { ...machineOf(), load, rows };
}

/** Figures of each library, and how many times as fast as the others Kaon is. */
export function mediaTable(results: Results): string {
  const versions = new Map(results.rows.map(({ peer, version }) => [peer, version]));
  const published = new Map(OPERATION_GROUPS.flatMap(({ rows }) => rows).map((row) => [row.id, row.published]));
  const peers = [...versions].map(([peer, version]) => `${peer} ${version}`);
  const others = [...versions.keys()].filter((peer) => peer !== 'kaon');
  const head = ['', '', ...peers, ...others.map((peer) => `× ${peer}`), 'webrtc_dart', '× webrtc_dart'];
  const lines = [
    `| ${head.join(' | ')} |`,
    `| --- | --- |${' ---: |'.repeat(head.length - 2)}`,
    ...[...new Set(results.rows.map(({ scenario }) => scenario))].map((scenario) => {
      const rows = results.rows.filter((row) => row.scenario === scenario);
      const [{ metric, unit, better }] = rows as [Row];
      const value = (peer: string): number | null => rows.find((row) => row.peer === peer)?.value ?? null;
      const own = value('kaon');
      const dart = published.get(scenario) ?? null;
      const cells = [
        metric,
        unit,
        ...[...versions.keys()].map((peer) => figure(value(peer))),
        ...others.map((peer) => times(own, value(peer), better)),
        figure(dart),
        times(own, dart, better),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
  return lines.join('\n');
}

/** Keeps the results, and writes docs/benchmarks-media.md. */
export function writeMedia(results: Results): void {
  mkdirSync(new URL('history/', RESULTS), { recursive: true });
  const json = `${JSON.stringify(results, null, 1)}\n`;
  const time = results.date.slice(0, 19).replaceAll(':', '-');
  writeFileSync(new URL('media.json', RESULTS), json);
  writeFileSync(new URL(`history/media-${time}.json`, RESULTS), json);
  const { cpu, cores, memoryGiB, system } = results.machine;
  writeFileSync(
    PAGE,
    `# Benchmarks of media

Kaon, werift and Pion by turns in one run on one machine, each in processes of its own: compare the ratios, not the
figures. \`pnpm bench --media --write\` measures and writes this page; [benchmarks/](../benchmarks/README.md) says how.
"× werift" is how many times as fast as werift Kaon is; where less is better, how many times less it takes.

${results.date.slice(0, 10)}: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${results.node}, load ${results.load.toFixed(1)} at the start.

${mediaTable(results)}

- Payloads are counted in packets: frames of about 8,000 bytes, seven packets each, and Opus frames of 160 bytes. Out of
  packets come whole frames in memory of their own, except Opus of Pion and werift, which point into the packet.
- SRTP sizes are those of the whole RTP packet. werift has no AEAD_AES_256_GCM and no replay window by itself.
- "New memory" is a \`Uint8Array\` for each packet, which is most of the work; Kaon itself writes into given memory.
- A pair is two connections of one process, over UDP of the same host, with no more than 256 packets on the way. A relay
  is a process with 1 publisher and 10 viewers, which are in another process, Kaon for all three; its CPU time alone
  counts. Congestion control and the jitter buffer are off in Kaon, since the others do not have them by default.
- webrtc_dart's figures are those that its authors published, of another machine: RTP parse 3.5 M/s, serialize 4.8 M/s,
  H.264 2.9 M/s, SDP 67 k/s, ICE candidate 13 M/s, STUN 1.2 M/s, replay window 71 M/s. The inputs here are like theirs in
  size and content, not the same.
`,
  );
}

export function middle(values: readonly number[]): number | null {
  return values.length === 0 ? null : median(values);
}

export function times(own: number | null, other: number | null, better: Row['better']): string {
  if (own === null || other === null || own === 0 || other === 0) return '–';
  const ratio = better === 'higher' ? own / other : other / own;
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(ratio >= 1 ? 1 : 2);
}

/** 1234567 is "1.23 M". */
export function figure(value: number | null): string {
  if (value === null) return '–';
  if (value >= 1e6) return `${short(value / 1e6)} M`;
  return value >= 1e3 ? `${short(value / 1e3)} k` : short(value);
}

function short(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
