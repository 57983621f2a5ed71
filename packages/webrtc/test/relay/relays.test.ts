import type { Host, Simulation } from '@kaon/testing';
import { story } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { listen, open, opened, send } from './client.ts';
import { dtlsCertificate, turnServer } from './turn-world.ts';

const DTLS = await dtlsCertificate();
const V4 = '198.51.100.10';
const V6 = '2001:db8::10';

const client = (sim: Simulation): Host => sim.host({ name: 'client', addresses: ['203.0.113.1', '2001:db8:1::1'] });
const peerOf = (sim: Simulation): Host => sim.host({ name: 'peer', addresses: ['203.0.113.99', '2001:db8:2::99'] });

describe.each([
  ['udp', 'turn', '?transport=udp'],
  ['tcp', 'turn', '?transport=tcp'],
  ['tls', 'turns', '?transport=tcp'],
  ['dtls', 'turns', '?transport=udp'],
] as const)('a relay over %s', (protocol, scheme, query) => {
  it.each([
    ['IPv4', V4, V4],
    ['IPv6', V6, `[${V6}]`],
  ] as const)('allocates over %s and carries datagrams both ways', async (family, address, host) => {
    await story(async (sim) => {
      const server = await turnServer(sim, { addresses: [address], dtls: DTLS });
      const url = `${scheme}:${host}${query}`;
      const alice = client(sim);
      const told = await opened(sim, alice, [url], { tls: { verify: false } });
      expect(told.errors).toEqual([]);
      expect(told.about).toEqual([
        {
          url,
          relayProtocol: protocol,
          mapped: told.about[0]?.base,
          base: expect.objectContaining({ family, address: family === 'IPv4' ? '203.0.113.1' : '2001:db8:1::1' }),
          server: { address, family, port: scheme === 'turn' ? 3478 : 5349 },
        },
      ]);
      const [relayed] = told.sockets;
      if (relayed === undefined) throw new Error('no socket');
      expect(relayed.local).toMatchObject({ address, family });

      const peerAddress = family === 'IPv4' ? '203.0.113.99' : '2001:db8:2::99';
      const peer = await peerOf(sim).bindUdp({ address: peerAddress });
      const [heard, answers] = [listen(peer), listen(relayed)];
      // The first one waits for the permission, later ones go as channel data.
      for (const text of ['one', 'two', 'three']) {
        expect(send(relayed, text, peer.local)).toBe(true);
        await sim.advance(200);
        send(peer, `re: ${text}`, relayed.local);
        await sim.advance(200);
      }
      expect(heard.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
      expect(heard[0]?.from).toEqual(relayed.local);
      expect(answers.map(({ text }) => text)).toEqual(['re: one', 're: two', 're: three']);
      expect(answers[0]?.from).toMatchObject({ address: peerAddress, port: peer.local.port });

      relayed.close();
      expect(send(relayed, 'late', peer.local)).toBe(false);
      await sim.advance(200);
      expect(server.allocations).toBe(0);
      expect(alice.openSockets).toBe(0);
      expect(told.gone).toEqual([]);
    })();
  });
});

describe('relays', () => {
  it(
    'gives an address of each family when the server has both and one family leads there',
    story(async (sim) => {
      const server = await turnServer(sim, { addresses: [V4, V6] });
      const told = await opened(sim, client(sim), [`turn:${V4}`]);
      expect(told.sockets.map(({ local }) => local.address).sort()).toEqual([V4, V6]);
      const peer = await peerOf(sim).bindUdp({ address: '2001:db8:2::99' });
      const heard = listen(peer);
      const six = told.sockets.find(({ local }) => local.family === 'IPv6');
      if (six === undefined) throw new Error('no socket');
      expect(send(six, 'over IPv4 to IPv6', peer.local)).toBe(true);
      await sim.advance(200);
      expect(heard.map(({ text }) => text)).toEqual(['over IPv4 to IPv6']);

      // The allocation lives as long as one of its sockets.
      told.sockets[0]?.close();
      await sim.advance(200);
      expect(server.allocations).toBe(1);
      told.sockets[1]?.close();
      await sim.advance(200);
      expect(server.allocations).toBe(0);
    }),
  );

  it(
    'asks for one family over each when both lead there, and for none that is not in use',
    story(async (sim) => {
      await turnServer(sim, { addresses: [V4, V6] });
      sim.names.set('turn.example', [V4, V6]);
      const both = await opened(sim, client(sim), ['turn:turn.example']);
      expect(both.about.map(({ base }) => base.family).sort()).toEqual(['IPv4', 'IPv6']);
      expect(both.sockets.map(({ local }) => local.family).sort()).toEqual(['IPv4', 'IPv6']);
      const six = await opened(sim, sim.host({ addresses: ['2001:db8:3::1', '203.0.113.3'] }), ['turn:turn.example'], {
        families: ['IPv6'],
      });
      expect(six.sockets.map(({ local }) => local.address)).toEqual([V6]);
      expect(six.about[0]?.base.family).toBe('IPv6');
    }),
  );

  it(
    'uses every server, over every transport, from every address',
    story(async (sim) => {
      await turnServer(sim, { addresses: [V4] });
      await turnServer(sim, { addresses: ['198.51.100.20'] });
      const multihomed = sim.host({
        interfaces: [
          { name: 'eth0', addresses: ['203.0.113.5'], network: sim.internet },
          { name: 'wlan0', addresses: ['203.0.113.6'], network: sim.internet },
        ],
      });
      const urls = [V4, '198.51.100.20'].flatMap((host) => [`turn:${host}`, `turn:${host}?transport=tcp`]);
      const told = await opened(sim, multihomed, urls);
      const seen = told.about.map(({ url, base }) => `${url} ${base.address}`).sort();
      expect(seen).toEqual(urls.flatMap((url) => [`${url} 203.0.113.5`, `${url} 203.0.113.6`]).sort());
    }),
  );

  it(
    'tells nothing from inside the call, and UDP before TLS',
    story(async (sim) => {
      await turnServer(sim, { addresses: [V4] });
      const told = open(sim, client(sim), [`turns:${V4}`, `turn:${V4}?transport=tcp`, `turn:${V4}`, 'turn:nowhere']);
      expect(told.errors).toEqual([]);
      await sim.run(() => told.isSettled);
      expect(told.about.map(({ relayProtocol }) => relayProtocol)).toEqual(['udp', 'tcp', 'tls']);
    }),
  );

  it(
    'binds within the port range and lets datagrams of the size of mtu through',
    story(async (sim) => {
      await turnServer(sim, { addresses: [V4] });
      const told = await opened(sim, client(sim), [`turn:${V4}`], { portRange: [7000, 7001], mtu: 1400 });
      expect(told.about[0]?.base.port).toBeGreaterThanOrEqual(7000);
      expect(told.about[0]?.base.port).toBeLessThanOrEqual(7001);
      const peer = await peerOf(sim).bindUdp({ address: '203.0.113.99' });
      const heard = listen(peer);
      const [relayed] = told.sockets;
      if (relayed === undefined) throw new Error('no socket');
      expect(send(relayed, 'x'.repeat(1400), peer.local)).toBe(true);
      await sim.advance(100);
      // With the permission there, what is too long is refused at once.
      expect(send(relayed, 'x'.repeat(1600), peer.local)).toBe(false);
      expect(send(relayed, 'y'.repeat(1400), peer.local)).toBe(true);
      await sim.advance(100);
      expect(heard.map(({ text }) => text.length)).toEqual([1400, 1400]);
    }),
  );

  it(
    'carries a whole DTLS record where no size was set: it may have left over another path before',
    story(async (sim) => {
      await turnServer(sim, { addresses: [V4] });
      const told = await opened(sim, client(sim), [`turn:${V4}`]);
      const peer = await peerOf(sim).bindUdp({ address: '203.0.113.99' });
      const [relayed] = told.sockets;
      if (relayed === undefined) throw new Error('no socket');
      expect(send(relayed, 'w', peer.local)).toBe(true);
      await sim.advance(100);
      const taken = [16_421, 1200, 20_000, 16_400].map((length) => send(relayed, 'x'.repeat(length), peer.local));
      expect(taken).toEqual([true, true, false, true]);
    }),
  );

  it(
    'reaches a server of this machine over loopback',
    story(async (sim) => {
      const { host } = await turnServer(sim, { addresses: [V4], listen: ['127.0.0.1'] });
      const told = await opened(sim, host, ['turn:localhost', 'turn:127.0.0.1?transport=tcp'], { families: ['IPv4'] });
      expect(told.errors).toEqual([]);
      expect(told.about.map(({ base }) => base.address)).toEqual(['127.0.0.1', '127.0.0.1']);
    }),
  );

  it(
    'tries further addresses of a name beside one that does not answer, and keeps the first that allocates',
    story(async (sim) => {
      const server = await turnServer(sim, { addresses: [V4] });
      sim.names.set('turn.example', ['198.51.100.66', V4]);
      const alice = client(sim);
      for (const url of ['turn:turn.example', 'turn:turn.example?transport=tcp']) {
        const begin = sim.clock.now();
        const told = await opened(sim, alice, [url]);
        expect(told.about.map(({ server: { address } }) => address)).toEqual([V4]);
        expect(told.errors).toEqual([]);
        expect(sim.clock.now() - begin).toBeLessThan(1500);
        told.relays.close();
      }
      await sim.advance(20_000);
      expect(server.allocations).toBe(0);
    }),
  );
});
