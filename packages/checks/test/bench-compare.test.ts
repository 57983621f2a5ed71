import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../src/workspace.ts';

/** A run with one row for each metric: samples, the middle one being the value. */
function run(samples: Readonly<Record<string, readonly [number, number, number]>>): string {
  const rows = Object.entries(samples).map(([metric, values]) => ({
    ...{ peer: 'kaon', version: '1', scenario: metric, metric, form: 'one process', unit: 'MB/s', better: 'higher' },
    ...{ value: values[1], ratio: null, samples: values },
  }));
  const machine = { cpu: 'a', cores: 2, memoryGiB: 1, system: 'b' };
  return JSON.stringify({ date: '2026-01-01T00:00:00.000Z', machine, node: 'v24', load: 0, rows });
}

it('calls a row of a benchmark changed only beyond noise', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kaon-compare-'));
  try {
    const [before, after] = [join(folder, 'a.json'), join(folder, 'b.json')];
    writeFileSync(
      before,
      run({ faster: [99, 100, 101], slower: [99, 100, 101], noisy: [60, 100, 140], close: [99, 100, 101] }),
    );
    writeFileSync(
      after,
      run({ faster: [119, 120, 121], slower: [79, 80, 81], noisy: [119, 120, 141], close: [102, 103, 104] }),
    );
    const program = join(ROOT, 'benchmarks/src/run.ts');
    const args = ['--conditions=@kaon/source', program, 'compare', before, after];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout.split('\n').filter((line) => line.startsWith('- '))).toEqual([
      '- better: kaon: faster, one process, 1.20×',
      '- worse: kaon: slower, one process, 0.80×',
    ]);
    expect(stdout).toContain('| kaon: noisy, one process | MB/s | 100 | 120 | 1.20× | ±40 % |  |');
    expect(stdout).toContain('2 of 4 rows changed beyond noise');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
