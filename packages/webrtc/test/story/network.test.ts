import { run } from '@kaon/runtime';
import { BindingResponder } from '@kaon/stun';
import { type NatType, type Simulation, story } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import type { RTCPeerConnection } from '../../src/index.ts';
import { negotiate, trickle } from '../helpers/connect.ts';
import { World } from '../helpers/world.ts';

/** A STUN server on the internet. */
async function stunServer(sim: Simulation, address: string): Promise<void> {
  const socket = await sim.host({ addresses: [address] }).bindUdp({ address, port: 3478 });
  run(new BindingResponder(), { clock: sim.clock, sockets: [socket], onEvent: () => {} });
}

/** Sends `count` numbered messages and waits until all came, in order. */
async function sendAll(world: World, peers: Awaited<ReturnType<World['connected']>>, count: number): Promise<void> {
  const seen: string[] = [];
  peers.other.onmessage = ({ data }) => seen.push(data as string);
  for (let i = 0; i < count; i++) peers.channel.send(String(i));
  await world.run(() => seen.length === count, 300_000);
  expect(seen).toEqual(Array.from({ length: count }, (_, i) => String(i)));
}

describe('over a bad network', () => {
  for (const [name, link] of Object.entries({
    'losing packets': { delay: 20, loss: 0.1 },
    'reordering and doubling packets': { delay: 20, reorder: 0.3, duplicate: 0.2, jitter: 10 },
    'flipping bits': { delay: 10, corrupt: 0.05 },
    'as slow as a modem': { delay: 100, rate: 20_000, queue: 50_000 },
  })) {
    it(
      `${name}, two peers connect and every message arrives in order`,
      story(async (sim) => {
        const world = new World(link, sim);
        const peers = await world.connected();
        await sendAll(world, peers, 500);
        peers.channel.close();
        await world.run(() => peers.other.readyState === 'closed', 120_000);
        world.close();
      }),
    );
  }

  it(
    'cut for a while, the connection goes on where it was',
    story(async (sim) => {
      const world = new World({ delay: 10 }, sim);
      const peers = await world.connected();
      const states: string[] = [];
      peers.a.onconnectionstatechange = () => states.push(peers.a.connectionState);
      world.alice.link().cut();
      peers.channel.send('into the void');
      await world.run(() => peers.a.connectionState === 'disconnected');
      await world.advance(3000);
      world.alice.link().restore();
      let got = '';
      peers.other.onmessage = ({ data }) => {
        got = data as string;
      };
      await world.run(() => peers.a.connectionState === 'connected' && got !== '', 120_000);
      expect([states, got]).toEqual([['disconnected', 'connected'], 'into the void']);
      world.close();
    }),
  );
});

describe('through NATs', () => {
  const types: NatType[] = ['full-cone', 'address-restricted', 'port-restricted', 'symmetric'];
  for (const [left, right] of types.flatMap((one) => types.map((other) => [one, other] as const))) {
    // Neither side of these can tell where the other will send from: that takes a relay.
    const hopeless = (left === 'symmetric' && right === 'symmetric') || hard(left, right) || hard(right, left);
    it(
      `${left} and ${right} ${hopeless ? 'need a relay' : 'meet'}`,
      story(async (sim) => {
        await stunServer(sim, '192.0.2.1');
        const world = new World({ delay: 5 }, sim);
        const hosts = [left, right].map((type, index) =>
          sim.host({
            addresses: [`10.0.${index}.2`],
            network: sim.nat({ type, address: `203.0.113.${index + 1}`, link: { delay: 5 } }),
          }),
        );
        const configuration = { iceServers: [{ urls: 'stun:192.0.2.1' }], kaon: { patience: 5000 } };
        const [a, b] = hosts.map((host) => world.connection(host, configuration)) as [
          RTCPeerConnection,
          RTCPeerConnection,
        ];
        trickle(a, b);
        const channel = a.createDataChannel('x');
        await world.until(negotiate(a, b));
        const failed = (): boolean => a.connectionState === 'failed';
        await world.run(() => channel.readyState === 'open' || failed(), 120_000);
        expect(failed()).toBe(hopeless);
        world.close();
      }),
    );
  }
});

it(
  'several interfaces and both families give a candidate each, and one pair is chosen',
  story(async (sim) => {
    const world = new World({ delay: 5 }, sim);
    const network = sim.internet;
    const host = sim.host({
      interfaces: [
        { name: 'eth0', addresses: ['198.51.100.10', '2001:db8::10'], network },
        { name: 'wlan0', addresses: ['198.51.100.11'], network, type: 'wifi' },
      ],
    });
    const other = sim.host({ addresses: ['198.51.100.20', '2001:db8::20'] });
    const [a, b] = [world.connection(host), world.connection(other)];
    trickle(a, b);
    const channel = a.createDataChannel('x');
    await world.until(negotiate(a, b));
    await world.run(() => channel.readyState === 'open');
    const ice = a.sctp?.transport.iceTransport;
    expect(
      ice
        ?.getLocalCandidates()
        .map(({ address }) => address)
        .sort(),
    ).toEqual(['198.51.100.10', '198.51.100.11', '2001:db8::10']);
    expect(ice?.getSelectedCandidatePair()?.remote.address).toMatch(/198\.51\.100\.20|2001:db8::20/);
    world.close();
  }),
);

/** A symmetric NAT against one that lets in only what it has sent to, port and all. */
function hard(one: NatType, other: NatType): boolean {
  return one === 'symmetric' && other === 'port-restricted';
}
