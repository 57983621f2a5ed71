import type { TransportAddress } from '@kaon/interface/core/v1';
import { nodeNetwork } from '@kaon/runtime/node';
import { afterEach, beforeAll } from 'vitest';
import {
  type CreateTurnServerOptions,
  createTurnServer,
  type ListenerProtocol,
  type ListeningAddress,
  type RunningTurnServer,
} from '../../../src/node/index.ts';
import { pem } from './certificate.ts';
import { LiveClient } from './live-client.ts';

/** Certificate and key of the listeners. */
export let secure: { certificate: string; privateKey: string };
beforeAll(async () => {
  secure = await pem();
});

/** What is closed after each test, last first. */
export const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

export const PROTOCOLS = ['udp', 'tcp', 'tls', 'dtls'] as const;

/** A server on loopback with a listener of each kind. */
export async function start(options: Partial<CreateTurnServerOptions> = {}): Promise<RunningTurnServer> {
  const server = await createTurnServer({
    realm: 'example.org',
    users: { u: 'p' },
    allowedPeers: ['127.0.0.0/8', '::1'],
    listeners: PROTOCOLS.map((protocol) => ({ protocol, address: '127.0.0.1', port: 0, ...secure })),
    ...options,
  });
  opened.push(server);
  return server;
}

/** Where it listens. */
export function address(server: RunningTurnServer, protocol: ListenerProtocol): ListeningAddress {
  return server.addresses.find((one) => one.protocol === protocol)!;
}

/** A client of a server. */
export async function client(
  server: RunningTurnServer,
  protocol: ListenerProtocol = 'udp',
  options: Parameters<typeof LiveClient.open>[1] = {},
): Promise<LiveClient> {
  const live = await LiveClient.open(address(server, protocol), options);
  opened.push(live);
  return live;
}

/** A peer that sends back what comes. */
export async function echo(): Promise<TransportAddress> {
  const socket = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
  socket.onDatagram = (bytes, remote) => void socket.send(bytes, 0, bytes.length, remote);
  opened.push(socket);
  return socket.local;
}
