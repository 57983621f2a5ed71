import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { nodeNetwork } from '@kaon/runtime/node';
import { describe, expect, it } from 'vitest';
import { type TurnServerEvent, timeLimitedCredentials } from '../../src/server/index.ts';
import { pem } from './helpers/certificate.ts';
import { bindAndSend } from './helpers/data-stream.ts';
import { exchange, LiveClient } from './helpers/live-client.ts';
import { address, client, echo, opened, PROTOCOLS, secure, start } from './helpers/live-server.ts';

describe('a client', () => {
  it.each(PROTOCOLS)('over %s reaches a peer and hears from it', async (protocol) => {
    const server = await start();
    const live = await client(server, protocol);
    const peer = await echo();
    await live.relayed();
    live.send(peer, 'one');
    expect(await live.texts(1)).toEqual(['one']);
    // By its channel now, which it has after the first.
    live.send(peer, 'two');
    expect(await live.texts(2)).toEqual(['one', 'two']);
    await live.end();
    expect((await server.metrics())['allocations']).toBe(0);
  });

  it('over UDP talks to one over TLS by their relays', async () => {
    const server = await start();
    await exchange(await client(server, 'udp'), await client(server, 'tls'));
  });

  it('gets the longest datagram through', async () => {
    const server = await start();
    const live = await client(server, 'tcp');
    const peer = await echo();
    await live.relayed();
    const text = 'x'.repeat(60_000);
    live.send(peer, text);
    expect(await live.texts(1)).toEqual([text]);
  });

  it('that does not read loses data, and not the memory of the server', async () => {
    const server = await start();
    const live = await client(server, 'tcp');
    const socket = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
    opened.push(socket);
    const relayed = await live.relayed();
    const heard = new Promise<void>((resolve) => {
      socket.onDatagram = () => resolve();
    });
    live.send(socket.local, 'let me in');
    await heard;
    live.read(false);
    const flood = new Uint8Array(60_000);
    while ((await server.metrics())['sendFailures'] === 0) {
      for (let i = 0; i < 8; i++) socket.send(flood, 0, flood.length, relayed);
      await new Promise(setImmediate);
    }
    // Answers still come, behind the data that was not dropped.
    live.read(true);
    await live.end();
  });

  it('comes by IPv6 too, and gets an address of each family', async () => {
    const server = await start({
      listeners: ['127.0.0.1', '::1'].map((one) => ({ protocol: 'udp' as const, address: one, port: 0 })),
    });
    const v6 = server.addresses.find(({ family }) => family === 'IPv6')!;
    const live = await LiveClient.open(v6, { families: 'both' });
    opened.push(live);
    const { relayed } = await live.event('allocated');
    expect(relayed.map(({ address }) => address).toSorted()).toEqual(['127.0.0.1', '::1']);
  });

  it('with a wrong password is refused', async () => {
    const server = await start();
    const live = await client(server, 'udp', { credentials: { username: 'u', password: 'q' } });
    await expect(live.relayed()).rejects.toMatchObject({ code: 'TURN_UNAUTHORIZED', statusCode: 401 });
  });

  it('with a time-limited credential is let in', async () => {
    const server = await start({ users: {}, secrets: ['south', 'north'] });
    const { username, credential } = timeLimitedCredentials('north', 'alice', 60, Date.now());
    const live = await client(server, 'udp', { credentials: { username, password: credential } });
    await live.relayed();
  });

  it('is cut off when its connection ends, and so is its allocation', async () => {
    const ended = Promise.withResolvers<TurnServerEvent>();
    const server = await start({
      onEvent: (event) => {
        if (event.type === 'deallocated') ended.resolve(event);
      },
    });
    const live = await client(server, 'dtls');
    await live.relayed();
    live.close();
    expect(await ended.promise).toMatchObject({ reason: 'disconnected', username: 'u' });
    expect((await server.metrics())['clientConnections']).toBe(0);
  });

  it('without allocation does not make the server keep a long message', async () => {
    const server = await start();
    const { address: host, port } = address(server, 'tcp');
    const socket = connect({ host, port });
    socket.on('error', () => {});
    socket.resume();
    // A STUN message of 60,000 bytes that never ends.
    const begun = new Uint8Array(10_000);
    begun.set([0, 3, 0xea, 0x60, 0x21, 0x12, 0xa4, 0x42]);
    socket.write(begun);
    await once(socket, 'close');
  });

  it('that sends garbage over TCP is disconnected', async () => {
    const server = await start();
    const { address: host, port } = address(server, 'tcp');
    const socket = connect({ host, port });
    socket.on('error', () => {});
    socket.write(new Uint8Array(32).fill(0xff));
    socket.resume();
    await once(socket, 'close');
    expect((await server.metrics())['clientConnections']).toBe(0);
  });
});

