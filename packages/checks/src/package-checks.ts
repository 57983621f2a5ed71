/**
 * Checks of the packages as they would be published; they must be built before. `KAON_UPDATE_API=1` writes new API
 * snapshots, `KAON_UPDATE_SIZES=1` new sizes. The closing line is `N passed, N failed`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkApi, checkForeignClasses } from './api.ts';
import { checkCommands } from './commands.ts';
import { Report } from './report.ts';
import { checkSize, measure, readTable, type Size, writeTable } from './sizes.ts';
import { checkPublint, checkTypesResolution, checkUnused } from './tools.ts';
import { publishedPackages } from './workspace.ts';

const report = new Report();
const table = readTable();
const sizes: Size[] = [];

const packages = publishedPackages();
const built = packages.filter(({ folder }) => existsSync(join(folder, 'dist')));
for (const each of packages) {
  if (!built.includes(each)) {
    report.note(`${each.name} is built`, 'run `pnpm build` first');
    continue;
  }
  report.note(`${each.name}: publint`, await checkPublint(each));
  report.note(`${each.name}: types resolve (attw)`, checkTypesResolution(each));
  report.note(`${each.name}: API snapshot`, checkApi(each, process.env['KAON_UPDATE_API'] === '1'));
  report.note(`${each.name}: no class of another package in its API`, checkForeignClasses(each, built));
  if (each.manifest.bin !== undefined)
    report.note(`${each.name}: its command runs where it is installed`, checkCommands(each));
  if (each.short !== 'interface') sizes.push(...(await measure(each)));
}

if (process.env['KAON_UPDATE_SIZES'] === '1') writeTable(sizes);
for (const size of sizes) {
  const known = process.env['KAON_UPDATE_SIZES'] === '1' ? readTable() : table;
  report.note(`${size.entry}: ${(size.gzip / 1024).toFixed(1)} KiB`, checkSize(size, known));
}
report.note('nothing unused (knip)', checkUnused());
report.close();
