/** The TURN servers that are measured, each in a process of its own on a free port of one address. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { packageVersion } from '../package-version.ts';
import { LineProcess, Worker } from '../worker-process.ts';

export const SERVERS = ['kaon', 'coturn', 'pion'] as const;
export type ServerId = (typeof SERVERS)[number];

/** What TURN servers and clients of this benchmark agree upon. */
export const USER = { realm: 'bench', username: 'u', credential: 'p' } as const;

/** One that runs. */
export interface RunningServer {
  readonly version: string;
  readonly pid: number;
  readonly address: string;
  /** UDP; of coturn TCP as well. */
  readonly port: number;
  /** TLS and DTLS; coturn only. */
  readonly tlsPort?: number;
  /** Lets it give back memory it does not need, where it can be told to. */
  collect(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server; resolves when it answers. */
export function startServer(id: ServerId): Promise<RunningServer> {
  return id === 'kaon' ? startKaon() : id === 'pion' ? startPion() : startCoturn();
}

/** The forwarder that shows what the platform itself takes: see forwarder.ts. */
export async function startForwarder(): Promise<RunningServer> {
  const address = benchAddress();
  const main = fileURLToPath(new URL('forwarder.ts', import.meta.url));
  const child = new LineProcess(process.execPath, [...process.execArgv, main, address]);
  try {
    const { port } = (await child.ask(undefined, 10)) as { port: number };
    const running = { version: process.version, pid: child.pid, address, port };
    return { ...running, collect: async () => {}, stop: () => child.end() };
  } catch (error) {
    await child.end();
    throw error;
  }
}

/** An address of this machine that is none of loopback where there is one: some libraries have no candidates there. */
export function benchAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

/** Resident memory of a process in bytes (proc(5)). */
export function residentMemory(pid: number): number {
  const line = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

async function startKaon(): Promise<RunningServer> {
  const address = benchAddress();
  const main = fileURLToPath(new URL('kaon-turn-server.ts', import.meta.url));
  const profile = process.env['KAON_BENCH_PROFILE'];
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const child = new LineProcess(process.execPath, [...process.execArgv, '--expose-gc', ...profiling, main, address]);
  try {
    const { port } = (await child.ask(undefined, 10)) as { port: number };
    return {
      version: packageVersion('@kaon/turn'),
      pid: child.pid,
      address,
      port,
      collect: async () => void (await child.ask({ cmd: 'collect' }, 10)),
      stop: () => child.end(),
    };
  } catch (error) {
    await child.end();
    throw error;
  }
}

async function startPion(): Promise<RunningServer> {
  const address = benchAddress();
  const worker = new Worker('pion');
  try {
    const { port, version } = await worker.call({ cmd: 'turn-server', address }, 10);
    return {
      version,
      pid: worker.pid,
      address,
      port,
      collect: async () => void (await worker.call({ cmd: 'collect' }, 10)),
      stop: () => worker.end(),
    };
  } catch (error) {
    await worker.end();
    throw error;
  }
}

/** coturn with one thread that relays, and with a certificate that is signed by itself. */
export async function startCoturn(): Promise<
  RunningServer & {
    /** Its text, and a folder for other files that goes with the server. */
    readonly certificate: string;
    readonly folder: string;
  }
> {
  const address = benchAddress();
  const folder = mkdtempSync(join(tmpdir(), 'kaon-bench-coturn-'));
  const [port, tlsPort] = [await freePort(address), await freePort(address)];
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  let child: ChildProcess | undefined;
  const kill = (): void => void child?.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    if (child !== undefined) await end(child);
    process.removeListener('exit', kill);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    makeCertificate(address, certificate, key);
    const users = ['--lt-cred-mech', '--realm', USER.realm, '--user', `${USER.username}:${USER.credential}`];
    const log = ['--no-stdout-log', '--log-file', join(folder, 'log')];
    child = spawn(
      'turnserver',
      [
        ...['-n', '-m', '1', '--listening-ip', address, '--relay-ip', address, '--listening-port', `${port}`],
        ...['--tls-listening-port', `${tlsPort}`, '--cert', certificate, '--pkey', key, ...users, ...log],
        ...['--no-cli', '--allow-loopback-peers', '--pidfile', join(folder, 'pid'), '--userdb', join(folder, 'users')],
      ],
      { stdio: 'ignore' },
    );
    await listening(child, address, port);
    const version = spawnSync('turnserver', ['--version'], { encoding: 'utf8' }).stdout.trim();
    const pid = child.pid ?? 0;
    const running = { version, pid, address, port, tlsPort, certificate: readFileSync(certificate, 'utf8') };
    return { ...running, folder, collect: async () => {}, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
  await gone;
  clearTimeout(timer);
}

/** It has begun when it takes TCP connections. */
async function listening(child: ChildProcess, address: string, port: number): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = new Error(`turnserver did not start: ${error.message}`);
  });
  child.once('exit', (code) => {
    failure ??= new Error(`turnserver exited (${code})`);
  });
  for (let tries = 0; tries < 100; tries++) {
    if (failure !== undefined) throw failure;
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await sleep(50);
  }
  throw new Error('turnserver takes no connections');
}

async function freePort(address: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  const found = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (found === null || typeof found === 'string') throw new Error('no free port');
  return found.port;
}

function makeCertificate(address: string, certificate: string, key: string): void {
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=turn.bench', '-addext', `subjectAltName=DNS:turn.bench,IP:${address}`];
  const { error, status, stderr } = spawnSync(
    'openssl',
    ['req', ...kind, ...names, '-keyout', key, '-out', certificate],
    { encoding: 'utf8' },
  );
  if (error !== undefined || status !== 0) throw new Error(`openssl: ${error?.message ?? stderr}`);
}
