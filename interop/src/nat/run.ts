/** `pnpm interop:nat`: Kaon and its peers behind real NATs. */
import { parseArgs } from 'node:util';
import type { PeerConfiguration, Result } from '../agent/protocol.ts';
import { within } from '../inbox.ts';
import type { RemotePeer } from '../remote.ts';
import { checkBehaviour } from './behaviour.ts';
import { type Case, casesOf } from './cases.ts';
import { makeCertificate, type ServerCertificate } from './certificate.ts';
import { type Behind, describeExpected, isExpected, nameOf } from './expected.ts';
import { type Meeting, meet } from './meet.ts';
import type { FirewallKind, NatKind } from './nat-kind.ts';
import { writePage } from './page.ts';
import { KAON, type NatPeer, PEERS } from './peers.ts';
import { iceServers, SERVER_NAMES, type ServerName, startServers } from './servers.ts';
import { World } from './world.ts';

const USAGE = `pnpm interop:nat [options]
  --all                the other stacks, and whether the NATs are what they are called
  --only kaon,pion     these stacks alone
  --server kaon        this TURN server alone (kaon or coturn); by turns otherwise
  --nat symmetric,none between NATs of these kinds alone
  --write              write the tables to docs/interop-nat.md; runs all`;

/** Beyond this the run is given up, in milliseconds. */
const LIMIT = 4 * 60_000;
/** The same with all stacks. */
const LIMIT_OF_ALL = 25 * 60_000;
/** One meeting, closing included. */
const CASE_LIMIT = 60_000;
/** How long a stack may take to start. */
const START = 60_000;
/** What fails once is tried a second time. */
const ATTEMPTS = 2;

/** What came of a meeting. */
export interface Outcome {
  readonly tried: Case;
  /** Kaon's end first. */
  readonly route: readonly [string, string] | undefined;
  readonly meeting: Meeting | undefined;
  readonly failure: string | undefined;
}

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options;
  try {
    options = parse();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const outcomes: Outcome[] = [];
  const looked = { passed: 0, failed: 0 };
  const versions = new Map<string, string>();
  const count = (more = 0): string => {
    const failed = outcomes.filter(({ failure }) => failure !== undefined).length + more;
    return `${outcomes.length + more - failed + looked.passed} passed, ${failed + looked.failed} failed`;
  };
  const files = makeCertificate();
  let world: World | undefined;
  process.on('exit', () => {
    world?.remove();
    files.remove();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));
  const limit = options.peers.every((peer) => peer === KAON) ? LIMIT : LIMIT_OF_ALL;
  setTimeout(() => {
    console.log(`FAIL the run: not within ${limit / 1000} s`);
    console.log(count(1));
    process.exit(1);
  }, limit).unref();

  try {
    world = World.create();
    await startServers(world, files);
    if (options.looks) {
      await checkBehaviour(world, ({ kind, found, failure }) => {
        if (failure === undefined) looked.passed++;
        else looked.failed++;
        console.log(
          `${failure === undefined ? 'ok  ' : 'FAIL'} kaon-doctor behind ${kind}: ${found} ${failure ?? ''}`.trimEnd(),
        );
      });
    }
    for (const peer of options.peers) await runPeer(world, files, peer, options, outcomes, versions);
  } catch (error) {
    console.log(`FAIL ${(error as Error).message}`);
    console.log(count(1));
    return process.exit(1);
  }
  if (options.write) writePage(outcomes, options.peers, versions);
  console.log(count());
  return process.exit(looked.failed > 0 || outcomes.some(({ failure }) => failure !== undefined) ? 1 : 0);
}

interface Options {
  readonly peers: readonly NatPeer[];
  readonly server: ServerName | undefined;
  readonly nat: readonly string[];
  readonly write: boolean;
  /** Look at the NATs themselves, too. */
  readonly looks: boolean;
}

/** Throws on what does not exist. */
function parse(): Options {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((arg) => arg !== '--'),
    options: {
      all: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      server: { type: 'string' },
      nat: { type: 'string', default: '' },
      write: { type: 'boolean', default: false },
    },
  });
  const only = values.only.split(',').filter((id) => id !== '');
  for (const id of only) {
    if (!PEERS.some((peer) => peer.id === id))
      throw new Error(`no stack ${id}: ${PEERS.map((one) => one.id).join(', ')}`);
  }
  const server = SERVER_NAMES.find((name) => name === values.server);
  if (values.server !== undefined && server === undefined) throw new Error(`no server ${values.server}`);
  const all = values.all || values.write;
  const peers = only.length > 0 ? PEERS.filter(({ id }) => only.includes(id)) : all ? PEERS : [KAON];
  const nat = values.nat.split(',').filter((kind) => kind !== '');
  return { peers, server, nat, write: values.write, looks: all && only.length + nat.length === 0 };
}

