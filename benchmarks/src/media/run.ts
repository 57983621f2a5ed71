/** `pnpm bench --media`: RTP, SRTP and what belongs to it, with werift and Pion by turns. */
import { currentLoad, type Row } from '../rows.ts';
import { type LibraryId, Worker } from '../worker-process.ts';
import { measurePair, measureRelay, PAIR_LINES, RELAY_LINES } from './connections.ts';
import { Figures, type Line, MEDIA_LIBRARIES } from './figures.ts';
import { makeInputs } from './inputs.ts';
import { OPERATION_GROUPS, type OperationGroup } from './operations.ts';
import { mediaTable, resultsOf, writeMedia } from './report.ts';

export interface MediaRunOptions {
  readonly libraries: readonly LibraryId[];
  readonly quick: boolean;
  readonly write: boolean;
  /** Parts of ids; those that match one of them are measured. Empty: all. */
  readonly only: readonly string[];
}

/** Measures and prints. Returns how many measurements failed. */
export async function measureMedia(options: MediaRunOptions): Promise<number> {
  const load = currentLoad();
  if (load > 0.5) console.log(`The machine is busy (load ${load.toFixed(1)}): the figures will say more about that.`);
  const libraries = MEDIA_LIBRARIES.filter((library) => options.libraries.includes(library));
  const versions = new Map<LibraryId, string>();
  const figures = new Figures();
  let failures = 0;
  const attempt = async (what: string, measure: () => Promise<void>): Promise<void> => {
    try {
      await measure();
    } catch (error) {
      failures++;
      console.log(`${what}: FAILED ${(error as Error).message}`);
    }
  };
  const inputs = makeInputs();
  for (let round = 0; round < (options.quick ? 1 : 3); round++) {
    for (const group of OPERATION_GROUPS) {
      const rows = group.rows.filter(({ id }) => isWanted(options.only, id));
      if (rows.length === 0) continue;
      for (const library of libraries) {
        const worker = new Worker(library);
        await attempt(`${group.title} ${library}`, async () => {
          versions.set(library, (await worker.call({ cmd: 'hello' }, 20)).version);
          await worker.call({ cmd: 'inputs', inputs }, 20);
          for (const row of rows) {
            await attempt(`${row.id} ${library}`, () => measureOperation(worker, library, row, figures, options.quick));
          }
        });
        await worker.end();
      }
    }
    for (const library of libraries) {
      if (isWanted(options.only, 'pair')) {
        await attempt(`pair ${library}`, async () => {
          take(figures, library, PAIR_LINES, await measurePair(library, options.quick));
        });
      }
    }
    for (const library of libraries) {
      if (isWanted(options.only, 'relay')) {
        await attempt(`relay ${library}`, async () => {
          take(figures, library, RELAY_LINES, await measureRelay(library, options.quick));
        });
      }
    }
  }
  for (const library of libraries) if (!versions.has(library)) versions.set(library, await versionOf(library));
  const results = resultsOf(figures, versions, load);
  console.log(`\n${mediaTable(results)}`);
  for (const row of results.rows.filter(isBehind)) console.log(`behind: ${row.metric} (${row.unit})`);
  if (options.write) writeMedia(results);
  return failures;
}

async function measureOperation(
  worker: Worker,
  library: LibraryId,
  row: OperationGroup['rows'][number],
  figures: Figures,
  quick: boolean,
): Promise<void> {
  const times = quick ? { warmup: 0.1, seconds: 0.1 } : { warmup: 0.2, seconds: 0.2 };
  const { rate } = await worker.call({ cmd: 'operation', id: row.id, ...times }, 20);
  const { id, title, published } = row;
  const line: Line = { id, title, form: 'one process', unit: '1/s', better: 'higher', published };
  figures.add(library, line, rate);
  console.log(`${id} ${library}: ${rate === null ? '–' : Math.round(rate).toLocaleString('en')}`);
}

function take<K extends string>(
  figures: Figures,
  library: LibraryId,
  lines: Readonly<Record<K, Line>>,
  values: Readonly<Record<K, number>>,
): void {
  for (const key of Object.keys(lines) as K[]) {
    figures.add(library, lines[key], values[key]);
    console.log(`${lines[key].id} ${library}: ${values[key].toFixed(2)} ${lines[key].unit}`);
  }
}

/** Kaon's row where werift does better. */
function isBehind({ peer, ratio, better, unit }: Row): boolean {
  if (peer !== 'kaon' || ratio === null || unit === '%') return false;
  return better === 'higher' ? ratio < 1 : ratio > 1;
}

function isWanted(only: readonly string[], id: string): boolean {
  return only.length === 0 || only.some((part) => id.includes(part));
}

async function versionOf(library: LibraryId): Promise<string> {
  const worker = new Worker(library);
  const { version } = await worker.call({ cmd: 'hello' }, 20);
  await worker.end();
  return version;
}
