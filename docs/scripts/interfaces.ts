/**
 * Writes docs/interfaces.md: which package provides and requires which interface, from the `kaon` field of each
 * package.json, and what each interface is, from the first comment of its file. `--check` fails when it is out of date.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const packages = new URL('../../packages/', import.meta.url);
const page = new URL('../interfaces.md', import.meta.url);

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly kaon?: { readonly provides: readonly string[]; readonly requires: readonly string[] };
}

const manifests = readdirSync(packages)
  .sort()
  .map((name) => JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8')) as Manifest)
  .filter(({ private: isPrivate }) => isPrivate !== true);

const seams = Object.keys(manifests.find(({ name }) => name === '@kaon/interface')?.exports ?? {})
  .map((path) => /^\.\/(.+)\/v(\d+)$/.exec(path))
  .filter((match) => match !== null)
  .map(([, name, version]) => ({ id: `${name}/${version}`, file: `interface/src/${name}/v${version}.ts` }));

function summary(file: string): string {
  const comment = /\/\*\*([\s\S]*?)\*\//.exec(readFileSync(new URL(file, packages), 'utf8'))?.[1] ?? '';
  const text = comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*\s?/, '').trim())
    .join(' ')
    .trim();
  return text.split(/(?<=\.)\s/)[0] ?? '';
}

function names(which: 'provides' | 'requires', id: string): string {
  const found = manifests.filter(({ kaon }) => kaon?.[which].includes(id)).map(({ name }) => name);
  return found.length === 0 ? '' : found.map((name) => `\`${name}\``).join(', ');
}

const text = `# Interfaces

The packages meet at versioned, types-only interfaces in \`@kaon/interface\`. The version is part of the import path (\`@kaon/interface/core/v1\`), a published path never breaks, and two versions can be installed side by side. Whoever implements one can prove it with the functions of \`@kaon/testing/conformance\`.

| interface | what it is | provided by | required by |
|---|---|---|---|
${seams.map(({ id, file }) => `| \`${id}\` | ${summary(file)} | ${names('provides', id)} | ${names('requires', id)} |`).join('\n')}

This page is written by \`node docs/scripts/interfaces.ts\` from the \`kaon\` field of each package.json.
`;

if (process.argv.includes('--check')) {
  if (readFileSync(page, 'utf8') !== text) {
    process.stderr.write('docs/interfaces.md is out of date: run node docs/scripts/interfaces.ts\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(page, text);
}
