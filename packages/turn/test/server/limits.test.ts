import { type Attribute, attribute, decodeMessage, encodeMessage, METHOD, type StunMessage } from '@kaon/stun';
import { seededRandom, withSeed } from '@kaon/testing';
import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bench, Client, channelData, clientPath, codeOf, HELLO, PEER, type Sent, UDP } from './helpers.ts';

const BINDING: StunMessage = {
  class: 'request',
  method: METHOD.Binding,
  transactionId: new Uint8Array(12),
  attributes: [],
};

describe('quotas', () => {
  it('limit allocations altogether (508), of a user and of an address (486)', () => {
    const bench = new Bench({ maxAllocations: 5, maxAllocationsPerUser: 2, maxAllocationsPerAddress: 3 });
    const allocate = (username: string, address: string, port: number): number | undefined =>
      codeOf(new Client(bench, { username, address, port }).allocate());
    expect([1, 2, 3].map((port) => allocate('user1', '192.0.2.1', port))).toEqual([0, 0, 486]);
    expect([4, 5].map((port) => allocate('user2', '192.0.2.1', port))).toEqual([0, 486]);
    expect([6, 7].map((port) => allocate('user3', '192.0.2.3', port))).toEqual([0, 0]);
    expect(allocate('user4', '192.0.2.4', 8)).toBe(508);
    expect(bench.events.filter(({ type }) => type === 'refused')).toHaveLength(3);
    expect(bench.server.metrics.errors.get(486)).toBe(2);
  });

  it('count again what has gone', () => {
    const bench = new Bench({ maxAllocationsPerUser: 1 });
    const client = new Client(bench);
    client.allocated();
    expect(codeOf(new Client(bench, { port: 5001 }).allocate())).toBe(486);
    client.refresh(0);
    expect(codeOf(new Client(bench, { port: 5001 }).allocate())).toBe(0);
  });

  it('count a /64 of IPv6 as one address, however it is written', () => {
    const bench = new Bench({ maxAllocationsPerAddress: 2 });
    const allocate = (address: string): number | undefined =>
      codeOf(new Client(bench, { address, port: 5000 }).allocate());
    expect(['2001:db8:5::1', '2001:db8:5::2', '2001:db8:5::3:4:5:6'].map(allocate)).toEqual([0, 0, 486]);
    expect(allocate('2001:db8:5:1::1')).toBe(0);
  });

  it('count every 5-tuple of an address, those that share a port too', () => {
    const bench = new Bench({ maxAllocationsPerAddress: 2 });
    const codes = (['udp', 'tcp'] as const).map((protocol) =>
      codeOf(new Client(bench, { path: clientPath('192.0.2.1', 5000, protocol) }).allocate()),
    );
    expect(codes).toEqual([0, 0]);
    expect(codeOf(new Client(bench, { port: 5001 }).allocate())).toBe(486);
  });

  it('count ports that are held back for a user', () => {
    const bench = new Bench({ maxAllocationsPerUser: 2 });
    const pair: Attribute = { type: 'even-port', reserveNext: true };
    const client = new Client(bench);
    const held = attribute(client.allocate(pair)!, 'reservation-token')!;
    client.refresh(0);
    bench.nextPort = 50_010;
    // Over and over would take all ports.
    expect(codeOf(client.allocate(pair))).toBe(486);
    expect(bench.bound.size).toBe(1);
    expect(codeOf(client.allocate())).toBe(0);
    expect(codeOf(new Client(bench, { port: 5001 }).allocate())).toBe(486);
    expect(codeOf(new Client(bench, { port: 5002 }).allocate(held))).toBe(0);
    expect(codeOf(new Client(bench, { port: 5001 }).allocate())).toBe(486);
    client.refresh(0);
    expect(codeOf(new Client(bench, { port: 5001 }).allocate())).toBe(0);
  });

  it('count held ports no longer when their time is over', () => {
    const bench = new Bench({ maxAllocationsPerUser: 2 });
    const client = new Client(bench);
    client.allocate({ type: 'even-port', reserveNext: true });
    bench.advance(30_000);
    expect(codeOf(new Client(bench, { port: 5001 }).allocate())).toBe(0);
  });
});

