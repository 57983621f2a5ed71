import type { ByteStream, StreamListener } from '@kaon/interface/network/v1';
import { describe, expect, it } from 'vitest';
import { type Host, type Simulation, simulatedCertificate, story } from '../src/index.ts';

const SERVER = '198.51.100.1';

interface Ends {
  readonly listener: StreamListener;
  readonly client: ByteStream;
  readonly server: ByteStream;
}

async function connected(sim: Simulation, from: Host, to: Host, port = 3478): Promise<Ends> {
  const listener = await to.listenTcp({ address: SERVER, port });
  let server: ByteStream | undefined;
  listener.onStream = (stream) => {
    server = stream;
  };
  const client = await sim.until(from.connectTcp({ remote: listener.local }));
  await sim.run(() => server !== undefined);
  return { listener, client, server: server! };
}

function send(stream: ByteStream, bytes: Uint8Array): void {
  expect(stream.write(bytes, 0, bytes.length)).toBe(true);
}

/** Collects what arrives, and destroys the bytes as a decrypting reader does. */
function collect(stream: ByteStream): { bytes: number[]; closed: (Error | undefined)[] } {
  const got = { bytes: [] as number[], closed: [] as (Error | undefined)[] };
  stream.onData = (bytes) => {
    for (const byte of bytes) got.bytes.push(byte);
    bytes.fill(0);
  };
  stream.onClose = (error) => got.closed.push(error);
  return got;
}

function pair(sim: Simulation, link: object = {}): [Host, Host] {
  return [sim.host({ addresses: ['192.0.2.1'], link: { delay: 10, ...link } }), sim.host({ addresses: [SERVER] })];
}

describe('a simulated TCP connection', () => {
  it(
    'takes one round trip to open, and has gone with its timers when both ends are closed',
    story(async (sim) => {
      const [a, b] = pair(sim);
      const start = sim.clock.now();
      const { listener, client, server } = await connected(sim, a, b);
      expect(sim.clock.now() - start).toBeLessThan(40);
      expect(server.remote).toEqual(client.local);
      const closed = collect(server).closed;
      client.close();
      await sim.run(() => closed.length === 1);
      expect(closed).toEqual([undefined]);
      listener.close();
      await sim.advance(1000);
      expect([a.openSockets, b.openSockets, sim.clock.pending]).toEqual([0, 0, 0]);
    }),
  );

  it.each([
    ['nothing wrong', {}],
    ['loss', { loss: 0.1 }],
    ['much loss', { loss: 0.15 }],
    ['reordering and duplicates', { reorder: 0.2, duplicate: 0.1 }],
    ['damage', { corrupt: 0.05 }],
    ['bursts of loss', { burstLoss: { enter: 0.02, leave: 0.3 } }],
    ['a narrow line with a short queue', { rate: 100_000, queue: 6000 }],
  ])('keeps every byte in order, with %s', async (_what, link) => {
    await story(async (sim) => {
      const [a, b] = pair(sim, link);
      const { client, server } = await connected(sim, a, b);
      const sent = sim.random.bytes(200_000);
      const got = collect(server);
      const back = collect(client);
      for (let at = 0; at < sent.length; at += 7000) send(client, sent.slice(at, at + 7000));
      send(server, sent.slice(0, 50_000));
      await sim.run(() => got.bytes.length >= sent.length && back.bytes.length >= 50_000, { timeout: 600_000 });
      expect(Uint8Array.from(got.bytes)).toEqual(sent);
      expect(Uint8Array.from(back.bytes)).toEqual(sent.slice(0, 50_000));
      client.close();
      await sim.run(() => got.closed.length === 1, { timeout: 600_000 });
      expect(got.closed).toEqual([undefined]);
      server.close();
    })();
  });

  it(
    'sends what was written before close',
    story(async (sim) => {
      const [a, b] = pair(sim, { loss: 0.1 });
      const { client, server } = await connected(sim, a, b);
      send(client, new Uint8Array(100_000));
      client.close();
      expect(client.write(new Uint8Array(1), 0, 1)).toBe(false);
      const got = collect(server);
      await sim.run(() => got.closed.length === 1);
      expect([got.bytes.length, got.closed]).toEqual([100_000, [undefined]]);
    }),
  );

  it(
    'says when everything has left, and how much has not',
    story(async (sim) => {
      const [a, b] = pair(sim);
      const { client, server } = await connected(sim, a, b);
      collect(server);
      let drains = 0;
      client.onDrain = () => drains++;
      send(client, new Uint8Array(100_000));
      expect(client.bufferedAmount).toBeGreaterThan(0);
      await sim.run(() => drains === 1);
      expect(client.bufferedAmount).toBe(0);
    }),
  );

  it(
    'holds a sender back whose reader does not read, and loses nothing',
    story(async (sim) => {
      const [a, b] = pair(sim);
      const { client, server } = await connected(sim, a, b);
      send(client, new Uint8Array(1_000_000));
      await sim.advance(30_000);
      expect(client.bufferedAmount).toBeGreaterThan(500_000);
      const got = collect(server);
      await sim.run(() => got.bytes.length === 1_000_000);
    }),
  );

  it(
    'gives what came before anybody listened, and the end too',
    story(async (sim) => {
      const [a, b] = pair(sim);
      const { client, server } = await connected(sim, a, b);
      send(client, Uint8Array.of(1, 2));
      client.close();
      await sim.advance(1000);
      const got = collect(server);
      await sim.run(() => got.closed.length === 1);
      expect(got).toEqual({ bytes: [1, 2], closed: [undefined] });
    }),
  );

  it(
    'opens when both connect to each other at once (RFC 9293 §3.5, figure 7)',
    story(async (sim) => {
      const [a, b] = pair(sim);
      const here = { address: '192.0.2.1', family: 'IPv4', port: 4000 } as const;
      const there = { address: SERVER, family: 'IPv4', port: 5000 } as const;
      const both = Promise.all([
        a.connectTcp({ remote: there, local: here }),
        b.connectTcp({ remote: here, local: there }),
      ]);
      const [client, server] = await sim.until(both);
      const got = collect(server);
      send(client, Uint8Array.of(7));
      await sim.run(() => got.bytes.length === 1);
    }),
  );
});

