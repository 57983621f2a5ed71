import { type Host, type Simulation, seededRandom, story } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { listen, open, opened, send } from './client.ts';
import { dtlsCertificate, turnServer } from './turn-world.ts';

const DTLS = await dtlsCertificate();
const SERVER = '198.51.100.10';
const client = (sim: Simulation): Host => sim.host({ name: 'client', addresses: ['203.0.113.1'] });
const URLS = [
  `turn:${SERVER}`,
  `turn:${SERVER}?transport=tcp`,
  `turns:${SERVER}`,
  `turns:${SERVER}?transport=udp`,
] as const;
const NO_VERIFY = { tls: { verify: false } };

describe('close', () => {
  it.each(URLS)('leaves no socket, timer or allocation, whenever it comes: %s', async (url) => {
    await story(async (sim) => {
      const server = await turnServer(sim, { addresses: [SERVER], dtls: DTLS });
      const alice = client(sim);
      for (let after = 0; after < 40; after++) {
        const told = open(sim, alice, [url], NO_VERIFY);
        await sim.advance(after);
        const before = [told.sockets.length, told.errors.length];
        told.relays.close();
        told.relays.close();
        await sim.advance(15_000);
        expect(told.isSettled).toBe(true);
        expect([told.sockets.length, told.errors.length]).toEqual(before);
        expect(told.gone).toEqual([]);
        expect(alice.openSockets, `closed after ${after} ms`).toBe(0);
      }
      // What was allocated behind our back ends at the latest when it expires.
      await sim.advance(700_000);
      expect(server.allocations).toBe(0);
      server.kill();
      expect(sim.clock.pending).toBe(0);
    })();
  });

  it(
    'does so when the server is silent, or gone meanwhile',
    story(async (sim) => {
      const alice = client(sim);
      const mute = sim.host({ addresses: ['198.51.100.77'] });
      await mute.listenTcp({ address: '198.51.100.77', port: 5349 });
      const silent = open(sim, alice, [
        'turn:198.51.100.66',
        'turns:198.51.100.66',
        'turns:198.51.100.66?transport=udp',
        'turns:198.51.100.77',
      ]);
      await sim.advance(300);
      expect(alice.openSockets).toBe(3);
      silent.relays.close();
      // What waits for a connection, or for TLS, is given up at once; a request that was sent may still be answered.
      await sim.advance(1);
      expect(alice.openSockets).toBeLessThan(2);
      await sim.advance(1000);
      expect(alice.openSockets).toBe(0);
      expect(sim.clock.pending).toBe(0);

      const server = await turnServer(sim, { addresses: [SERVER], dtls: DTLS });
      const told = await opened(sim, alice, URLS, NO_VERIFY);
      expect(told.sockets.length).toBe(4);
      server.kill();
      told.relays.close();
      await sim.advance(12_000);
      expect(alice.openSockets).toBe(0);
      expect(sim.clock.pending).toBe(0);
    }),
  );
});

