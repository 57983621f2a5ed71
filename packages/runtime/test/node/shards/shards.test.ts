import type { UdpSocket } from '@kaon/interface/network/v1';
import { afterEach, describe, expect, it } from 'vitest';
import { joinShards, nodeNetwork, type Shards, type StartShardsOptions, startShards } from '../../../src/node/index.ts';
import { simpleRouter } from './router.ts';

const script = new URL('./echo-shard.ts', import.meta.url);
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start(options: Partial<StartShardsOptions> = {}): Promise<Shards> {
  const shards = await startShards({ script, router: simpleRouter, count: 2, addresses: ['127.0.0.1'], ...options });
  open.push(shards);
  return shards;
}

interface Client {
  readonly socket: UdpSocket;
  /** Sends, and resolves with the answer; sends again until there is one, since UDP may lose. */
  ask(...bytes: number[]): Promise<number[]>;
}

async function client(shards: Shards): Promise<Client> {
  const socket = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
  open.push(socket);
  const [to] = shards.addresses;
  if (to === undefined) throw new Error('no address');
  return {
    socket,
    ask: (...bytes) =>
      new Promise((resolve) => {
        const datagram = Uint8Array.from(bytes);
        const send = (): void => void socket.send(datagram, 0, datagram.length, to);
        const again = setInterval(send, 1000);
        socket.onDatagram = (answer) => {
          clearInterval(again);
          resolve([...answer]);
        };
        send();
      }),
  };
}

function said(shards: Shards): Promise<unknown> {
  return new Promise((resolve) => {
    shards.onmessage = (message) => resolve(message);
  });
}

for (const via of ['threads', 'cluster'] as const) {
  for (const mode of ['reusePort', 'handover'] as const) {
    describe(`shards as ${via}, ${mode}`, () => {
      it('get the datagrams that are theirs, wherever these come in', async () => {
        const shards = await start({ via, mode, count: 3 });
        expect([shards.mode, shards.count, shards.running]).toEqual([mode, 3, 3]);
        // The kernel spreads these over the sockets; whose they are is not its choice.
        const clients = await Promise.all(Array.from({ length: 12 }, () => client(shards)));
        for (const [i, { ask }] of clients.entries()) {
          const shard = i % 3;
          expect(await ask(0, shard, 77)).toEqual([shard, 0, shard, 77]);
          expect(await ask(20, 1, 2)).toEqual([shard, 20, 1, 2]);
        }
        if (mode === 'handover') expect(shards.handedOver).toBeGreaterThanOrEqual(24);
      });

      it('claim a remote, and all learn of it', async () => {
        const shards = await start({ via, mode });
        for (let i = 0; i < 4; i++) {
          const { ask } = await client(shards);
          expect(await ask(0, 0)).toEqual([0, 0, 0]);
          expect(await ask(0, 1)).toEqual([1, 0, 1]);
          expect(await ask(20)).toEqual([0, 20]);
        }
        // Known as one shard's where it comes in, claimed by the other.
        for (const [before, after] of [
          [0, 1],
          [1, 0],
        ] as const) {
          const { ask } = await client(shards);
          expect(await ask(0, before)).toEqual([before, 0, before]);
          expect(await ask(0, after, 9)).toEqual([after, 0, after, 9]);
          // The claim may be on its way still.
          let answer = await ask(20);
          while (answer[0] === before) answer = await ask(20);
          expect(answer).toEqual([after, 20]);
        }
      });

      it('talk to the application', async () => {
        const shards = await start({ via, mode, data: { name: 'test' } });
        for (const index of [0, 1]) {
          const answer = said(shards);
          shards.post(index, ['hello', index]);
          expect(await answer).toEqual({ index, count: 2, mode, data: { name: 'test' }, heard: ['hello', index] });
        }
      });

      it('stop when asked to, and free the port', async () => {
        const shards = await start({ via, mode });
        const last: unknown[] = [];
        shards.onmessage = (message) => last.push(message);
        shards.onexit = () => last.push('exit');
        const [address] = shards.addresses;
        await Promise.all([shards.close(), shards.close()]);
        expect(last).toEqual(['stopped', 'stopped']);
        expect(shards.running).toBe(0);
        open.push(await nodeNetwork.bindUdp({ address: '127.0.0.1', port: address?.port }));
        await expect(shards.replace(0)).rejects.toMatchObject({ code: 'RUNTIME_SHARD_FAILED' });
      });

      it('can be replaced when one is gone, and the others do not notice', async () => {
        const shards = await start({ via, mode });
        const other = await client(shards);
        await other.ask(0, 1);
        const gone = new Promise<unknown>((resolve) => {
          shards.onexit = resolve;
        });
        shards.post(0, 'leave');
        expect(await gone).toEqual({ index: 0, error: undefined });
        expect(shards.running).toBe(1);
        await shards.replace(0);
        expect(shards.running).toBe(2);
        const { ask } = await client(shards);
        expect(await ask(0, 0, 5)).toEqual([0, 0, 0, 5]);
      });
    });
  }
}

