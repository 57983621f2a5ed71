import { randomFillSync } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Slot } from '@kaon/wire';
import { expect, it } from 'vitest';
import { BindingClient, type BindingClientEvent, BindingResponder, parseUri } from '../src/index.ts';

/** A Binding server on a port of its own. */
async function serve() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const local = { ...socket.address(), family: 'IPv4' } as const;
  const responder = new BindingResponder();
  socket.on('message', (bytes, { address, port }) => {
    responder.handleDatagram(bytes, { protocol: 'udp', local, remote: { address, family: 'IPv4', port } }, 0);
    const slot = new Slot(1200);
    if (responder.pollTransmit(slot, 0)) socket.send(slot.bytes.slice(), port, address);
  });
  return { port: local.port, close: () => socket.close() };
}

it('the example of the README asks a server over real sockets', async () => {
  const server = await serve();
  const { host, port } = parseUri(`stun:127.0.0.1:${server.port}`);
  const ended = await new Promise<{ event: BindingClientEvent; port: number }>((resolve) => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1', () => {
      const now = (): number => performance.now();
      const local = { ...socket.address(), family: 'IPv4' } as const;
      const path = { protocol: 'udp', local, remote: { address: host, family: 'IPv4', port } } as const;
      const random = (out: Uint8Array): void => void randomFillSync(out);
      const client = new BindingClient({ local: path.local, server: path.remote, random, now: now() });
      socket.on('message', (bytes) => client.handleDatagram(bytes, path, now()));
      const slot = new Slot(1200);
      const timer = setInterval(() => {
        client.handleTimeout(now());
        if (client.pollTransmit(slot, now())) socket.send(slot.bytes.slice(), port, host);
        slot.reset();
        const event = client.pollEvent();
        if (event === undefined) return;
        clearInterval(timer);
        socket.close();
        resolve({ event, port: local.port });
      }, 5);
    });
  });
  server.close();
  expect(ended.event).toMatchObject({ type: 'mapped-address', address: { address: '127.0.0.1', port: ended.port } });
});
