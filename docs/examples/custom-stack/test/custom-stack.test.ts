import { nodeCrypto } from '@kaon/runtime/node';
import { type Simulation, story } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import type { StackEvent } from '../src/data-stack.ts';
import { Peer } from '../src/peer.ts';

/** Two peers with a bad line between them, introduced to each other. */
async function meet(sim: Simulation): Promise<{ alice: Peer; bob: Peer; introduce: () => Promise<void> }> {
  const platform = (address: string) => ({
    network: sim.host({ addresses: [address], link: { delay: 20, jitter: 5, loss: 0.05 } }),
    clock: sim.clock,
    crypto: nodeCrypto,
  });
  const alice = await Peer.create(platform('192.0.2.1'), true, ['192.0.2.1']);
  const bob = await Peer.create(platform('192.0.2.2'), false, ['192.0.2.2']);
  const introduce = async (): Promise<void> => {
    const [fromAlice, fromBob] = await sim.until(Promise.all([alice.introduction(), bob.introduction()]));
    alice.connect(fromBob);
    bob.connect(fromAlice);
  };
  return { alice, bob, introduce };
}

describe('a data-only stack made of parts', () => {
  it(
    'carries messages both ways over a line that loses one packet in twenty',
    story(async (sim) => {
      const { alice, bob, introduce } = await meet(sim);
      const received: number[] = [];
      bob.onEvent = (event) => {
        if (event.type === 'message') bob.send(event.channel, event.data.slice().reverse());
      };
      alice.onEvent = (event) => {
        if (event.type === 'open') for (let i = 0; i < 50; i++) alice.send(event.channel, Uint8Array.of(i, 1, 2));
        if (event.type === 'message') received.push(event.data[2] as number);
      };
      alice.open('numbers');
      await introduce();
      await sim.run(() => received.length === 50, { timeout: 60_000 });
      expect(received).toEqual(Array.from({ length: 50 }, (_, i) => i));
      alice.close();
      bob.close();
    }),
  );

  it(
    'refuses a peer with another certificate than it announced, and delivers nothing',
    story(async (sim) => {
      const { alice, bob } = await meet(sim);
      const events: StackEvent[] = [];
      alice.onEvent = (event) => events.push(event);
      alice.open('secret');
      const [fromAlice, fromBob] = await sim.until(Promise.all([alice.introduction(), bob.introduction()]));
      alice.connect({ ...fromBob, fingerprint: fromAlice.fingerprint });
      bob.connect(fromAlice);
      await sim.run(() => events.some(({ type }) => type === 'failed'), { timeout: 60_000 });
      expect(events.map(({ type }) => type)).toEqual(['failed']);
      expect(events[0]).toMatchObject({ error: { code: 'WRONG_CERTIFICATE' } });
      alice.close();
      bob.close();
    }),
  );

  it(
    'tells the other side when it closes',
    story(async (sim) => {
      const { alice, bob, introduce } = await meet(sim);
      const events: string[] = [];
      alice.onEvent = (event) => {
        if (event.type === 'open') alice.close();
      };
      bob.onEvent = (event) => events.push(event.type);
      alice.open('short');
      await introduce();
      await sim.run(() => events.includes('failed') || events.includes('closed'), { timeout: 120_000 });
      bob.close();
      expect(events.at(-1)).toMatch(/failed|closed/);
    }),
  );
});
