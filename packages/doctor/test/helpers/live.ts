import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@kaon/runtime';
import { nodeClock, nodeNetwork } from '@kaon/runtime/node';
import { BindingResponder } from '@kaon/stun';
import { createTurnServer, type RunningTurnServer } from '@kaon/turn/node';
import { afterEach } from 'vitest';
import { certificate, privateKey } from './certificate.ts';

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** The four ways to a TURN server, by the URL that asks for each. */
export const CARRIERS = ['udp', 'tcp', 'tls', 'dtls'] as const;

/** A TURN server on loopback, for the user `u` with the password `p`. */
export async function turnServer(): Promise<RunningTurnServer> {
  const server = await createTurnServer({
    realm: 'example.org',
    users: { u: 'p' },
    allowedPeers: ['127.0.0.0/8'],
    listeners: CARRIERS.map((protocol) => ({ protocol, address: '127.0.0.1', port: 0, certificate, privateKey })),
  });
  opened.push(() => server.close());
  return server;
}

/** The URL that leads to a listener of it. */
export function urlOf(server: RunningTurnServer, carrier: (typeof CARRIERS)[number]): string {
  const { port } = server.addresses.find(({ protocol }) => protocol === carrier)!;
  const scheme = carrier === 'tls' || carrier === 'dtls' ? 'turns' : 'turn';
  return `${scheme}:127.0.0.1:${port}?transport=${carrier === 'udp' || carrier === 'dtls' ? 'udp' : 'tcp'}`;
}

/** A STUN server on loopback with one address. Gives its URL. */
export async function stunServer(): Promise<string> {
  const socket = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
  const driver = run(new BindingResponder(), { clock: nodeClock, sockets: [socket], onEvent: () => {} });
  opened.push(() => {
    driver.stop();
    socket.close();
  });
  return `stun:127.0.0.1:${socket.local.port}`;
}

/** A STUN server on loopback with two addresses (RFC 5780 §6). Gives the URL of the first. */
export async function behaviorServer(): Promise<string> {
  const bind = (last: number, port = 0) => nodeNetwork.bindUdp({ address: `127.0.0.${last}`, port });
  const [first, second] = [await bind(1), await bind(2)];
  const [primary, alternate] = [first.local, second.local];
  // Both ports on both addresses.
  const sockets = [first, second, await bind(1, alternate.port), await bind(2, primary.port)];
  const responder = new BindingResponder({ behaviorDiscovery: { primary, alternate } });
  const driver = run(responder, { clock: nodeClock, sockets, onEvent: () => {} });
  opened.push(() => {
    driver.stop();
    for (const socket of sockets) socket.close();
  });
  return `stun:127.0.0.1:${primary.port}`;
}

/** A URL on loopback where nobody is. */
export async function nobody(scheme = 'stun'): Promise<string> {
  const socket = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
  const { port } = socket.local;
  socket.close();
  return `${scheme}:127.0.0.1:${port}`;
}

/** A file with this text, until the test ends. Gives its path. */
export function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kaon-doctor-'));
  opened.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, text);
  return path;
}
