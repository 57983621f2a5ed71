import { nodeCrypto } from '@kaon/runtime/node';
import { seededRandom } from '@kaon/testing';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { sealAccessToken, timeLimitedCredentials } from '../../src/server/index.ts';
import { TCP, UDP } from '../helpers/conversation.ts';
import { line, PEERS } from '../helpers/line.ts';

const CHECK = Uint8Array.of(0, 1, 2, 3);
const payload = (i: number): Uint8Array => Uint8Array.of(128, i >> 8, i & 0xff, 1, 2);
const [ALICE] = PEERS as [(typeof PEERS)[number]];

describe('a client and a server', () => {
  it('relay data over a good line', () => {
    const { pair, client, server } = line();
    pair.run({ until: () => pair.a.has('allocated') });
    expect(pair.a.last('allocated')).toMatchObject({
      relayed: [{ address: '198.51.100.1', family: 'IPv4' }],
      mapped: UDP.local,
      lifetime: 600,
    });
    for (let i = 0; i < 20; i++) {
      client.send(ALICE, payload(i), pair.now);
      pair.run({ timeout: 50 });
    }
    expect(client.received.map(({ bytes }) => bytes)).toEqual(Array.from({ length: 20 }, (_, i) => payload(i)));
    expect(client.received.every(({ peer }) => peer.address === ALICE.address && peer.port === ALICE.port)).toBe(true);
    expect(pair.b.has('channel')).toBe(true);
    expect(server.relayed).toHaveLength(20);
  });

  it.each([1, 2, 3, 4, 5, 6])('meet and talk over a line that loses a quarter and doubles some (seed %i)', (seed) => {
    const { pair, client } = line({}, {}, { seed, netem: { delay: 40, loss: 0.25, duplicate: 0.1 } });
    pair.run({ until: () => pair.a.has('allocated'), timeout: 120_000 });
    let i = 0;
    const talk = () => {
      client.send(ALICE, payload(i++), pair.now);
      pair.run({ timeout: 1000 });
    };
    while (client.received.length < 60 && i < 400) talk();
    expect(client.received.length).toBeGreaterThanOrEqual(60);
    expect(pair.a.has('failed')).toBe(false);
    client.client.close(pair.now);
    pair.run({ until: () => pair.a.has('closed') });
  });

  it('stay together for hours of lost packets and stale nonces', () => {
    const { pair, client, server } = line({}, { nonceLifetime: 61_000 }, { seed: 7, netem: { delay: 20, loss: 0.1 } });
    pair.run({ until: () => pair.a.has('allocated'), timeout: 120_000 });
    const talk = (i: number) => {
      client.send(ALICE, payload(i), pair.now);
      pair.run({ timeout: 10_000 });
    };
    for (let i = 0; i < 720; i++) talk(i);
    expect(pair.a.events.map(({ type }) => type)).toEqual(['allocated']);
    // A tenth is lost on each way, and nothing else.
    expect(client.received.length).toBeGreaterThan(520);
    expect(server.server.metrics.allocations).toBe(1);
  });

  it('talk with several peers, and only with those that are let in', () => {
    const { pair, client, server } = line();
    pair.run({ until: () => pair.a.has('allocated') });
    const [relayed] = pair.a.last('allocated').relayed;
    server.fromPeer(CHECK, ALICE, relayed!, pair.now);
    pair.run({ timeout: 100 });
    expect(client.received).toEqual([]);
    for (const peer of PEERS) client.send(peer, CHECK, pair.now);
    pair.run({ timeout: 100 });
    expect(client.received.map(({ peer }) => peer)).toEqual(PEERS);
    // Another port of an address that is let in.
    server.fromPeer(payload(1), { ...ALICE, port: 99 }, relayed!, pair.now);
    pair.run({ timeout: 100 });
    expect(client.received.at(-1)).toEqual({ peer: { ...ALICE, port: 99 }, bytes: payload(1) });
  });

  it('over a stream', () => {
    const { pair, client } = line({ path: TCP }, {}, { path: TCP });
    pair.run({ until: () => pair.a.has('allocated') });
    for (let i = 0; i < 20; i++) {
      client.send(ALICE, payload(i), pair.now);
      pair.run({ timeout: 50 });
    }
    expect(client.received).toHaveLength(20);
  });

  it('over both families at once', () => {
    const peer6 = transportAddress('2606:4700::9', 7000);
    const { pair, client } = line({ families: 'both' });
    pair.run({ until: () => pair.a.has('allocated') });
    expect(pair.a.last('allocated').relayed.map(({ family }) => family)).toEqual(['IPv4', 'IPv6']);
    for (const peer of [ALICE, peer6]) {
      for (let i = 0; i < 3; i++) {
        client.send(peer, payload(i), pair.now);
        pair.run({ timeout: 100 });
      }
    }
    expect(client.received.map(({ peer }) => peer.address)).toEqual([
      ...new Array(3).fill(ALICE.address),
      ...new Array(3).fill(peer6.address),
    ]);
  });

  it('hold a port back for another client', () => {
    const { pair, server } = line({ evenPort: 'reserve' });
    pair.run({ until: () => pair.a.has('allocated') });
    const { relayed, reservationToken } = pair.a.last('allocated');
    expect(relayed[0]!.port % 2).toBe(0);
    const path = { ...UDP, local: transportAddress('192.0.2.10', 40_001) };
    const second = line({ path, now: pair.now, reservationToken }, server, { start: pair.now, path, seed: 2 });
    second.pair.run({ until: () => second.pair.a.has('allocated') });
    expect(second.pair.a.last('allocated').relayed[0]!.port).toBe(relayed[0]!.port + 1);
  });

  it('part when the password is wrong', () => {
    const { pair } = line({ credentials: { username: 'u', password: 'q' } });
    pair.run({ until: () => pair.a.has('failed') });
    expect(pair.a.last('failed').error).toMatchObject({ code: 'TURN_UNAUTHORIZED', statusCode: 401 });
  });

  it('agree on time-limited credentials until they expire', () => {
    const wallClock = (now: number) => 1_800_000_000_000 + now;
    for (const [ttl, outcome] of [
      [60, 'allocated'],
      [-60, 'failed'],
    ] as const) {
      const { username, credential } = timeLimitedCredentials('secret', 'bob', ttl, wallClock(1000));
      const credentials = { username, password: credential };
      const { pair } = line({ credentials }, { authenticate: undefined, secrets: ['secret'], wallClock });
      pair.run({ until: () => pair.a.has(outcome) });
    }
  });

  it('agree on a token (RFC 7635)', () => {
    const key = { kid: 'kid1', key: new Uint8Array(32).fill(8) };
    const macKey = new Uint8Array(20).fill(4);
    const wallClock = (now: number) => 1_800_000_000_000 + now;
    const accessToken = sealAccessToken(
      { macKey, timestamp: wallClock(1000), lifetime: 3600 },
      key,
      'turn.example',
      nodeCrypto,
      seededRandom(5),
    );
    for (const [right, outcome] of [
      [macKey, 'allocated'],
      [new Uint8Array(20), 'failed'],
    ] as const) {
      const { pair, client } = line(
        { credentials: { username: 'kid1', accessToken, macKey: right } },
        { authenticate: undefined, oauth: { serverName: 'turn.example', keys: [key] }, wallClock, crypto: nodeCrypto },
      );
      pair.run({ until: () => pair.a.has(outcome) });
      if (outcome === 'failed') continue;
      client.send(ALICE, payload(1), pair.now);
      pair.run({ timeout: 100 });
      expect(client.received).toHaveLength(1);
    }
  });

  it('go elsewhere when the server says so', () => {
    const alternate = { address: transportAddress('198.51.100.9', 3478), domain: 'b.example' };
    const { pair } = line({}, { alternateServer: () => alternate });
    pair.run({ until: () => pair.a.has('redirected') });
    expect(pair.a.last('redirected')).toEqual({ type: 'redirected', server: alternate.address, domain: 'b.example' });
  });

  it('part over a quota (486)', () => {
    const { pair, server } = line({}, { maxAllocationsPerUser: 1 });
    pair.run({ until: () => pair.a.has('allocated') });
    const path = { ...UDP, local: transportAddress('192.0.2.11', 40_001) };
    const second = line({ path, now: pair.now }, server, { start: pair.now, path, seed: 2 });
    second.pair.run({ until: () => second.pair.a.has('failed') });
    expect(second.pair.a.last('failed').error).toMatchObject({ code: 'TURN_ERROR_RESPONSE', statusCode: 486 });
  });

  it('move to another address without losing channels or permissions (RFC 8016)', () => {
    const elsewhere = { ...UDP, local: transportAddress('192.0.2.77', 41_000) };
    const { pair, client } = line({ mobility: true });
    pair.run({ until: () => pair.a.has('allocated') });
    for (let i = 0; i < 4; i++) {
      client.send(ALICE, payload(i), pair.now);
      pair.run({ timeout: 100 });
    }
    client.client.migrate(elsewhere, pair.now);
    pair.run({ until: () => pair.a.has('migrated') });
    for (let i = 4; i < 8; i++) {
      client.send(ALICE, payload(i), pair.now);
      pair.run({ timeout: 100 });
    }
    expect(client.received.map(({ bytes }) => bytes)).toEqual(Array.from({ length: 8 }, (_, i) => payload(i)));
    expect(pair.b.last('moved').client.remote).toEqual(elsewhere.local);
    expect(client.client.path).toBe(elsewhere);
  });

  it('part cleanly: what is closed is gone on both sides', () => {
    const { pair, client, server } = line();
    pair.run({ until: () => pair.a.has('allocated') });
    client.client.close(pair.now);
    pair.run({ until: () => pair.a.has('closed') });
    expect(server.server.metrics.allocations).toBe(0);
    pair.run();
    expect(client.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('part when the server has lost its memory', () => {
    const { pair, client, server } = line();
    pair.run({ until: () => pair.a.has('allocated') });
    server.restart();
    client.client.refresh(pair.now);
    pair.run({ until: () => pair.a.has('failed') });
    expect(pair.a.last('failed').error).toMatchObject({ code: 'TURN_ALLOCATION_LOST', statusCode: 437 });
  });

  it('part when the server dies, when the allocation would have expired', () => {
    const { pair, client } = line();
    pair.run({ until: () => pair.a.has('allocated') });
    pair.tap(({ from }) => (from === 'b' ? false : undefined));
    client.client.permit(ALICE, pair.now);
    pair.run({ until: () => pair.a.has('failed'), timeout: 601_000 });
    expect(pair.a.last('failed').error.code).toBe('TURN_ALLOCATION_LOST');
    expect(pair.a.last('permission-failed')).toMatchObject({ statusCode: undefined });
  });
});
