import { randomFillSync } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Slot } from '@kaon/wire';
import { expect, it } from 'vitest';
import { BindingClient, BindingResponder } from '../src/index.ts';

it('a client and a server talk over real sockets, as the example of the README does', async () => {
  const [here, there] = [createSocket('udp4').bind(0, '127.0.0.1'), createSocket('udp4').bind(0, '127.0.0.1')];
  await Promise.all([once(here, 'listening'), once(there, 'listening')]);
  const local = { ...here.address(), family: 'IPv4' } as const;
  const server = { ...there.address(), family: 'IPv4' } as const;
  const now = (): number => performance.now();
  const random = (out: Uint8Array): void => void randomFillSync(out);

  const responder = new BindingResponder();
  there.on('message', (bytes) => {
    responder.handleDatagram(bytes, { protocol: 'udp', local: server, remote: local }, now());
    const slot = new Slot(1200);
    if (responder.pollTransmit(slot, now())) there.send(slot.bytes, slot.path!.remote.port, slot.path!.remote.address);
  });

  const client = new BindingClient({ local, server, random, now: now() });
  const slot = new Slot(1200);
  expect(client.pollTransmit(slot, now())).toBe(true);
  here.send(slot.bytes, server.port, server.address);
  const [bytes] = await once(here, 'message');
  client.handleDatagram(bytes, { protocol: 'udp', local, remote: server }, now());
  expect(client.pollEvent()).toMatchObject({ type: 'mapped-address', address: local });
  here.close();
  there.close();
});