describe('an allocation that is lost', () => {
  it.each(URLS.slice(1, 3))('is told at once when its connection breaks: %s', async (url) => {
    await story(async (sim) => {
      const server = await turnServer(sim, { addresses: [SERVER] });
      const alice = client(sim);
      const told = await opened(sim, alice, [url]);
      server.kill();
      await sim.advance(500);
      expect(told.gone.map(({ socket }) => socket)).toEqual(told.sockets);
      expect(told.gone[0]?.error).toBeInstanceOf(Error);
      expect(send(told.sockets[0] as never, 'x', { address: '203.0.113.9', family: 'IPv4', port: 9 })).toBe(false);
      await sim.advance(12_000);
      expect(alice.openSockets).toBe(0);
    })();
  });

  it.each(URLS.slice(1))('is told at once when the server hangs up: %s', async (url) => {
    await story(async (sim) => {
      const server = await turnServer(sim, { addresses: [SERVER], dtls: DTLS });
      const alice = client(sim);
      const told = await opened(sim, alice, [url], NO_VERIFY);
      server.hangUp();
      await sim.advance(100);
      expect(told.gone.map(({ error }) => error?.message)).toEqual(['the server closed the connection']);
      expect(alice.openSockets).toBe(0);
    })();
  });

  it.each([URLS[0], URLS[3]])('is told when the server does not know it any more: %s', async (url) => {
    await story(async (sim) => {
      const server = await turnServer(sim, { addresses: [SERVER], dtls: DTLS });
      const alice = client(sim);
      const told = await opened(sim, alice, [url], NO_VERIFY);
      server.forget();
      await sim.run(() => told.gone.length > 0, { timeout: 700_000 });
      expect(told.gone[0]?.error?.message).toMatch(/./);
      await sim.advance(2000);
      expect(alice.openSockets).toBe(0);
    })();
  });

  it(
    'leaves those on other servers as they are',
    story(async (sim) => {
      const first = await turnServer(sim, { addresses: [SERVER] });
      await turnServer(sim, { addresses: ['198.51.100.20'] });
      const alice = client(sim);
      const told = await opened(sim, alice, [`turn:${SERVER}?transport=tcp`, 'turn:198.51.100.20']);
      const peer = await sim.host({ addresses: ['203.0.113.99'] }).bindUdp({ address: '203.0.113.99' });
      const heard = listen(peer);
      for (const socket of told.sockets) send(socket, 'before', peer.local);
      await sim.advance(300);
      first.kill();
      await sim.advance(300);
      expect(told.gone.length).toBe(1);
      const left = told.sockets.filter((socket) => socket !== told.gone[0]?.socket);
      for (const socket of left) expect(send(socket, 'after', peer.local)).toBe(true);
      await sim.advance(300);
      expect(heard.map(({ text }) => text)).toEqual(['before', 'before', 'after']);
    }),
  );

  it(
    'lives on for an hour when nothing is wrong, over a bad network',
    story(async (sim) => {
      await turnServer(sim, { addresses: [SERVER], dtls: DTLS, host: { link: { delay: 20, loss: 0.1 } } });
      const told = await opened(sim, client(sim), URLS, { ...NO_VERIFY, timeout: 60_000 });
      expect(told.sockets.length).toBe(4);
      await sim.advance(3_600_000);
      expect(told.gone).toEqual([]);
    }),
  );
});

describe('redirections', () => {
  const OTHER = '198.51.100.20';
  const to = (address: string) => ({
    alternateServer: () => ({ address: { address, family: 'IPv4' as const, port: 3478 } }),
  });

  it(
    'are followed',
    story(async (sim) => {
      await turnServer(sim, { addresses: [SERVER], server: to(OTHER) });
      await turnServer(sim, { addresses: [OTHER] });
      const told = await opened(sim, client(sim), [URLS[0], URLS[1]]);
      expect(told.errors).toEqual([]);
      expect(told.about.map(({ url, server }) => [url, server.address])).toEqual([
        [URLS[0], OTHER],
        [URLS[1], OTHER],
      ]);
    }),
  );

  it(
    'are not followed in circles, on and on, or into this machine',
    story(async (sim) => {
      await turnServer(sim, { addresses: [SERVER], server: to(OTHER) });
      await turnServer(sim, { addresses: [OTHER], server: to(SERVER) });
      await turnServer(sim, { addresses: ['198.51.100.30'], server: to('127.0.0.1') });
      for (let i = 40; i < 50; i++)
        await turnServer(sim, { addresses: [`198.51.100.${i}`], server: to(`198.51.100.${i + 1}`) });
      const alice = client(sim);
      const told = await opened(sim, alice, [URLS[0], 'turn:198.51.100.30', 'turn:198.51.100.40']);
      expect(told.errors.map(({ url, errorCode, errorText }) => `${url} ${errorCode} ${errorText}`).sort()).toEqual([
        `turn:${SERVER} 701 the server sends us on to ${SERVER}:3478, which was asked already`,
        'turn:198.51.100.30 701 the server sends us on to 127.0.0.1:3478, which is this machine',
        'turn:198.51.100.40 701 the server sends us on to 198.51.100.45:3478, which is one redirection too many',
      ]);
      expect(alice.openSockets).toBe(0);
    }),
  );
});

