/** coturn's own client against Kaon's server: every transport, channels and Send indications, IPv6, TCP peers (RFC 6062). */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTurnServer, type RunningTurnServer } from '@kaon/turn/node';
import { within } from '../inbox.ts';
import { findAddress, ownAddress } from './addresses.ts';
import { certificateFiles } from './certificate.ts';

/** One way to run the client. */
export interface ClientCheck {
  readonly id: string;
  readonly title: string;
  run(): Promise<void>;
}

const TLS = ['-S'];
const WAYS: readonly (readonly [
  id: string,
  title: string,
  protocol: 'udp' | 'tcp' | 'tls' | 'dtls',
  flags: readonly string[],
])[] = [
  ['udp', 'UDP', 'udp', []],
  ['tcp', 'TCP', 'tcp', ['-t']],
  ['tls', 'TLS', 'tls', ['-t', ...TLS]],
  ['dtls', 'DTLS', 'dtls', TLS],
];

/** Messages that each client sends, and gets back. */
const MESSAGES = 50;
const LIMIT = 30_000;

/** All of them; what they need is started and ended by each. */
export function uclientChecks(): readonly ClientCheck[] {
  const checks: ClientCheck[] = WAYS.flatMap(([id, title, protocol, flags]) => [
    { id: `${id}-channels`, title: `${title}, channels`, run: () => check(protocol, 'IPv4', flags) },
    {
      id: `${id}-indications`,
      title: `${title}, Send indications`,
      run: () => check(protocol, 'IPv4', [...flags, '-s']),
    },
  ]);
  checks.push(
    { id: 'tcp-peers', title: 'TCP peers (RFC 6062)', run: () => check('tcp', 'IPv4', ['-T']) },
    { id: 'mobility', title: 'moving to another port (RFC 8016)', run: () => check('udp', 'IPv4', ['-M']) },
    { id: 'two-clients', title: 'from relay to relay', run: () => check('udp', 'IPv4', ['-y', '-m', '2']) },
  );
  if (findAddress('IPv6') !== undefined)
    checks.push({ id: 'udp-ipv6', title: 'UDP over IPv6, channels', run: () => check('udp', 'IPv6', ['-x']) });
  return checks;
}

/** Runs the client and reads what it says was lost. Rejects when anything was. */
async function check(
  protocol: 'udp' | 'tcp' | 'tls' | 'dtls',
  family: 'IPv4' | 'IPv6',
  flags: readonly string[],
): Promise<void> {
  const address = ownAddress(family);
  const server = await serve(protocol, address);
  const echo = await (flags.includes('-T') ? echoTcp(address) : echoUdp(address, family));
  const folder = mkdtempSync(join(tmpdir(), 'kaon-uclient-'));
  try {
    const port = String(server.addresses[0]?.port);
    const target = ['-e', address, '-r', String(echo.port), '-p', port, '-u', 'u', '-w', 'p'];
    const certificate = flags.includes('-S')
      ? ['-i', certificateFiles().certificate, '-k', certificateFiles().key]
      : [];
    const log = join(folder, 'log');
    const count = flags.includes('-m') ? [] : ['-m', '1'];
    const args = ['-c', '-n', String(MESSAGES), ...count, '-l', '200', ...target, ...certificate, ...flags, address];
    const said = await output('turnutils_uclient', args, log);
    // The last of its counts, and its own verdict.
    const [, sent, received] = [...said.matchAll(/tot_send_msgs=(\d+), tot_recv_msgs=(\d+)/g)].at(-1) ?? [];
    const lost = /Total lost packets (\d+)/.exec(said)?.[1];
    if (sent === undefined || sent === '0' || sent !== received || lost !== '0')
      throw new Error(`${sent} sent, ${received} came back, ${lost} lost: ${said.split('\n').slice(-6).join(' ')}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    echo.close();
    await server.close();
  }
}

async function serve(protocol: 'udp' | 'tcp' | 'tls' | 'dtls', address: string): Promise<RunningTurnServer> {
  const { pem, key } = certificateFiles();
  const secret = { certificate: pem, privateKey: readFileSync(key, 'utf8') };
  return createTurnServer({
    realm: 'test',
    users: { u: 'p' },
    allowedPeers: ['0.0.0.0/0', '::/0'],
    listeners: [{ protocol, address, port: 0, ...(protocol === 'tls' || protocol === 'dtls' ? secret : {}) }],
    relayAddresses: [address],
    tcpRelay: true,
    mobility: true,
  });
}

interface Echo {
  readonly port: number;
  close(): void;
}

function echoUdp(address: string, family: 'IPv4' | 'IPv6'): Promise<Echo> {
  return new Promise((resolve) => {
    const socket: Socket = createSocket(family === 'IPv4' ? 'udp4' : 'udp6');
    socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
    socket.bind(0, address, () => resolve({ port: socket.address().port, close: () => socket.close() }));
  });
}

function echoTcp(address: string): Promise<Echo> {
  return new Promise((resolve) => {
    const streams = new Set<TcpSocket>();
    const server: Server = createServer((stream) => {
      streams.add(stream);
      stream.on('error', () => {});
      stream.pipe(stream);
    });
    const close = (): void => {
      for (const stream of streams) stream.destroy();
      server.close();
    };
    server.listen(0, address, () => resolve({ port: (server.address() as { port: number }).port, close }));
  });
}

/** What a program prints until it ends. */
async function output(program: string, args: readonly string[], log: string): Promise<string> {
  const child: ChildProcess = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LOG: log },
  });
  let said = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${error.message}; interop/install.sh installs coturn`)));
    child.once('close', () => resolve(said));
  });
  try {
    return await within(ended, program, LIMIT);
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${said.slice(-300)}`, { cause: error });
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
}
