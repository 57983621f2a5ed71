import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import { nodeCrypto } from '@kaon/runtime/node';
import { afterEach, expect, it } from 'vitest';
import { negotiate } from '../helpers/connect.ts';
import { player } from '../helpers/frames.ts';
import { World } from '../helpers/world.ts';
import { call, speak } from './helpers.ts';

let world: World;
afterEach(() => world?.close());

it('a report of 50 streams costs little memory, and selecting one of them less', async () => {
  world = new World();
  const [a, b] = world.pair();
  for (let i = 0; i < 50; i++) a.addTrack(player(world, 'audio').track);
  await world.until(negotiate(a, b));
  await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
  await world.advance(6000);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (const side of [a, b]) {
    const first = await side.getStats();
    const streams = [...first.values()].filter(({ type }) => type === 'inbound-rtp' || type === 'outbound-rtp');
    expect(streams).toHaveLength(50);
    // The stream, what the peer says of it, its source; and what all share.
    expect(first.size).toBeLessThanOrEqual(3 * 50 + 12);
    const kept: unknown[] = [];
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 20; i++) kept.push(await side.getStats());
    const all = (process.memoryUsage().heapUsed - before) / 20;
    expect(kept).toHaveLength(20);
    // Bytes for each stream, garbage included unless it was collected meanwhile.
    expect(all / 50).toBeLessThan(8000);
    const [one] = side === a ? side.getSenders() : side.getReceivers();
    expect((await one?.getStats())?.size).toBeLessThan(15);
  }
});

it('certificates are hashed once, not for each report', async () => {
  let hashes = 0;
  const crypto: CryptoProvider = Object.create(nodeCrypto, {
    hash: {
      value: (...args: Parameters<CryptoProvider['hash']>) => {
        hashes++;
        return nodeCrypto.hash(...args);
      },
    },
  });
  world = new World();
  const made = await call(world, { kaon: { crypto } });
  await speak(world, made, 1);
  await made.a.getStats();
  const before = hashes;
  await made.a.getStats();
  await made.a.getSenders()[0]?.getStats();
  expect(hashes).toBe(before);
});
