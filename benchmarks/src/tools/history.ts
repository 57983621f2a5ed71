import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Results } from '../rows.ts';

/** A run as results/history/ keeps it. What is optional is missing in older ones. */
export interface Run extends Results {
  readonly label?: string;
  /** One short round, for a look only. */
  readonly quick?: boolean;
  /** How long each throughput was measured, where that was chosen. */
  readonly seconds?: number;
  /** Of the first core's frequency; null where the system does not tell. */
  readonly governor?: string | null;
  /** What was measured, with a + when files had been changed; null outside a git checkout. */
  readonly commit?: string | null;
}

const HISTORY = new URL('../../results/history/', import.meta.url);

/** Adds a run to the history, with what is known of the machine. Returns the name of its file. */
export function record(
  results: Results,
  { quick, label, seconds }: { quick: boolean; label: string; seconds: number | undefined },
): string {
  mkdirSync(HISTORY, { recursive: true });
  const facts = { governor: governor(), commit: commit(), quick, ...(label === '' ? {} : { label }) };
  const run: Run = { ...facts, ...(seconds === undefined ? {} : { seconds }), ...results };
  const name = `${results.date.slice(0, 19).replaceAll(':', '-')}.json`;
  writeFileSync(new URL(name, HISTORY), `${JSON.stringify(run, null, 1)}\n`);
  return name;
}

/** All runs, the oldest first. */
export function runs(): readonly { readonly name: string; readonly run: Run }[] {
  let names: string[];
  try {
    names = readdirSync(HISTORY);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, run: JSON.parse(readFileSync(new URL(name, HISTORY), 'utf8')) as Run }))
    .sort((a, b) => a.run.date.localeCompare(b.run.date));
}

/** The run of a path, a file name or its beginning, or a label; of several the last one. Throws when there is none. */
export function findRun(what: string): { readonly name: string; readonly run: Run } {
  if (what.includes('/')) return { name: basename(what), run: JSON.parse(readFileSync(what, 'utf8')) as Run };
  const all = runs();
  const found = all.findLast(({ run }) => run.label === what) ?? all.findLast(({ name }) => name.startsWith(what));
  if (found === undefined) throw new Error(`no run ${what}: ${all.map(({ name }) => name).join(', ')}`);
  return found;
}

function governor(): string | null {
  try {
    return readFileSync('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor', 'utf8').trim();
  } catch {
    return null;
  }
}

function commit(): string | null {
  try {
    const options = { cwd: new URL('.', import.meta.url), encoding: 'utf8', stdio: 'pipe' } as const;
    const hash = execFileSync('git', ['rev-parse', '--short', 'HEAD'], options).trim();
    return execFileSync('git', ['status', '--porcelain', '-uno'], options) === '' ? hash : `${hash}+`;
  } catch {
    return null;
  }
}
