/** `pnpm interop`: Kaon against every peer. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArguments, USAGE } from './arguments.ts';
import { isInside, runInside } from './namespace.ts';
import type { PeerKind } from './peer-kind.ts';
import { selectKinds } from './peers.ts';
import { Report } from './report.ts';
import { loadStack } from './stack.ts';
import { runSuite } from './suite.ts';
import { stopTurnServices } from './turn/servers.ts';
import { uclientChecks } from './turn/uclient.ts';

/** Beyond this the run is given up, in milliseconds. */
const LIMIT = 10 * 60_000;
/** The same with what takes long. */
const LIMIT_OF_ALL = 25 * 60_000;

process.exitCode = await main();

async function main(): Promise<number> {
  let options: ReturnType<typeof parseArguments>;
  let kinds: ReturnType<typeof selectKinds>;
  try {
    options = parseArguments(process.argv.slice(2));
    kinds = selectKinds(options.only);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (!isInside && kinds.some(({ isolated }) => isolated)) {
    const code = await runInside();
    // What makes namespaces of its own, and what needs the whole machine: behind everything else.
    return options.all && options.only.length === 0 && options.scenarios.length === 0 ? code || runRest(options) : code;
  }

  const report = new Report();
  let stray = 0;
  // A promise nobody holds is a defect of the stack under test.
  process.on('unhandledRejection', (reason) => {
    stray++;
    console.log(`FAIL unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`);
  });
  const limit = options.all ? LIMIT_OF_ALL : LIMIT;
  const deadline = setTimeout(() => {
    console.log(`FAIL the run: not within ${limit / 1000} s`);
    console.log(`${report.passed} passed, ${report.failed + stray + 1} failed`);
    process.exit(1);
  }, limit);

  const stack = await loadStack(options.stack);
  // The browsers beside each other and beside the rest: most of the time is spent waiting for media to come.
  const laneOf = ({ id }: PeerKind): string => /^(chromium|firefox)/.exec(id)?.[0] ?? 'others';
  const lanes = Object.values(Object.groupBy(kinds, laneOf)).map((lane = []) => lane);
  const clients = options.only.length === 0 && options.scenarios.length === 0 ? runClients(report) : undefined;
  await Promise.all(
    lanes.map(async (lane) => {
      const late: Promise<void>[] = [];
      for (const kind of lane) {
        late.push((await runSuite({ kind, stack, report, only: options.scenarios, all: options.all })).late);
      }
      await Promise.all(late);
    }),
  );
  await clients;
  await stopTurnServices();
  clearTimeout(deadline);

  if (options.write) report.write(kinds);
  else if (options.scenarios.length === 0) console.log(`\n${report.markdown(kinds)}`);
  for (const each of report.repeated) console.log(`needed a second attempt: ${each}`);
  console.log(`${report.passed} passed, ${report.failed + stray} failed`);
  // Not left to the event loop: stacks stand in each other's process here, and one may keep it alive.
  return process.exit(report.failed + stray === 0 ? 0 : 1);
}

/** The rest of all: every pair of NATs with every peer, then a thousand connections on one port and ten thousand idle ones. */
function runRest({ write }: ReturnType<typeof parseArguments>): number {
  const also = write ? ['--write'] : [];
  for (const args of [
    ['interop/src/nat/run.ts', '--all', ...also],
    ['benchmarks/src/run.ts', '--connectivity', '--scenario', 'mux,idle', ...also],
  ]) {
    const { status } = spawnSync(process.execPath, [...process.execArgv, ...args], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: 'inherit',
    });
    if (status !== 0) return status ?? 1;
  }
  return 0;
}

/** coturn's client, one check after the other beside the peers: it mostly waits. What fails once is run again. */
async function runClients(report: Report): Promise<void> {
  for (const { id, run } of uclientChecks()) {
    const start = performance.now();
    const attempt = (): Promise<string | undefined> =>
      run().then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message.slice(0, 600) : String(error)),
      );
    const first = await attempt();
    if (first !== undefined) report.repeated.push(`turnutils_uclient: ${id} ${first}`);
    const failure = first === undefined ? undefined : await attempt();
    if (failure === undefined) report.client(id, 'ok', `${Math.round(performance.now() - start)} ms`);
    else report.client(id, 'FAIL', failure);
  }
}
