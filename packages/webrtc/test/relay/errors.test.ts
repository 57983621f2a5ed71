import { Certificate } from '@kaon/dtls/certificate';
import type { Network } from '@kaon/interface/network/v1';
import { type Host, type Simulation, simulatedCertificate, story } from '@kaon/testing';
import { describe, expect, it, vi } from 'vitest';
import { open, opened } from './client.ts';
import { TURN_CERTIFICATE } from './turn-certificate.ts';
import { dtlsCertificate, turnServer } from './turn-world.ts';

const DTLS = await dtlsCertificate();
const SERVER = '198.51.100.10';
const NOWHERE = '198.51.100.66';
const client = (sim: Simulation): Host => sim.host({ name: 'client', addresses: ['203.0.113.1'] });
const ALL = [
  `turn:${SERVER}`,
  `turn:${SERVER}?transport=tcp`,
  `turns:${SERVER}`,
  `turns:${SERVER}?transport=udp`,
] as const;

/** The machine without some of what a platform may lack. */
function without(host: Host, ...members: (keyof Network)[]): Host {
  return new Proxy(host, {
    get: (target, name) => {
      if (members.includes(name as keyof Network)) return undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('what becomes an icecandidateerror', () => {
  it.each(ALL)('a wrong password: 401 in the words of the server, from %s', async (url) => {
    await story(async (sim) => {
      await turnServer(sim, { addresses: [SERVER], dtls: DTLS });
      const told = await opened(sim, client(sim), [{ url, credential: 'wrong' }], { tls: { verify: false } });
      expect(told.errors).toEqual([
        { url, address: '203.0.113.1', port: expect.any(Number), errorCode: 401, errorText: 'Unauthorized' },
      ]);
      expect(told.sockets).toEqual([]);
    })();
  });

  it(
    'a server that does not answer: 701 after the time it was given',
    story(async (sim) => {
      const begin = sim.clock.now();
      const told = await opened(sim, client(sim), [`turn:${NOWHERE}`], { timeout: 4000 });
      expect(sim.clock.now() - begin).toBe(4000);
      expect(told.errors).toEqual([
        {
          url: `turn:${NOWHERE}`,
          address: '203.0.113.1',
          port: null,
          errorCode: 701,
          errorText: 'the server did not answer within 4 s',
        },
      ]);
    }),
  );

  it(
    'a port where nobody listens, or a network that swallows: 701 with the reason of the platform',
    story(async (sim) => {
      await turnServer(sim, { addresses: [SERVER] });
      const urls = [`turn:${SERVER}:9?transport=tcp`, `turns:${SERVER}:9`, `turn:${NOWHERE}?transport=tcp`];
      const told = await opened(sim, client(sim), urls);
      expect(told.errors.map(({ errorCode }) => errorCode)).toEqual([701, 701, 701]);
      const texts = told.errors.map(({ errorText }) => errorText);
      expect(texts[0]).toMatch(/^no connection to 198.51.100.10:9: .*ECONNREFUSED/);
      expect(texts[1]).toMatch(/^no connection to 198.51.100.10:9: .*ECONNREFUSED/);
      expect(texts[2]).toMatch(/ETIMEDOUT|did not answer/);
    }),
  );

  it(
    'a name that is not found, or of another family: 701 without an address',
    story(async (sim) => {
      sim.names.set('six.example', ['2001:db8::10']);
      const alice = client(sim);
      const told = await opened(sim, alice, ['turn:not.example', 'turn:six.example', 'turn:[2001:db8::10]']);
      const common = { address: null, port: null, errorCode: 701 };
      expect(told.errors).toEqual(
        expect.arrayContaining([
          { ...common, url: 'turn:not.example', errorText: 'the name not.example was not found' },
          { ...common, url: 'turn:six.example', errorText: 'six.example is reached over IPv6, which is not here' },
          { ...common, url: 'turn:[2001:db8::10]', errorText: '2001:db8::10 is reached over IPv6, which is not here' },
        ]),
      );
      const four = await opened(sim, alice, [`turn:${SERVER}`], { families: ['IPv6'] });
      expect(four.errors[0]?.errorText).toBe(`${SERVER} has no address of a family in use`);
    }),
  );

  it(
    'a TLS certificate that does not verify: 701 that says why, unless it is told to trust it',
    story(async (sim) => {
      sim.names.set('turn.example', [SERVER]);
      sim.names.set('other.example', [SERVER]);
      await turnServer(sim, { addresses: [SERVER], names: ['turn.example'], selfSigned: true });
      const alice = client(sim);
      const url = 'turns:turn.example';
      const text = async (server: string, tls = {}): Promise<unknown> =>
        (await opened(sim, alice, [server], { tls })).errors[0]?.errorText;
      expect(await text(url)).toMatch(/^TLS with turn.example failed: .*DEPTH_ZERO_SELF_SIGNED_CERT/);
      expect(
        await text('turns:other.example', {
          trustedCertificates: [simulatedCertificate(['turn.example'], { selfSigned: true })],
        }),
      ).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID/);
      expect(await text(url, { verify: false })).toBeUndefined();
      const trustedCertificates = [simulatedCertificate(['turn.example'], { selfSigned: true })];
      expect(await text(url, { trustedCertificates })).toBeUndefined();
    }),
  );

  it(
    'a DTLS certificate that does not verify: 701 that says why, and the server has heard no credentials',
    story(
      async (sim) => {
        sim.names.set('other.example', [SERVER]);
        const another = await Certificate.generate();
        const server = await turnServer(sim, { addresses: [SERVER], dtls: DTLS });
        const alice = client(sim);
        const result = async (host: string, trusted?: string): Promise<unknown> => {
          const url = `turns:${host}?transport=udp`;
          const told = open(
            sim,
            alice,
            [url],
            trusted === undefined ? {} : { tls: { trustedCertificates: [trusted] } },
          );
          await sim.advance(100);
          // Signatures are verified on other threads, which virtual time knows nothing of: no time goes by meanwhile.
          await vi.waitFor(async () => {
            await sim.advance(1);
            expect(told.isSettled).toBe(true);
          }, 30_000);
          const [failure] = told.errors;
          if (failure === undefined) return told.about[0]?.relayProtocol;
          expect(failure).toMatchObject({ url, address: '203.0.113.1', port: null, errorCode: 701 });
          expect(alice.openSockets).toBe(0);
          expect(server.events).toEqual([]);
          return failure.errorText;
        };
        expect(await result(SERVER)).toMatch(/^DTLS with 198.51.100.10 failed: The certificate is self-signed/);
        expect(await result(SERVER, another.toPEM().certificate)).toMatch(/self-signed/);
        expect(await result('other.example', TURN_CERTIFICATE)).toMatch(/for turn.example, .* not for other.example/);
        expect(await result(SERVER, TURN_CERTIFICATE)).toBe('dtls');
      },
      { epoch: Date.UTC(2030, 0) },
    ),
  );

  it(
    'a platform without TCP, or without TLS',
    story(async (sim) => {
      await turnServer(sim, { addresses: [SERVER] });
      const alice = client(sim);
      const noTcp = await opened(sim, without(alice, 'connectTcp'), [ALL[1], ALL[2]]);
      expect(noTcp.errors.map(({ errorText }) => errorText)).toEqual(Array(2).fill('this platform has no TCP'));
      const noTls = await opened(sim, without(alice, 'startTls'), [ALL[2]]);
      expect(noTls.errors.map(({ errorText }) => errorText)).toEqual(['this platform has no TLS']);
      await sim.advance(10_000);
      expect(alice.openSockets).toBe(0);
    }),
  );

  it(
    'no port left to bind to, credentials that cannot be sent',
    story(async (sim) => {
      await turnServer(sim, { addresses: [SERVER] });
      const alice = client(sim);
      await alice.bindUdp({ address: '203.0.113.1', port: 7000 });
      const full = await opened(sim, alice, [ALL[0]], { portRange: [7000, 7000] });
      expect(full.errors[0]?.errorText).toMatch(/^no socket on 203.0.113.1: .*EADDRINUSE/);
      const long = await opened(sim, alice, [{ url: ALL[0], username: 'u'.repeat(600) }]);
      expect(long.errors).toMatchObject([{ errorCode: 701, errorText: expect.stringContaining('508') }]);
      expect(alice.openSockets).toBe(1);
    }),
  );

  it(
    'leaves the other servers alone',
    story(async (sim) => {
      await turnServer(sim, { addresses: [SERVER] });
      const told = await opened(sim, client(sim), [`turn:${NOWHERE}`, { url: ALL[0], credential: 'x' }, ALL[1]]);
      expect(told.about.map(({ url }) => url)).toEqual([ALL[1]]);
      expect(told.errors.map(({ errorCode }) => errorCode).sort()).toEqual([401, 701]);
    }),
  );
});

describe('the dialer', () => {
  it(
    'opens the TCP connections, below TLS too, and is told the name',
    story(async (sim) => {
      sim.names.set('turn.example', [SERVER]);
      await turnServer(sim, { addresses: [SERVER], names: ['turn.example'] });
      const alice = client(sim);
      const asked: string[] = [];
      const told = await opened(
        sim,
        without(alice, 'connectTcp'),
        ['turn:turn.example?transport=tcp', 'turns:turn.example'],
        {
          dialer: (options) => {
            asked.push(`${options.hostname} ${options.remote.address} ${options.remote.port}`);
            return alice.connectTcp(options);
          },
        },
      );
      expect(asked).toEqual([`turn.example ${SERVER} 3478`, `turn.example ${SERVER} 5349`]);
      expect(told.about.map(({ relayProtocol }) => relayProtocol)).toEqual(['tcp', 'tls']);
    }),
  );

  it(
    'may fail',
    story(async (sim) => {
      const told = await opened(sim, client(sim), [ALL[1]], {
        dialer: () => Promise.reject(new Error('proxy says no')),
      });
      expect(told.errors).toMatchObject([
        { errorCode: 701, errorText: `no connection to ${SERVER}:3478: proxy says no` },
      ]);
    }),
  );
});
