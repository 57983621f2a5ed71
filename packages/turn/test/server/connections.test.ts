import type { TransportAddress } from '@kaon/interface/core/v1';
import { attribute, METHOD } from '@kaon/stun';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { Bench, Client, clientPath, codeOf, HELLO, PEER, PEER6, parseMessage, RELAY4, TCP } from './helpers.ts';

function control(options: ConstructorParameters<typeof Bench>[0] = {}) {
  const bench = new Bench({ tcpRelay: true, ...options });
  const client = new Client(bench, { path: clientPath('192.0.2.1', 5000, 'tcp') });
  const response = client.request(METHOD.Allocate, [TCP])!;
  return { bench, client, response, relayed: attribute(response, 'xor-relayed-address')!.address };
}

const connect = (client: Client, peer: TransportAddress) =>
  client.request(METHOD.Connect, [{ type: 'xor-peer-address', address: peer }]);

const bind = (client: Client, connectionId: number) =>
  client.request(METHOD.ConnectionBind, [{ type: 'connection-id', connectionId }]);

describe('TCP relaying (RFC 6062)', () => {
  it('connects to a peer, then joins the client with it', () => {
    const { bench, client, relayed } = control();
    expect(bench.has('bind-relay')).toMatchObject({ protocol: 'tcp' });
    expect(bench.has('allocated')).toMatchObject({ protocol: 'tcp' });
    expect(connect(client, PEER)).toBeUndefined();
    const asked = bench.has('connect-peer')!;
    expect(asked).toMatchObject({ local: relayed, peer: PEER });
    bench.server.peerConnected(asked.connection, bench.now);
    const response = client.answer(bench.run())!;
    expect(codeOf(response)).toBe(0);
    const { connectionId } = attribute(response, 'connection-id')!;
    const data = new Client(bench, { path: clientPath('192.0.2.1', 5001, 'tcp') });
    expect(codeOf(bind(data, connectionId))).toBe(0);
    expect(bench.has('connection-bound')).toEqual({
      type: 'connection-bound',
      connection: asked.connection,
      client: data.path,
    });
    expect(codeOf(bind(new Client(bench, { path: clientPath('192.0.2.1', 5002, 'tcp') }), connectionId))).toBe(400);
    bench.advance(60_000);
    expect(bench.server.metrics.connections).toBe(1);
    bench.server.connectionRelayed(asked.connection, 'client', 100, bench.now);
    bench.server.connectionRelayed(asked.connection, 'peer', 50, bench.now);
    expect([...bench.server.allocations()][0]!.traffic).toMatchObject({ bytesFromClient: 100, bytesFromPeers: 50 });
    bench.server.connectionClosed(asked.connection, bench.now);
    expect(bench.server.metrics.connections).toBe(0);
  });

  it('tells of a peer that connects, if it has a permission', () => {
    const { bench, client, relayed } = control();
    expect(bench.server.peerArrived(relayed, PEER, bench.now)).toBeUndefined();
    client.permit(PEER);
    const connection = bench.server.peerArrived(relayed, PEER, bench.now);
    const [sent] = bench.run();
    const message = parseMessage(sent!.bytes);
    expect([message.class, message.method]).toEqual(['indication', METHOD.ConnectionAttempt]);
    expect(attribute(message, 'xor-peer-address')?.address).toEqual(PEER);
    expect(attribute(message, 'connection-id')?.connectionId).toBe(connection);
    expect(sent!.path).toEqual(client.path);
    const data = new Client(bench, { path: clientPath('192.0.2.1', 5001, 'tcp') });
    expect(codeOf(bind(data, connection!))).toBe(0);
    expect(bench.server.peerArrived(transportAddress(RELAY4, 1), PEER, bench.now)).toBeUndefined();
    bench.now += 300_000;
    expect(bench.server.peerArrived(relayed, PEER, bench.now)).toBeUndefined();
  });

  it('refuses: 446 twice the same, 447 no connection, 403, 443, 400, 508', () => {
    const { bench, client } = control({ maxChannels: 2 });
    connect(client, PEER);
    expect(codeOf(connect(client, PEER))).toBe(446);
    bench.server.peerFailed(bench.has('connect-peer')!.connection, bench.now);
    expect(codeOf(client.answer(bench.run()))).toBe(447);
    expect(codeOf(connect(client, transportAddress('10.0.0.1', 80)))).toBe(403);
    expect(codeOf(connect(client, PEER6))).toBe(443);
    expect(codeOf(client.request(METHOD.Connect))).toBe(400);
    expect(codeOf(client.bind(0x4000, PEER))).toBe(400);
    connect(client, PEER);
    connect(client, { ...PEER, port: 1 });
    expect(codeOf(connect(client, { ...PEER, port: 2 }))).toBe(508);
    const plain = new Client(bench, { port: 6000 });
    expect(codeOf(connect(plain, PEER))).toBe(437);
    plain.allocated();
    expect(codeOf(connect(plain, PEER))).toBe(400);
  });

  it('refuses to bind what is unknown, not connected yet, of another user or over UDP', () => {
    const { bench, client } = control();
    connect(client, PEER);
    const { connection } = bench.has('connect-peer')!;
    const data = new Client(bench, { path: clientPath('192.0.2.1', 5001, 'tcp') });
    expect(codeOf(bind(data, connection))).toBe(400);
    bench.server.peerConnected(connection, bench.now);
    bench.run();
    expect(codeOf(bind(data, (connection + 1) % 2 ** 32))).toBe(400);
    expect(codeOf(data.request(METHOD.ConnectionBind))).toBe(400);
    expect(codeOf(bind(new Client(bench, { port: 5001 }), connection))).toBe(400);
    const path = clientPath('192.0.2.1', 5003, 'tcp');
    expect(codeOf(bind(new Client(bench, { username: 'user2', path }), connection))).toBe(400);
    expect(codeOf(bind(client, connection))).toBe(400);
    expect(codeOf(bind(data, connection))).toBe(0);
  });

  it('gives up after 30 s: on peers with 447, on clients by closing', () => {
    const { bench, client } = control();
    connect(client, PEER);
    expect(codeOf(client.answer(bench.advance(30_000)))).toBe(447);
    expect(bench.has('close-connection')).toMatchObject({ connection: bench.has('connect-peer')!.connection });
    connect(client, PEER);
    const { connection } = bench.has('connect-peer')!;
    bench.server.peerConnected(connection, bench.now);
    bench.run();
    bench.advance(29_999);
    expect(bench.server.metrics.connections).toBe(1);
    bench.advance(1);
    expect(bench.server.metrics.connections).toBe(0);
    expect(bench.has('close-connection')).toMatchObject({ connection });
    // One that comes too late is closed again.
    bench.server.peerConnected(connection, bench.now);
    bench.run();
    expect(bench.events.at(-1)).toEqual({ type: 'close-connection', connection });
  });

  it('ends with the allocation', () => {
    const { bench, client } = control();
    connect(client, PEER);
    bench.server.handleClosed(client.path, bench.now);
    bench.run();
    expect(bench.has('close-connection')).toBeDefined();
    expect(bench.bound.size).toBe(0);
    expect(bench.server.metrics).toMatchObject({ connections: 0, allocations: 0 });
  });

  it('is held back by bandwidth limits', () => {
    const { bench, client } = control({ allocationBandwidth: 1000, userBandwidth: 1500 });
    connect(client, PEER);
    const { connection } = bench.has('connect-peer')!;
    expect(bench.server.connectionRelayed(connection, 'client', 900, bench.now)).toBe(0);
    const wait = bench.server.connectionRelayed(connection, 'client', 1100, bench.now);
    expect(wait).toBeGreaterThanOrEqual(1000);
    expect(bench.server.connectionRelayed(connection, 'peer', 900, bench.now)).toBe(0);
    bench.now += wait;
    expect(bench.server.connectionRelayed(connection, 'client', 0, bench.now)).toBe(0);
  });

  it('is for streams, without what belongs to datagrams, and only where it is switched on', () => {
    const { bench } = control();
    expect(codeOf(new Client(bench, { port: 7000 }).request(METHOD.Allocate, [TCP]))).toBe(400);
    const path = clientPath('192.0.2.1', 7001, 'tcp');
    for (const odd of [
      { type: 'even-port', reserveNext: false },
      { type: 'dont-fragment' },
      { type: 'reservation-token', token: new Uint8Array(8) },
    ] as const) {
      expect(codeOf(new Client(bench, { path }).request(METHOD.Allocate, [TCP, odd]))).toBe(400);
    }
    expect(codeOf(new Client(new Bench(), { path }).request(METHOD.Allocate, [TCP]))).toBe(442);
  });

  it('relays no datagrams', () => {
    const { bench, client, relayed } = control();
    client.permit(PEER);
    expect(client.send(HELLO, PEER)).toEqual([]);
    expect(bench.fromPeer(HELLO, relayed, PEER)).toEqual([]);
  });
});
