/**
 * A network of the run's own: a namespace with the loopback, one interface with an address and a default route that
 * leads nowhere. Browsers gather candidates on the interface of the default route only, and nothing gets out.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

const PREFIX = 'kaon-interop-';
const INSIDE = 'KAON_INTEROP_NAMESPACE';

/** Whether this process runs in the namespace already. */
export const isInside: boolean = process.env[INSIDE] !== undefined;

/** Runs this program again inside a fresh namespace, removes the namespace, and returns the program's exit code. */
export async function runInside(): Promise<number> {
  removeStale();
  const name = `${PREFIX}${process.pid}`;
  try {
    create(name);
  } catch (error) {
    remove(name);
    throw error;
  }
  const child = spawn('ip', ['netns', 'exec', name, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: name },
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, forward);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    remove(name);
  }
}

function create(name: string): void {
  // Names: the machine's own, for which Firefox waits otherwise; every other one fails at once.
  mkdirSync(`/etc/netns/${name}`, { recursive: true });
  writeFileSync(`/etc/netns/${name}/hosts`, `127.0.0.1 localhost ${hostname()}\n10.99.0.1 turn.test\n`);
  writeFileSync(`/etc/netns/${name}/resolv.conf`, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  ip('netns', 'add', name);
  ip('-n', name, 'link', 'set', 'lo', 'up');
  ip('-n', name, 'link', 'add', 'kaon0', 'type', 'veth', 'peer', 'name', 'kaon1');
  ip('-n', name, 'addr', 'add', '10.99.0.1/24', 'dev', 'kaon0');
  ip('-n', name, 'addr', 'add', '10.99.0.2/24', 'dev', 'kaon0');
  ip('-n', name, 'addr', 'add', 'fd99::1/64', 'dev', 'kaon0', 'nodad');
  for (const device of ['kaon0', 'kaon1']) ip('-n', name, 'link', 'set', device, 'up');
  ip('-n', name, 'route', 'add', 'default', 'dev', 'kaon0');
  ip('-n', name, '-6', 'route', 'add', 'default', 'dev', 'kaon0');
}

function remove(name: string): void {
  spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
}

/** What a run that was killed outright left behind. */
function removeStale(): void {
  let names: string[] = [];
  try {
    names = readdirSync('/etc/netns');
  } catch {
    // No namespace was ever made here.
  }
  for (const name of names) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : Number.NaN;
    if (pid > 0 && !isAlive(pid)) remove(name);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ip(...args: string[]): void {
  const { error, status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`ip: ${error.message}; interop/install.sh installs iproute2`);
  if (status !== 0) {
    throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}; the browsers need a network namespace, which needs root`);
  }
}
