import { within } from './inbox.ts';
import { Link, type Role } from './link.ts';
import { lackOf, type PeerKind } from './peer-kind.ts';
import type { RemotePeer } from './remote.ts';
import type { Report } from './report.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import type { Stack } from './stack.ts';
import { VANISH, vanish } from './vanish.ts';

const ROLES: readonly Role[] = ['offers', 'answers'];
const SCENARIO_LIMIT = 30_000;

export interface SuiteOptions {
  readonly kind: PeerKind;
  readonly stack: Stack;
  readonly report: Report;
  /** Ids of the scenarios to run; all when empty. */
  readonly only: readonly string[];
}

/** Runs every scenario against one kind of peer. The promise returned holds the verdicts that take their time. */
export async function runSuite(options: SuiteOptions): Promise<{ readonly late: Promise<void> }> {
  const { kind, report, stack } = options;
  const isWanted = (id: string): boolean =>
    (options.only.length === 0 || options.only.includes(id)) && (kind.scenarios?.includes(id) ?? true);
  if (![...scenarios, VANISH].some(({ id }) => isWanted(id))) return { late: Promise.resolve() };
  let peer: RemotePeer | undefined;
  try {
    peer = await start(kind, report);
    for (const scenario of scenarios.filter(({ id }) => isWanted(id))) {
      for (const role of ROLES) {
        const reason = lackOf(kind, scenario.id, role);
        if (reason !== undefined) {
          report.add(kind, role, scenario.id, 'n/a', `(${reason})`);
          continue;
        }
        const alive = await judge(report, kind, role, scenario.id, () => runScenario(scenario, role, peer!, stack));
        if (!alive && !(await answers(peer))) {
          // The peer crashed, or hangs: the next scenario gets a fresh one.
          await peer.kill();
          peer = await start(kind, report);
        }
      }
    }
    if (isWanted(VANISH.id)) {
      const verdicts = await vanish(peer, stack.createConnection);
      const late = ROLES.map((role) => judge(report, kind, role, VANISH.id, () => verdicts[role]));
      return { late: Promise.all(late).then(() => {}) };
    }
    await peer.close();
  } catch (error) {
    report.fail(kind, message(error));
    await peer?.kill().catch(() => {});
  }
  return { late: Promise.resolve() };
}

async function start(kind: PeerKind, report: Report): Promise<RemotePeer> {
  const peer = await kind.start();
  const { name, version } = await peer.hello();
  report.version(kind, version ?? '');
  console.log(`---- ${name} ${version}`);
  return peer;
}

async function runScenario(scenario: Scenario, role: Role, peer: RemotePeer, stack: Stack): Promise<void> {
  const links: Promise<Link>[] = [];
  try {
    const run = scenario.run({
      role,
      connect: (options = {}) => {
        const link = Link.connect(peer, { ...options, role, createConnection: stack.createConnection });
        links.push(link);
        return link;
      },
    });
    await within(run, 'the scenario', SCENARIO_LIMIT);
  } finally {
    for (const link of links) link.then((made) => made.abandon()).catch(() => {});
  }
}

/** Runs one check and reports it; true when it passed. */
async function judge(
  report: Report,
  kind: PeerKind,
  role: Role,
  scenario: string,
  run: () => Promise<void>,
): Promise<boolean> {
  const start = performance.now();
  try {
    await run();
    report.add(kind, role, scenario, 'ok', `${Math.round(performance.now() - start)} ms`);
    return true;
  } catch (error) {
    report.add(kind, role, scenario, 'FAIL', message(error));
    return false;
  }
}

async function answers(peer: RemotePeer): Promise<boolean> {
  return peer.hello().then(
    () => true,
    () => false,
  );
}

function message(error: unknown): string {
  const text =
    error instanceof Error
      ? process.env['KAON_INTEROP_VERBOSE']
        ? (error.stack ?? '')
        : error.message
      : String(error);
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
    .slice(0, 600);
}
