import { type Attribute, attribute, METHOD } from '@kaon/stun';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { Bench, Client, clientPath, codeOf, HELLO, PEER, PEER6, RELAY4, RELAY6, TCP, UDP } from './helpers.ts';

const EVEN_ONLY: Attribute = { type: 'even-port', reserveNext: false };
const EVEN_AND_NEXT: Attribute = { type: 'even-port', reserveNext: true };
const WANT_IPV6: Attribute = { type: 'requested-address-family', family: 'IPv6' };
const ALSO_IPV6: Attribute = { type: 'additional-address-family', family: 'IPv6' };
const token = (bytes: Uint8Array): Attribute => ({ type: 'reservation-token', token: bytes });

describe('Allocate', () => {
  it('answers with relayed and mapped address and a lifetime, and tells of it', () => {
    const bench = new Bench();
    const client = new Client(bench);
    const response = client.allocate()!;
    expect(attribute(response, 'xor-relayed-address')?.address).toEqual(transportAddress(RELAY4, 50_001));
    expect(attribute(response, 'xor-mapped-address')?.address).toEqual(client.path.remote);
    expect(attribute(response, 'lifetime')?.seconds).toBe(600);
    expect(bench.has('allocated')).toMatchObject({ username: 'user', protocol: 'udp', lifetime: 600_000 });
    expect([...bench.server.allocations()]).toMatchObject([{ username: 'user', relayed: [{ port: 50_001 }] }]);
    expect(bench.server.metrics).toMatchObject({ allocations: 1, allocationsMade: 1, successes: 1 });
  });

  it('answers a retransmission the same again, and another request with 437', () => {
    const bench = new Bench();
    const client = new Client(bench);
    client.allocated();
    client.refresh(0);
    const id = client.transactionId();
    const first = client.once(METHOD.Allocate, [UDP], id);
    expect(codeOf(first)).toBe(0);
    expect(client.once(METHOD.Allocate, [UDP], id)).toEqual(first);
    expect(bench.bound.size).toBe(1);
    expect(codeOf(client.allocate())).toBe(437);
    bench.advance(41_000);
    expect(codeOf(client.once(METHOD.Allocate, [UDP], id))).toBe(437);
  });

  it('waits for the relay socket, whatever comes in between', () => {
    const bench = new Bench();
    const client = new Client(bench);
    client.once(METHOD.Allocate, [UDP]);
    client.authentication.handleChallenge(client.once(METHOD.Allocate, [UDP])!);
    bench.binds = false;
    const id = client.transactionId();
    expect(client.once(METHOD.Allocate, [UDP], id)).toBeUndefined();
    expect(client.once(METHOD.Allocate, [UDP], id)).toBeUndefined();
    expect(codeOf(client.permit(PEER))).toBe(437);
    const { request } = bench.has('bind-relay')!;
    bench.bound.add(`udp ${RELAY4} 50100`);
    bench.server.relayBound(request, transportAddress(RELAY4, 50_100), bench.now);
    expect(codeOf(client.answer(bench.run()))).toBe(0);
  });

  it('gives up on a driver that does not answer, and on a socket that comes too late', () => {
    const bench = new Bench();
    const client = new Client(bench);
    bench.binds = false;
    client.allocate();
    bench.advance(10_000);
    expect(bench.server.metrics.allocations).toBe(0);
    bench.bound.add(`udp ${RELAY4} 50100`);
    bench.server.relayBound(bench.has('bind-relay')!.request, transportAddress(RELAY4, 50_100), bench.now);
    bench.run();
    expect(bench.bound.size).toBe(0);
  });

  it('is answered with 508 when there is no port', () => {
    const bench = new Bench();
    bench.taken.add(50_001);
    const client = new Client(bench);
    expect(codeOf(client.allocate())).toBe(508);
    expect(bench.server.metrics.allocations).toBe(0);
    expect(bench.has('refused')).toMatchObject({ username: 'user', method: METHOD.Allocate, statusCode: 508 });
    expect(codeOf(client.allocate())).toBe(0);
  });

  it('refuses what makes no sense, in the order of RFC 8656 §7.2', () => {
    const cases: readonly (readonly [string, number, readonly Attribute[]])[] = [
      ['no REQUESTED-TRANSPORT', 400, []],
      ['TCP where there is none', 442, [TCP]],
      ['an unknown protocol', 442, [{ type: 'requested-transport', protocol: 1 }]],
      ['DONT-FRAGMENT that cannot be done', 420, [UDP, { type: 'dont-fragment' }]],
      ['EVEN-PORT with a token', 400, [UDP, EVEN_ONLY, token(new Uint8Array(8))]],
      ['a family with a token', 400, [UDP, WANT_IPV6, token(new Uint8Array(8))]],
      ['two families with a token', 400, [UDP, ALSO_IPV6, token(new Uint8Array(8))]],
      ['a token of nobody', 508, [UDP, token(new Uint8Array(8))]],
      ['one family and two families', 400, [UDP, WANT_IPV6, ALSO_IPV6]],
      ['IPv4 additionally', 400, [UDP, { type: 'additional-address-family', family: 'IPv4' }]],
      ['a reserved port and two families', 400, [UDP, EVEN_AND_NEXT, ALSO_IPV6]],
      ['a ticket', 400, [UDP, { type: 'mobility-ticket', ticket: new Uint8Array(3) }]],
      ['an unknown attribute', 420, [UDP, { type: 'unknown', attributeType: 0x7abc, value: new Uint8Array(1) }]],
    ];
    for (const [name, code, attributes] of cases) {
      const bench = new Bench();
      const response = new Client(bench).request(METHOD.Allocate, attributes);
      expect([name, codeOf(response)]).toEqual([name, code]);
      expect([name, bench.server.metrics.errors.get(code)]).toEqual([name, 1]);
      expect(bench.server.metrics.allocations).toBe(0);
    }
  });

  it('names the attribute that it does not know or cannot honour', () => {
    const client = new Client(new Bench());
    const fragment = client.request(METHOD.Allocate, [UDP, { type: 'dont-fragment' }])!;
    expect(attribute(fragment, 'unknown-attributes')?.types).toEqual([0x001a]);
    const unknown = { type: 'unknown', attributeType: 0x7abc, value: new Uint8Array(1) } as const;
    const other = client.request(METHOD.Allocate, [UDP, unknown])!;
    expect(attribute(other, 'unknown-attributes')?.types).toEqual([0x7abc]);
  });

  it('gives lifetimes between the default and the longest', () => {
    const bench = new Bench({ defaultLifetime: 300_000, maxLifetime: 900_000 });
    const asked = [undefined, 1, 400, 5000];
    const got = asked.map((seconds, index) => {
      const client = new Client(bench, { port: 6000 + index });
      const attributes: Attribute[] = seconds === undefined ? [] : [{ type: 'lifetime', seconds }];
      return attribute(client.allocate(...attributes)!, 'lifetime')?.seconds;
    });
    expect(got).toEqual([300, 300, 400, 900]);
  });

  it('gives the external address where there is one', () => {
    const bench = new Bench({ relayAddress: { IPv4: '10.0.0.5' }, externalAddress: { IPv4: '203.0.113.99' } });
    const client = new Client(bench);
    expect(client.allocated()).toEqual(transportAddress('203.0.113.99', 50_001));
    client.permit(PEER);
    expect(client.send(HELLO, PEER)[0]!.path.local).toEqual(transportAddress('10.0.0.5', 50_001));
  });

  it('asks for ports of the range', () => {
    const bench = new Bench({ relayPorts: [50_000, 50_099] });
    new Client(bench).allocated();
    expect(bench.has('bind-relay')).toMatchObject({ address: RELAY4, portRange: [50_000, 50_099], port: 'any' });
  });

  it('sends clients elsewhere with 300', () => {
    const alternate = { address: transportAddress('203.0.113.2', 3478), domain: 'two.example.org' };
    const bench = new Bench({
      alternateServer: ({ username, family }) => (username === 'user1' && family === 'IPv4' ? alternate : undefined),
    });
    const response = new Client(bench, { username: 'user1' }).allocate()!;
    expect(codeOf(response)).toBe(300);
    expect(attribute(response, 'alternate-server')?.address).toEqual(alternate.address);
    expect(attribute(response, 'alternate-domain')?.domain).toBe('two.example.org');
    expect(codeOf(new Client(bench, { username: 'user2', port: 5002 }).allocate())).toBe(0);
  });

  it('sends SOFTWARE when told to', () => {
    const response = new Client(new Bench({ software: 'kaon' })).allocate()!;
    expect(attribute(response, 'software')?.software).toBe('kaon');
  });
});

