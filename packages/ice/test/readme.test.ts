import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('the example of the README runs', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  // Inside the package, so that its imports are found.
  const folder = mkdtempSync(fileURLToPath(new URL('./readme-', import.meta.url)));
  try {
    const file = join(folder, 'example.ts');
    writeFileSync(file, code);
    const output = execFileSync(process.execPath, ['--conditions=@kaon/source', '--no-warnings', file], {
      encoding: 'utf8',
    });
    expect(output).toContain("address: '192.0.2.2'");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
