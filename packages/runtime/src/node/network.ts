import { lookup } from 'node:dns/promises';
import type { BindOptions, Network, UdpSocket } from '@kaon/interface/network/v1';
import { addressFamily } from '@kaon/wire';
import { RuntimeError } from '../errors.ts';
import { interfaces } from './interfaces.ts';
import { bindUdpSocket } from './udp-socket.ts';

/**
 * Sockets by `node:dgram`, names by the system's resolver. Works on Node, Bun and Deno.
 *
 * `bindUdp` rejects with a `RuntimeError` on an address that is not numeric (`RUNTIME_BAD_ADDRESS`), on a range that holds no
 * port (`RUNTIME_BAD_PORT_RANGE`) and when every port of the range is taken (`RUNTIME_NO_FREE_PORT`); with the platform's
 * error, such as `EADDRNOTAVAIL`, when the address cannot be bound. `resolve` rejects with `RUNTIME_NAME_NOT_FOUND`.
 */
export const nodeNetwork: Network = {
  interface: 'kaon:network/1',
  interfaces,
  bindUdp,
  resolve,
};

async function bindUdp({ address, port, portRange }: BindOptions): Promise<UdpSocket> {
  const family = addressFamily(address);
  if (family === undefined) throw new RuntimeError('RUNTIME_BAD_ADDRESS', `${address} is not a numeric IP address.`);
  if (portRange === undefined) return bindUdpSocket(address, family, port ?? 0);
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
      return await bindUdpSocket(address, family, min + ((first + i) % count));
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