describe('startShards', () => {
  it('takes the better way that the platform has', async () => {
    const shards = await start({ count: 1 });
    expect(shards.mode).toBe('reusePort');
  });

  it('answers on all addresses, on one port', async () => {
    const shards = await start({ count: 1, addresses: ['127.0.0.1', '::1'] });
    expect(shards.addresses.map(({ address }) => address)).toEqual(['127.0.0.1', '::1']);
    expect(new Set(shards.addresses.map(({ port }) => port)).size).toBe(1);
    const socket = await nodeNetwork.bindUdp({ address: '::1' });
    open.push(socket);
    const answer = new Promise<Uint8Array>((resolve) => {
      socket.onDatagram = resolve;
    });
    socket.send(Uint8Array.of(0, 0), 0, 2, shards.addresses[1] as never);
    expect([...(await answer)]).toEqual([0, 0, 0]);
  });

  it('passes options on to the threads', async () => {
    const shards = await start({ count: 1, workerOptions: { argv: ['given'] } });
    const answer = said(shards);
    shards.post(0, 'argument');
    expect(await answer).toBe('given');
  });

  for (const via of ['threads', 'cluster'] as const) {
    it(`ends ${via} that do not end by themselves`, async () => {
      const shards = await start({ count: 1, via, stopTimeout: 20 });
      const answer = said(shards);
      shards.post(0, 'stay');
      expect(await answer).toBe('staying');
      await shards.close();
      expect(shards.running).toBe(0);
    });
  }

  it('rejects when a shard does not begin, and leaves nothing', async () => {
    const broken = new URL('./broken-shard.ts', import.meta.url);
    await expect(start({ script: broken, workerOptions: { stderr: true } })).rejects.toMatchObject({
      code: 'RUNTIME_SHARD_FAILED',
      cause: expect.objectContaining({ message: 'cannot begin' }),
    });
  });

  it('rejects addresses that are none, and numbers that make no sense', async () => {
    await expect(start({ addresses: ['0.0.0.0'] })).rejects.toMatchObject({ code: 'RUNTIME_BAD_ADDRESS' });
    await expect(start({ addresses: [] })).rejects.toMatchObject({ code: 'RUNTIME_BAD_ADDRESS' });
    await expect(start({ count: 0 })).rejects.toThrow(RangeError);
    const taken = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
    open.push(taken);
    await expect(start({ port: taken.local.port, mode: 'handover' })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('says why a shard is gone', async () => {
    const shards = await start({ workerOptions: { stderr: true } });
    const gone = new Promise<unknown>((resolve) => {
      shards.onexit = resolve;
    });
    const { ask } = await client(shards);
    void ask(0, 1).then(() => ask(8));
    expect(await gone).toMatchObject({ index: 1, error: { message: 'as asked' } });
    await expect(shards.replace(7)).rejects.toThrow(RangeError);
  });
});

describe('joinShards', () => {
  it('rejects where nobody started a shard', async () => {
    await expect(joinShards({ router: simpleRouter })).rejects.toMatchObject({ code: 'RUNTIME_NO_SHARD' });
  });
});