describe('EVEN-PORT and RESERVATION-TOKEN', () => {
  it('give an even port, then the one above', () => {
    const bench = new Bench();
    const first = new Client(bench).allocate(EVEN_AND_NEXT)!;
    expect(attribute(first, 'xor-relayed-address')?.address.port).toBe(50_002);
    const held = attribute(first, 'reservation-token')!;
    const second = new Client(bench, { port: 5001 });
    expect(second.allocated(held).port).toBe(50_003);
    // Only once.
    expect(codeOf(new Client(bench, { port: 5002 }).allocate(held))).toBe(508);
    expect(codeOf(second.refresh(0))).toBe(0);
    expect([...bench.bound]).toEqual([`udp ${RELAY4} 50002`]);
  });

  it('give an even port alone', () => {
    const bench = new Bench();
    expect(new Client(bench).allocated(EVEN_ONLY).port).toBe(50_002);
    expect(bench.bound.size).toBe(1);
  });

  it('try other pairs when the port above is taken, and then give up', () => {
    const bench = new Bench();
    bench.taken.add(50_003).add(50_005);
    expect(new Client(bench).allocated(EVEN_AND_NEXT).port).toBe(50_006);
    expect(bench.bound.size).toBe(2);
    for (let port = 50_001; port < 50_100; port += 2) bench.taken.add(port);
    expect(codeOf(new Client(bench, { port: 5001 }).allocate(EVEN_AND_NEXT))).toBe(508);
    expect(bench.bound.size).toBe(2);
  });

  it('refuse a driver that gives an odd port', () => {
    const bench = new Bench();
    const client = new Client(bench);
    bench.binds = false;
    client.allocate(EVEN_ONLY);
    bench.bound.add(`udp ${RELAY4} 50101`);
    bench.server.relayBound(bench.has('bind-relay')!.request, transportAddress(RELAY4, 50_101), bench.now);
    expect(codeOf(client.answer(bench.run()))).toBe(508);
    expect(bench.bound.size).toBe(0);
  });

  it('hold a port back for 30 s', () => {
    const bench = new Bench();
    const held = attribute(new Client(bench).allocate(EVEN_AND_NEXT)!, 'reservation-token')!;
    bench.advance(29_999);
    expect(bench.bound.size).toBe(2);
    bench.advance(1);
    expect(bench.bound.size).toBe(1);
    expect(codeOf(new Client(bench, { port: 5001 }).allocate(held))).toBe(508);
  });
});

