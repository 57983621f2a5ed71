import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportsOf } from '../src/scan.ts';
import { entries, publishedPackages } from '../src/workspace.ts';

const published = publishedPackages();

describe('docstrings', () => {
  const modules = published.flatMap((each) =>
    entries(each).map(({ subpath, source }) => ({ name: join(each.name, subpath), source })),
  );

  it.each(modules)('every export of $name has one', ({ source }) => {
    const silent = exportsOf(source).filter(({ doc }) => doc === undefined || doc.length < 12);
    expect(silent.map(({ name, path }) => `${name} in ${path}`)).toEqual([]);
  });
});

describe('the examples in the READMEs run', () => {
  it.each(published)('$name', async ({ folder }) => {
    const example = /^```[tj]s\n([\s\S]*?)^```$/m.exec(readFileSync(join(folder, 'README.md'), 'utf8'))?.[1];
    expect(example).toBeDefined();
    expect(await run(example!, folder)).toEqual({ code: 0, errors: '' });
  });
});

/** Runs a module as if it lay in `folder`, from the sources of the packages. */
function run(module: string, folder: string): Promise<{ readonly code: number | null; readonly errors: string }> {
  return new Promise((resolve, reject) => {
    const options = [
      '--conditions=@kaon/source',
      '--input-type=module-typescript',
      '--disable-warning=ExperimentalWarning',
      '-',
    ];
    const child = spawn(process.execPath, options, { cwd: folder, timeout: 25_000, stdio: ['pipe', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, errors }));
    child.stdin.end(module);
  });
}
