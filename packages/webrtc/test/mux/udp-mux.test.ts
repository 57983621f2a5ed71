import { checkUsername } from '@kaon/ice/mux';
import type { TransportAddress } from '@kaon/interface/core/v1';
import { encodeMessage, METHOD } from '@kaon/stun';
import { type Host, type Simulation, story } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { UdpMux, type UdpMuxListenOptions, type UnknownEvent } from '../../src/index.ts';
import { introduce, Peer } from './peers.ts';

const SERVER = '198.51.100.1';
const CLIENT = '198.51.100.2';
const NOTHING = { fragments: 0, addresses: 0, transactions: 0, unknown: 0 };

interface World {
  readonly sim: Simulation;
  readonly server: Host;
  readonly client: Host;
  readonly mux: UdpMux;
}

async function world(sim: Simulation, options: UdpMuxListenOptions = {}): Promise<World> {
  const server = sim.host({ name: 'server', addresses: [SERVER, '2001:db8::1'], link: { delay: 5 } });
  const client = sim.host({ name: 'client', addresses: [CLIENT, '2001:db8::2'], link: { delay: 5 } });
  const mux = await UdpMux.listen({ network: server, clock: sim.clock, port: 443, ...options });
  return { sim, server, client, mux };
}

function served({ sim, mux }: World, name: string): Peer {
  return new Peer(sim, name).attach(mux);
}

function caller({ sim, client }: World, name: string, port = 0): Promise<Peer> {
  return new Peer(sim, name, { role: 'controlling' }).bind(client, CLIENT, port);
}

async function connectedPair(w: World, name: string, port = 0): Promise<[Peer, Peer]> {
  const peer = served(w, `served ${name}`);
  const other = await caller(w, `caller ${name}`, port);
  introduce(peer, other);
  await w.sim.run(() => peer.connected && other.connected);
  return [peer, other];
}

/** Both ways. */
async function talks(w: World, a: Peer, b: Peer, word: string): Promise<void> {
  a.say(`${word} to b`);
  b.say(`${word} to a`);
  await w.sim.run(() => a.received.includes(`${word} to a`) && b.received.includes(`${word} to b`));
}

/** A check that nobody has authenticated. */
function forged(fragment: string): Uint8Array {
  return encodeMessage(
    {
      class: 'request',
      method: METHOD.Binding,
      transactionId: new Uint8Array(12).fill(7),
      attributes: [
        { type: 'username', username: `${fragment}:forger` },
        { type: 'priority', priority: 1 },
        { type: 'use-candidate' },
      ],
    },
    { fingerprint: true },
  );
}

