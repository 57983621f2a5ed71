import type { Network, UdpSocket } from '@kaon/interface/network/v1';
import { decodeMessage, encodeResponse } from '@kaon/mdns';
import { type Host, type Simulation, story } from '@kaon/testing';
import { isMalformed, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { type LocalNames, mdnsFor } from '../../src/mdns/index.ts';

const NOBODY = '1f4712db-ea17-4bcf-a596-105139dfd8bf.local';
const GROUP = transportAddress('224.0.0.251', 5353);

/** A network that counts the sockets that are open in it. */
function counted(host: Host) {
  const open = new Set<UdpSocket>();
  let opened = 0;
  const network: Network = {
    interface: 'kaon:network/1',
    interfaces: () => host.interfaces(),
    bindUdp: (options) => host.bindUdp(options),
    resolve: (name, family) => host.resolve(name, family),
    watchInterfaces: (onChange) => host.watchInterfaces(onChange),
    async bindMulticast(options) {
      const socket = await host.bindMulticast(options);
      const { close } = socket;
      socket.close = () => {
        open.delete(socket);
        close.call(socket);
      };
      open.add(socket);
      opened++;
      return socket;
    },
  };
  return { network, open, opened: () => opened };
}

const namesOf = (sim: Simulation, network: Network): LocalNames => mdnsFor(network, sim.clock, sim.random);

/** Two hosts on one network. */
function neighbours(sim: Simulation, loss = 0) {
  const network = sim.network();
  const link = { delay: 1, loss };
  const alice = counted(sim.host({ addresses: ['192.168.1.2', 'fd00::2'], network, link }));
  const bob = counted(sim.host({ addresses: ['192.168.1.3', 'fd00::3'], network, link }));
  return { alice, bob, a: namesOf(sim, alice.network), b: namesOf(sim, bob.network) };
}

/** The rejection's message. */
const refused = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'fulfilled',
    (error: unknown) => String(error),
  );

describe('names between two hosts of one network', () => {
  it.each(['192.168.1.3', 'fd00::3'])('are given to %s and found', (address) =>
    story(async (sim) => {
      const { a, b } = neighbours(sim);
      const { name } = await sim.until(b.register(address));
      expect(await sim.until(a.resolve(name))).toEqual([address]);
    })(),
  );

  it(
    'are found though half of all datagrams are lost',
    story(
      async (sim) => {
        const { a, b } = neighbours(sim, 0.5);
        const { name } = await sim.until(b.register('192.168.1.3'));
        expect(await sim.until(a.resolve(name))).toEqual(['192.168.1.3']);
      },
      { seed: 3 },
    ),
  );

  it(
    'are not found once they are released',
    story(async (sim) => {
      const { a, b } = neighbours(sim);
      const { name, release } = await sim.until(b.register('192.168.1.3'));
      release();
      await sim.advance(10);
      expect(await sim.until(refused(a.resolve(name)))).toMatch(/nobody answered/);
    }),
  );

  it(
    'are taken back on the link when they are released',
    story(async (sim) => {
      const network = sim.network();
      const [bob, eve] = ['192.168.1.3', '192.168.1.66'].map((address) => sim.host({ addresses: [address], network }));
      const interfaceAddress = '192.168.1.66';
      const socket = await sim.until(eve!.bindMulticast({ group: GROUP.address, port: 5353, interfaceAddress }));
      const lifetimes: (number | undefined)[] = [];
      socket.onDatagram = (bytes) => {
        const message = decodeMessage(bytes);
        if (!isMalformed(message)) lifetimes.push(message.records[0]?.ttl);
      };
      const { release } = await sim.until(namesOf(sim, bob!).register('192.168.1.3'));
      await sim.advance(5000);
      release();
      await sim.advance(10);
      expect(lifetimes).toEqual([120, 120, 0]);
    }),
  );

  it(
    'are not found across a router',
    story(async (sim) => {
      const { b } = neighbours(sim);
      const far = namesOf(sim, sim.host({ addresses: ['192.168.1.2'], network: sim.network() }));
      const { name } = await sim.until(b.register('192.168.1.3'));
      const start = sim.clock.now();
      expect(await sim.until(refused(far.resolve(name)))).toMatch(/nobody answered/);
      expect(sim.clock.now() - start).toBe(10_000);
    }),
  );

  it(
    'are found on the second interface',
    story(async (sim) => {
      const [upstairs, downstairs] = [sim.network(), sim.network()];
      const middle = sim.host({
        interfaces: [
          { name: 'eth0', addresses: ['10.0.0.1'], network: upstairs },
          { name: 'eth1', addresses: ['10.1.0.1'], network: downstairs },
        ],
      });
      const cellar = sim.host({ addresses: ['10.1.0.2'], network: downstairs });
      const { name } = await sim.until(namesOf(sim, cellar).register('10.1.0.2'));
      expect(await sim.until(namesOf(sim, middle).resolve(name))).toEqual(['10.1.0.2']);
    }),
  );

  it(
    'are found over an interface that comes while they are looked for',
    story(async (sim) => {
      const network = sim.network();
      const late = sim.host({ addresses: ['10.9.0.1'], network: sim.network() });
      const { name } = await sim.until(
        namesOf(sim, sim.host({ addresses: ['10.0.0.1'], network })).register('10.0.0.1'),
      );
      const found = namesOf(sim, late).resolve(name);
      await sim.advance(100);
      late.addInterface({ name: 'eth1', addresses: ['10.0.0.2'], network });
      expect(await sim.until(found)).toEqual(['10.0.0.1']);
    }),
  );

  it(
    'of our own are found without asking',
    story(async (sim) => {
      const { a } = neighbours(sim);
      const { name } = await sim.until(a.register('192.168.1.2'));
      expect(await sim.until(a.resolve(name))).toEqual(['192.168.1.2']);
    }),
  );
});

