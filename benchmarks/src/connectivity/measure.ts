/** One measurement each, of one server or library. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../scenarios.ts';
import type { Route } from '../worker/protocol.ts';
import { type LibraryId, Worker } from '../worker-process.ts';
import {
  ALLOCATIONS,
  type ConnectivityLine,
  line,
  MANY_ALLOCATIONS,
  ROUTES,
  type RouteId,
  STEADY_RATE,
  WINDOW,
  type Workload,
} from './lines.ts';
import { type RunningServer, residentMemory, type startCoturn, USER } from './turn-servers.ts';

/** A figure and the line that it belongs to. */
export type Measured = readonly [line: ConnectivityLine, value: number];

/** Data through a server, as much as goes and at a rate that all can carry. `client` is Pion's program. */
export async function measureRelaying(
  client: Worker,
  server: RunningServer,
  { mode, size, name }: Workload,
  quick: boolean,
  cmd: 'turn-load' | 'forward-load' = 'turn-load',
): Promise<Measured[]> {
  const key = `${mode}-${size}`;
  const load = async (rate: number) => {
    const { address, port, pid } = server;
    const times = quick ? { warmup: 0.3, seconds: 0.7 } : { warmup: 0.5, seconds: 1.5 };
    const common = { pid, id: mode, count: ALLOCATIONS, size, window: WINDOW, ...times };
    const result = await client.call({ cmd, address: `${address}:${port}`, rate, ...common }, 30);
    if (result.bad > 0) throw new Error(`${result.bad} packets came out other than they went in`);
    return { ...result, lost: (100 * (result.sent - result.received)) / result.sent };
  };
  const full = await load(0);
  const steady = await load(STEADY_RATE);
  const [what, bits] = size > 1000 ? (['Mbit/s', (size * 8) / 1e6] as const) : (['packets/s', 1] as const);
  const rate = `${STEADY_RATE.toLocaleString('en')} packets/s`;
  return [
    [line('turn', `${key}-core`, `${name}: packets per CPU second`, '1/s', 'higher'), full.packets / full.cpuSeconds],
    [line('turn', `${key}-rate`, `${name}: as much as it can`, what, 'higher'), (full.packets / full.seconds) * bits],
    [line('turn', `${key}-lost`, `${name}: lost of that`, '%', 'lower'), full.lost],
    [
      line('turn', `${key}-steady`, `${name}: CPU for each packet at ${rate}`, 'µs', 'lower'),
      (steady.cpuSeconds * 1e6) / steady.packets,
    ],
    [line('turn', `${key}-steady-lost`, `${name}: lost at ${rate}`, '%', 'lower'), steady.lost],
  ];
}

/** Many allocations on a server that has just been started. */
export async function measureAllocations(client: Worker, server: RunningServer): Promise<Measured[]> {
  const address = `${server.address}:${server.port}`;
  await client.call({ cmd: 'turn-allocate', address, count: 100 }, 30);
  await client.call({ cmd: 'turn-release' }, 30);
  await server.collect();
  const before = residentMemory(server.pid);
  const { seconds } = await client.call({ cmd: 'turn-allocate', address, count: MANY_ALLOCATIONS }, 60);
  await server.collect();
  const grown = residentMemory(server.pid) - before;
  await client.call({ cmd: 'turn-release' }, 60);
  return [
    [line('allocations', 'memory', 'memory for each', 'KiB', 'lower'), grown / MANY_ALLOCATIONS / 1024],
    [line('allocations', 'rate', 'allocations', '1/s', 'higher'), MANY_ALLOCATIONS / seconds],
  ];
}

/** Routes that a library has; Pion's take 2 s each over relays, whatever else happens. */
export function routesOf(library: LibraryId): readonly RouteId[] {
  const all = Object.keys(ROUTES) as RouteId[];
  return library === 'werift' ? all.filter((route) => route !== 'tls' && route !== 'dtls') : all;
}

/** Connects pairs, one after the other. */
export async function measureConnecting(
  library: LibraryId,
  route: RouteId,
  coturn: Awaited<ReturnType<typeof startCoturn>>,
  count: number,
): Promise<Measured[]> {
  const { address, port, tlsPort, certificate, folder } = coturn;
  const urls: Record<Exclude<RouteId, 'host'>, string> = {
    stun: `stun:${address}:${port}`,
    udp: `turn:${address}:${port}?transport=udp`,
    tcp: `turn:${address}:${port}?transport=tcp`,
    tls: `turns:${address}:${tlsPort}?transport=tcp`,
    dtls: `turns:${address}:${tlsPort}?transport=udp`,
  };
  const through: Route | undefined =
    route === 'host' ? undefined : { servers: [urls[route]], ...USER, relayOnly: route !== 'stun', certificate };
  // Go takes trusted certificates from a file.
  const trusted = join(folder, 'trusted.pem');
  writeFileSync(trusted, certificate);
  const worker = new Worker(library, [], { SSL_CERT_FILE: trusted });
  try {
    const command = { cmd: 'connect', count, ...(through === undefined ? {} : { route: through }) } as const;
    const { milliseconds, failed } = await worker.call(command, 60);
    const measured: Measured[] = [[line('connect', route, ROUTES[route], 'ms', 'lower'), median(milliseconds)]];
    if (failed > 0) {
      const part = (100 * failed) / (failed + milliseconds.length);
      measured.push([
        line('connect', `${route}-failed`, `${ROUTES[route]}: not connected within 5 s`, '%', 'lower'),
        part,
      ]);
    }
    return measured;
  } finally {
    await worker.end();
  }
}

