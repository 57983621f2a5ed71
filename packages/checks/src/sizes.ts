/** What each package weighs when it is used alone: bundled with all it needs, minified, compressed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { entries, type Package, ROOT } from './workspace.ts';

/** The weight of one entry point, in bytes. */
export interface Size {
  readonly entry: string;
  readonly minified: number;
  readonly gzip: number;
}

/** Recorded compressed sizes by entry point; a package may grow by a tenth before somebody must look. */
export type SizeTable = Readonly<Record<string, number>>;

const TABLE = join(ROOT, 'packages/checks/sizes.json');
const PAGE = join(ROOT, 'docs/packages/sizes.md');
const HEADROOM = 1.1;

/** Bundles every entry point of a package. Node's own modules stay outside. */
export async function measure(each: Package): Promise<Size[]> {
  const sizes: Size[] = [];
  for (const { subpath } of entries(each)) {
    const entry = posix.join(each.name, subpath);
    const result = await build({
      stdin: { contents: `export * from '${entry}';`, resolveDir: join(ROOT, 'packages/checks'), loader: 'ts' },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      target: 'es2022',
      conditions: ['@kaon/source', 'import', 'default'],
      external: ['node:*'],
      logLevel: 'silent',
    });
    const bytes = result.outputFiles[0]!.contents;
    sizes.push({ entry, minified: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length });
  }
  return sizes;
}

/** Compares a size with the table. Gives the problem, if any. */
export function checkSize({ entry, gzip }: Size, table: SizeTable): string | undefined {
  const recorded = table[entry];
  if (recorded === undefined) return `no size is recorded. ${HOW}`;
  const limit = Math.ceil(recorded * HEADROOM);
  return gzip <= limit ? undefined : `${gzip} bytes, recorded are ${recorded} and the limit is ${limit}. ${HOW}`;
}

const HOW = 'If this is meant, run `KAON_UPDATE_SIZES=1 pnpm checks`.';

/** The recorded sizes. */
export function readTable(): SizeTable {
  return existsSync(TABLE) ? (JSON.parse(readFileSync(TABLE, 'utf8')) as SizeTable) : {};
}

/** Records sizes, and writes the page that shows them. */
export function writeTable(sizes: readonly Size[]): void {
  writeFileSync(
    TABLE,
    `${JSON.stringify(Object.fromEntries(sizes.map(({ entry, gzip }) => [entry, gzip])), undefined, 2)}\n`,
  );
  mkdirSync(dirname(PAGE), { recursive: true });
  writeFileSync(PAGE, page(sizes));
}

function page(sizes: readonly Size[]): string {
  const kib = (bytes: number): string => (bytes / 1024).toFixed(1);
  return [
    '# Sizes',
    '',
    'Each entry point bundled alone with everything it needs (esbuild, minified; modules of Node stay outside), in KiB.',
    'Written by `KAON_UPDATE_SIZES=1 pnpm checks`; a package may grow by a tenth before that must be run again.',
    '',
    '| entry point | minified | gzip |',
    '|---|---:|---:|',
    ...sizes.map(({ entry, minified, gzip }) => `| \`${entry}\` | ${kib(minified)} | ${kib(gzip)} |`),
    '',
  ].join('\n');
}