async function runPeer(
  world: World,
  files: ServerCertificate,
  kind: NatPeer,
  options: Options,
  outcomes: Outcome[],
  versions: Map<string, string>,
): Promise<void> {
  const cases = casesOf(kind, options.server).filter(
    ({ kinds }) => options.nat.length === 0 || kinds.every((one) => options.nat.includes(one)),
  );
  for (const family of ['IPv4', 'IPv6'] as const) {
    const ofFamily = cases.filter((one) => one.family === family);
    if (ofFamily.length === 0) continue;
    world.use(family);
    let stacks: [RemotePeer, RemotePeer] | undefined;
    for (const tried of ofFamily) {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        if (stacks === undefined) {
          stacks = await Promise.all([KAON.start(world, 'host-a', files), kind.start(world, 'host-b', files)]);
          const [, { name, version }] = (await Promise.all(stacks.map((one) => one.hello(START)))) as [Result, Result];
          versions.set(kind.id, version ?? '');
          console.log(`---- ${name} ${version}`.trimEnd());
          // A process that has just started compiles before it connects: what it takes would say nothing of the route.
          if (attempt === 1) await judge(world, stacks, { ...tried, kinds: ['none', 'none'], relayOnly: false });
        }
        const outcome = await judge(world, stacks, tried);
        report(outcome, attempt < ATTEMPTS);
        if (outcome.failure === undefined || attempt === ATTEMPTS) {
          outcomes.push(outcome);
          break;
        }
        await stop(stacks);
        stacks = undefined;
      }
    }
    if (stacks !== undefined) await stop(stacks);
  }
}

async function stop(stacks: readonly RemotePeer[]): Promise<void> {
  await Promise.allSettled(stacks.map((one) => one.close()));
}

async function judge(world: World, [kaon, other]: readonly [RemotePeer, RemotePeer], tried: Case): Promise<Outcome> {
  const { peer, family, kinds, relayOnly, role } = tried;
  const sides: [Behind, Behind] = [
    { peer: KAON, kind: kinds[0], relayOnly },
    { peer, kind: kinds[1], relayOnly },
  ];
  if (family === 'IPv4') {
    world.setNat('a', kinds[0] as NatKind);
    world.setNat('b', kinds[1] as NatKind);
  } else {
    world.setFirewall('a', kinds[0] as FirewallKind);
    world.setFirewall('b', kinds[1] as FirewallKind);
  }
  const [a, b] = [
    { peer: kaon, configuration: configurationOf(sides[0], tried) },
    { peer: other, configuration: configurationOf(sides[1], tried) },
  ];
  const kaonOffers = role === 'offers';
  try {
    const meeting = await within(
      meet(kaonOffers ? a : b, kaonOffers ? b : a, (ends) =>
        isExpected(...sides, kaonOffers ? ends : [ends[1], ends[0]]),
      ),
      'the meeting',
      CASE_LIMIT,
    );
    const ends = kaonOffers ? meeting.ends : ([meeting.ends[1], meeting.ends[0]] as const);
    const route = [nameOf(ends[0]), nameOf(ends[1])] as const;
    const failure = isExpected(...sides, ends) ? undefined : `expected ${describeExpected(...sides)}`;
    return { tried, route, meeting, failure };
  } catch (error) {
    return { tried, route: undefined, meeting: undefined, failure: (error as Error).message.split('\n').join(' ') };
  }
}

function configurationOf({ peer, kind, relayOnly }: Behind, { server, family }: Case): PeerConfiguration {
  const blocked = kind === 'udp-blocked' || kind === 'tls-only';
  const transports = blocked ? (peer.transportsWithoutUdp ?? peer.transports) : peer.transports;
  // Names stand for the IPv4 addresses alone.
  const usable = peer.byName === true && family === 'IPv6' ? transports.filter((one) => one !== 'tls') : transports;
  return {
    iceServers: iceServers(server, family, usable, peer.byName === true),
    ...(relayOnly && { iceTransportPolicy: 'relay' }),
    ...(family === 'IPv6' && { ipv6: true }),
  };
}

function report({ tried, route, meeting, failure }: Outcome, again: boolean): void {
  const { peer, family, kinds, server, role, relayOnly } = tried;
  const verdict = failure === undefined ? 'ok  ' : again ? 'once' : 'FAIL';
  const what = `${peer.id} ${family} ${kinds.join(' - ')}${relayOnly ? ', relay only' : ''}, Kaon ${role}, server ${server}:`;
  const times = meeting && [
    `${meeting.opened} ms`,
    ...(meeting.settled === undefined ? [] : [`settled at ${meeting.settled} ms`]),
  ];
  console.log([verdict, what, route?.join(' / '), times?.join(', '), failure].filter(Boolean).join(' '));
}
