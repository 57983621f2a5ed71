import { lookup } from 'node:dns/promises';
import type { BindOptions, ListenOptions, Network, StreamListener, UdpSocket } from '@kaon/interface/network/v1';
import { addressFamily } from '@kaon/wire';
import { RuntimeError } from '../errors.ts';
import { InterfaceWatch } from './interface-watch.ts';
import { interfaces } from './interfaces.ts';
import { bindMulticast } from './multicast.ts';
import { connectTcp, listenOn } from './tcp.ts';
import { startTls } from './tls.ts';
import { bindUdpSocket } from './udp-socket.ts';

/**
 * Sockets by `node:dgram`, streams by `node:net` and `node:tls`, names by the system's resolver. Works on Node, Bun and Deno.
 *
 * `bindUdp` and `listenTcp` reject with a `RuntimeError` on an address that is not numeric (`RUNTIME_BAD_ADDRESS`), on a range
 * that holds no port (`RUNTIME_BAD_PORT_RANGE`), when every port of the range is taken (`RUNTIME_NO_FREE_PORT`) and when a port
 * is to be shared where that cannot be (`RUNTIME_NO_PORT_SHARING`); with the platform's error, such as `EADDRNOTAVAIL`, when the
 * address cannot be bound. `connectTcp` rejects with the platform's error, such as `ECONNREFUSED`, and with `ETIMEDOUT` when its
 * time is over. `resolve` rejects with `RUNTIME_NAME_NOT_FOUND`.
 */
export const nodeNetwork: Network = {
  interface: 'kaon:network/1',
  interfaces,
  bindUdp,
  resolve,
  connectTcp,
  listenTcp,
  startTls,
  bindMulticast,
  watchInterfaces: (onChange) => watch.watch(onChange),
};

/** Two seconds: soon enough for a call to survive, and next to no work. */
const watch = new InterfaceWatch(interfaces, 2000);

function bindUdp(options: BindOptions): Promise<UdpSocket> {
  const reusePort = options.reusePort ?? false;
  return bindSomewhere(options, (address, family, port) => bindUdpSocket(address, family, port, reusePort));
}

function listenTcp(options: ListenOptions): Promise<StreamListener> {
  const shared = { reusePort: options.reusePort ?? false, tls: options.tls };
  return bindSomewhere(options, (address, family, port) => listenOn(address, family, port, shared));
}

/** Binds to the port that is asked for, or to a free one of the range. */
async function bindSomewhere<T>(
  { address, port, portRange, reusePort }: BindOptions,
  bind: (address: string, family: 'IPv4' | 'IPv6', port: number) => Promise<T>,
): Promise<T> {
  const family = addressFamily(address);
  if (family === undefined) throw new RuntimeError('RUNTIME_BAD_ADDRESS', `${address} is not a numeric IP address.`);
  // Deno's node:dgram and node:net have no SO_REUSEPORT: without this the second of them would get nothing, or an odd error.
  if (reusePort === true && 'Deno' in globalThis) {
    throw new RuntimeError('RUNTIME_NO_PORT_SHARING', 'This platform cannot share a port between sockets.');
  }
  if (portRange === undefined) return bind(address, family, port ?? 0);
  const [min, max] = portRange;
  if (!isPort(min) || !isPort(max) || min < 1 || max < min) {
    throw new RuntimeError('RUNTIME_BAD_PORT_RANGE', `There is no port from ${min} to ${max}.`);
  }
  const count = max - min + 1;
  // Starting anywhere keeps the many sockets of one process from trying the same taken ports again and again.
  const first = Math.floor(Math.random() * count);
  let lastError: unknown;
  for (let i = 0; i < count; i++) {
    try {
      return await bind(address, family, min + ((first + i) % count));
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
      lastError = error;
    }
  }
  throw new RuntimeError('RUNTIME_NO_FREE_PORT', `No port from ${min} to ${max} is free on ${address}.`, {
    cause: lastError,
  });
}

async function resolve(hostname: string, family?: 'IPv4' | 'IPv6'): Promise<readonly string[]> {
  const own = addressFamily(hostname);
  if (own !== undefined && (family === undefined || family === own)) return [hostname];
  let cause: unknown;
  if (own === undefined && hostname !== '') {
    try {
      const wanted = family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : 0;
      const found = await lookup(hostname, { all: true, family: wanted, order: 'verbatim' });
      if (found.length > 0) return found.map((one) => one.address);
    } catch (error) {
      cause = error;
    }
  }
  throw new RuntimeError('RUNTIME_NAME_NOT_FOUND', `${hostname} has no ${family ?? 'IP'} address.`, { cause });
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65535;
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