/** Many connections on one port. */
export async function measureMux(connections: number): Promise<Measured[]> {
  const [server, callers] = [new Worker('kaon'), new Worker('kaon')];
  const connect = async (count: number): Promise<number> => {
    const begun = performance.now();
    for (let made = 0; made < count; made += 50) {
      const offers = await callers.call({ cmd: 'mux-offer', count: Math.min(50, count - made) }, 30);
      const answers = await server.call({ cmd: 'mux-answer', offers: offers.sdps }, 30);
      await callers.call({ cmd: 'mux-accept', answers: answers.sdps }, 30);
    }
    await callers.call({ cmd: 'mux-opened' }, 60);
    return (performance.now() - begun) / 1000;
  };
  const close = (): Promise<unknown> =>
    Promise.all([server.call({ cmd: 'mux-close' }, 30), callers.call({ cmd: 'mux-close' }, 30)]);
  try {
    await server.call({ cmd: 'mux-listen' }, 30);
    await connect(50);
    await close();
    const before = await server.call({ cmd: 'mux-figures' }, 20);
    const seconds = await connect(connections);
    const open = await server.call({ cmd: 'mux-figures' }, 20);
    await close();
    const after = await server.call({ cmd: 'mux-figures' }, 20);
    if (open.connections !== connections) throw new Error(`${open.connections} connections of ${connections}`);
    if (after.connections + after.entries + after.objects > 0) throw new Error(`left behind: ${JSON.stringify(after)}`);
    const each = 1024 * connections;
    return [
      [line('mux', 'time', 'time until all channels are open', 's', 'lower'), seconds],
      [line('mux', 'heap', 'heap for each', 'KiB', 'lower'), (open.heap - before.heap) / each],
      [line('mux', 'rss', 'resident memory for each', 'KiB', 'lower'), (open.rss - before.rss) / each],
      [line('mux', 'sockets', 'sockets', '', 'lower'), open.sockets],
      [line('mux', 'left-heap', 'heap left of each', 'KiB', 'lower'), (after.heap - before.heap) / each],
      [line('mux', 'left-objects', '`RTCPeerConnection` objects left', '', 'lower'), after.objects],
      [line('mux', 'left-connections', 'connections left on the port', '', 'lower'), after.connections],
      [line('mux', 'left-entries', 'table entries left', '', 'lower'), after.entries],
    ];
  } finally {
    await Promise.all([server.end(), callers.end()]);
  }
}

/** Many connections that do nothing, in virtual time. */
export async function measureIdle(connections: number, minutes: number): Promise<Measured[]> {
  const worker = new Worker('kaon', ['--max-old-space-size=16000']);
  try {
    const figures = await worker.call({ cmd: 'idle', count: connections, minutes }, 1800);
    if (figures.alive !== connections) throw new Error(`${figures.alive} of ${connections} are still connected`);
    const { leftSockets, leftTimers, leftEntries } = figures;
    if (leftSockets + leftTimers + leftEntries > 0) throw new Error(`left behind: ${JSON.stringify(figures)}`);
    return [
      [line('idle', 'time', 'time until all are connected', 's', 'lower'), figures.connectSeconds],
      [line('idle', 'memory', 'heap for each end', 'KiB', 'lower'), figures.bytesPerEnd / 1024],
      [line('idle', 'cpu', 'CPU for each end in a virtual minute', 'ms', 'lower'), figures.cpuSecondsPerMinute * 1000],
      [line('idle', 'left-heap', 'heap left of each end, all closed', 'KiB', 'lower'), figures.leftBytesPerEnd / 1024],
      [line('idle', 'left-sockets', 'sockets left', '', 'lower'), figures.leftSockets],
      [line('idle', 'left-timers', 'timers left', '', 'lower'), figures.leftTimers],
      [line('idle', 'left-entries', 'connections and table entries left', '', 'lower'), figures.leftEntries],
    ];
  } finally {
    await worker.end();
  }
}
