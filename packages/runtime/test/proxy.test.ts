import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import type { Dialer } from '@kaon/interface/network/v1';
import { expect, it } from 'vitest';
import { byteStream, nodeNetwork } from '../src/node/index.ts';

it('a dialer through an HTTP proxy gives a stream like any other', async () => {
  const { listenTcp } = nodeNetwork;
  if (listenTcp === undefined) throw new Error('no TCP');
  const listener = await listenTcp({ address: '127.0.0.1' });
  listener.onStream = (stream) => {
    stream.onData = (bytes) => void stream.write(bytes, 0, bytes.length);
  };
  const asked: string[] = [];
  const proxy = createServer().on('connect', (message, client) => {
    asked.push(message.url ?? '');
    const [host, port] = (message.url ?? '').split(':');
    const onward = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(client).pipe(onward);
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  const dialer: Dialer = ({ remote }) =>
    new Promise((resolve, reject) => {
      request({
        host: '127.0.0.1',
        port: (proxy.address() as AddressInfo).port,
        method: 'CONNECT',
        path: `${remote.address}:${remote.port}`,
      })
        .on('connect', (_response, socket) => resolve(byteStream(socket as Socket)))
        .on('error', reject)
        .end();
    });
  const stream = await dialer({ remote: listener.local });
  const echoed = new Promise<string>((resolve) => {
    stream.onData = (bytes) => resolve(Buffer.from(bytes).toString());
  });
  stream.write(Buffer.from('hello'), 0, 5);
  expect(await echoed).toBe('hello');
  expect(asked).toEqual([`127.0.0.1:${listener.local.port}`]);
  stream.close();
  listener.close();
  proxy.close();
  await once(proxy, 'close');
});

it('a socket that is not connected is refused', () => {
  expect(() => byteStream(new Socket())).toThrow('not connected');
});
