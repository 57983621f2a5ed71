/** The tools of others that look at packages as they would be published. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { type Package, ROOT } from './workspace.ts';

/** publint: does package.json mean what it says, for every bundler and runtime? Gives the problem, if any. */
export async function checkPublint(each: Package): Promise<string | undefined> {
  const { messages } = await publint({ pkgDir: each.folder, level: 'suggestion', strict: true, pack: 'npm' });
  const lines = messages.map(
    (message) => `${message.type}: ${formatMessage(message, { ...each.manifest }) ?? message.code}`,
  );
  return lines.length === 0 ? undefined : lines.join('\n');
}

/** attw: do the types resolve as the code does? Gives the problem, if any. */
export function checkTypesResolution(each: Package): string | undefined {
  return run('attw', ['--pack', each.folder, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji', '--no-color']);
}

/** knip: files, exports and dependencies that nobody uses. Gives the problem, if any. */
export function checkUnused(): string | undefined {
  return run('knip', ['--no-progress', '--no-config-hints']);
}

function run(tool: string, options: readonly string[]): string | undefined {
  const command = join(ROOT, 'packages/checks/node_modules/.bin', tool);
  const { status, stdout, stderr, error } = spawnSync(command, options, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 120_000,
  });
  return status === 0 ? undefined : `${stdout}${stderr}${error?.message ?? ''}`;
}