describe('a shared UDP port', () => {
  it(
    'listens on every address, on one port',
    story(async (sim) => {
      const { mux, server } = await world(sim);
      expect(mux.addresses).toEqual([
        { address: SERVER, family: 'IPv4', port: 443 },
        { address: '2001:db8::1', family: 'IPv6', port: 443 },
      ]);
      expect(server.openSockets).toBe(2);
      const any = await UdpMux.listen({ network: server, clock: sim.clock, includeLoopback: true });
      expect(any.addresses.map(({ address }) => address)).toEqual([SERVER, '2001:db8::1', '127.0.0.1', '::1']);
      expect(new Set(any.addresses.map(({ port }) => port)).size).toBe(1);
      const four = await UdpMux.listen({ network: server, clock: sim.clock, families: ['IPv4'] });
      expect(four.addresses.map(({ family }) => family)).toEqual(['IPv4']);
      const filtered = await UdpMux.listen({
        network: server,
        clock: sim.clock,
        interfaceFilter: (one) => one.family === 'IPv6',
      });
      expect(filtered.addresses.map(({ family }) => family)).toEqual(['IPv6']);
      const { sockets } = four.attach('abcd');
      expect(sockets.map(({ network }) => network.name)).toEqual(['eth0']);
    }),
  );

  it(
    'refuses what it cannot listen on, and leaves nothing open',
    story(async (sim) => {
      const { server } = await world(sim);
      const listen = (options: UdpMuxListenOptions): Promise<unknown> =>
        UdpMux.listen({ network: server, clock: sim.clock, ...options });
      await expect(listen({ addresses: ['0.0.0.0'] })).rejects.toMatchObject({ code: 'MUX_NO_ADDRESS' });
      await expect(listen({ interfaceFilter: () => false })).rejects.toMatchObject({ code: 'MUX_NO_ADDRESS' });
      await expect(listen({ addresses: ['127.0.0.1', SERVER], port: 443 })).rejects.toMatchObject({
        code: 'EADDRINUSE',
      });
      expect(server.openSockets).toBe(2);
    }),
  );

  it(
    'is shared with other programs when asked',
    story(async (sim) => {
      const { server } = await world(sim, { port: 444, reusePort: true });
      const listen = (reusePort: boolean): Promise<UdpMux> =>
        UdpMux.listen({ network: server, clock: sim.clock, port: 444, reusePort });
      expect((await listen(true)).addresses[0]?.port).toBe(444);
      await expect(listen(false)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    }),
  );

  it(
    'carries two connections, each with its own data',
    story(async (sim) => {
      const w = await world(sim);
      const [a, toA] = await connectedPair(w, 'a');
      const [b, toB] = await connectedPair(w, 'b');
      expect(w.mux.connections).toBe(2);
      expect(w.server.openSockets).toBe(2);
      await talks(w, a, toA, 'one');
      await talks(w, b, toB, 'two');
      expect([a.received, b.received]).toEqual([['one to a'], ['two to a']]);
      a.close();
      expect(w.mux.connections).toBe(1);
      await talks(w, b, toB, 'three');
      b.close();
      expect([w.mux.connections, w.mux.tables]).toEqual([0, NOTHING]);
    }),
  );

  it(
    'carries a thousand, and nothing is left of them',
    story(async (sim) => {
      const w = await world(sim, { families: ['IPv4'] });
      const pairs: [Peer, Peer][] = [];
      for (let i = 0; i < 1000; i++) {
        const peer = served(w, `served ${i}`);
        const other = await caller(w, `caller ${i}`);
        introduce(peer, other);
        pairs.push([peer, other]);
      }
      expect(w.server.openSockets).toBe(1);
      await sim.run(() => pairs.every(([a, b]) => a.connected && b.connected));
      for (const [index, [, other]] of pairs.entries()) other.say(`hello ${index}`);
      await sim.run(() => pairs.every(([a]) => a.received.length === 1));
      expect(pairs.every(([a], index) => a.received[0] === `hello ${index}`)).toBe(true);
      await sim.advance(20_000);
      expect(
        pairs.every(([a, b]) => a.agent.state === 'connected' || (a.agent.state === 'completed' && b.connected)),
      ).toBe(true);
      expect(w.mux.tables.addresses).toBe(1000);
      for (const [a, b] of pairs) {
        a.close();
        b.close();
      }
      expect([w.mux.connections, w.mux.tables]).toEqual([0, NOTHING]);
    }),
  );

  it(
    'has room for as many as it is told, and no more',
    story(async (sim) => {
      const { mux } = await world(sim, { maxConnections: 2 });
      const first = mux.attach('aaaa');
      mux.attach('bbbb');
      expect(() => mux.attach('cccc')).toThrowError(expect.objectContaining({ code: 'ICE_MUX_FULL' }));
      expect(() => mux.attach('bbbb')).toThrowError(expect.objectContaining({ code: 'ICE_UFRAG_TAKEN' }));
      expect(mux.connections).toBe(2);
      first.release();
      first.release();
      mux.attach('cccc');
      expect([mux.connections, mux.tables.fragments]).toEqual([2, 4]);
    }),
  );

  it(
    'asks for a prefix where it has one',
    story(async (sim) => {
      const { mux } = await world(sim, { usernameFragmentPrefix: 'w3/' });
      expect(mux.usernameFragmentPrefix).toBe('w3/');
      expect(() => mux.attach('abcd')).toThrowError(expect.objectContaining({ code: 'MUX_BAD_FRAGMENT' }));
      expect(mux.attach('w3/abcd').sockets).toHaveLength(2);
    }),
  );
});

describe('sockets of another kind', () => {
  it(
    'are told what a connection has chosen, and whether it had an answer from there',
    story(async (sim) => {
      const server = sim.host({ addresses: [SERVER] });
      const client = sim.host({ addresses: [CLIENT] });
      const claims: [string, boolean][] = [];
      const socket = Object.assign(await server.bindUdp({ address: SERVER }), {
        claim: ({ address }: TransportAddress, answered: boolean) => claims.push([address, answered]),
      });
      const mux = UdpMux.over([socket], { clock: sim.clock });
      const w = { sim, server, client, mux };
      const [a, toA] = await connectedPair(w, 'a');
      expect(a.attachment?.sockets[0]?.network).toEqual({ name: '', address: SERVER, family: 'IPv4', internal: false });
      expect(claims.length).toBeGreaterThan(0);
      expect(new Set(claims.map(String))).toEqual(new Set([`${CLIENT},true`]));
      await talks(w, a, toA, 'hello');
      mux.attach('lite').sockets[0]?.prefer({ address: '203.0.113.9', family: 'IPv4', port: 1 });
      expect(claims.at(-1)).toEqual(['203.0.113.9', false]);
      mux.close();
      expect(server.openSockets).toBe(0);
    }),
  );
});

describe('a peer whose NAT gives it another address', () => {
  it(
    'is heard from there, and the old one is forgotten',
    story(async (sim) => {
      const w = await world(sim, { families: ['IPv4'] });
      const nat = sim.nat({ type: 'full-cone', address: '203.0.113.7' });
      const home = sim.host({ addresses: ['192.168.1.2'], network: nat, link: { delay: 5 } });
      const a = served(w, 'a');
      const toA = await new Peer(sim, 'caller', { role: 'controlling' }).bind(home, '192.168.1.2');
      introduce(a, toA);
      await sim.run(() => a.connected && toA.connected);
      await talks(w, a, toA, 'before');
      const before = a.agent.selectedPair?.path.remote.port;
      nat.reboot();
      await sim.run(() => a.agent.selectedPair?.path.remote.port !== before);
      await talks(w, a, toA, 'after');
      await sim.advance(120_000);
      expect(w.mux.tables.addresses).toBe(1);
      await talks(w, a, toA, 'later');
    }),
  );
});

describe('two connections with the same remote address', () => {
  it(
    'both pass ICE, and the one that chose it last has its data, until it is gone',
    story(async (sim) => {
      const w = await world(sim, { families: ['IPv4'] });
      const other = await UdpMux.listen({ network: w.client, clock: sim.clock, port: 443, families: ['IPv4'] });
      const pairs = ['a', 'b'].map((name) => {
        const pair = [served(w, `served ${name}`), new Peer(sim, name, { role: 'controlling' }).attach(other)] as const;
        introduce(...pair);
        return pair;
      });
      const [[a, toA], [b, toB]] = pairs as [(typeof pairs)[0], (typeof pairs)[0]];
      await sim.run(() => pairs.flat().every((peer) => peer.connected));
      await sim.advance(40_000);
      expect(pairs.flat().map(({ agent }) => agent.state)).not.toContain('failed');
      toA.say('from a');
      toB.say('from b');
      await sim.advance(100);
      expect([...a.received, ...b.received].sort()).toEqual(['from a', 'from b']);
      expect([a.received.length, b.received.length].sort()).toEqual([0, 2]);
      const [winner, loser] = a.received.length === 2 ? [a, b] : [b, a];
      winner.close();
      (loser === a ? toA : toB).say('still here');
      await sim.run(() => loser.received.includes('still here'));
    }),
  );

  it(
    'one after the other: the second gets its data though the first has not gone yet',
    story(async (sim) => {
      const w = await world(sim);
      const [a, toA] = await connectedPair(w, 'a', 7000);
      toA.close();
      const [b, toB] = await connectedPair(w, 'b', 7000);
      await talks(w, b, toB, 'mine');
      expect(a.received).toEqual([]);
      expect(a.agent.state).not.toBe('failed');
    }),
  );
});

describe('takeover', () => {
  it(
    'of a live peer’s address by checks that are forged in its name fails',
    story(async (sim) => {
      const w = await world(sim, { families: ['IPv4'] });
      const [a, toA] = await connectedPair(w, 'a');
      const attacker = served(w, 'attacker');
      attacker.agent.setRemoteCredentials({ usernameFragment: 'forger', password: 'x'.repeat(22) }, attacker.now);
      const { agent } = attacker;
      const source = toA.agent.selectedPair?.path.local as TransportAddress;
      const target = { address: SERVER, family: 'IPv4' as const, port: 443 };
      // As the network would carry them: what a datagram says of its source is all there is.
      const sneak = (bytes: Uint8Array): void =>
        sim.internet.forward({ source, destination: target, bytes, ecn: 0, hops: 16 });
      for (let i = 0; i < 40; i++) {
        sneak(forged(agent.localCredentials.usernameFragment));
        sneak(Uint8Array.of(22, 254, 253, 0));
        await sim.advance(500);
      }
      await talks(w, a, toA, 'mine');
      expect(attacker.received).toEqual([]);
      expect(w.mux.tables.addresses).toBe(2);
    }),
  );

  it(
    'of a live peer’s address by a lite connection of the attacker’s own fails, too',
    story(async (sim) => {
      const w = await world(sim, { families: ['IPv4'] });
      const [a, toA] = await connectedPair(w, 'a');
      const socket = w.mux.attach('lite').sockets[0];
      const heard: Uint8Array[] = [];
      if (socket !== undefined) socket.onDatagram = (bytes) => heard.push(bytes);
      const source = toA.agent.selectedPair?.path.local as TransportAddress;
      const target = { address: SERVER, family: 'IPv4' as const, port: 443 };
      sim.internet.forward({ source, destination: target, bytes: forged('lite'), ecn: 0, hops: 16 });
      await sim.run(() => heard.length === 1);
      // A lite agent selects by what it is told.
      socket?.prefer(source);
      await talks(w, a, toA, 'mine');
      expect(heard).toHaveLength(1);
    }),
  );
});

describe('restart', () => {
  it(
    'with a new fragment keeps the data flowing, and forgets the old fragment in the end',
    story(async (sim) => {
      const w = await world(sim);
      const [a, toA] = await connectedPair(w, 'a');
      for (let round = 0; round < 6; round++) {
        const before = a.agent.localCredentials.usernameFragment;
        a.restart();
        toA.restart();
        expect(a.agent.localCredentials.usernameFragment).not.toBe(before);
        await talks(w, a, toA, `during ${round}`);
        introduce(a, toA);
        await sim.run(() => a.agent.state !== 'checking' && toA.agent.state !== 'checking');
        await sim.advance(1000);
        await talks(w, a, toA, `after ${round}`);
      }
      expect(w.mux.connections).toBe(1);
      expect(w.mux.tables.fragments).toBe(2 * 4);
      a.close();
      expect(w.mux.tables).toEqual(NOTHING);
      a.attachment?.restart('late');
      expect(w.mux.tables).toEqual(NOTHING);
    }),
  );
});

describe('an unknown fragment', () => {
  const credentials = { usernameFragment: 'libp2p+webrtc+v1/aBcDeF', password: 'libp2p+webrtc+v1/aBcDeF' };

  it(
    'is answered by a connection that is made for it later, with the datagram that was held',
    story(async (sim) => {
      const w = await world(sim);
      const events: UnknownEvent[] = [];
      w.mux.onunknown = (event) => events.push(event);
      // The caller knows an address, and makes up the rest; it asks just once.
      const other = new Peer(sim, 'dialer', { role: 'controlling', localCredentials: credentials });
      await other.bind(w.client, CLIENT, 5000);
      other.agent.setRemoteCredentials(credentials, other.now);
      other.agent.addRemoteCandidate(
        { foundation: '1', component: 1, protocol: 'udp', priority: 1, address: SERVER, port: 443, type: 'host' },
        other.now,
      );
      other.driver.wake();
      await sim.run(() => events.length > 0);
      const [event] = events as [UnknownEvent];
      expect(event).toMatchObject({
        localUsernameFragment: credentials.usernameFragment,
        remoteUsernameFragment: credentials.usernameFragment,
        username: `${credentials.usernameFragment}:${credentials.usernameFragment}`,
        remote: { address: CLIENT, port: 5000 },
        local: { address: SERVER, port: 443 },
      });
      expect(checkUsername(event.bytes)?.local).toBe(credentials.usernameFragment);
      expect(w.mux.tables.unknown).toBe(1);

      const peer = new Peer(sim, 'listener', { localCredentials: credentials });
      peer.agent.setRemoteCredentials({ ...credentials, usernameFragment: event.remoteUsernameFragment }, peer.now);
      w.client.link().cut();
      peer.attach(w.mux);
      await sim.advance(1);
      // Nothing came but what had been there.
      expect(peer.agent.stats().remoteCandidates).toMatchObject([{ type: 'prflx', address: CLIENT, port: 5000 }]);
      expect(w.mux.tables.unknown).toBe(0);
      expect(events).toHaveLength(1);
    }),
  );

  it(
    'becomes a connection',
    story(async (sim) => {
      const w = await world(sim);
      const peers: Peer[] = [];
      w.mux.onunknown = (event) => {
        const local = { usernameFragment: event.localUsernameFragment, password: event.localUsernameFragment };
        const peer = new Peer(sim, 'listener', { localCredentials: local });
        peer.agent.setRemoteCredentials({ ...local, usernameFragment: event.remoteUsernameFragment }, peer.now);
        peers.push(peer.attach(w.mux));
      };
      const other = new Peer(sim, 'dialer', { role: 'controlling', localCredentials: credentials });
      await other.bind(w.client, CLIENT);
      other.agent.setRemoteCredentials(credentials, other.now);
      other.agent.addRemoteCandidate(
        { foundation: '1', component: 1, protocol: 'udp', priority: 1, address: SERVER, port: 443, type: 'host' },
        other.now,
      );
      other.driver.wake();
      await sim.run(() => other.connected && peers[0]?.connected === true);
      await talks(w, peers[0] as Peer, other, 'hello');
      expect(peers).toHaveLength(1);
    }),
  );

  it(
    'is reported so many times a second, and is forgotten',
    story(async (sim) => {
      const w = await world(sim, { unknown: { maxPerSecond: 20, maxHeld: 200, lifetime: 3000 } });
      let reports = 0;
      w.mux.onunknown = () => reports++;
      const socket = await w.client.bindUdp({ address: CLIENT });
      const flood = (from: number): void => {
        for (let i = 0; i < 500; i++) {
          const bytes = forged(`unknown${from + i}`);
          socket.send(bytes, 0, bytes.length, { address: SERVER, family: 'IPv4', port: 443 });
        }
      };
      flood(0);
      await sim.advance(100);
      expect([reports, w.mux.tables.unknown]).toEqual([20, 20]);
      await sim.advance(2000);
      flood(500);
      await sim.advance(100);
      expect([reports, w.mux.tables.unknown]).toEqual([40, 40]);
      await sim.advance(5000);
      flood(1000);
      await sim.advance(100);
      expect(w.mux.tables.unknown).toBe(20);
      expect(w.mux.tables.addresses).toBe(0);
    }),
  );
});

describe('close', () => {
  it(
    'of the port tells every connection and frees the port',
    story(async (sim) => {
      const w = await world(sim);
      const [a] = await connectedPair(w, 'a');
      const [b] = await connectedPair(w, 'b');
      w.mux.close();
      w.mux.close();
      expect(w.server.openSockets).toBe(0);
      for (const peer of [a, b]) {
        expect(peer.errors).toHaveLength(2);
        expect(peer.errors[0]).toMatchObject({ code: 'MUX_CLOSED' });
      }
      expect([w.mux.connections, w.mux.addresses, w.mux.tables]).toEqual([0, [], NOTHING]);
      expect(() => w.mux.attach('abcd')).toThrowError(expect.objectContaining({ code: 'MUX_CLOSED' }));
      a.attachment?.restart('new1');
      const socket = a.attachment?.sockets[0];
      expect(socket?.send(new Uint8Array(3), 0, 3, { address: CLIENT, family: 'IPv4', port: 1 })).toBe(false);
      a.close();
      b.close();
    }),
  );

  it(
    'of one socket by the platform leaves the others',
    story(async (sim) => {
      const w = await world(sim);
      const [a, toA] = await connectedPair(w, 'a');
      const died: string[] = [];
      w.mux.onerror = (_, { address }) => died.push(address);
      w.server.killSocket(w.mux.addresses[1] as TransportAddress, new Error('gone'));
      expect(died).toEqual(['2001:db8::1']);
      expect(a.errors).toHaveLength(1);
      expect(w.mux.addresses).toHaveLength(1);
      await talks(w, a, toA, 'on');
      expect(w.mux.attach('abcd').sockets).toHaveLength(1);
    }),
  );
});
