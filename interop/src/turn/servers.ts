/** TURN servers for the run: coturn, and Kaon's own. Each listens on UDP, TCP, TLS and DTLS, over IPv4 and IPv6. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTurnServer } from '@kaon/turn/node';
import { findAddress, ownAddress } from './addresses.ts';
import { certificateFiles, TURN_NAME } from './certificate.ts';

export type TurnTransport = 'udp' | 'tcp' | 'tls' | 'dtls';
export const TRANSPORTS: readonly TurnTransport[] = ['udp', 'tcp', 'tls', 'dtls'];

/** A server that runs. */
export interface TurnService {
  readonly username: string;
  readonly credential: string;
  /** URL of the server by transport; by its name where the peer checks names. */
  url(transport: TurnTransport, options?: { readonly byName?: boolean; readonly family?: 'IPv4' | 'IPv6' }): string;
  stop(): Promise<void>;
}

const services = new Map<string, Promise<TurnService>>();

/** The run's server of this make; started when it is first asked for. */
export function turnService(make: 'coturn' | 'kaon'): Promise<TurnService> {
  const known = services.get(make);
  if (known !== undefined) return known;
  const started = make === 'coturn' ? startCoturn() : startKaon();
  services.set(make, started);
  return started;
}

/** Ends those that were started. */
export async function stopTurnServices(): Promise<void> {
  const all = [...services.values()];
  services.clear();
  for (const service of await Promise.allSettled(all)) if (service.status === 'fulfilled') await service.value.stop();
}

/** Kaon's server, in this process. Another one each time. */
export async function startKaon(): Promise<TurnService> {
  const { pem, key } = certificateFiles();
  const privateKey = readFileSync(key, 'utf8');
  const addresses = [ownAddress('IPv4'), findAddress('IPv6')].filter((one) => one !== undefined);
  // One port number for both families of each transport.
  const server = await createTurnServer({
    realm: 'test',
    users: { u: 'p' },
    allowedPeers: ['0.0.0.0/0', '::/0'],
    listeners: addresses.flatMap((address) => [
      { protocol: 'udp', address, port: 0 },
      { protocol: 'tcp', address, port: 0 },
      { protocol: 'tls', address, port: 0, certificate: pem, privateKey },
      { protocol: 'dtls', address, port: 0, certificate: pem, privateKey },
    ]),
    relayAddresses: addresses,
  });
  return {
    username: 'u',
    credential: 'p',
    url: (transport, { byName = false, family = 'IPv4' } = {}) => {
      const place = server.addresses.find((one) => one.protocol === transport && one.family === family);
      if (place === undefined) throw new Error(`no ${transport} over ${family}`);
      return urlOf(transport, byName ? TURN_NAME : place.address, place.port);
    },
    stop: () => server.close(),
  };
}

async function startCoturn(): Promise<TurnService> {
  const { certificate, key } = certificateFiles();
  const folder = mkdtempSync(join(tmpdir(), 'kaon-coturn-'));
  const addresses = [ownAddress('IPv4'), findAddress('IPv6')].filter((one) => one !== undefined);
  const child = spawn(
    'turnserver',
    [
      '-n',
      ...addresses.flatMap((address) => ['--listening-ip', address, '--relay-ip', address]),
      ...['--listening-port', '3478', '--tls-listening-port', '5349', '--min-port', '49160', '--max-port', '49999'],
      ...['--cert', certificate, '--pkey', key, '--lt-cred-mech', '--realm', 'test', '--user', 'u:p'],
      ...['--no-cli', '--fingerprint', '--allow-loopback-peers', '--no-multicast-peers', '--no-stdout-log'],
      ...['--log-file', join(folder, 'log'), '--pidfile', join(folder, 'pid'), '--userdb', join(folder, 'users')],
    ],
    { stdio: 'ignore' },
  );
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
      await gone;
      clearTimeout(timer);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listening(child, addresses[0] as string);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    username: 'u',
    credential: 'p',
    url: (transport, { byName = false, family = 'IPv4' } = {}) => {
      const address = byName ? TURN_NAME : ownAddress(family);
      return urlOf(transport, address, transport === 'udp' || transport === 'tcp' ? 3478 : 5349);
    },
    stop,
  };
}

function urlOf(transport: TurnTransport, address: string, port: number): string {
  const host = address.includes(':') ? `[${address}]` : address;
  const scheme = transport === 'udp' || transport === 'tcp' ? 'turn' : 'turns';
  return `${scheme}:${host}:${port}?transport=${transport === 'udp' || transport === 'dtls' ? 'udp' : 'tcp'}`;
}

/** It has begun when it takes TCP connections. */
async function listening(child: ChildProcess, address: string): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = new Error(`turnserver did not start: ${error.message}; interop/install.sh installs coturn`);
  });
  child.once('exit', (code) => {
    failure ??= new Error(`turnserver exited (${code})`);
  });
  for (let tries = 0; tries < 100; tries++) {
    if (failure !== undefined) throw failure;
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(3478, address, () => {
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
