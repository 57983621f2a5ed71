import { type Attribute, attribute, METHOD } from '@kaon/stun';
import { describe, expect, it } from 'vitest';
import { Bench, Client, clientPath, codeOf, HELLO, PEER, UDP } from './helpers.ts';

const WANTED: Attribute = { type: 'mobility-ticket', ticket: new Uint8Array(0) };

function roaming(options: ConstructorParameters<typeof Bench>[0] = {}) {
  const bench = new Bench(options);
  const client = new Client(bench);
  const response = client.allocate(WANTED)!;
  const relayed = attribute(response, 'xor-relayed-address')?.address;
  const ticket = attribute(response, 'mobility-ticket');
  client.bind(0x4000, PEER);
  return { bench, client, response, relayed: relayed!, ticket: ticket! };
}

describe('mobility (RFC 8016)', () => {
  it('moves data to the new address once the client has sent from there', () => {
    const { bench, client, relayed, ticket } = roaming();
    const before = client.path;
    client.path = clientPath('192.0.2.99', 1234);
    const response = client.refresh(700, ticket)!;
    expect(codeOf(response)).toBe(0);
    const renewed = attribute(response, 'mobility-ticket')!;
    expect(renewed.ticket).not.toEqual(ticket.ticket);
    expect(bench.has('moved')).toMatchObject({ client: client.path });
    expect(bench.fromPeer(HELLO, relayed, PEER)[0]!.path.remote).toEqual(before.remote);
    expect(client.sendChannel(0x4000, HELLO)[0]!.path).toMatchObject({ local: relayed, remote: PEER });
    expect(bench.fromPeer(HELLO, relayed, PEER)[0]!.path.remote).toEqual(client.path.remote);
    // The old address is nobody's any more.
    const old = new Client(bench, { path: before });
    expect(codeOf(old.refresh())).toBe(437);
    expect(codeOf(client.refresh(0))).toBe(0);
    expect(bench.server.metrics).toMatchObject({ allocations: 0, channels: 0 });
    expect(bench.bound.size).toBe(0);
  });

  it('gives the client that did not hear the answer another ticket', () => {
    const { client, ticket, bench } = roaming();
    client.path = clientPath('192.0.2.99', 1234);
    const first = attribute(client.refresh(700, ticket)!, 'mobility-ticket')!;
    const second = attribute(client.refresh(700, ticket)!, 'mobility-ticket')!;
    expect(second.ticket).not.toEqual(first.ticket);
    client.sendChannel(0x4000, HELLO);
    client.path = clientPath('192.0.2.100', 1);
    expect(codeOf(client.refresh(700, first))).toBe(437);
    expect(codeOf(client.refresh(700, second))).toBe(0);
    expect(bench.server.metrics.allocations).toBe(1);
  });

  it('can be done again before it was made use of, and given up from the new address', () => {
    const { client, ticket, bench } = roaming();
    let next = ticket;
    for (let i = 0; i < 20; i++) {
      client.path = clientPath(`192.0.2.${100 + i}`, 1234);
      next = attribute(client.refresh(700, next)!, 'mobility-ticket')!;
    }
    client.path = clientPath('192.0.2.99', 9);
    expect(codeOf(client.refresh(0, next))).toBe(0);
    expect(bench.bound.size).toBe(0);
    expect(codeOf(new Client(bench).refresh())).toBe(437);
  });

  it('is not for an address that has all it may have, other ports of the own address excepted', () => {
    const { bench, client, ticket } = roaming({ maxAllocationsPerAddress: 1 });
    const there = new Client(bench, { username: 'user2', path: clientPath('192.0.2.99', 1) });
    expect(codeOf(there.allocate())).toBe(0);
    const { address } = client.path.remote;
    client.path = clientPath('192.0.2.99', 1234);
    expect(codeOf(client.refresh(700, ticket))).toBe(486);
    client.path = clientPath(address, 1234);
    expect(codeOf(client.refresh(700, ticket))).toBe(0);
  });

  it('is for the same user only', () => {
    const { bench, ticket } = roaming();
    const thief = new Client(bench, { username: 'user2', port: 6000 });
    expect(codeOf(thief.refresh(700, ticket))).toBe(441);
    const guesser = new Client(bench, { port: 6001 });
    for (const bytes of [new Uint8Array(16), new Uint8Array(3), new Uint8Array(0)]) {
      expect(codeOf(guesser.refresh(700, { type: 'mobility-ticket', ticket: bytes }))).toBe(437);
    }
  });

  it('keeps an allocation whose connection is gone', () => {
    const bench = new Bench();
    const client = new Client(bench, { path: clientPath('192.0.2.1', 1, 'tcp') });
    const ticket = attribute(client.allocate(WANTED)!, 'mobility-ticket')!;
    bench.server.handleClosed(client.path, bench.now);
    client.path = clientPath('192.0.2.2', 2, 'tcp');
    expect(codeOf(client.refresh(700, ticket))).toBe(0);
    bench.server.handleClosed(client.path, bench.now);
    expect(bench.server.metrics.allocations).toBe(1);
    bench.advance(700_000);
    expect(bench.server.metrics.allocations).toBe(0);
  });

  it('can be switched off: 405', () => {
    const bench = new Bench({ mobility: false });
    expect(codeOf(new Client(bench).allocate(WANTED))).toBe(405);
    const client = new Client(bench, { port: 5001 });
    expect(codeOf(client.refresh(1, { type: 'mobility-ticket', ticket: new Uint8Array(16) }))).toBe(405);
    expect(codeOf(client.request(METHOD.Allocate, [UDP]))).toBe(0);
  });
});
