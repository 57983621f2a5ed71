import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { CreateTurnServerOptions, RunningTurnServer } from '../../src/node/index.ts';
import type { TurnServerEvent } from '../../src/server/index.ts';
import { exchange } from './helpers/live-client.ts';
import { client, start as startServer } from './helpers/live-server.ts';

function start(options: Partial<CreateTurnServerOptions> = {}): Promise<RunningTurnServer> {
  return startServer({ workers: 2, ...options });
}

describe('several workers', () => {
  it('share the ports, and each serves clients', async () => {
    // Quotas are for each worker: with room for one allocation in each, the second worker shows when two clients have one.
    const server = await start({ maxAllocations: 1 });
    let served = 0;
    let refused = 0;
    while (served < 2) {
      const live = await client(server);
      await live.relayed().then(
        () => served++,
        (error) => {
          expect(error).toMatchObject({ statusCode: 508 });
          refused++;
        },
      );
    }
    expect((await server.metrics())['allocations']).toBe(2);
    expect((await server.metrics())['errors{code="508"}'] ?? 0).toBe(refused);
  });

  it('relay between clients of each other, over every transport', async () => {
    const server = await start();
    await Promise.all(
      (['udp', 'tcp', 'dtls'] as const).map(async (protocol) =>
        exchange(await client(server, protocol), await client(server, 'udp')),
      ),
    );
  });

  it('let the relays of one reach those of the other, where nothing else of the machine may be reached', async () => {
    const server = await start({ allowedPeers: [], relayAddresses: ['127.0.0.2'], externalAddresses: ['203.0.113.7'] });
    const clients = await Promise.all(Array.from({ length: 6 }, () => client(server)));
    await Promise.all([0, 2, 4].map((i) => exchange(clients[i]!, clients[i + 1]!)));
  });

  it('ask the main thread for users, and tell it what happens', async () => {
    const events: TurnServerEvent[] = [];
    const errors: Error[] = [];
    const server = await start({
      users: {},
      authenticate: async ({ username }) => {
        if (username === 'broken') throw new Error('no database');
        if (username === 'odd') return { password: () => 'w' } as never;
        if (username === 'nobody') return null as never;
        return username === 'v' ? { password: 'w' } : undefined;
      },
      onEvent: (event) => events.push(event),
      onError: (error) => errors.push(error),
    });
    const live = await client(server, 'tcp', { credentials: { username: 'v', password: 'w' } });
    await live.relayed();
    await live.end();
    for (const username of ['x', 'broken', 'odd', 'nobody']) {
      const refused = await client(server, 'udp', { credentials: { username, password: 'w' } });
      await expect(refused.relayed()).rejects.toMatchObject({ statusCode: 401 });
    }
    expect(errors[0]?.message).toBe('no database');
    expect(errors[1]?.message).toMatch(/^A credential has a password/);
    expect(errors.length).toBe(2);
    const kinds = events.map(({ type }) => type);
    expect(kinds).toContain('allocated');
    expect(kinds).toContain('deallocated');
    const allocated = events.find(({ type }) => type === 'allocated');
    expect(allocated).toMatchObject({ username: 'v', client: { protocol: 'tcp', remote: live.path.local } });
  });

  it('take on users and secrets, and refuse a certificate that cannot be used', async () => {
    const server = await start();
    await server.reload({ users: { u: 'new' } });
    await (await client(server, 'udp', { credentials: { username: 'u', password: 'new' } })).relayed();
    await expect(server.reload({ certificate: 'x', privateKey: 'y' })).rejects.toThrow(
      /^The certificate cannot be used/,
    );
  });

  it('drain when the last allocation of all has ended, and leave no thread behind', async () => {
    const server = await start();
    const clients = await Promise.all([1, 2, 3].map(() => client(server)));
    await Promise.all(clients.map((live) => live.relayed()));
    const drained = server.drain();
    for (const live of clients) await live.end();
    await drained;
    expect(await server.ended).toBeUndefined();
  });

  it('end all when one dies, and say why', async () => {
    const threads: Worker[] = [];
    const collect = (thread: Worker): unknown => threads.push(thread);
    process.on('worker', collect);
    const server = await start().finally(() => process.off('worker', collect));
    expect(threads.length).toBe(2);
    const exits = threads.map((thread) => once(thread, 'exit'));
    await threads[1]!.terminate();
    expect(await server.ended).toMatchObject({ message: 'A worker has ended.' });
    expect(await server.metrics()).toEqual({});
    await expect(server.reload({ users: {} })).rejects.toThrow('A worker has ended.');
    await Promise.all(exits);
  });

  it('that cannot open a port end, and the start rejects with the reason', async () => {
    const first = await start({ workers: 1 });
    const { port } = first.addresses[0]!;
    const listeners = [{ protocol: 'udp' as const, address: '127.0.0.1', port }];
    await expect(start({ listeners })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