describe('hostile neighbours', () => {
  it(
    'do not stop names from being found with what they send',
    story(async (sim) => {
      const network = sim.network();
      const [alice, bob, eve] = ['192.168.1.2', '192.168.1.3', '192.168.1.66'].map((address) =>
        sim.host({ addresses: [address], network }),
      );
      const [a, b] = [namesOf(sim, alice!), namesOf(sim, bob!)];
      const { name } = await sim.until(b.register('192.168.1.3'));
      const socket = await sim.until(
        eve!.bindMulticast({ group: GROUP.address, port: 5353, interfaceAddress: '192.168.1.66' }),
      );
      const goodbye = encodeResponse({ records: [{ name, type: 'A', address: '192.168.1.3', ttl: 0, flush: true }] });
      const found = a.resolve(name);
      for (let i = 0; i < 500; i++) {
        const bytes = new Uint8Array(sim.random.integer(0, 1400));
        sim.random(bytes);
        socket.send(bytes, 0, bytes.length, GROUP);
        socket.send(goodbye, 0, goodbye.length, GROUP);
      }
      expect(await sim.until(found)).toEqual(['192.168.1.3']);
    }),
  );
});

describe('port 5353', () => {
  it(
    'is open while somebody uses it, once for all, and no longer',
    story(async (sim) => {
      const { alice, a, b } = neighbours(sim);
      expect(alice.open.size).toBe(0);
      const { name, release } = await sim.until(b.register('192.168.1.3'));
      const [one, two] = [await sim.until(a.register('192.168.1.2')), await sim.until(a.register('192.168.1.2'))];
      expect(one.name).not.toBe(two.name);
      await sim.until(a.resolve(name));
      expect([alice.open.size, alice.opened()]).toEqual([2, 2]);
      one.release();
      one.release();
      expect(alice.open.size).toBe(2);
      two.release();
      expect(alice.open.size).toBe(0);
      release();
      // Nothing is left that would keep a process.
      await sim.advance(1);
      expect(sim.clock.pending).toBe(0);
    }),
  );

  it(
    'is closed when a name was not found, and opened again for the next',
    story(async (sim) => {
      const { alice, a } = neighbours(sim);
      await sim.until(refused(a.resolve(NOBODY)));
      expect(alice.open.size).toBe(0);
      await sim.until(refused(a.resolve(NOBODY)));
      expect([alice.open.size, alice.opened()]).toEqual([0, 4]);
    }),
  );

  it(
    'is closed at once when nobody waits any more',
    story(async (sim) => {
      const { alice, a } = neighbours(sim);
      const abort = new AbortController();
      const both = [abort.signal, AbortSignal.any([abort.signal])].map((signal) => refused(a.resolve(NOBODY, signal)));
      await sim.advance(500);
      expect(alice.open.size).toBe(2);
      abort.abort(new Error('enough'));
      for (const each of both) expect(await sim.until(each)).toMatch(/enough/);
      await sim.advance(1);
      expect(alice.open.size).toBe(0);
      expect(await sim.until(refused(a.resolve(NOBODY, abort.signal)))).toMatch(/enough/);
    }),
  );
});

describe('what cannot be', () => {
  it(
    'is refused: names that stand for no candidate, addresses that are none',
    story(async (sim) => {
      const { alice, a } = neighbours(sim);
      expect(await sim.until(refused(a.resolve('printer.local')))).toMatch(/stands for a candidate/);
      expect(await sim.until(refused(a.register('nothing')))).toMatch(/not the address/);
      expect(alice.open.size).toBe(0);
    }),
  );

  it(
    'is said of a platform without multicast, and of links that refuse it',
    story(async (sim) => {
      const host = sim.host({ addresses: ['10.0.0.1'] });
      const without = { ...counted(host).network, bindMulticast: undefined } as unknown as Network;
      const refusing: Network = { ...counted(host).network, bindMulticast: () => Promise.reject(new Error('EACCES')) };
      for (const [network, why] of [
        [without, /cannot join/],
        [refusing, /no interface/],
      ] as const) {
        expect(await sim.until(refused(namesOf(sim, network).resolve(NOBODY)))).toMatch(why);
        expect(await sim.until(refused(namesOf(sim, network).register('10.0.0.1')))).toMatch(why);
      }
    }),
  );

  it(
    'is no reason for one link to stop the others',
    story(async (sim) => {
      const { alice, b } = neighbours(sim);
      const half: Network = {
        ...alice.network,
        bindMulticast: (options) =>
          options.group.includes(':') ? Promise.reject(new Error('no IPv6')) : alice.network.bindMulticast!(options),
      };
      const { name } = await sim.until(b.register('192.168.1.3'));
      expect(await sim.until(namesOf(sim, half).resolve(name))).toEqual(['192.168.1.3']);
    }),
  );
});