describe('bandwidth', () => {
  it('of an allocation is limited each way by itself', () => {
    const bench = new Bench({ allocationBandwidth: 10_000 });
    const client = new Client(bench);
    const relayed = client.allocated();
    client.bind(0x4000, PEER);
    const data = new Uint8Array(1000);
    const through = (count: number): number =>
      Array.from({ length: count }, () => client.sendChannel(0x4000, data).length).reduce((a, b) => a + b, 0);
    expect(through(20)).toBe(10);
    expect(bench.server.metrics.dropped.bandwidth).toBe(10);
    expect(bench.fromPeer(data, relayed, PEER)).toHaveLength(1);
    bench.now += 500;
    expect(through(20)).toBe(5);
    bench.now += 60_000;
    expect(through(20)).toBe(10);
    for (let i = 0; i < 20; i++) bench.fromPeer(data, relayed, PEER);
    expect([...bench.server.allocations()][0]!.traffic).toMatchObject({ packetsFromClient: 25, packetsFromPeers: 11 });
  });

  it('of a user is shared by all allocations', () => {
    const bench = new Bench({ userBandwidth: 10_000 });
    const clients = [5000, 5001].map((port) => new Client(bench, { port }));
    const other = new Client(bench, { username: 'user2', port: 5002 });
    const relays = [...clients, other].map((client) => client.allocated());
    for (const client of [...clients, other]) client.permit(PEER);
    const data = new Uint8Array(1000);
    for (let i = 0; i < 5; i++) for (const client of clients) expect(client.send(data, PEER)).toHaveLength(1);
    for (const client of clients) expect(client.send(data, PEER)).toEqual([]);
    expect(other.send(data, PEER)).toHaveLength(1);
    for (let i = 0; i < 10; i++) expect(bench.fromPeer(data, relays[i % 2]!, PEER)).toHaveLength(1);
    expect(bench.fromPeer(data, relays[0]!, PEER)).toEqual([]);
  });
});

describe('Binding requests', () => {
  it('are answered, unless switched off', () => {
    const padded: Attribute = { type: 'software', software: 'some client' };
    const bytes = encodeMessage({ ...BINDING, attributes: [padded] });
    const bench = new Bench();
    const path = clientPath();
    const [sent] = bench.receive(bytes, path);
    expect(sent!.path).toBe(path);
    expect(decodeMessage(sent!.bytes)).toMatchObject({
      class: 'success',
      attributes: [{ type: 'xor-mapped-address', address: path.remote }],
    });
    expect(bench.server.metrics.bindings).toBe(1);
    expect(new Bench({ stunBinding: false }).receive(bytes, path)).toEqual([]);
  });

  it('with something that must be understood are answered with 420', () => {
    const attributes: Attribute[] = [
      { type: 'unknown', attributeType: 0x7001, value: new Uint8Array(20) },
      { type: 'software', software: 'x'.repeat(30) },
    ];
    const [sent] = new Bench().receive(encodeMessage({ ...BINDING, attributes }), clientPath());
    expect(decodeMessage(sent!.bytes)).toMatchObject({
      attributes: [{ code: 420 }, { type: 'unknown-attributes', types: [0x7001] }],
    });
  });
});