describe('address families', () => {
  it('are IPv4 by default, IPv6 when asked for, both with ADDITIONAL-ADDRESS-FAMILY', () => {
    const bench = new Bench();
    expect(new Client(bench, { port: 1 }).allocated().family).toBe('IPv4');
    expect(new Client(bench, { port: 2 }).allocated(WANT_IPV6)).toMatchObject({ address: RELAY6, family: 'IPv6' });
    const client = new Client(bench, { port: 3 });
    const relayed = client
      .allocate(ALSO_IPV6)!
      .attributes.flatMap((each) => (each.type === 'xor-relayed-address' ? [each.address] : []));
    expect(relayed.map(({ family }) => family)).toEqual(['IPv4', 'IPv6']);
    expect(codeOf(client.permit(PEER, PEER6))).toBe(0);
    expect(client.send(HELLO, PEER)[0]!.path.local).toEqual(relayed[0]);
    expect(client.send(HELLO, PEER6)[0]!.path.local).toEqual(relayed[1]);
    expect(bench.fromPeer(HELLO, relayed[1]!, PEER6)).toHaveLength(1);
  });

  it('are refused with 440 where the server has none, and the second one with ADDRESS-ERROR-CODE', () => {
    const bench = new Bench({ relayAddress: { IPv4: RELAY4 } });
    expect(codeOf(new Client(bench).allocate(WANT_IPV6))).toBe(440);
    const response = new Client(bench, { port: 5001 }).allocate(ALSO_IPV6)!;
    expect(codeOf(response)).toBe(0);
    expect(attribute(response, 'address-error-code')).toMatchObject({ family: 'IPv6', code: 440 });
    const other = new Bench({ relayAddress: { IPv6: RELAY6 } });
    expect(codeOf(new Client(other).allocate())).toBe(440);
  });

  it('are two or one when the second socket cannot be bound', () => {
    const bench = new Bench();
    bench.taken.add(50_002);
    const response = new Client(bench).allocate(ALSO_IPV6)!;
    expect(attribute(response, 'address-error-code')).toMatchObject({ family: 'IPv6', code: 508 });
    bench.taken.add(50_003);
    expect(codeOf(new Client(bench, { port: 5001 }).allocate(ALSO_IPV6))).toBe(508);
    expect(bench.bound.size).toBe(1);
  });

  it('must be that of the peer, or 443', () => {
    const bench = new Bench();
    const client = new Client(bench);
    client.allocated();
    expect(codeOf(client.permit(PEER6))).toBe(443);
    expect(codeOf(client.bind(0x4000, PEER6))).toBe(443);
    expect(codeOf(client.refresh(100, WANT_IPV6))).toBe(443);
    expect(bench.server.metrics.permissions).toBe(0);
  });

  it('can be given up one by one', () => {
    const bench = new Bench();
    const client = new Client(bench);
    client.allocated(ALSO_IPV6);
    client.permit(PEER, PEER6);
    expect(codeOf(client.refresh(0, WANT_IPV6))).toBe(0);
    expect([...bench.bound]).toEqual([`udp ${RELAY4} 50001`]);
    expect(codeOf(client.permit(PEER6))).toBe(443);
    expect(client.send(HELLO, PEER)).toHaveLength(1);
    expect(bench.server.metrics.permissions).toBe(1);
    expect(codeOf(client.refresh(0, { type: 'requested-address-family', family: 'IPv4' }))).toBe(0);
    expect(bench.bound.size).toBe(0);
    expect(bench.server.metrics).toMatchObject({ allocations: 0, permissions: 0, channels: 0 });
  });
});

