/** API snapshots: the declarations that each entry point exports, as they were built. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { entries, type Package, ROOT } from './workspace.ts';

/** The API of a package as text: its entry points with their exported declarations, without comments. */
export function apiOf(each: Package): string {
  const parts = entries(each).map(({ subpath, source }) => {
    const built = source
      .replace(`packages/${each.short}/src/`, `packages/${each.short}/dist/`)
      .replace(/\.ts$/, '.d.ts');
    const declarations = [...exported(built)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
    return `// ${posix.join(each.name, subpath)}\n\n${declarations.join('\n\n')}\n`;
  });
  return parts.join('\n');
}

/** Compares the built API with its snapshot; with `update` the snapshot is written. Gives the problem, if any. */
export function checkApi(each: Package, update: boolean): string | undefined {
  const path = join(ROOT, 'packages/checks/api', `${each.short}.d.txt`);
  const now = apiOf(each);
  if (update) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, now);
    return undefined;
  }
  if (!existsSync(path)) return `there is no snapshot. ${HOW}`;
  const before = readFileSync(path, 'utf8');
  if (before === now) return undefined;
  const gone = difference(before, now).map((line) => `- ${line}`);
  const added = difference(now, before).map((line) => `+ ${line}`);
  return [...gone, ...added].slice(0, 60).join('\n').concat(`\nIf this is meant: ${HOW}`);
}

/**
 * Classes of other packages that stand in what a package exports: two installed copies would not fit together. `@kaon/webrtc` is exempt: it is the assembly, and brings the others itself.
 * Gives the problem, if any.
 */
export function checkForeignClasses(each: Package, all: readonly Package[]): string | undefined {
  if (each.short === 'webrtc') return undefined;
  const own = apiOf(each);
  const ownNames = new Set(
    [...own.matchAll(/^export (?:declare )?(?:abstract )?\w+ ([\w$]+)/gm)].map(([, name]) => name!),
  );
  const found = all
    .filter((other) => other !== each)
    .flatMap((other) => classNames(apiOf(other)).map((name) => ({ name, of: other.name })))
    .filter(({ name }) => !ownNames.has(name) && new RegExp(`(?<![\\w$'".-])${name}(?![\\w$'"-])`).test(own));
  return found.length === 0 ? undefined : found.map(({ name, of }) => `${name} is a class of ${of}`).join('\n');
}

function classNames(api: string): string[] {
  return [...api.matchAll(/^export declare (?:abstract )?class ([\w$]+)/gm)].map(([, name]) => name!);
}

const HOW = 'Run `KAON_UPDATE_API=1 pnpm checks`, look at the difference, and add a changeset.';

/** Exported names of a built module with their declarations, followed through re-exports within the package. */
function exported(path: string): Map<string, string> {
  const text = stripped(readFileSync(join(ROOT, path), 'utf8'));
  const found = new Map<string, string>();
  for (const match of text.matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}(?:\s*from\s*'([^']+)')?;?/gm)) {
    const target =
      match[2] === undefined ? path : posix.join(posix.dirname(path), match[2].replace(/\.(?:js|ts)$/, '.d.ts'));
    for (const part of match[1]!.split(',')) {
      const names = /^\s*(?:type\s+)?([\w$]+)(?:\s+as\s+([\w$]+))?\s*$/.exec(part);
      if (names === null) continue;
      const name = names[2] ?? names[1]!;
      const declaration = match[2] === undefined ? declarationIn(text, names[1]!) : exported(target).get(names[1]!);
      found.set(name, declaration ?? `export { ${part.trim()} } from '${match[2] ?? '.'}';`);
    }
  }
  for (const match of text.matchAll(DECLARATION)) found.set(match[1]!, declarationIn(text, match[1]!)!);
  return found;
}

const DECLARATION = /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:class|function|const|let|interface|type)\s+([\w$]+)/gm;

/** All declarations of a name (a const and a type may share it; functions have overloads). */
function declarationIn(text: string, name: string): string | undefined {
  const lines = text.split('\n');
  const head = new RegExp(
    `^(?:export\\s+)?(?:declare\\s+)?(?:abstract\\s+)?(?:class|function|const|let|interface|type)\\s+${name.replaceAll('$', '\\$')}(?![\\w$])`,
  );
  const found: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (!head.test(lines[i]!)) continue;
    let end = i;
    while (!isBalanced(lines.slice(i, end + 1).join('\n')) && end < lines.length - 1) end++;
    // A union goes on in lines that begin with a bar.
    while (/^\s*(?:\||&|\}|readonly)/.test(lines[end + 1] ?? '') && !lines[end]!.endsWith(';')) end++;
    found.push(
      lines
        .slice(i, end + 1)
        .filter((line) => !/^\s+#private;$|^\s+private\s/.test(line))
        .join('\n'),
    );
  }
  return found.length === 0 ? undefined : found.join('\n');
}

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const char of text) {
    if ('{(['.includes(char)) depth++;
    else if ('})]'.includes(char)) depth--;
  }
  return depth === 0 && /[;}]\s*$/.test(text);
}

function stripped(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n');
}

function difference(one: string, other: string): string[] {
  const known = new Set(other.split('\n'));
  return one.split('\n').filter((line) => !known.has(line));
}
