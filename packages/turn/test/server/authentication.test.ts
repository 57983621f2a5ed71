import { nodeCrypto } from '@kaon/runtime/node';
import {
  type Attribute,
  attribute,
  defaultCrypto,
  encodeMessage,
  longTermKey,
  METHOD,
  nonceFeatures,
  ThirdPartyAuthentication,
} from '@kaon/stun';
import { describe, expect, it } from 'vitest';
import { openAccessToken } from '../../src/server/access-tokens.ts';
import { sealAccessToken, TurnServer, type TurnServerOptions, timeLimitedCredentials } from '../../src/server/index.ts';
import { Bench, bytesOf, Client, clientPath, codeOf, HELLO, PEER, RELAY4, UDP } from './helpers.ts';

/** Makes the first request long enough for a full challenge. */
const LONG: Attribute = { type: 'software', software: 'x'.repeat(120) };

describe('long-term credentials', () => {
  it('are asked for with 401, realm and nonce', () => {
    const bench = new Bench();
    const response = new Client(bench).once(METHOD.Allocate, [UDP])!;
    expect(codeOf(response)).toBe(401);
    expect(attribute(response, 'realm')?.realm).toBe('example.org');
    expect(attribute(response, 'nonce')?.nonce.length).toBeLessThan(24);
    expect(attribute(response, 'password-algorithms')).toBeUndefined();
    expect(bench.server.metrics.authenticationFailures).toBe(0);
  });

  it('are by SHA-256 where the request has room for the whole challenge, or comes by TCP', () => {
    const bench = new Bench();
    const paths = [clientPath('192.0.2.1', 5000, 'udp'), clientPath('192.0.2.1', 5000, 'tcp')];
    for (const [index, path] of paths.entries()) {
      const client = new Client(bench, { path });
      const extra = index === 0 ? [LONG] : [];
      const challenge = client.once(METHOD.Allocate, [UDP, ...extra])!;
      expect(nonceFeatures(attribute(challenge, 'nonce')!.nonce).passwordAlgorithms).toBe(true);
      expect(client.authentication.handleChallenge(challenge)).toBe(true);
      const chosen = client.authentication.attributes().find((each) => each.type === 'password-algorithm');
      expect(chosen).toMatchObject({ algorithm: 2 });
      expect(codeOf(client.allocate())).toBe(0);
      expect(codeOf(client.refresh())).toBe(0);
    }
  });

  it('of nobody are refused after the same work as those of a user with a wrong password', () => {
    const work = (username: string): string[] => {
      const done: string[] = [];
      const counting = {
        ...defaultCrypto,
        hash: (name: Parameters<typeof defaultCrypto.hash>[0]) => {
          done.push(`hash ${name}`);
          return defaultCrypto.hash(name);
        },
        mac: (name: Parameters<typeof defaultCrypto.mac>[0], key: Uint8Array) => {
          done.push(`mac ${name}`);
          return defaultCrypto.mac(name, key);
        },
      };
      const bench = new Bench({ crypto: counting });
      expect(codeOf(new Client(bench, { username, password: 'wrong' }).allocate())).toBe(401);
      return done;
    };
    expect(work('nobody')).toEqual(work('user'));
  });

  it('that are wrong, of nobody or of another realm are refused with 401 and counted', () => {
    const bench = new Bench();
    expect(codeOf(new Client(bench, { password: 'wrong' }).allocate())).toBe(401);
    expect(codeOf(new Client(bench, { username: 'nobody' }).allocate())).toBe(401);
    expect(bench.server.metrics.authenticationFailures).toBeGreaterThanOrEqual(2);
    expect(bench.server.metrics.allocations).toBe(0);
    const client = new Client(bench);
    const challenge = client.once(METHOD.Allocate, [UDP])!;
    client.authentication.handleChallenge({
      ...challenge,
      attributes: challenge.attributes.map((each) => (each.type === 'realm' ? { ...each, realm: 'other' } : each)),
    });
    expect(codeOf(client.once(METHOD.Allocate, [UDP]))).toBe(401);
  });

  it('are needed for every request, also with an allocation', () => {
    const bench = new Bench();
    const client = new Client(bench);
    client.allocated();
    const thief = new Client(bench, { password: 'guess' });
    for (const method of [METHOD.Refresh, METHOD.CreatePermission, METHOD.ChannelBind, METHOD.Connect]) {
      expect(codeOf(thief.once(method))).toBe(401);
    }
    thief.authentication.handleChallenge(thief.once(METHOD.Refresh)!);
    expect(codeOf(thief.once(METHOD.Refresh, [{ type: 'lifetime', seconds: 0 }]))).toBe(401);
    expect(bench.server.metrics.allocations).toBe(1);
  });

  it('that are incomplete are refused with 400', () => {
    const bench = new Bench();
    const client = new Client(bench);
    client.allocated();
    const all = client.authentication.attributes();
    for (const { type } of all) {
      const attributes = all.filter((each) => each.type !== type);
      const message = {
        class: 'request',
        method: METHOD.Refresh,
        transactionId: client.transactionId(),
        attributes,
      } as const;
      const bytes = encodeMessage(message, client.authentication.encodeOptions());
      expect(codeOf(client.answer(bench.receive(bytes, client.path)))).toBe(400);
    }
    expect(all.length).toBeGreaterThanOrEqual(3);
  });

  it('go with a nonce for this address and time, else 438 and a new one', () => {
    const bench = new Bench({ nonceLifetime: 60_000 });
    const client = new Client(bench);
    client.allocated();
    bench.now += 60_001;
    const stale = client.once(METHOD.Refresh)!;
    expect(codeOf(stale)).toBe(438);
    expect(client.authentication.handleChallenge(stale)).toBe(true);
    expect(codeOf(client.once(METHOD.Refresh))).toBe(0);
    // Connections of one client share a nonce (RFC 6062); that of one address is none for another.
    client.path = clientPath('192.0.2.1', 5001);
    expect(codeOf(client.once(METHOD.Allocate, [UDP]))).toBe(0);
    client.path = clientPath('192.0.2.77', 5000);
    expect(codeOf(client.once(METHOD.Allocate, [UDP]))).toBe(438);
  });

  it('may be keys instead of passwords', () => {
    const md5Key = longTermKey('user', 'example.org', 'pw');
    const sha256Key = longTermKey('user', 'example.org', 'pw', 'SHA-256');
    const both = new Bench({ authenticate: () => ({ md5Key, sha256Key }) });
    expect(codeOf(new Client(both, { password: 'pw' }).allocate())).toBe(0);
    const one = new Bench({ authenticate: () => ({ sha256Key }) });
    expect(codeOf(new Client(one, { password: 'pw' }).allocate())).toBe(401);
    expect(codeOf(new Client(one, { password: 'pw', port: 5001 }).allocate(LONG))).toBe(0);
  });

  it('change: the old password goes on for a living allocation, the new one too', () => {
    let password = 'old';
    const bench = new Bench({ authenticate: () => ({ password }) });
    const client = new Client(bench, { password: 'old' });
    client.allocated();
    password = 'new';
    expect(codeOf(client.refresh())).toBe(0);
    const renewed = new Client(bench, { password: 'new' });
    expect(codeOf(renewed.refresh())).toBe(0);
    expect(codeOf(renewed.permit(PEER))).toBe(0);
  });

  it('are for nobody when nothing is said', () => {
    expect(codeOf(new Client(new Bench({ authenticate: undefined })).allocate())).toBe(401);
  });
});

