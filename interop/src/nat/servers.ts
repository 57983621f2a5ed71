/** The TURN servers in the middle, as programs of their own. Both serve STUN as well. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { PeerConfiguration } from '../agent/protocol.ts';
import type { ServerCertificate } from './certificate.ts';
import { COTURN_SECOND, type Family, SERVERS, type World } from './world.ts';

export type ServerName = 'kaon' | 'coturn';
export const SERVER_NAMES: readonly ServerName[] = ['kaon', 'coturn'];
export type TurnTransport = 'udp' | 'tcp' | 'tls';

const COMMAND = fileURLToPath(new URL('../../../packages/turn/src/node/cli.ts', import.meta.url));
/** How long a server may take to begin, in milliseconds. */
const PATIENCE = 15_000;

/** Starts both; they end with the world. */
export async function startServers(world: World, files: ServerCertificate): Promise<void> {
  await Promise.all(
    SERVER_NAMES.map(async (name) => {
      const [program, ...args] = world.at('wan', ...commandOf(name, files));
      await listening(world, spawn(program, args, { stdio: 'ignore' }), name);
    }),
  );
}

/** The STUN and TURN servers of a connection, by the transports that its stack can speak to a server. */
export function iceServers(
  name: ServerName,
  family: Family,
  transports: readonly TurnTransport[],
  byName: boolean,
): NonNullable<PeerConfiguration['iceServers']> {
  const server = SERVERS[name];
  const host = family === 'IPv6' ? `[${server.IPv6}]` : server.IPv4;
  const urls = transports.map((transport) => {
    if (transport === 'tls') return `turns:${byName && family === 'IPv4' ? server.name : host}:5349?transport=tcp`;
    return `turn:${host}:3478?transport=${transport}`;
  });
  return [{ urls: [`stun:${host}:3478`] }, { urls, username: 'u', credential: 'p' }];
}

function commandOf(name: ServerName, { folder, certificate, key }: ServerCertificate): string[] {
  const { IPv4, IPv6 } = SERVERS[name];
  const addresses = [IPv4, IPv6].flatMap((address) => ['--listening-ip', address, '--relay-ip', address]);
  const common = [...addresses, '--cert', certificate, '--pkey', key, '--realm', 'test', '--user', 'u:p'];
  if (name === 'kaon') {
    const source = [process.execPath, ...process.execArgv, COMMAND];
    return [...source, ...common, '--allowed-peer-ip', '10.99.0.0/16', '--allowed-peer-ip', 'fd99::/16'];
  }
  const quiet = ['--no-cli', '--no-stdout-log', '--log-file', join(folder, 'coturn.log')];
  const state = ['--pidfile', join(folder, 'coturn.pid'), '--userdb', join(folder, 'coturn.users')];
  return [
    'turnserver',
    '-n',
    ...common,
    '--listening-ip',
    COTURN_SECOND,
    '--lt-cred-mech',
    '--fingerprint',
    ...quiet,
    ...state,
  ];
}

/** It has begun when the port for TLS is open, which both open last. */
async function listening(world: World, child: ChildProcess, name: ServerName): Promise<void> {
  let failure: string | undefined;
  child.once('error', ({ message }) => {
    failure = message;
  });
  child.once('exit', (code, signal) => {
    failure ??= `it exited (${signal ?? code})`;
  });
  const [program, ...args] = world.at('wan', 'ss', '-Hltn', `src ${SERVERS[name].IPv4}:5349`);
  for (const end = performance.now() + PATIENCE; performance.now() < end; ) {
    if (failure !== undefined) break;
    if (spawnSync(program, args, { encoding: 'utf8' }).stdout !== '') return;
    await sleep(100);
  }
  throw new Error(`the TURN server ${name}: ${failure ?? 'it does not listen'}; interop/install.sh installs coturn`);
}
