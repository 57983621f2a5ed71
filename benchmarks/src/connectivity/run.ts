/** `pnpm bench --connectivity`: TURN servers, connecting by route, many connections, by turns. */
import { Figures } from '../media/figures.ts';
import { currentLoad, type PeerId } from '../rows.ts';
import { type LibraryId, Worker } from '../worker-process.ts';
import {
  type ConnectivityLine,
  IDLE_CONNECTIONS,
  IDLE_MINUTES,
  MUX_CONNECTIONS,
  ROUTES,
  type RouteId,
  type SectionId,
  WORKLOADS,
  type Workload,
} from './lines.ts';
import {
  type Measured,
  measureAllocations,
  measureConnecting,
  measureIdle,
  measureMux,
  measureRelaying,
  routesOf,
} from './measure.ts';
import { behind, connectivityTables, resultsOf, writeConnectivity } from './report.ts';
import {
  type RunningServer,
  SERVERS,
  type ServerId,
  startCoturn,
  startForwarder,
  startServer,
} from './turn-servers.ts';

export interface ConnectivityRunOptions {
  readonly libraries: readonly LibraryId[];
  readonly quick: boolean;
  readonly write: boolean;
  /** Sections to measure. Empty: all but `idle`, which takes long. */
  readonly only: readonly string[];
}

const ROUNDS = 3;
/** ms after which no other round is begun, so that a run has an end on a slow machine, too. */
const NO_MORE_ROUNDS = 390_000;
const CLIENTS: readonly LibraryId[] = ['kaon', 'werift', 'pion'];

/** Measures and prints. Returns how many measurements failed. */
export async function measureConnectivity(options: ConnectivityRunOptions): Promise<number> {
  const { quick } = options;
  const run = new Run();
  const load = currentLoad();
  if (load > 0.5) console.log(`The machine is busy (load ${load.toFixed(1)}): the figures will say more about that.`);
  // Servers that are no children of ours by their standard input end when we do; see turn-servers.ts.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const wants = (section: SectionId): boolean =>
    options.only.length === 0 ? section !== 'idle' : options.only.some((part) => section.includes(part));
  // coturn is no library and always taken along.
  const servers = SERVERS.filter((id) => id === 'coturn' || options.libraries.includes(id));
  const clients = CLIENTS.filter((id) => options.libraries.includes(id));
  const begun = performance.now();
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    if (performance.now() - begun > NO_MORE_ROUNDS) {
      console.log(`Only ${round} of ${ROUNDS} rounds: this takes longer than it should.`);
      break;
    }
    if (wants('turn')) await run.relaying(servers, quick);
    if (wants('allocations')) await run.allocations(servers);
    if (wants('connect')) await run.connecting(clients, quick, round);
  }
  if (wants('mux')) await run.take('mux', 'kaon', () => measureMux(quick ? 100 : MUX_CONNECTIONS));
  if (wants('idle')) await run.take('idle', 'kaon', () => measureIdle(quick ? 500 : IDLE_CONNECTIONS, IDLE_MINUTES));
  await run.findVersions();
  const results = resultsOf(run, load);
  console.log(`\n${connectivityTables(results)}`);
  for (const what of behind(results)) console.log(`behind: ${what}`);
  if (options.write) writeConnectivity(results);
  return run.failures;
}

class Run {
  readonly figures = new Figures();
  readonly lines = new Map<string, ConnectivityLine>();
  /** By peer: of the libraries, and of the servers where that is another one. */
  readonly versions = new Map<PeerId, string>();
  readonly serverVersions = new Map<PeerId, string>();
  failures = 0;

  /** Every server's turn at each workload. */
  async relaying(ids: readonly ServerId[], quick: boolean): Promise<void> {
    await this.#withServers(ids, async (client, servers) => {
      for (const workload of WORKLOADS) {
        for (const [id, server] of servers) {
          const what = `${workload.mode} ${workload.size}`;
          await this.take(what, id, () => measureRelaying(client, server, workload, quick));
        }
        if (ids.includes('kaon') && workload.mode === 'channel') await this.#forwarding(workload, quick);
      }
    });
  }

  async allocations(ids: readonly ServerId[]): Promise<void> {
    await this.#withServers(ids, async (client, servers) => {
      for (const [id, server] of servers) await this.take('allocations', id, () => measureAllocations(client, server));
    });
  }

  async connecting(libraries: readonly LibraryId[], quick: boolean, round: number): Promise<void> {
    const coturn = await startCoturn();
    try {
      for (const route of Object.keys(ROUTES) as RouteId[]) {
        for (const library of libraries) {
          if (!routesOf(library).includes(route)) continue;
          // What Pion's relays take is nearly all waiting.
          const waits = library === 'pion' && route !== 'host' && route !== 'stun';
          if (waits && round > 0) continue;
          const count = waits ? 3 : quick ? 5 : 11;
          await this.take(`connect ${route}`, library, () => measureConnecting(library, route, coturn, count));
        }
      }
    } finally {
      await coturn.stop();
    }
  }

  /** Keeps what a measurement gives, or counts its failure. */
  async take(what: string, peer: PeerId, measure: () => Promise<readonly Measured[]>): Promise<void> {
    try {
      const measured = await measure();
      for (const [line, value] of measured) {
        this.lines.set(line.id, line);
        this.figures.add(peer, line, value);
      }
      const told = measured.map(([{ unit }, value]) => `${short(value)} ${unit}`.trim());
      console.log(`${what} ${peer}: ${told.join(', ')}`);
    } catch (error) {
      this.failures++;
      console.log(`${what} ${peer}: FAILED ${(error as Error).message}`);
    }
  }

  async findVersions(): Promise<void> {
    for (const library of CLIENTS) {
      const worker = new Worker(library);
      try {
        this.versions.set(library, (await worker.call({ cmd: 'hello' }, 20)).version);
      } finally {
        await worker.end();
      }
    }
  }

  /** What the platform takes for the same, in a process that has seen no other load: it learns the clients by their ports. */
  async #forwarding(workload: Workload, quick: boolean): Promise<void> {
    const [client, forwarder] = [new Worker('pion'), await startForwarder()];
    this.serverVersions.set('node:dgram', forwarder.version);
    try {
      const what = `${workload.mode} ${workload.size}`;
      const measure = () => measureRelaying(client, forwarder, workload, quick, 'forward-load');
      await this.take(what, 'node:dgram', measure);
    } finally {
      await client.end();
      await forwarder.stop();
    }
  }

  async #withServers(
    ids: readonly ServerId[],
    body: (client: Worker, servers: readonly (readonly [ServerId, RunningServer])[]) => Promise<void>,
  ): Promise<void> {
    const servers: (readonly [ServerId, RunningServer])[] = [];
    const client = new Worker('pion');
    try {
      for (const id of ids) servers.push([id, await startServer(id)]);
      for (const [id, { version }] of servers) this.serverVersions.set(id, version);
      await body(client, servers);
    } finally {
      await client.end();
      await Promise.all(servers.map(([, server]) => server.stop()));
    }
  }
}

function short(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}