describe("authenticate: 'event'", () => {
  it('asks once, and goes on with the answer', () => {
    const bench = new Bench({ authenticate: 'event' });
    const client = new Client(bench, { password: 'pw' });
    client.authentication.handleChallenge(client.once(METHOD.Allocate, [UDP])!);
    const id = client.transactionId();
    expect(client.once(METHOD.Allocate, [UDP], id)).toBeUndefined();
    expect(client.once(METHOD.Allocate, [UDP], id)).toBeUndefined();
    const asked = bench.events.filter((event) => event.type === 'authenticate');
    expect(asked).toMatchObject([{ username: 'user', realm: 'example.org', client: { remote: { port: 5000 } } }]);
    bench.server.credential(asked[0]!.request, { password: 'pw' }, bench.now);
    expect(codeOf(client.answer(bench.run()))).toBe(0);
    // The key is known from now on.
    expect(codeOf(client.refresh())).toBe(0);
    expect(bench.events.filter((event) => event.type === 'authenticate')).toHaveLength(1);
    bench.server.credential(asked[0]!.request, { password: 'pw' }, bench.now);
    expect(bench.run()).toEqual([]);
  });

  it('asks for a sixteenth of them on behalf of one address', () => {
    const bench = new Bench({ authenticate: 'event', maxAuthenticating: 160 });
    const flood = Array.from({ length: 40 }, (_, index) => new Client(bench, { port: index + 1 }));
    for (const client of [...flood, new Client(bench, { address: '192.0.2.2' })]) {
      client.authentication.handleChallenge(client.once(METHOD.Allocate, [UDP])!);
      client.once(METHOD.Allocate, [UDP]);
    }
    expect(bench.events.filter((event) => event.type === 'authenticate')).toHaveLength(11);
  });

  it('refuses whom the application does not know, and forgets what it never hears of', () => {
    const bench = new Bench({ authenticate: 'event', maxAuthenticating: 2 });
    const clients = [1, 2, 3].map((port) => new Client(bench, { port }));
    for (const client of clients) {
      client.authentication.handleChallenge(client.once(METHOD.Allocate, [UDP])!);
      client.once(METHOD.Allocate, [UDP]);
    }
    const asked = bench.events.filter((event) => event.type === 'authenticate');
    expect(asked).toHaveLength(2);
    expect(bench.server.metrics.dropped.rate).toBe(1);
    bench.server.credential(asked[0]!.request, undefined, bench.now);
    expect(codeOf(clients[0]!.answer(bench.run()))).toBe(401);
    bench.advance(40_000);
    bench.server.credential(asked[1]!.request, { password: 'secret of user' }, bench.now);
    expect(bench.run()).toEqual([]);
    expect(bench.server.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('time-limited credentials', () => {
  const EPOCH = 1_700_000_000_000;
  const wallClock = (now: number): number => EPOCH + now;

  it('are as the REST draft has them', () => {
    // By `printf 1700000600:alice | openssl dgst -sha1 -hmac north -binary | base64`.
    expect(timeLimitedCredentials('north', 'alice', 600, EPOCH)).toEqual({
      username: '1700000600:alice',
      credential: 'gthUwOpcRoLI0MMCziCEBOWYnpo=',
    });
    expect(timeLimitedCredentials('north', '', 600, EPOCH).username).toBe('1700000600');
  });

  it('are good until they expire, by the old and the new secret', () => {
    const bench = new Bench({ secrets: ['new', 'old'], wallClock, authenticate: undefined });
    for (const [index, secret] of ['new', 'old'].entries()) {
      const { username, credential } = timeLimitedCredentials(secret, 'alice', 60, wallClock(bench.now));
      const client = new Client(bench, { username, password: credential, port: 6000 + index });
      expect(codeOf(client.allocate())).toBe(0);
      bench.now += 61_000;
      // What was allocated in time can be kept.
      expect(codeOf(client.refresh())).toBe(0);
      expect(codeOf(new Client(bench, { username, password: credential, port: 7000 + index }).allocate())).toBe(401);
    }
    const { username, credential } = timeLimitedCredentials('oldest', 'alice', 60, wallClock(bench.now));
    expect(codeOf(new Client(bench, { username, password: credential, port: 8000 }).allocate())).toBe(401);
    const longer = username.replace(/^[0-9]+/, (digits) => `${Number(digits) + 600}`);
    expect(codeOf(new Client(bench, { username: longer, password: credential, port: 8001 }).allocate())).toBe(401);
  });

  it('can be rotated while the server runs', () => {
    const bench = new Bench({ secrets: ['old'], wallClock, authenticate: undefined });
    const allocate = (secret: string, port: number): number | undefined => {
      const { username, credential } = timeLimitedCredentials(secret, 'alice', 60, wallClock(bench.now));
      return codeOf(new Client(bench, { username, password: credential, port }).allocate());
    };
    expect([allocate('old', 1), allocate('new', 2)]).toEqual([0, 401]);
    bench.server.setSecrets(['new']);
    expect([allocate('old', 3), allocate('new', 4)]).toEqual([401, 0]);
    const error = expect.objectContaining({ code: 'TURN_INVALID_ARGUMENT' });
    expect(() => new Bench().server.setSecrets(['s'])).toThrow(error);
  });

  it('count for the user in the name, whatever the time in it', () => {
    const bench = new Bench({ secrets: ['s'], wallClock, maxAllocationsPerUser: 2 });
    const codes = [60, 61, 62].map((ttl, index) => {
      const { username, credential } = timeLimitedCredentials('s', 'alice', ttl, wallClock(bench.now));
      return codeOf(new Client(bench, { username, password: credential, port: 6000 + index }).allocate());
    });
    expect(codes).toEqual([0, 0, 486]);
  });

  it('live beside plain users', () => {
    const bench = new Bench({ secrets: ['s'], wallClock });
    expect(codeOf(new Client(bench).allocate())).toBe(0);
  });
});

describe('OAuth tokens', () => {
  const EPOCH = 1_700_000_000_000;
  const key = { kid: 'k1', key: new Uint8Array(32).fill(3) };
  const short = { kid: 'k2', key: new Uint8Array(16).fill(4) };
  const oauth = { serverName: 'turn.example.org', keys: [key, short] };
  const options = { oauth, crypto: nodeCrypto, wallClock: (now: number) => EPOCH + now };
  const macKey = new Uint8Array(20).fill(9);

  /** Allocates with a token; the client's side is by hand, so that anything can be sent. */
  function allocate(bench: Bench, accessToken: Uint8Array, kid = 'k1', mac = macKey, port = 5000) {
    const path = clientPath('192.0.2.1', port);
    const client = new Client(bench, { path });
    const authentication = new ThirdPartyAuthentication({ username: kid, macKey: mac, accessToken }, nodeCrypto);
    Object.assign(client, { authentication });
    return { client, code: codeOf(client.allocate()) };
  }

  it('open only for the server and by the key they were sealed for', () => {
    const token = sealAccessToken({ macKey, timestamp: EPOCH + 500, lifetime: 3600 }, key, 'a', nodeCrypto, bytesOf(1));
    const sealed = { nonce: token.subarray(2, 14), encryptedBlock: token.subarray(14) };
    expect(openAccessToken(sealed, key, 'a', nodeCrypto)).toEqual({ macKey, timestamp: EPOCH + 500, lifetime: 3600 });
    expect(openAccessToken(sealed, key, 'b', nodeCrypto)).toBeUndefined();
    expect(openAccessToken(sealed, short, 'a', nodeCrypto)).toBeUndefined();
    expect(openAccessToken({ ...sealed, nonce: new Uint8Array(3) }, key, 'a', nodeCrypto)).toBeUndefined();
    for (let length = 0; length < sealed.encryptedBlock.length; length++) {
      const encryptedBlock = sealed.encryptedBlock.subarray(0, length);
      expect(openAccessToken({ ...sealed, encryptedBlock }, key, 'a', nodeCrypto)).toBeUndefined();
    }
  });

  it('are asked for, and good for an allocation as long as they last', () => {
    const bench = new Bench(options);
    const challenge = new Client(bench, { port: 1 }).once(METHOD.Allocate, [UDP])!;
    expect(attribute(challenge, 'third-party-authorization')?.serverName).toBe('turn.example.org');
    for (const [index, one] of oauth.keys.entries()) {
      const content = { macKey, timestamp: EPOCH + bench.now, lifetime: 100 };
      const sealed = sealAccessToken(content, one, 'turn.example.org', nodeCrypto, bytesOf(2));
      const { client, code } = allocate(bench, sealed, one.kid, macKey, 5000 + index);
      expect(code).toBe(0);
      expect(bench.has('allocated')).toMatchObject({ username: one.kid, lifetime: 105_000 });
      expect(codeOf(client.permit(PEER))).toBe(0);
      expect(client.send(HELLO, PEER)).toHaveLength(1);
    }
  });

  it('are renewed by newer ones, and the allocation with them', () => {
    const bench = new Bench(options);
    const seal = () =>
      sealAccessToken(
        { macKey, timestamp: EPOCH + bench.now, lifetime: 1000 },
        key,
        'turn.example.org',
        nodeCrypto,
        bytesOf(bench.now),
      );
    const { client } = allocate(bench, seal());
    bench.advance(500_000);
    expect(attribute(client.refresh(3600)!, 'lifetime')?.seconds).toBe(505);
    const authentication = new ThirdPartyAuthentication({ username: 'k1', macKey, accessToken: seal() }, nodeCrypto);
    Object.assign(client, { authentication });
    expect(attribute(client.refresh(3600)!, 'lifetime')?.seconds).toBe(1005);
    bench.advance(900_000);
    expect(bench.server.metrics.allocations).toBe(1);
    bench.advance(105_000);
    expect(bench.server.metrics.allocations).toBe(0);
  });

  it('are refused when they are over, of a wrong key, or of another server', () => {
    const bench = new Bench(options);
    const seal = (timestamp: number, serverName = 'turn.example.org', one = key) =>
      sealAccessToken({ macKey, timestamp, lifetime: 100 }, one, serverName, nodeCrypto, bytesOf(2));
    const today = EPOCH + bench.now;
    expect(allocate(bench, seal(today)).code).toBe(0);
    expect(allocate(bench, seal(today - 105_000), 'k1', macKey, 5001).code).toBe(401);
    expect(allocate(bench, seal(today + 105_000), 'k1', macKey, 5002).code).toBe(401);
    expect(allocate(bench, seal(today, 'other'), 'k1', macKey, 5003).code).toBe(401);
    expect(allocate(bench, seal(today), 'k2', macKey, 5004).code).toBe(401);
    expect(allocate(bench, seal(today), 'k3', macKey, 5005).code).toBe(401);
    expect(allocate(bench, seal(today), 'k1', new Uint8Array(20), 5006).code).toBe(401);
  });
});

describe('options that make no sense', () => {
  it('throw at once, with a code', () => {
    const base = { realm: 'r', random: bytesOf(1), relayAddress: { IPv4: RELAY4 } };
    const wrong: Partial<TurnServerOptions>[] = [
      { realm: '' },
      { realm: 'x'.repeat(764) },
      { software: 'x'.repeat(764) },
      { relayAddress: {} },
      { relayAddress: { IPv4: '::1' } },
      { relayAddress: { IPv4: 'host' } },
      { externalAddress: { IPv6: '1.2.3.4' } },
      { relayPorts: [0, 1] },
      { relayPorts: [2, 1] },
      { relayPorts: [1, 65_536] },
      { secrets: ['s'] },
      { oauth: { serverName: 'a', keys: [] }, wallClock: () => 0 },
      {
        oauth: { serverName: 'a', keys: [{ kid: 'k', key: new Uint8Array(5) }] },
        wallClock: () => 0,
        crypto: nodeCrypto,
      },
      { maxAllocations: 0 },
      { maxAllocationsPerUser: 1.5 },
      { maxAllocationsPerAddress: -1 },
      { maxPermissions: 0 },
      { maxChannels: 0 },
      { maxQueued: 0 },
      { maxAuthenticating: 0 },
      { smallAnswersPerSecond: 0 },
      { allocationBandwidth: 0 },
      { userBandwidth: Number.NaN },
      { defaultLifetime: 0 },
      { maxLifetime: 1, defaultLifetime: 2 },
    ];
    expect(() => new TurnServer(base)).not.toThrow();
    for (const options of wrong) {
      expect(() => new TurnServer({ ...base, ...options }), JSON.stringify(options)).toThrow(
        expect.objectContaining({ code: 'TURN_INVALID_ARGUMENT' }),
      );
    }
    expect(() => new TurnServer({ ...base, nonceLifetime: 0 })).toThrow(
      expect.objectContaining({ code: 'STUN_INVALID_ARGUMENT' }),
    );
  });
});
