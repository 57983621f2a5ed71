/** The repository as data: packages, their manifests and files. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';

/** The repository's root folder. */
export const ROOT: string = resolve(import.meta.dirname, '../../..');

/** What the checks read of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly type?: string;
  readonly license?: string;
  readonly repository?: { readonly type: string; readonly url: string; readonly directory: string };
  readonly sideEffects?: boolean | readonly string[];
  readonly engines?: { readonly node?: string };
  readonly files?: readonly string[];
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly kaon?: { readonly provides: readonly string[]; readonly requires: readonly string[] };
}

/** A package of `packages/`. */
export interface Package {
  /** `stun`. */
  readonly short: string;
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** A file with its text. `path` is relative to the root, with slashes. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** All packages that are published. */
export function publishedPackages(): Package[] {
  return allPackages().filter(({ manifest }) => manifest.private !== true);
}

/** All folders of `packages/` with a package.json. */
export function allPackages(): Package[] {
  return readdirSync(join(ROOT, 'packages'))
    .filter((short) => existsSync(join(ROOT, 'packages', short, 'package.json')))
    .map((short) => {
      const folder = join(ROOT, 'packages', short);
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
      return { short, name: manifest.name, folder, manifest };
    });
}

/** The TypeScript files below `packages/<short>/<part>`, such as `src`. */
export function sources(each: Package, part: 'src' | 'test'): TextFile[] {
  return files(join('packages', each.short, part), (path) => path.endsWith('.ts'));
}

/** All files below a folder (relative to the root) for which `wanted` holds; nothing that is built or installed. */
export function files(folder: string, wanted: (path: string) => boolean): TextFile[] {
  const found: TextFile[] = [];
  const walk = (directory: string): void => {
    for (const name of readdirSync(directory).sort()) {
      if (SKIPPED.has(name)) continue;
      const full = join(directory, name);
      if (statSync(full).isDirectory()) walk(full);
      else {
        const path = relative(ROOT, full).split(sep).join('/');
        if (wanted(path)) found.push({ path, text: readFileSync(full, 'utf8') });
      }
    }
  };
  if (existsSync(join(ROOT, folder))) walk(join(ROOT, folder));
  return found;
}

/** Entry points of a package: the path in `exports` (`.`, `./node`) with its source file, relative to the root. */
export function entries(each: Package): { readonly subpath: string; readonly source: string }[] {
  return Object.entries(each.manifest.exports ?? {}).flatMap(([subpath, target]) => {
    if (typeof target === 'string') return [];
    return [{ subpath, source: `packages/${each.short}/${(target['@kaon/source'] ?? '').replace('./', '')}` }];
  });
}

const SKIPPED = new Set(['node_modules', 'dist', '.git', '.turbo', 'coverage', '.cache', 'bin', 'cache']);