describe('TCP relays (RFC 6062)', () => {
  it('join a client with a peer that it calls', async () => {
    const server = await start({ tcpRelay: true });
    const peer = createServer((socket) => socket.on('data', (bytes) => socket.end(`echo ${bytes}`)));
    peer.listen({ host: '127.0.0.1', port: 0 });
    await once(peer, 'listening');
    opened.push({ close: () => peer.close() });
    const { port } = peer.address() as { port: number };
    const live = await client(server, 'tcp', { transport: 'tcp' });
    await live.relayed();
    live.core.connect({ address: '127.0.0.1', family: 'IPv4', port }, performance.now());
    live.pump();
    const { id } = await live.event('connected');
    const { host, port: serverPort } = { host: '127.0.0.1', port: address(server, 'tcp').port };
    const socket = connect({ host, port: serverPort });
    await once(socket, 'connect');
    expect(await bindAndSend(live, id, socket, 'hello')).toBe('echo hello');
    // Either end closes both, and the server forgets the connection.
    expect((await server.metrics())['connections']).toBe(0);
  });
});

describe('reload', () => {
  it('changes users and secrets', async () => {
    const server = await start({ secrets: ['old'] });
    await server.reload({ users: { u: 'new' }, secrets: ['fresh'] });
    const stale = await client(server);
    await expect(stale.relayed()).rejects.toMatchObject({ statusCode: 401 });
    await (await client(server, 'udp', { credentials: { username: 'u', password: 'new' } })).relayed();
    const credentials = (secret: string): { username: string; password: string } => {
      const { username, credential } = timeLimitedCredentials(secret, 'a', 60, Date.now());
      return { username, password: credential };
    };
    await (await client(server, 'udp', { credentials: credentials('fresh') })).relayed();
    const old = await client(server, 'udp', { credentials: credentials('old') });
    await expect(old.relayed()).rejects.toMatchObject({ statusCode: 401 });
  });

  it('shows another certificate, and leaves who is there alone', async () => {
    const server = await start();
    const before = await client(server, 'tls');
    await before.relayed();
    await server.reload(await pem('other.test'));
    const { address: host, port } = address(server, 'tls');
    const socket = connectTls({ host, port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    expect(socket.getPeerCertificate().subject.CN).toBe('other.test');
    socket.destroy();
    await exchange(before, await client(server, 'dtls'));
  });

  it('refuses a certificate that cannot be used, and keeps the old one', async () => {
    const server = await start();
    const other = await pem('other.test');
    await expect(server.reload({ certificate: other.certificate, privateKey: secure.privateKey })).rejects.toThrow(
      /^The certificate cannot be used: /,
    );
    await expect(server.reload({ certificate: other.certificate })).rejects.toThrow(
      'certificate and privateKey go together.',
    );
    await (await client(server, 'tls')).relayed();
  });
});

describe('the end', () => {
  it('drain makes no more allocations, and closes when the last one has ended', async () => {
    const server = await start({ metrics: { port: 0 } });
    const live = await client(server);
    const peer = await echo();
    await live.relayed();
    const drained = server.drain();
    await expect((await client(server)).relayed()).rejects.toMatchObject({ statusCode: 508 });
    const { address: host, port } = server.metricsAddress!;
    const health = await fetch(`http://${host}:${port}/health`, { headers: { connection: 'close' } });
    expect([health.status, await health.text()]).toEqual([503, 'draining\n']);
    live.send(peer, 'still there');
    expect(await live.texts(1)).toEqual(['still there']);
    await live.end();
    await drained;
    expect(await server.ended).toBeUndefined();
  });

  it('drain does not wait for longer than it is told', async () => {
    const server = await start();
    await (await client(server)).relayed();
    await server.drain(1);
    expect(await server.ended).toBeUndefined();
  });

  it('close frees every port, and may be called again', async () => {
    const server = await start();
    const relayed = await (await client(server)).relayed();
    await server.close();
    await server.close();
    for (const { port } of [address(server, 'udp'), address(server, 'dtls'), relayed]) {
      (await nodeNetwork.bindUdp({ address: '127.0.0.1', port })).close();
    }
  });
});
