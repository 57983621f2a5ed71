/** `pnpm bench`: Kaon and other libraries by turns. */
import { parseArgs } from 'node:util';
import { measureConnectivity } from './connectivity/run.ts';
import { measureLayers } from './layers/run.ts';
import { measureMedia } from './media/run.ts';
import { currentLoad, Samples, summarize, table, write } from './rows.ts';
import { scenarios as first } from './scenarios.ts';
import { record } from './tools/history.ts';
import { writePlots } from './tools/plots.ts';
import { runTool } from './tools/tools.ts';
import { LIBRARIES, type LibraryId, Worker } from './worker-process.ts';
import { workloads } from './workloads/workloads.ts';

const scenarios = [...first, ...workloads];

const USAGE = `pnpm bench [options]
  --peer kaon,pion          these libraries alone (kaon, node-datachannel, pion, werift); also --only
  --workload connect,memory these alone: ${scenarios.map(({ id }) => id).join(', ')}; also --scenario
  --seconds 20              how long each throughput is measured
  --label NAME              a name for this run in results/history/
  --quick                   one short round
  --layers                  the layers of Kaon alone instead, in µs per operation
  --media                   media instead: Kaon, werift and Pion; --scenario takes parts of names, such as protect,pair,relay
  --connectivity            TURN servers (Kaon, coturn, Pion), connecting by route, a thousand connections on one port;
                            --scenario turn,allocations,connect,mux, and idle, which takes long and is left out otherwise
  --write                   keep the results, and write docs/benchmarks.md, or the page of media or connectivity

pnpm bench compare A B      two runs of results/history/, by file, date or label: what changed beyond noise
pnpm bench profile WORKLOAD where Kaon's time goes: a list, and a flame graph to open in a browser
pnpm bench plots            docs/benchmarks-history.md from results/history/, as --write does`;

process.exitCode = await main();

async function main(): Promise<number> {
  const tool = await runTool(process.argv.slice(2), scenarios);
  if (tool !== undefined) return tool;
  let options: ReturnType<typeof parse>;
  try {
    options = parse();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options.layers) {
    await measureLayers(options.quick);
    return 0;
  }
  const { libraries, chosen, quick } = options;
  if (options.media) {
    const { write, parts: only } = options;
    return (await measureMedia({ libraries, quick, write, only })) === 0 ? 0 : 1;
  }
  if (options.connectivity) {
    const { write, parts: only } = options;
    return (await measureConnectivity({ libraries, quick, write, only })) === 0 ? 0 : 1;
  }
  const versions = new Map<LibraryId, string>();
  for (const library of libraries) {
    const worker = new Worker(library);
    versions.set(library, (await worker.call({ cmd: 'hello' }, 20)).version);
    await worker.end();
  }

  const load = currentLoad();
  if (load > 0.5) console.log(`The machine is busy (load ${load.toFixed(1)}): the figures will say more about that.`);
  const samples = new Samples();
  let failures = 0;
  const rounds = quick ? 1 : 3;
  for (let round = 0; round < rounds; round++) {
    for (const scenario of chosen) {
      if (scenario.once && round > 0) continue;
      for (const library of libraries) {
        try {
          const figures = await scenario.measure(library, quick, options.seconds);
          for (const metric of scenario.metrics) {
            const value = figures[metric.key];
            if (value !== undefined) samples.add(library, scenario, metric, value);
          }
          const told = scenario.metrics.map(({ key, unit }) => `${figures[key]?.toFixed(2) ?? '–'} ${unit}`);
          console.log(`${scenario.id} ${library}: ${told.join(', ')}`);
        } catch (error) {
          failures++;
          console.log(`${scenario.id} ${library}: FAILED ${(error as Error).message}`);
        }
      }
    }
  }

  const results = summarize(samples, chosen, versions, load);
  console.log(`\n${table(results)}`);
  console.log(`\nkept as ${record(results, { quick, label: options.label, seconds: options.seconds })}`);
  if (options.write) {
    write(results);
    writePlots();
  }
  return failures === 0 ? 0 : 1;
}

function parse(): {
  libraries: readonly LibraryId[];
  chosen: typeof scenarios;
  quick: boolean;
  layers: boolean;
  media: boolean;
  connectivity: boolean;
  /** Of the names of media scenarios, or of connectivity's sections. */
  parts: readonly string[];
  write: boolean;
  seconds: number | undefined;
  label: string;
} {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((arg) => arg !== '--'),
    options: {
      only: { type: 'string', default: '' },
      peer: { type: 'string', default: '' },
      scenario: { type: 'string', default: '' },
      workload: { type: 'string', default: '' },
      seconds: { type: 'string', default: '' },
      label: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
      layers: { type: 'boolean', default: false },
      media: { type: 'boolean', default: false },
      connectivity: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const ids = scenarios.map(({ id }) => id);
  const { quick, layers, media, connectivity, write, label } = values;
  const named = [values.scenario, values.workload].join(',');
  const seconds = values.seconds === '' ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds > 0)) throw new Error(`no number of seconds: ${values.seconds}`);
  const parts = named.split(',').filter((part) => part !== '');
  const wanted = media || connectivity ? [] : pick('scenario', named, ids);
  const libraries = pick('library', [values.only, values.peer].join(','), LIBRARIES);
  const chosen = scenarios.filter(({ id }) => wanted.includes(id));
  return { libraries, chosen, quick, layers, media, connectivity, parts, write, seconds, label };
}

/** The names of the list, all of `from` when it is empty. Throws on one that does not exist. */
function pick<T extends string>(what: string, list: string, from: readonly T[]): readonly T[] {
  const names = list.split(',').filter((name) => name !== '');
  for (const name of names) {
    if (!(from as readonly string[]).includes(name)) throw new Error(`no ${what} ${name}: ${from.join(', ')}`);
  }
  return names.length === 0 ? from : from.filter((name) => names.includes(name));
}