describe('the life of an allocation', () => {
  it('ends with a Refresh of 0, is prolonged by others', () => {
    const bench = new Bench();
    const client = new Client(bench);
    client.allocated();
    bench.advance(500_000);
    expect(attribute(client.refresh(1800)!, 'lifetime')?.seconds).toBe(1800);
    expect(bench.has('refreshed')).toMatchObject({ lifetime: 1_800_000 });
    bench.advance(1_799_000);
    expect(bench.server.metrics.allocations).toBe(1);
    expect(attribute(client.refresh(0)!, 'lifetime')?.seconds).toBe(0);
    expect(bench.has('deallocated')).toMatchObject({ reason: 'client', username: 'user' });
    expect(codeOf(client.refresh(0))).toBe(437);
    expect(codeOf(client.refresh(600))).toBe(437);
    expect(bench.server.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('ends by itself, with its socket and what it carried', () => {
    const bench = new Bench();
    const client = new Client(bench);
    const relayed = client.allocated();
    client.permit(PEER);
    client.send(HELLO, PEER);
    bench.fromPeer(HELLO, relayed, PEER);
    bench.fromPeer(HELLO, relayed, PEER);
    bench.advance(600_000);
    expect(bench.has('deallocated')).toMatchObject({
      reason: 'expired',
      traffic: { packetsFromClient: 1, bytesFromClient: 5, packetsFromPeers: 2, bytesFromPeers: 10 },
    });
    expect(bench.bound.size).toBe(0);
    expect(bench.server.metrics).toMatchObject({ allocations: 0, permissions: 0, packetsFromPeers: 2 });
    expect(codeOf(client.allocate())).toBe(0);
  });

  it('ends with the connection of its client, by an operator, and with the server', () => {
    const bench = new Bench();
    const tcp = new Client(bench, { path: clientPath('192.0.2.1', 1, 'tcp') });
    tcp.allocated();
    bench.server.handleClosed(clientPath('192.0.2.1', 1, 'udp'), bench.now);
    expect(bench.server.metrics.allocations).toBe(1);
    bench.server.handleClosed(tcp.path, bench.now);
    bench.run();
    expect(bench.has('deallocated')).toMatchObject({ reason: 'disconnected' });
    new Client(bench, { port: 2 }).allocated();
    const { allocation } = bench.has('allocated')!;
    expect(bench.server.deallocate(allocation, bench.now)).toBe(true);
    expect(bench.server.deallocate(allocation, bench.now)).toBe(false);
    bench.run();
    expect(bench.has('deallocated')).toMatchObject({ reason: 'operator', allocation });
    new Client(bench, { port: 3 }).allocated(EVEN_AND_NEXT);
    bench.server.close(bench.now);
    bench.run();
    expect(bench.has('deallocated')).toMatchObject({ reason: 'closed' });
    expect(bench.events.at(-1)).toEqual({ type: 'closed' });
    expect(bench.bound.size).toBe(0);
    expect(new Client(bench, { port: 4 }).allocate()).toBeUndefined();
  });

  it('ends with its relay socket', () => {
    const bench = new Bench();
    const client = new Client(bench);
    const relayed = client.allocated();
    bench.server.relayLost({ ...relayed, port: 1 }, 'udp', bench.now);
    bench.server.relayLost(relayed, 'tcp', bench.now);
    expect(bench.server.metrics.allocations).toBe(1);
    bench.server.relayLost(relayed, 'udp', bench.now);
    bench.run();
    expect(bench.has('deallocated')).toMatchObject({ reason: 'relay-lost' });
    expect(codeOf(client.refresh())).toBe(437);
  });

  it('begins no more while the server drains; what lives lives on', () => {
    const bench = new Bench();
    const client = new Client(bench);
    client.allocated();
    bench.server.drain();
    expect(codeOf(new Client(bench, { port: 5001 }).allocate())).toBe(508);
    expect(codeOf(client.refresh())).toBe(0);
  });

  it('belongs to one user: 441 for another', () => {
    const bench = new Bench();
    const client = new Client(bench);
    client.allocated();
    const other = new Client(bench, { username: 'user2' });
    expect(codeOf(other.refresh(0))).toBe(441);
    expect(codeOf(other.permit(PEER))).toBe(441);
    expect(codeOf(other.allocate())).toBe(437);
    expect(bench.server.metrics.allocations).toBe(1);
  });
});

describe('DONT-FRAGMENT', () => {
  it('goes with a datagram to the driver that can do it', () => {
    const bench = new Bench({ dontFragment: true });
    const client = new Client(bench);
    client.allocated({ type: 'dont-fragment' });
    client.permit(PEER);
    expect(client.send(HELLO, PEER, { type: 'dont-fragment' })[0]).toMatchObject({ bytes: HELLO, dontFragment: true });
    expect(client.send(HELLO, PEER)[0]).toMatchObject({ dontFragment: false });
  });

  it('keeps a Send indication from being relayed where it cannot be done', () => {
    const client = new Client(new Bench());
    client.allocated();
    client.permit(PEER);
    expect(client.send(HELLO, PEER, { type: 'dont-fragment' })).toEqual([]);
  });
});
