import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scenario } from '../scenarios.ts';

/** What the list shows. */
const TOP = 30;
const PROFILES = fileURLToPath(new URL('../../bin/profiles/', import.meta.url));

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** `pnpm bench profile WORKLOAD`: Kaon once under the profiler of V8. Returns what to print. */
export async function profile(scenario: Scenario, seconds: number): Promise<string> {
  const directory = join(PROFILES, `${scenario.id}-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}`);
  mkdirSync(directory, { recursive: true });
  // Workers are started with what this process was started with.
  process.execArgv.push('--cpu-prof', `--cpu-prof-dir=${directory}`, '--cpu-prof-interval=250');
  await scenario.measure('kaon', false, seconds);
  const told = readdirSync(directory)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => join(directory, name))
    // Processes that only answered a question are in there too.
    .sort((a, b) => statSync(b).size - statSync(a).size)
    .map((file) => {
      const text = readFileSync(file, 'utf8');
      const page = file.replace(/cpuprofile$/, 'html');
      writeFileSync(page, flameGraph(text, `${scenario.id}.cpuprofile`));
      return `${topList(JSON.parse(text) as CpuProfile)}\n\nflame graph: ${page}`;
    });
  if (told.length === 0) throw new Error('no profile was written');
  return told.join('\n\n');
}

/** Functions by the time in themselves. */
export function topList({ nodes, samples, timeDeltas }: CpuProfile): string {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || '(anonymous)'}${url === '' ? '' : ` ${shortUrl(url)}:${lineNumber + 1}`}`,
    ]),
  );
  const spent = new Map<string, number>();
  let total = 0;
  samples.forEach((id, i) => {
    const name = names.get(id) ?? '?';
    const time = timeDeltas[i] ?? 0;
    if (name === '(idle)') return;
    total += time;
    spent.set(name, (spent.get(name) ?? 0) + time);
  });
  const sorted = [...spent].sort((a, b) => b[1] - a[1]).slice(0, TOP);
  return [
    `${(total / 1e6).toFixed(2)} s busy; time in the function itself:`,
    ...sorted.map(
      ([name, time]) =>
        `${((time / total) * 100).toFixed(1).padStart(5)} %  ${(time / 1000).toFixed(0).padStart(6)} ms  ${name}`,
    ),
  ].join('\n');
}

/** Speedscope with the profile in one page that needs nothing else. Its hash makes it take what a script gives it. */
export function flameGraph(profile: string, name: string): string {
  const release = join(dirname(fileURLToPath(import.meta.resolve('speedscope/package.json'))), 'dist/release');
  const part = (extension: string): string => {
    const file = readdirSync(release).find((each) => each.startsWith('speedscope-') && each.endsWith(extension));
    if (file === undefined) throw new Error(`speedscope has no ${extension} file`);
    return readFileSync(join(release, file), 'utf8');
  };
  const script = part('.js').replaceAll('</script', '<\\/script');
  return `<!DOCTYPE html>
<html>
<head><meta charset="UTF-8"><title>${name}</title><style>${part('.css')}</style></head>
<body>
<script>location.hash = 'localProfilePath=in-this-page';</script>
<script>${script}</script>
<script>speedscope.loadFileFromBase64(${JSON.stringify(name)}, "${Buffer.from(profile).toString('base64')}");</script>
</body>
</html>
`;
}

function shortUrl(url: string): string {
  return url.replace(/^.*\/(packages|node_modules|benchmarks)\//, '$1/');
}
