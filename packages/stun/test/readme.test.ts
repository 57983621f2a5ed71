import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { TransportAddress } from '@kaon/interface/core/v1';
import { Slot } from '@kaon/wire';
import { expect, it } from 'vitest';
import { BindingClient, BindingResponder, parseUri } from '../src/index.ts';

async function bound(): Promise<{ socket: Socket; local: TransportAddress }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, local: { ...socket.address(), family: 'IPv4' } };
}

it('the example of the README asks a server over real sockets', async () => {
  const { socket: serverSocket, local: serverAddress } = await bound();
  const responder = new BindingResponder();
  serverSocket.on('message', (bytes, remote) => {
    responder.handleDatagram(
      bytes,
      { protocol: 'udp', local: serverAddress, remote: { ...remote, family: 'IPv4' } },
      0,
    );
    const slot = new Slot(1200);
    if (responder.pollTransmit(slot, 0)) serverSocket.send(slot.bytes.slice(), remote.port, remote.address);
  });

  const { host, port } = parseUri(`stun:127.0.0.1:${serverAddress.port}`);
  const { socket, local } = await bound();
  const server = { address: host, family: 'IPv4', port } as const;
  const random = (out: Uint8Array): void => void crypto.getRandomValues(out);
  const client = new BindingClient({ local, server, random, now: performance.now() });
  const slot = new Slot(1200);
  expect(client.pollTransmit(slot, performance.now())).toBe(true);
  socket.send(slot.bytes.slice(), port, host);
  const [bytes, remote] = (await once(socket, 'message')) as [Uint8Array, TransportAddress];
  client.handleDatagram(bytes, { protocol: 'udp', local, remote: { ...remote, family: 'IPv4' } }, performance.now());
  expect(client.pollEvent()).toMatchObject({
    type: 'mapped-address',
    address: { address: '127.0.0.1', port: local.port },
  });
  socket.close();
  serverSocket.close();
});
