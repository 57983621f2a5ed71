import { RTCPeerConnection } from '@kaon/webrtc';
import { Call } from './call.ts';
import { connectivityScenarios } from './connectivity/index.ts';
import type { ConnectivityScenario } from './connectivity/scenario.ts';
import { within } from './inbox.ts';
import { Link, type Role } from './link.ts';
import type { MediaScenario } from './media-scenario.ts';
import { mediaScenarios } from './media-scenarios/index.ts';
import { lackOf, type PeerKind } from './peer-kind.ts';
import type { RemotePeer } from './remote.ts';
import type { Report } from './report.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import type { Stack } from './stack.ts';
import { VANISH, vanish } from './vanish.ts';

const ROLES: readonly Role[] = ['offers', 'answers'];
const SCENARIO_LIMIT = 30_000;
/** Two stacks and a machine make a race now and then: what fails once is run again, and the run's end says so. */
const ATTEMPTS = 2;

export interface SuiteOptions {
  readonly kind: PeerKind;
  readonly stack: Stack;
  readonly report: Report;
  /** Ids of the scenarios to run; all when empty. */
  readonly only: readonly string[];
  /** Whether scenarios that take long are run, too. */
  readonly all: boolean;
}

/** Runs every scenario against one kind of peer. The promise returned holds the verdicts that take their time. */
export async function runSuite(options: SuiteOptions): Promise<{ readonly late: Promise<void> }> {
  const { kind, report, stack } = options;
  const isWanted = (id: string): boolean =>
    (options.only.length === 0 || options.only.includes(id)) && (kind.scenarios?.includes(id) ?? true);
  // Media is Kaon's own: another stack in its place has no frames to give.
  const withMedia = kind.media && stack.title === 'Kaon' ? mediaScenarios : [];
  const media = withMedia.filter(({ id, rare }) => isWanted(id) && (options.all || !rare || options.only.length > 0));
  const data = scenarios.filter(({ id }) => isWanted(id));
  // Servers and candidates are set up by Kaon's own options.
  const withRoutes = kind.connectivity && stack.title === 'Kaon' ? connectivityScenarios : [];
  const routes = withRoutes.filter(({ id, rare }) => isWanted(id) && (options.all || !rare || options.only.length > 0));
  if (data.length + routes.length + media.length === 0 && !isWanted(VANISH.id)) return { late: Promise.resolve() };
  const checks = [
    ...data.map(({ id, ...scenario }) => ({
      id,
      run: (role: Role, peer: RemotePeer) => runScenario(scenario, role, peer, stack),
    })),
    ...routes.map(({ id, ...scenario }) => ({
      id,
      run: (role: Role, peer: RemotePeer) => runConnectivityScenario(scenario, role, peer, kind.id),
    })),
    ...media.map(({ id, ...scenario }) => ({
      id,
      run: (role: Role, peer: RemotePeer) => runMediaScenario(scenario, role, peer, kind.id),
    })),
  ];
  let peer: RemotePeer | undefined;
  try {
    peer = await start(kind, report);
    for (const { id, run } of checks) {
      for (const role of ROLES) {
        const reason = lackOf(kind, id, role);
        if (reason !== undefined) {
          report.add(kind, role, id, 'n/a', `(${reason})`);
          continue;
        }
        for (let attempt = 1; ; attempt++) {
          const passed = await judge(report, kind, role, id, () => run(role, peer!), attempt === ATTEMPTS);
          if (passed) break;
          if (!(await answers(peer))) {
            // The peer crashed, or hangs: what comes next gets a fresh one.
            await peer.kill();
            peer = await start(kind, report);
          }
          if (attempt === ATTEMPTS) break;
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

async function runMediaScenario(
  scenario: Pick<MediaScenario, 'run'>,
  role: Role,
  peer: RemotePeer,
  kind: string,
): Promise<void> {
  const calls: Promise<Call>[] = [];
  try {
    const run = scenario.run({
      role,
      peer: kind,
      call: (configuration) => {
        const call = Call.begin(peer, role, configuration);
        calls.push(call);
        return call;
      },
    });
    await within(run, 'the scenario', SCENARIO_LIMIT);
  } finally {
    for (const call of calls) call.then((made) => made.abandon()).catch(() => {});
  }
}

async function runConnectivityScenario(
  scenario: Pick<ConnectivityScenario, 'run'>,
  role: Role,
  peer: RemotePeer,
  kind: string,
): Promise<void> {
  const made: Promise<Link | Call>[] = [];
  const keep = <T extends Link | Call>(one: Promise<T>): Promise<T> => {
    made.push(one);
    return one;
  };
  try {
    const run = scenario.run({
      role,
      peer: kind,
      connect: ({ kaon = {}, peer: peerConfiguration = {}, trickle = true, prepare, ours, theirs } = {}) => {
        const createConnection = (): globalThis.RTCPeerConnection => {
          const connection = new RTCPeerConnection(kaon);
          prepare?.(connection);
          return connection as unknown as globalThis.RTCPeerConnection;
        };
        return keep(Link.connect(peer, { role, trickle, createConnection, peerConfiguration, ours, theirs }));
      },
      call: ({ kaon, peer: peerConfiguration } = {}) => keep(Call.begin(peer, role, kaon, peerConfiguration)),
    });
    await within(run, 'the scenario', SCENARIO_LIMIT);
  } finally {
    for (const one of made) one.then((ended) => ended.abandon()).catch(() => {});
  }
}

async function runScenario(scenario: Pick<Scenario, 'run'>, role: Role, peer: RemotePeer, stack: Stack): Promise<void> {
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

/** Runs one check and reports it; true when it passed. Unless it is the last attempt, a failure is told and does not count. */
async function judge(
  report: Report,
  kind: PeerKind,
  role: Role,
  scenario: string,
  run: () => Promise<void>,
  isLast: boolean = true,
): Promise<boolean> {
  const start = performance.now();
  try {
    await run();
    report.add(kind, role, scenario, 'ok', `${Math.round(performance.now() - start)} ms`);
    return true;
  } catch (error) {
    if (isLast) report.add(kind, role, scenario, 'FAIL', message(error));
    else report.repeat(kind, role, scenario, message(error));
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