describe('answers to strangers', () => {
  /** Anything that is well-formed STUN without credentials that are right. */
  const anything = fc.record({
    cls: fc.constantFrom<StunMessage['class']>('request', 'request', 'request', 'indication', 'success', 'error'),
    method: fc.oneof(fc.constantFrom(1, 3, 4, 6, 8, 9, 10, 11), fc.integer({ min: 0, max: 255 })),
    attributes: fc.array(
      fc.oneof(
        fc.constantFrom<Attribute>(
          UDP,
          { type: 'realm', realm: 'example.org' },
          { type: 'nonce', nonce: 'obMatJos2gAAAabc-0123456789' },
          { type: 'username', username: 'user' },
          { type: 'message-integrity', mac: new Uint8Array(20) },
          { type: 'xor-peer-address', address: PEER },
          { type: 'channel-number', channel: 0x4000 },
          { type: 'mobility-ticket', ticket: new Uint8Array(16) },
          { type: 'connection-id', connectionId: 1 },
        ),
        fc.record({
          type: fc.constant('unknown' as const),
          attributeType: fc.integer({ min: 0x70, max: 0xffff }),
          value: fc.uint8Array({ maxLength: 60 }),
        }),
      ),
      { maxLength: 12 },
    ),
    fingerprint: fc.boolean(),
  });
  const encoded = anything.map(({ cls, method, attributes, fingerprint }) => {
    try {
      return encodeMessage({ class: cls, method, transactionId: new Uint8Array(12), attributes }, { fingerprint });
    } catch {
      return new Uint8Array(20);
    }
  });
  const input = fc.oneof(
    { weight: 4, arbitrary: encoded },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  );
  const options = { software: 'a server with a long name', oauth: undefined };

  it("are never longer than the request with smallRequests: 'nothing'", () => {
    fc.assert(
      fc.property(input, (bytes) => {
        const sent = new Bench({ ...options, smallRequests: 'nothing' }).receive(bytes, clientPath());
        expect(sent.length).toBeLessThanOrEqual(1);
        for (const { bytes: answer } of sent) expect(answer.length).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 1500 },
    );
  });

  it('are longer only where STUN cannot do without, by less than 100 bytes, and counted for each address', () => {
    const bench = new Bench({ ...options, smallAnswersPerSecond: 10 });
    let [got, gave, longer] = [0, 0, 0];
    fc.assert(
      fc.property(input, (bytes) => {
        got += bytes.length;
        for (const { bytes: answer } of bench.receive(bytes, clientPath())) {
          gave += answer.length;
          if (answer.length > bytes.length) longer++;
          expect(answer.length).toBeLessThanOrEqual(Math.max(bytes.length, 100));
        }
      }),
      { numRuns: 1500 },
    );
    expect(longer).toBeLessThanOrEqual(20);
    expect(gave).toBeLessThan(got + 20 * 100);
  });

  it('are all attributes with smallRequests: full, as seldom', () => {
    const bench = new Bench({ smallRequests: 'full', smallAnswersPerSecond: 2 });
    const client = new Client(bench);
    const challenge = client.once(METHOD.Allocate, [UDP])!;
    expect(challenge.attributes.map(({ type }) => type)).toContain('password-algorithms');
    const answers = [1, 2, 3, 4, 5].map(() => codeOf(client.once(METHOD.Allocate, [UDP])));
    expect(answers).toEqual([401, 401, 401, undefined, undefined]);
  });

  it('come again after a while, and to other addresses at once; a /64 is one address', () => {
    const bench = new Bench({ smallAnswersPerSecond: 2 });
    const ask = (address: string): boolean =>
      new Client(bench, { path: clientPath(address, 1) }).once(3, [UDP]) !== undefined;
    expect([1, 2, 3, 4, 5].map(() => ask('192.0.2.1'))).toEqual([true, true, true, true, false]);
    expect(ask('192.0.2.2')).toBe(true);
    bench.now += 500;
    expect([ask('192.0.2.1'), ask('192.0.2.1')]).toEqual([true, false]);
    expect([1, 2, 3, 4, 5].map((i) => ask(`2001:db8:1:2::${i}`))).toEqual([true, true, true, true, false]);
    expect(ask('2001:db8:1:3::1')).toBe(true);
    // One whose fourth group is zero, and so not written.
    const short = ['2001:db8:7::1', '2001:db8:7::2:0:0:2', '2001:db8:7::3:0:3', '2001:db8:7::4', '2001:db8:7::5'];
    expect(short.map(ask)).toEqual([true, true, true, true, false]);
    expect(bench.server.metrics.dropped.rate).toBe(4);
  });

  it('are as long as they like over TCP, where an address cannot be forged', () => {
    const bench = new Bench({ smallAnswersPerSecond: 1, smallRequests: 'nothing' });
    const client = new Client(bench, { path: clientPath('192.0.2.1', 1, 'tcp') });
    for (let i = 0; i < 10; i++) expect(codeOf(client.once(METHOD.Allocate, [UDP]))).toBe(401);
  });
});

describe('garbage', () => {
  it('gets nothing, and leaves nothing', () =>
    withSeed((seed) => {
      const random = seededRandom(seed);
      const bench = new Bench();
      const client = new Client(bench);
      const relayed = client.allocated();
      client.bind(0x4000, PEER);
      const genuine = [
        client.encode(METHOD.Allocate, [UDP]),
        client.encode(METHOD.Refresh, []),
        client.encode(METHOD.ChannelBind, [
          { type: 'xor-peer-address', address: PEER },
          { type: 'channel-number', channel: 0x4001 },
        ]),
        encodeMessage({
          ...BINDING,
          class: 'indication',
          method: METHOD.Send,
          attributes: [
            { type: 'xor-peer-address', address: PEER },
            { type: 'data', data: HELLO },
          ],
        }),
        channelData(0x4000, HELLO),
      ];
      bench.events.length = 0;
      const stranger = clientPath('192.0.2.200', 77);
      let answered: Sent[] = [];
      for (let i = 0; i < 3000; i++) {
        const bytes =
          i % 2 === 0 ? random.bytes(random.integer(0, 80)) : random.pick(genuine).slice(0, random.integer(0, 60));
        answered = [...answered, ...bench.receive(bytes, stranger)];
      }
      expect(answered.filter(({ bytes }) => bytes.length > 0 && bytes[0]! > 3)).toEqual([]);
      expect(answered).toHaveLength(0);
      for (let length = 0; length < 5; length++) {
        expect(bench.receive(new Uint8Array(length).fill(0x40), client.path)).toEqual([]);
      }
      expect(bench.events).toEqual([]);
      expect(bench.server.metrics.allocations).toBe(1);
      expect(bench.fromPeer(HELLO, relayed, PEER)).toHaveLength(1);
    }));

  it('in every flipped bit and every prefix of what a client sends does no harm', () => {
    const bench = new Bench({ tcpRelay: true });
    const client = new Client(bench);
    client.allocated();
    client.permit(PEER);
    const send = encodeMessage({
      ...BINDING,
      class: 'indication',
      method: METHOD.Send,
      attributes: [
        { type: 'xor-peer-address', address: PEER },
        { type: 'data', data: HELLO },
      ],
    });
    const request = client.encode(METHOD.CreatePermission, [
      { type: 'xor-peer-address', address: { ...PEER, address: '198.51.100.9' } },
    ]);
    for (const bytes of [send, request, channelData(0x4000, HELLO)]) {
      for (let length = 0; length < bytes.length; length++) bench.receive(bytes.slice(0, length), client.path);
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = bytes.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        for (const { bytes: answer, path } of bench.receive(flipped, client.path)) {
          if (path.remote === client.path.remote) expect(isMalformed(decodeMessage(answer))).toBe(false);
        }
      }
    }
    // None of the flipped requests was taken for genuine.
    expect(bench.server.metrics.permissions).toBe(1);
  });

  it('with a wrong FINGERPRINT gets nothing', () => {
    const bytes = encodeMessage(
      { ...BINDING, attributes: [{ type: 'software', software: 'x'.repeat(40) }] },
      { fingerprint: true },
    );
    expect(new Bench().receive(bytes, clientPath())).toHaveLength(1);
    bytes[bytes.length - 1]! ^= 1;
    expect(new Bench().receive(bytes, clientPath())).toEqual([]);
  });
});