describe('a hostile server', () => {
  it(
    'that answers with noise, or with messages that were changed, harms nobody',
    story(async (sim) => {
      const random = seededRandom(sim.seed);
      const alice = client(sim);
      // Between the client and a real server: one datagram in three is damaged, noise comes along.
      const server = await turnServer(sim, { addresses: [SERVER] });
      const mallory = sim.host({ addresses: ['198.51.100.50'] });
      const front = await mallory.bindUdp({ address: '198.51.100.50', port: 3478 });
      const back = await mallory.bindUdp({ address: '198.51.100.50' });
      let victim: typeof front.local | undefined;
      front.onDatagram = (bytes, remote) => {
        victim = remote;
        back.send(bytes, 0, bytes.length, { address: SERVER, family: 'IPv4', port: 3478 });
      };
      back.onDatagram = (bytes) => {
        if (victim === undefined) return;
        const noise = random.bytes(random.integer(0, 200 - 1));
        front.send(noise, 0, noise.length, victim);
        const damaged = bytes.slice(0, random.integer(0, bytes.length - 1) + 1);
        damaged[random.integer(0, damaged.length - 1)] = random.integer(0, 256 - 1);
        front.send(damaged, 0, damaged.length, victim);
        if (random.integer(0, 3 - 1) > 0) front.send(bytes, 0, bytes.length, victim);
      };
      for (let i = 0; i < 20; i++) {
        const told = await opened(sim, alice, ['turn:198.51.100.50'], { timeout: 8000 });
        expect(told.sockets.length + told.errors.length).toBe(1);
        await sim.advance(3000);
        told.relays.close();
        await sim.advance(3000);
        expect(alice.openSockets).toBe(0);
      }
      expect(server.events.some(({ type }) => type === 'allocated')).toBe(true);
    }),
  );

  it(
    'that answers a DTLS client with noise in the shape of records is given up',
    story(async (sim) => {
      const random = seededRandom(sim.seed);
      const mallory = sim.host({ addresses: ['198.51.100.50'] });
      const socket = await mallory.bindUdp({ address: '198.51.100.50', port: 5349 });
      socket.onDatagram = (bytes, remote) => {
        for (let i = 0; i < 20; i++) {
          const noise = random.bytes(random.integer(0, 300));
          // Alerts, handshake messages, data and what is none of these, some of it an echo of the client's own.
          const record = random.chance(0.2) ? bytes.slice() : noise;
          record.set([random.integer(20, 24), 0xfe, 0xfd].slice(0, record.length));
          socket.send(record, 0, record.length, remote);
        }
      };
      const alice = client(sim);
      const told = await opened(sim, alice, ['turns:198.51.100.50?transport=udp']);
      expect(told.errors).toMatchObject([{ errorCode: 701 }]);
      await sim.advance(1000);
      expect(alice.openSockets).toBe(0);
      expect(sim.clock.pending).toBe(0);
    }),
  );

  it(
    'that streams noise is given up',
    story(async (sim) => {
      const random = seededRandom(sim.seed);
      const mallory = sim.host({ addresses: ['198.51.100.50'] });
      const listener = await mallory.listenTcp({ address: '198.51.100.50', port: 3478 });
      listener.onStream = (stream) => {
        stream.onData = () => {
          const noise = random.bytes(5000).fill(0xff, 0, 4);
          stream.write(noise, 0, noise.length);
        };
      };
      const alice = client(sim);
      const told = await opened(sim, alice, ['turn:198.51.100.50?transport=tcp']);
      expect(told.errors).toMatchObject([{ errorCode: 701, errorText: expect.stringMatching(/neither STUN/) }]);
      await sim.advance(12_000);
      expect(alice.openSockets).toBe(0);
    }),
  );
});
