import { type Attribute, attribute, METHOD } from '@kaon/stun';
import { transportAddress } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bench, Client, channelData, clientPath, HELLO, PEER, PEER6, TCP, UDP } from './helpers.ts';

const FLAVOURS: readonly (readonly Attribute[])[] = [
  [UDP],
  [TCP],
  [UDP, { type: 'additional-address-family', family: 'IPv6' }],
  [UDP, { type: 'even-port', reserveNext: true }],
  [UDP, { type: 'mobility-ticket', ticket: new Uint8Array(0) }],
  [UDP, { type: 'requested-address-family', family: 'IPv6' }],
];

const step = fc.record({
  who: fc.nat(5),
  what: fc.constantFrom(
    'allocate',
    'allocate',
    'permit',
    'bind',
    'refresh',
    'delete',
    'delete one family',
    'move',
    'send',
    'receive',
    'connect',
    'arrive',
    'join',
    'disconnect',
    'deallocate',
    'wait',
    'wait long',
    'take a port',
  ),
  number: fc.nat(7),
});

describe('whatever clients and the driver do', () => {
  it('the books are right, and empty in the end', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        const bench = new Bench({ tcpRelay: true, maxPermissions: 4, maxChannels: 4, smallAnswersPerSecond: 1e6 });
        const clients = [0, 1, 2, 3, 4, 5].map((i) => {
          const path = clientPath(`192.0.2.${1 + (i >> 1)}`, 5000 + (i & 1), i % 3 === 2 ? 'tcp' : 'udp');
          return {
            client: new Client(bench, { path, username: `user${i % 4}` }),
            ticket: undefined as Attribute | undefined,
          };
        });
        for (const { who, what, number } of steps) act(bench, clients[who]!, what, number);
        check(bench);
        bench.advance(4 * 3_600_000);
        expect(bench.bound).toEqual(new Set());
        expect(bench.server.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
        expect(bench.server.metrics).toMatchObject({ allocations: 0, permissions: 0, channels: 0, connections: 0 });
      }),
      { numRuns: 200 },
    );
  });
});

/** Counters agree with what there is; every bound socket belongs to somebody. */
function check(bench: Bench): void {
  const all = [...bench.server.allocations()];
  const { metrics } = bench.server;
  expect(metrics.allocations).toBe(all.length);
  expect(metrics.permissions).toBe(all.reduce((sum, { permissions }) => sum + permissions.length, 0));
  expect(metrics.channels).toBe(all.reduce((sum, { channels }) => sum + channels, 0));
  const relayed = all.flatMap((one) => one.relayed.map(({ address, port }) => `${one.protocol} ${address} ${port}`));
  for (const key of relayed) expect(bench.bound.has(key)).toBe(true);
  expect(new Set(relayed).size).toBe(relayed.length);
  for (const { permissions, channels } of all) {
    expect(permissions.length).toBeLessThanOrEqual(4);
    expect(channels).toBeLessThanOrEqual(4);
  }
}

function act(bench: Bench, who: { client: Client; ticket: Attribute | undefined }, what: string, number: number): void {
  const { client } = who;
  const { server } = bench;
  const peer = number % 4 === 3 ? PEER6 : { ...PEER, address: `198.51.100.${number}` };
  const info = [...server.allocations()].find((one) => one.client.remote.port === client.path.remote.port);
  const relayed = info?.relayed[0] ?? transportAddress('203.0.113.1', 1);
  const last = bench.has('connect-peer')?.connection ?? 0;
  switch (what) {
    case 'allocate': {
      const response = client.request(METHOD.Allocate, FLAVOURS[number % FLAVOURS.length]!);
      who.ticket = (response && attribute(response, 'mobility-ticket')) ?? who.ticket;
      return;
    }
    case 'permit':
      client.permit(peer);
      return;
    case 'bind':
      client.bind(0x4000 + number, peer);
      return;
    case 'refresh':
      client.refresh(600 * number + 1);
      return;
    case 'delete':
      client.refresh(0);
      return;
    case 'delete one family':
      client.refresh(0, { type: 'requested-address-family', family: number % 2 === 0 ? 'IPv4' : 'IPv6' });
      return;
    case 'move': {
      if (who.ticket === undefined) return;
      client.path = clientPath(`192.0.2.${50 + number}`, client.path.remote.port, client.path.protocol);
      const response = client.refresh(700, who.ticket);
      who.ticket = (response && attribute(response, 'mobility-ticket')) ?? who.ticket;
      return;
    }
    case 'send':
      client.send(HELLO, peer);
      bench.receive(channelData(0x4000 + number, HELLO), client.path);
      return;
    case 'receive':
      bench.fromPeer(HELLO, relayed, peer);
      return;
    case 'connect':
      client.request(METHOD.Connect, [{ type: 'xor-peer-address', address: peer }]);
      if (number % 3 === 0) server.peerFailed(last, bench.now);
      else if (number % 3 === 1) server.peerConnected(last, bench.now);
      break;
    case 'arrive':
      server.peerArrived(relayed, peer, bench.now);
      break;
    case 'join': {
      const path = clientPath('192.0.2.1', 9000 + number, 'tcp');
      const data = new Client(bench, { path, username: info?.username ?? 'user0' });
      data.request(METHOD.ConnectionBind, [{ type: 'connection-id', connectionId: last }]);
      return;
    }
    case 'disconnect':
      server.handleClosed(client.path, bench.now);
      server.connectionClosed(last, bench.now);
      break;
    case 'deallocate':
      server.deallocate(info?.allocation ?? 0, bench.now);
      break;
    case 'wait':
      bench.advance(number * 5000);
      break;
    case 'wait long':
      bench.advance(number * 200_000);
      break;
    default:
      bench.taken.add(bench.nextPort + number);
  }
  bench.run();
}