describe('what goes wrong', () => {
  const nobody = { address: SERVER, family: 'IPv4', port: 9 } as const;

  it(
    'is refused where nobody listens',
    story(async (sim) => {
      const [a] = pair(sim);
      await expect(sim.until(a.connectTcp({ remote: nobody }))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      expect([a.openSockets, sim.clock.pending]).toEqual([0, 0]);
    }),
  );

  it.each([
    [undefined, 10_000],
    [500, 500],
  ])('times out where nobody is, with a timeout of %s', async (timeout, expected) => {
    await story(async (sim) => {
      const [a] = pair(sim);
      const start = sim.clock.now();
      const remote = { ...nobody, address: '198.51.100.99' };
      await expect(sim.until(a.connectTcp({ remote, timeout }))).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      expect(sim.clock.now() - start).toBe(expected);
      expect(sim.clock.pending).toBe(0);
    })();
  });

  it(
    'times out when the cable is cut for long, and goes on when it was short',
    story(async (sim) => {
      const [a, b] = pair(sim);
      const { client, server } = await connected(sim, a, b);
      const got = collect(server);
      const own = collect(client);
      a.link().cut();
      send(client, Uint8Array.of(1));
      await sim.advance(5000);
      a.link().restore();
      await sim.run(() => got.bytes.length === 1);
      a.link().cut();
      send(client, Uint8Array.of(1));
      await sim.run(() => own.closed.length === 1, { timeout: 600_000 });
      expect(own.closed[0]).toMatchObject({ code: 'ETIMEDOUT' });
    }),
  );

  it(
    'is reset when the other program dies',
    story(async (sim) => {
      const [a, b] = pair(sim);
      const { client, server } = await connected(sim, a, b);
      const [own, other] = [collect(client), collect(server)];
      b.resetStreams();
      await sim.run(() => own.closed.length === 1);
      expect(own.closed[0]).toMatchObject({ code: 'ECONNRESET' });
      expect(other.closed[0]).toMatchObject({ code: 'ECONNRESET' });
      expect(client.write(new Uint8Array(1), 0, 1)).toBe(false);
    }),
  );

  it(
    'cannot be connected from an address that is not ours, nor listened on twice',
    story(async (sim) => {
      const [a, b] = pair(sim);
      await expect(a.connectTcp({ remote: nobody, local: { address: '192.0.2.9' } })).rejects.toMatchObject({
        code: 'EADDRNOTAVAIL',
      });
      const { local } = await b.listenTcp({ address: SERVER });
      await expect(b.listenTcp({ address: SERVER, port: local.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    }),
  );
});

describe('TCP through a NAT', () => {
  it(
    'is mapped on its own, passes where UDP is blocked, and is reset when the NAT forgets',
    story(async (sim) => {
      const nat = sim.nat({ address: '203.0.113.7', blockUdp: true });
      const a = sim.host({ addresses: ['192.168.1.2'], network: nat });
      const b = sim.host({ addresses: [SERVER] });
      const { client, server } = await connected(sim, a, b);
      expect(server.remote.address).toBe('203.0.113.7');
      expect([nat.table.size(sim.clock.now()), nat.tcpTable.size(sim.clock.now())]).toEqual([0, 1]);
      const got = collect(server);
      const own = collect(client);
      send(client, Uint8Array.of(1));
      await sim.run(() => got.bytes.length === 1);
      nat.reboot();
      send(client, Uint8Array.of(2));
      await sim.run(() => own.closed.length === 1);
      expect(own.closed[0]).toMatchObject({ code: 'ECONNRESET' });
      expect(got.bytes).toEqual([1]);
    }),
  );

  it(
    'does not come in from outside, and blockAll lets nothing out',
    story(async (sim) => {
      const nat = sim.nat({ address: '203.0.113.7' });
      const a = sim.host({ addresses: ['192.168.1.2'], network: nat });
      const b = sim.host({ addresses: [SERVER] });
      await a.listenTcp({ address: '192.168.1.2', port: 40_000 });
      const remote = { address: '203.0.113.7', family: 'IPv4', port: 40_000 } as const;
      await expect(sim.until(b.connectTcp({ remote }))).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      const { local } = await b.listenTcp({ address: SERVER });
      nat.blockAll = true;
      await expect(sim.until(a.connectTcp({ remote: local }))).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    }),
  );

  it.each([
    [undefined, true],
    [1000, false],
  ])('keeps a mapping for a tcpMappingTimeout of %s', async (tcpMappingTimeout, lives) => {
    await story(async (sim) => {
      const nat = sim.nat({ address: '203.0.113.7', tcpMappingTimeout });
      const a = sim.host({ addresses: ['192.168.1.2'], network: nat });
      const { client, server } = await connected(sim, a, sim.host({ addresses: [SERVER] }));
      const got = collect(client);
      await sim.advance(600_000);
      send(server, Uint8Array.of(1));
      await sim.advance(5000);
      expect(got.bytes.length === 1).toBe(lives);
    })();
  });
});

describe('simulated TLS', () => {
  const start = async (
    sim: Simulation,
    certificate: string,
    options: object = {},
    serve: (stream: ByteStream) => void = () => {},
  ): Promise<ByteStream> => {
    const [a, b] = pair(sim);
    const listener = await b.listenTcp({ address: SERVER, tls: { certificate, privateKey: certificate } });
    listener.onStream = (stream) => {
      stream.onData = (bytes) => stream.write(bytes, 0, bytes.length);
      serve(stream);
    };
    const plain = await sim.until(a.connectTcp({ remote: listener.local }));
    return sim.until(a.startTls(plain, { hostname: 'turn.example', ...options }));
  };

  it(
    'costs a round trip more than TCP',
    story(async (sim) => {
      const before = sim.clock.now();
      const stream = await start(sim, simulatedCertificate(['turn.example']));
      expect(sim.clock.now() - before).toBeGreaterThanOrEqual(40);
      expect(sim.clock.now() - before).toBeLessThan(60);
      const got = collect(stream);
      send(stream, Uint8Array.of(1, 2));
      await sim.run(() => got.bytes.length === 2);
    }),
  );

  const trusted = simulatedCertificate(['turn.example', SERVER]);
  const selfSigned = simulatedCertificate(['turn.example'], { selfSigned: true });
  it.each([
    ['one of the root', trusted, {}, 'none'],
    ['one for the address', trusted, { hostname: SERVER }, 'none'],
    ['one for the name in capitals', trusted, { hostname: 'TURN.example' }, 'none'],
    ['one for another name', trusted, { hostname: 'other.example' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['one that signed itself', selfSigned, {}, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['one that signed itself and is trusted', selfSigned, { trustedCertificates: [selfSigned] }, 'none'],
    ['one of the root where another is trusted', trusted, { trustedCertificates: [selfSigned] }, /CERT/],
    ['any when it is not verified', selfSigned, { verify: false, hostname: 'other.example' }, 'none'],
    ['a text of another kind', 'PEM', {}, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['a text of another kind that is trusted', 'PEM', { trustedCertificates: ['PEM'] }, 'none'],
  ])('looks at the certificate: %s', async (_what, certificate, options, expected) => {
    await story(async (sim) => {
      const code = await start(sim, certificate, options).then(
        () => 'none',
        (error: { code: string }) => error.code,
      );
      expect(code).toMatch(expected);
    })();
  });

  it(
    'holds a sender back whose reader does not read',
    story(async (sim) => {
      let server: ByteStream | undefined;
      const stream = await start(sim, trusted, {}, (one) => {
        server = one;
      });
      send(stream, new Uint8Array(2_000_000));
      await sim.run(() => server !== undefined);
      server!.onData = undefined;
      await sim.advance(60_000);
      expect(stream.bufferedAmount).toBeGreaterThan(500_000);
      const got = collect(server!);
      await sim.run(() => got.bytes.length > 1_900_000 && stream.bufferedAmount === 0);
    }),
  );
});