describe('floods', () => {
  it('of allocations by one address end at its quota and leave others their room', () => {
    const bench = new Bench({ maxAllocationsPerAddress: 50, smallAnswersPerSecond: 5000 });
    let granted = 0;
    for (let port = 1; port <= 1000; port++) if (codeOf(new Client(bench, { port }).allocate()) === 0) granted++;
    expect(granted).toBe(50);
    expect(bench.bound.size).toBe(50);
    expect(codeOf(new Client(bench, { address: '192.0.2.2' }).allocate())).toBe(0);
    bench.advance(601_000);
    expect(bench.bound.size).toBe(0);
    expect(bench.server.metrics).toMatchObject({ allocations: 0, permissions: 0, channels: 0 });
  });

  it('of data, requests and driver work that nobody drains are bounded', () => {
    const bench = new Bench({ maxQueued: 100, authenticate: 'event', maxAuthenticating: 10 });
    const client = new Client(bench);
    client.authentication.handleChallenge(client.once(METHOD.Allocate, [UDP])!);
    client.once(METHOD.Allocate, [UDP]);
    bench.server.credential(bench.has('authenticate')!.request, { password: 'secret of user' }, bench.now);
    bench.run();
    client.permit(PEER);
    const { server } = bench;
    const send = encodeMessage({
      ...BINDING,
      class: 'indication',
      method: METHOD.Send,
      attributes: [
        { type: 'xor-peer-address', address: PEER },
        { type: 'data', data: HELLO },
      ],
    });
    for (let i = 0; i < 2000; i++) server.handleDatagram(send, client.path, bench.now);
    expect(server.queued).toBe(128);
    expect(server.metrics.dropped.overflow).toBe(2000 - 128);
    for (let i = 0; i < 5000; i++) {
      server.handleDatagram(
        client.encode(METHOD.CreatePermission, [
          { type: 'xor-peer-address', address: { ...PEER, address: `198.51.100.${i % 256}` } },
        ]),
        client.path,
        bench.now,
      );
    }
    // Answers have room of their own.
    expect(server.queued).toBeLessThan(1000);
    let events = 0;
    while (server.pollEvent() !== undefined) events++;
    expect(events).toBeLessThanOrEqual(1024);
    const strangers = Array.from({ length: 200 }, (_, port) => new Client(bench, { port: port + 1 }));
    for (const one of strangers) {
      one.authentication.handleChallenge(one.once(METHOD.Allocate, [UDP]) ?? BINDING);
      server.handleDatagram(one.encode(METHOD.Allocate, [UDP]), one.path, bench.now);
    }
    expect(server.metrics.dropped.rate).toBeGreaterThan(100);
  });

  it('do not keep answers behind the data', () => {
    const bench = new Bench();
    const client = new Client(bench);
    const relayed = client.allocated();
    client.bind(0x4000, PEER);
    for (let i = 0; i < 100; i++) {
      bench.server.handleDatagram(HELLO, { protocol: 'udp', local: relayed, remote: PEER }, bench.now);
    }
    const sent = bench.receive(client.encode(METHOD.Refresh, []), client.path);
    expect(sent).toHaveLength(101);
    expect(decodeMessage(sent[0]!.bytes)).toMatchObject({ class: 'success' });
  });
});
