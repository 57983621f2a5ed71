/** Commands as they are installed: packed, unpacked next to what they need, and run without the sources of this repository. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Installed, installationOf } from './installation.ts';
import type { Package } from './workspace.ts';

/** Packs and installs one package, and runs each of its commands with `--help`. Gives the problem, if any. */
export function checkCommands(each: Package): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'kaon-commands-'));
  try {
    const modules = join(folder, 'node_modules');
    for (const one of installationOf(each)) install(one, modules);
    const problems = Object.entries(each.manifest.bin ?? {}).map(([name, path]) => {
      const command = join(modules, each.name, path);
      if (!readFileSync(command, 'utf8').startsWith('#!/usr/bin/env node\n'))
        return `${name} has no first line for shells`;
      const { status, stdout, stderr } = run(process.execPath, [command, '--help'], folder);
      return status === 0 && stdout.startsWith(name) ? '' : `${name} --help ended with ${status}\n${stdout}${stderr}`;
    });
    return problems.join('') === '' ? undefined : problems.join('\n');
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Ours are unpacked from what would be published, others are linked to. */
function install({ name, folder }: Installed, modules: string): void {
  const target = join(modules, name);
  mkdirSync(dirname(target), { recursive: true });
  if (!name.startsWith('@kaon/')) {
    symlinkSync(folder, target);
    return;
  }
  const packed = join(modules, '.packed', name);
  mkdirSync(packed, { recursive: true });
  mustRun('pnpm', ['pack', '--pack-destination', packed], folder);
  mkdirSync(target);
  mustRun('tar', ['-xzf', join(packed, readdirSync(packed)[0] ?? ''), '--strip-components=1', '-C', target], folder);
}

function mustRun(command: string, options: readonly string[], folder: string): void {
  const { status, stdout, stderr, error } = run(command, options, folder);
  if (status !== 0) throw new Error(`${command} ${options.join(' ')}: ${error?.message ?? ''}${stdout}${stderr}`);
}

function run(command: string, options: readonly string[], folder: string): SpawnSyncReturns<string> {
  return spawnSync(command, options, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
}
