/** What an installation of one package brings along. */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Manifest, Package } from './workspace.ts';

/** A package that is installed, by name. */
export interface Installed {
  readonly name: string;
  readonly folder: string;
  /** All its files; of our own packages what is published of the sources, which are about half of it. */
  readonly bytes: number;
}

/** The package and everything it depends on at run time, however deep, as `node_modules` has it. */
export function installationOf(each: Package): Installed[] {
  const found = new Map<string, Installed>();
  const visit = (folder: string): void => {
    if (found.has(folder)) return;
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    const own = manifest.name.startsWith('@kaon/');
    found.set(folder, { name: manifest.name, folder, bytes: sizeOf(own ? join(folder, 'src') : folder) });
    for (const name of Object.keys(manifest.dependencies ?? {})) visit(locate(folder, name));
  };
  visit(realpathSync(each.folder));
  return [...found.values()];
}

function locate(from: string, name: string): string {
  const candidate = join(from, 'node_modules', name);
  if (existsSync(candidate)) return realpathSync(candidate);
  if (dirname(from) === from) throw new Error(`${name} is not installed`);
  return locate(dirname(from), name);
}

function sizeOf(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  let bytes = 0;
  for (const entry of readdirSync(path)) if (entry !== 'node_modules') bytes += sizeOf(join(path, entry));
  return bytes;
}
