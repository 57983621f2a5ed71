import { attribute, METHOD } from '@kaon/stun';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  Bench,
  Client,
  channelData,
  clientPath,
  codeOf,
  HELLO,
  PEER,
  PEER6,
  parseMessage,
  RELAY4,
  SERVER,
} from './helpers.ts';

describe('relayed data', () => {
  it('goes both ways as Send and Data indications once there is a permission', () => {
    const bench = new Bench();
    const client = new Client(bench);
    const relayed = client.allocated();
    expect(relayed).toEqual({ address: RELAY4, family: 'IPv4', port: 50_001 });
    expect(client.send(HELLO, PEER)).toEqual([]);
    expect(codeOf(client.permit(PEER))).toBe(0);
    const [toPeer] = client.send(HELLO, PEER);
    expect(toPeer!.bytes).toEqual(HELLO);
    expect(toPeer!.path).toEqual({ protocol: 'udp', local: relayed, remote: PEER });

    const [toClient] = bench.fromPeer(HELLO, relayed, PEER);
    expect(toClient!.path).toEqual({ protocol: 'udp', local: SERVER, remote: client.path.remote });
    const message = parseMessage(toClient!.bytes);
    expect([message.class, message.method]).toEqual(['indication', METHOD.Data]);
    expect(attribute(message, 'xor-peer-address')?.address).toEqual(PEER);
    expect(attribute(message, 'data')?.data).toEqual(HELLO);
  });

  it('goes both ways over a channel', () => {
    const bench = new Bench();
    const client = new Client(bench);
    const relayed = client.allocated();
    expect(codeOf(client.bind(0x4000, PEER))).toBe(0);
    const [toPeer] = client.sendChannel(0x4000, HELLO, 2);
    expect(toPeer).toMatchObject({ bytes: HELLO, ecn: 2, path: { local: relayed, remote: PEER } });
    const [toClient] = bench.fromPeer(HELLO, relayed, PEER, 3);
    expect(toClient).toMatchObject({ bytes: channelData(0x4000, HELLO), ecn: 3 });
    // Another port of the same peer has the permission, not the channel.
    const [other] = bench.fromPeer(HELLO, relayed, { ...PEER, port: 9 });
    expect(parseMessage(other!.bytes).method).toBe(METHOD.Data);
  });

  it('goes over IPv6 too', () => {
    const bench = new Bench();
    const client = new Client(bench, { path: clientPath('2001:db8:3::1', 5000) });
    const relayed = client.allocated({ type: 'requested-address-family', family: 'IPv6' });
    expect(relayed.family).toBe('IPv6');
    expect(codeOf(client.permit(PEER6))).toBe(0);
    expect(client.send(HELLO, PEER6)[0]).toMatchObject({ bytes: HELLO, path: { local: relayed, remote: PEER6 } });
    const message = parseMessage(bench.fromPeer(HELLO, relayed, PEER6)[0]!.bytes);
    expect(attribute(message, 'xor-peer-address')?.address).toEqual(PEER6);
    expect(attribute(message, 'data')?.data).toEqual(HELLO);
  });

  it('carries empty and odd payloads, and ChannelData with its padding left away', () => {
    const bench = new Bench();
    const client = new Client(bench);
    const relayed = client.allocated();
    client.permit(PEER);
    client.bind(0x4fff, { ...PEER, port: 4001 });
    for (const length of [0, 1, 2, 3, 4, 1199]) {
      const data = new Uint8Array(length).fill(7);
      expect(client.send(data, PEER)[0]!.bytes).toEqual(data);
      expect(attribute(parseMessage(bench.fromPeer(data, relayed, PEER)[0]!.bytes), 'data')!.data).toEqual(data);
      expect(bench.receive(channelData(0x4fff, data, -length & 3), client.path)[0]!.bytes).toEqual(data);
      expect(bench.fromPeer(data, relayed, { ...PEER, port: 4001 })[0]!.bytes).toEqual(channelData(0x4fff, data));
    }
  });

  it('is padded on a stream and on no datagram', () => {
    const bench = new Bench();
    const client = new Client(bench, { path: clientPath('192.0.2.1', 5000, 'tcp') });
    const relayed = client.allocated();
    client.bind(0x4001, PEER);
    expect(bench.fromPeer(HELLO, relayed, PEER)[0]!.bytes).toEqual(channelData(0x4001, HELLO, 3));
    expect(bench.receive(channelData(0x4001, HELLO, 3), client.path)[0]!.bytes).toEqual(HELLO);
  });

  it('keeps clients apart that differ in port, address, protocol or listening socket only', () => {
    const bench = new Bench();
    const paths = [
      clientPath('192.0.2.1', 5000),
      clientPath('192.0.2.1', 5001),
      clientPath('192.0.2.2', 5000),
      clientPath('192.0.2.1', 5000, 'tcp'),
      { ...clientPath('192.0.2.1', 5000), local: transportAddress('203.0.113.1', 3479) },
    ];
    const clients = paths.map((path) => new Client(bench, { path }));
    const relayed = clients.map((client) => client.allocated());
    expect(new Set(relayed.map(({ port }) => port)).size).toBe(paths.length);
    for (const client of clients) client.bind(0x4000, PEER);
    for (const [index, client] of clients.entries()) {
      expect(client.sendChannel(0x4000, HELLO)[0]!.path.local).toEqual(relayed[index]);
      expect(bench.fromPeer(HELLO, relayed[index]!, PEER)[0]!.path).toEqual(client.path);
    }
    for (const client of clients.toReversed()) {
      expect(codeOf(client.refresh(0))).toBe(0);
      expect(client.sendChannel(0x4000, HELLO)).toEqual([]);
    }
    expect(bench.bound.size).toBe(0);
  });

  it('is sent by clients that add what nobody needs, and by none that adds what must be understood', () => {
    const client = new Client(new Bench());
    client.allocated();
    client.permit(PEER);
    const extra = [
      { type: 'software', software: 'x' },
      { type: 'username', username: 'user' },
      { type: 'data', data: new Uint8Array(3) },
    ] as const;
    expect(client.send(HELLO, PEER, ...extra.slice(0, 2))[0]!.bytes).toEqual(HELLO);
    expect(client.send(HELLO, PEER, extra[2])[0]!.bytes).toEqual(new Uint8Array(3));
    const unknown = { type: 'unknown', value: new Uint8Array(0) } as const;
    expect(client.send(HELLO, PEER, { ...unknown, attributeType: 0x7001 })).toEqual([]);
    expect(client.send(HELLO, PEER, { ...unknown, attributeType: 0xf001 })).toHaveLength(1);
    expect(client.send(HELLO, { ...PEER, port: 0 })).toEqual([]);
  });

  it('of strangers is dropped and counted', () => {
    const bench = new Bench();
    const client = new Client(bench);
    const relayed = client.allocated();
    client.bind(0x4000, PEER);
    expect(bench.fromPeer(HELLO, relayed, { ...PEER, address: '198.51.100.8' })).toEqual([]);
    expect(bench.server.metrics.dropped['unknown-peer']).toBe(1);
    expect(client.sendChannel(0x4001, HELLO)).toEqual([]);
    expect(bench.receive(channelData(0x4000, HELLO), clientPath('192.0.2.9', 1))).toEqual([]);
    expect(bench.server.metrics.dropped['no-permission']).toBe(2);
  });

  it('has no way once permission, channel or allocation are over, to the millisecond', () => {
    const bench = new Bench();
    const client = new Client(bench);
    const relayed = client.allocated();
    client.bind(0x4000, PEER);
    bench.now += 299_999;
    expect(client.sendChannel(0x4000, HELLO)).toHaveLength(1);
    bench.now += 1;
    expect(client.sendChannel(0x4000, HELLO)).toEqual([]);
    expect(bench.fromPeer(HELLO, relayed, PEER)).toEqual([]);
    // The channel outlives the permission, and works again with it.
    client.permit(PEER);
    expect(bench.fromPeer(HELLO, relayed, PEER)[0]!.bytes).toEqual(channelData(0x4000, HELLO));
    bench.now += 299_999;
    expect(client.sendChannel(0x4000, HELLO)).toHaveLength(1);
    client.refresh(1000);
    client.permit(PEER);
    bench.now += 1;
    expect(client.sendChannel(0x4000, HELLO)).toEqual([]);
    expect(parseMessage(bench.fromPeer(HELLO, relayed, PEER)[0]!.bytes).method).toBe(METHOD.Data);
    bench.now += 1_000_000;
    expect(bench.fromPeer(HELLO, relayed, PEER)).toEqual([]);
    expect(codeOf(client.permit(PEER))).toBe(437);
  });
});
