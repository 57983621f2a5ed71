import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { TransportAddress } from '@kaon/interface/core/v1';
import type { Network } from '@kaon/interface/network/v1';
import { nodeCrypto, nodeNetwork } from '@kaon/runtime/node';
import { attribute, decodeMessage, encodeMessage, type StunMessage } from '@kaon/stun';
import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import type { CreateTurnServerOptions, Metrics, RunningTurnServer } from '../../src/node/index.ts';
import { sealAccessToken } from '../../src/server/index.ts';
import { JumpClock } from './helpers/jump-clock.ts';
import { exchange } from './helpers/live-client.ts';
import { address, client, echo, opened, start } from './helpers/live-server.ts';

describe('options', () => {
  it('relayPorts: relays are there and nowhere else', async () => {
    const socket = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
    const { port } = socket.local;
    socket.close();
    const server = await start({ relayPorts: [port, port] });
    expect((await (await client(server)).relayed()).port).toBe(port);
    const second = await client(server);
    await expect(second.relayed()).rejects.toMatchObject({ statusCode: 508 });
  });

  it('relayAddresses and externalAddresses: bound here, told as there', async () => {
    const server = await start({ relayAddresses: ['127.0.0.2'], externalAddresses: ['203.0.113.7'] });
    const live = await client(server);
    const relayed = await live.relayed();
    expect(relayed.address).toBe('203.0.113.7');
    const taken = nodeNetwork.bindUdp({ address: '127.0.0.2', port: relayed.port });
    await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('externalAddresses: relays reach each other although nothing sends external addresses back', async () => {
    const server = await start({ allowedPeers: [], relayAddresses: ['127.0.0.2'], externalAddresses: ['203.0.113.7'] });
    await exchange(await client(server, 'udp'), await client(server, 'tcp'));
  });

  it('without allowedPeers relays reach each other, and nothing else of the machine', async () => {
    const server = await start({ allowedPeers: [] });
    await exchange(await client(server, 'udp'), await client(server, 'tcp'));
    const live = await client(server);
    await live.relayed();
    live.core.prefer({ ...address(server, 'udp'), port: 22 }, performance.now());
    live.pump();
    await live.end();
    expect((await server.metrics())['errors{code="403"}']).toBe(1);
  });

  it('without allowedPeers no address of the machine is reached, listened on or not', async () => {
    const network: Network = {
      ...nodeNetwork,
      bindUdp: (options) => nodeNetwork.bindUdp(options),
      interfaces: () => [
        { name: 'eth0', address: '198.51.100.1', family: 'IPv4', internal: false },
        { name: 'eth0', address: '2001:db8::1%eth0', family: 'IPv6', internal: false },
      ],
    };
    const listeners = [{ protocol: 'udp', address: '127.0.0.1', port: 0 }] as const;
    const server = await start({ allowedPeers: [], network, listeners });
    const live = await client(server);
    await live.relayed();
    live.core.permit({ address: '198.51.100.1', family: 'IPv4', port: 0xffff }, performance.now());
    live.pump();
    expect(await live.event('permission-failed')).toMatchObject({ statusCode: 403 });
  });

  it('allowedPeers and deniedPeers', async () => {
    const peer = await echo();
    const closed = await client(await start({ allowedPeers: [] }));
    await closed.relayed();
    closed.send({ ...peer, address: '127.0.0.3' }, 'x');
    expect(await closed.event('permission-failed')).toMatchObject({ statusCode: 403 });
    const denying = await client(await start({ allowedPeers: [], deniedPeers: ['198.51.100.0/24'] }));
    await denying.relayed();
    denying.send({ address: '198.51.100.9', family: 'IPv4', port: 9 }, 'x');
    expect(await denying.event('permission-failed')).toMatchObject({ statusCode: 403 });
  });

  it('permit is asked for each peer', async () => {
    const asked: [string, TransportAddress][] = [];
    const server = await start({
      permit: (username, peer) => {
        asked.push([username, peer]);
        return false;
      },
    });
    const peer = await echo();
    const live = await client(server);
    await live.relayed();
    live.send(peer, 'x');
    expect(await live.event('permission-failed')).toMatchObject({ statusCode: 403 });
    expect(asked[0]?.[0]).toBe('u');
    expect(asked[0]?.[1].address).toBe(peer.address);
  });

  it('a permit that throws refuses, and is told to onError', async () => {
    const errors: Error[] = [];
    const server = await start({
      permit: () => {
        throw new Error('no policy');
      },
      onError: (error) => errors.push(error),
    });
    const live = await client(server);
    await live.relayed();
    live.send({ address: '127.0.0.1', family: 'IPv4', port: 9 }, 'x');
    expect(await live.event('permission-failed')).toMatchObject({ statusCode: 403 });
    expect(errors[0]?.message).toBe('no policy');
  });

  it('authenticate is asked for users that are not listed, and may take its time', async () => {
    const asked: unknown[] = [];
    const server = await start({
      authenticate: async (request) => {
        asked.push(request);
        await new Promise(setImmediate);
        return request.username === 'v' ? { password: 'w' } : undefined;
      },
    });
    await (await client(server)).relayed();
    expect(asked).toEqual([]);
    const live = await client(server, 'tcp', { credentials: { username: 'v', password: 'w' } });
    await live.relayed();
    expect(asked[0]).toMatchObject({ username: 'v', realm: 'example.org', remote: live.path.local });
    const unknown = await client(server, 'udp', { credentials: { username: 'x', password: 'w' } });
    await expect(unknown.relayed()).rejects.toMatchObject({ statusCode: 401 });
  });

  it('a look-up that fails refuses, and is told to onError', async () => {
    const errors: Error[] = [];
    const server = await start({
      authenticate: () => Promise.reject(new Error('no database')),
      onError: (error) => errors.push(error),
    });
    const live = await client(server, 'udp', { credentials: { username: 'v', password: 'w' } });
    await expect(live.relayed()).rejects.toMatchObject({ statusCode: 401 });
    expect(errors[0]?.message).toBe('no database');
  });

  it('a look-up that gives null refuses as one that gives undefined does', async () => {
    const errors: Error[] = [];
    const server = await start({ authenticate: async () => null as never, onError: (error) => errors.push(error) });
    const live = await client(server, 'udp', { credentials: { username: 'v', password: 'w' } });
    await expect(live.relayed()).rejects.toMatchObject({ statusCode: 401 });
    expect(errors).toEqual([]);
  });

  it('a look-up that gives no credential refuses, and is told to onError, which may throw', async () => {
    const errors: Error[] = [];
    const server = await start({
      authenticate: async () => ({ password: 5 }) as never,
      onError: (error) => {
        errors.push(error);
        throw new Error('no log either');
      },
    });
    const live = await client(server, 'udp', { credentials: { username: 'v', password: 'w' } });
    await expect(live.relayed()).rejects.toMatchObject({ statusCode: 401 });
    expect(errors[0]?.message).toMatch(/^A credential has a password/);
  });

  it('what onEvent throws is told to onError, and changes nothing', async () => {
    const errors: Error[] = [];
    const server = await start({
      onEvent: () => {
        throw new Error('listener');
      },
      onError: (error) => errors.push(error),
    });
    await (await client(server)).relayed();
    expect(errors[0]?.message).toBe('listener');
  });

  it('maxAllocationsPerUser, maxAllocationsPerAddress and maxAllocations', async () => {
    for (const [name, code] of [
      ['maxAllocationsPerUser', 486],
      ['maxAllocationsPerAddress', 486],
      ['maxAllocations', 508],
    ] as const) {
      const server = await start({ [name]: 1 });
      await (await client(server)).relayed();
      await expect((await client(server)).relayed()).rejects.toMatchObject({ statusCode: code });
    }
  });

  it('maxPermissions and maxChannels', async () => {
    for (const name of ['maxPermissions', 'maxChannels'] as const) {
      const server = await start({ [name]: 1 });
      const live = await client(server);
      await live.relayed();
      const peers = [1, 2].map((last) => ({ address: `127.0.0.${last}`, family: 'IPv4', port: 9 }) as const);
      for (const peer of peers) {
        if (name === 'maxPermissions') live.core.permit(peer, performance.now());
        else live.core.prefer(peer, performance.now());
        live.pump();
      }
      await live.end();
      expect((await server.metrics())['errors{code="508"}']).toBe(1);
    }
  });

  it.each([1, 2])('oauth: a token of the authorization server lets in, with %i workers', async (workers) => {
    const key = { kid: 'north', key: new Uint8Array(32).fill(3) };
    const serverName = 'turn.example.org';
    const server = await start({ workers, users: {}, oauth: { serverName, keys: [key] } });
    const macKey = new Uint8Array(20).fill(7);
    const content = { macKey, timestamp: Date.now(), lifetime: 600 };
    const accessToken = (name: string): Uint8Array =>
      sealAccessToken(content, key, name, nodeCrypto, nodeCrypto.random);
    const credentials = { username: 'north', macKey, accessToken: accessToken(serverName) };
    await (await client(server, 'udp', { credentials })).relayed();
    const other = { ...credentials, accessToken: accessToken('other.example.org') };
    await expect((await client(server, 'udp', { credentials: other })).relayed()).rejects.toMatchObject({
      statusCode: 401,
    });
  });

  it('smallRequests and smallAnswersPerSecond', async () => {
    /** What five bare Allocate requests of 28 bytes get over UDP, and what is counted. */
    const ask = async (options: Partial<CreateTurnServerOptions>): Promise<[answers: StunMessage[], Metrics]> => {
      const server = await start(options);
      const socket = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
      opened.push(socket);
      const answers: StunMessage[] = [];
      socket.onDatagram = (bytes) => {
        const message = decodeMessage(bytes);
        if (!isMalformed(message)) answers.push(message);
      };
      const attributes = [{ type: 'requested-transport', protocol: 17 }] as const;
      const request = encodeMessage({ class: 'request', method: 3, transactionId: new Uint8Array(12), attributes });
      expect(request.length).toBe(28);
      const seen = async (): Promise<number> => {
        const metrics = await server.metrics();
        return ['errors{code="401"}', 'dropped{reason="rate"}', 'dropped{reason="unanswered"}'].reduce(
          (sum, name) => sum + (metrics[name] ?? 0),
          0,
        );
      };
      for (let sent = 1; sent <= 5; sent++) {
        socket.send(request, 0, request.length, address(server, 'udp'));
        while ((await seen()) < sent) await new Promise(setImmediate);
      }
      const metrics = await server.metrics();
      while (answers.length < (metrics['errors{code="401"}'] ?? 0)) await new Promise(setImmediate);
      return [answers, metrics];
    };
    const isFull = (answer: StunMessage): boolean => attribute(answer, 'password-algorithms') !== undefined;
    const [usual] = await ask({});
    expect([usual.length, usual.some(isFull)]).toEqual([5, false]);
    const [full] = await ask({ smallRequests: 'full' });
    expect([full.length, full.every(isFull)]).toEqual([5, true]);
    for (const workers of [1, 2]) {
      const [none, metrics] = await ask({ workers, smallRequests: 'nothing' });
      expect([none.length, metrics['dropped{reason="unanswered"}']]).toEqual([0, 5]);
    }
    const [few, limited] = await ask({ smallAnswersPerSecond: 0.5 });
    expect(few.length).toBeGreaterThan(0);
    expect(few.length).toBeLessThan(5);
    expect(limited['dropped{reason="rate"}']).toBe(5 - few.length);
  });

  it('maxLifetime bounds what a client asks for', async () => {
    const server = await start({ maxLifetime: 60_000 });
    const live = await client(server, 'udp', { lifetime: 3600 });
    expect((await live.event('allocated')).lifetime).toBe(60);
  });

  it('allocationBandwidth and userBandwidth drop what is too much', async () => {
    for (const name of ['allocationBandwidth', 'userBandwidth'] as const) {
      const server = await start({ [name]: 1000 });
      const live = await client(server, 'tcp');
      const peer = await echo();
      await live.relayed();
      // The first overdraws; the second is dropped, and only counted.
      live.send(peer, 'x'.repeat(1500));
      await live.texts(1);
      live.send(peer, 'y');
      live.core.permit({ ...peer, address: '127.0.0.9' }, performance.now());
      const after = await client(server, 'udp', { credentials: { username: 'u', password: 'q' } });
      await expect(after.relayed()).rejects.toMatchObject({ statusCode: 401 });
      expect((await server.metrics())['dropped{reason="bandwidth"}']).toBeGreaterThan(0);
    }
  });

  it('maxConnections and maxConnectionsPerAddress: what comes above is closed at once', async () => {
    for (const name of ['maxConnections', 'maxConnectionsPerAddress'] as const) {
      const server = await start({ [name]: 1 });
      const first = await client(server, 'tcp');
      await first.relayed();
      const { address: host, port } = address(server, 'tcp');
      const second = connect({ host, port });
      second.on('error', () => {});
      second.resume();
      await once(second, 'close');
      expect((await server.metrics())['clientConnectionsRefused']).toBe(1);
    }
  });

  it('maxConnections: a DTLS client counts once it has shown that it is there', async () => {
    const server = await start({ maxConnections: 1 });
    await (await client(server, 'tcp')).relayed();
    // It may be connected for a moment, with the server's farewell on the way.
    await client(server, 'dtls').catch(() => {});
    expect(await server.metrics()).toMatchObject({ clientConnections: 1, clientConnectionsRefused: 1 });
  });

  it('idleTimeout: a silent connection is closed unless it holds an allocation', async () => {
    const clock = new JumpClock();
    const server = await start({ idleTimeout: 20_000, clock });
    const { address: host, port } = address(server, 'tcp');
    const silent = connect({ host, port });
    silent.resume();
    await once(silent, 'connect');
    const holder = await client(server, 'dtls');
    await holder.relayed();
    const over = once(silent, 'close');
    clock.jump(30_000);
    await over;
    expect((await server.metrics())['clientConnections']).toBe(1);
    await exchange(holder, await client(server));
  });

  it('idleTimeout: a byte now and then is silence', async () => {
    const clock = new JumpClock();
    const server = await start({ idleTimeout: 20_000, clock });
    const { address: host, port } = address(server, 'tcp');
    const dribbling = connect({ host, port });
    dribbling.resume();
    dribbling.on('error', () => {});
    await once(dribbling, 'connect');
    const over = once(dribbling, 'close');
    for (let i = 0; i < 3; i++) {
      dribbling.write(Uint8Array.of(0));
      // A whole exchange of another client: the byte has been read by then.
      const other = await client(server);
      await other.relayed();
      await other.end();
      clock.jump(9000);
    }
    clock.jump(9000);
    await over;
  });

  it('nonceLifetime: an old nonce is refused once', async () => {
    const clock = new JumpClock();
    const server = await start({ nonceLifetime: 60_000, clock });
    const live = await client(server);
    await live.relayed();
    clock.jump(61_000);
    await live.end();
    expect((await server.metrics())['errors{code="438"}']).toBe(1);
  });

  it('alternateServers sends clients on, to those of their family', async () => {
    const server = await start({
      alternateServers: [
        { address: '2001:db8::1', port: 3478 },
        { address: '192.0.2.9', port: 3479 },
      ],
    });
    const { server: other } = await (await client(server)).event('redirected');
    expect(other).toEqual({ address: '192.0.2.9', family: 'IPv4', port: 3479 });
  });

  it('stunBinding and announceSoftware', async () => {
    const ask = async (server: RunningTurnServer): Promise<{ software: boolean } | 'nothing'> => {
      const socket = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
      opened.push(socket);
      const request = encodeMessage({
        class: 'request',
        method: 1,
        transactionId: new Uint8Array(12),
        // So long that an answer may say everything.
        attributes: [{ type: 'software', software: 'x'.repeat(200) }],
      });
      const answer = Promise.withResolvers<{ software: boolean } | 'nothing'>();
      socket.onDatagram = (bytes) => {
        const message = decodeMessage(bytes);
        if (isMalformed(message)) return;
        answer.resolve({ software: attribute(message, 'software') !== undefined });
      };
      socket.send(request, 0, request.length, address(server, 'udp'));
      // An allocation after it: by then an answer would have come.
      const live = await client(server);
      live.relayed().then(
        () => new Promise(setImmediate).then(() => answer.resolve('nothing')),
        () => answer.resolve('nothing'),
      );
      return answer.promise;
    };
    expect(await ask(await start())).toEqual({ software: true });
    expect(await ask(await start({ announceSoftware: false }))).toEqual({ software: false });
    expect(await ask(await start({ stunBinding: false }))).toBe('nothing');
  });

  it('mobility is granted when it is on', async () => {
    const on = await client(await start({ mobility: true }), 'udp', { mobility: true });
    expect((await on.event('allocated')).mobile).toBe(true);
    const off = await client(await start(), 'udp', { mobility: true });
    await expect(off.relayed()).rejects.toMatchObject({ statusCode: 405 });
  });

  it('metrics: /metrics and /health over HTTP', async () => {
    const server = await start({ metrics: { address: '127.0.0.1', port: 0 } });
    await (await client(server)).relayed();
    const { address: host, port } = server.metricsAddress!;
    const get = (path: string, method = 'GET'): Promise<Response> =>
      fetch(`http://${host}:${port}${path}`, { method, headers: { connection: 'close' } });
    const metrics = await get('/metrics');
    expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
    expect(await metrics.text()).toContain('kaon_turn_allocations 1\n');
    expect([(await get('/health')).status, (await get('/')).status, (await get('/', 'POST')).status]).toEqual([
      200, 404, 405,
    ]);
  });

  it.each([
    [{ realm: '' }, 'realm must not be empty'],
    [{ workers: 0 }, 'workers must be from 1 to 256, not 0.'],
    [{ workers: 2, mobility: true }, 'mobility works with one worker only.'],
    [{ workers: 2, tcpRelay: true }, 'tcpRelay works with one worker only.'],
    [{ workers: 2, permit: () => true }, 'permit cannot be given to several workers.'],
    [{ relayAddresses: ['x'] }, 'x is not a numeric IP address.'],
    [{ smallRequests: 'some' }, "smallRequests must be 'shortest', 'full' or 'nothing', not 'some'"],
    [{ maxChannels: 0 }, 'maxChannels must be a positive integer'],
    [{ deniedPeers: ['x'] }, "'x' is no address, no CIDR block and no range of addresses"],
    [
      { listeners: [{ protocol: 'tls', address: '127.0.0.1', port: 0 }] },
      'A tls listener needs certificate and privateKey.',
    ],
    [
      { listeners: [{ protocol: 'dtls', address: '127.0.0.1', port: 0, certificate: 'x', privateKey: 'y' }] },
      /^The certificate cannot be used: /,
    ],
  ])('that make no sense are refused: %j', async (options, message) => {
    const starting = start(options as Partial<CreateTurnServerOptions>);
    await expect(starting).rejects.toMatchObject({ name: 'TurnError', code: 'TURN_INVALID_ARGUMENT' });
    await expect(start(options as Partial<CreateTurnServerOptions>)).rejects.toThrow(message);
  });

  it('a port that is taken rejects with the reason, and leaves nothing open', async () => {
    const blocker = createServer().listen({ host: '127.0.0.1', port: 0 });
    await once(blocker, 'listening');
    opened.push({ close: () => blocker.close() });
    const { port } = blocker.address() as { port: number };
    const udp = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
    udp.close();
    const listeners = [
      { protocol: 'udp' as const, address: '127.0.0.1', port: udp.local.port },
      { protocol: 'tcp' as const, address: '127.0.0.1', port },
    ];
    await expect(start({ listeners })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    (await nodeNetwork.bindUdp({ address: '127.0.0.1', port: udp.local.port })).close();
  });
});
