import { attribute, METHOD } from '@kaon/stun';
import { addressToBytes, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { TurnServer } from '../../src/server/index.ts';
import { embeddedIpv4 } from '../../src/server/peer-policy.ts';
import { Bench, bytesOf, Client, codeOf, HELLO, PEER, parseMessage, RELAY4 } from './helpers.ts';

const peer = (address: string, port = 4000) => transportAddress(address, port);

/** Which of these addresses a server with some options lets a client reach. */
function reachable(addresses: readonly string[], options: ConstructorParameters<typeof Bench>[0] = {}): string[] {
  const bench = new Bench(options);
  const client = new Client(bench);
  client.allocated({ type: 'additional-address-family', family: 'IPv6' });
  return addresses.filter((address) => {
    const codes = [codeOf(client.permit(peer(address))), codeOf(client.bind(0x4000, peer(address)))];
    if (codes[0] === 0) {
      client.refresh(0);
      client.allocated({ type: 'additional-address-family', family: 'IPv6' });
    }
    if (codes[0] !== codes[1] || (codes[0] !== 0 && codes[0] !== 403)) throw new Error(`${address}: ${codes}`);
    return codes[0] === 0;
  });
}

/** An IPv4 address in all its IPv6 disguises. */
function disguises(ipv4: string): string[] {
  const [a, b, c, d] = ipv4.split('.').map(Number) as [number, number, number, number];
  const hex = (x: number, y: number): string => ((x << 8) | y).toString(16);
  const [high, low] = [hex(a, b), hex(c, d)];
  return [
    `::ffff:${ipv4}`,
    `::${ipv4}`,
    `::ffff:0:${high}:${low}`,
    `64:ff9b::${high}:${low}`,
    `64:ff9b:1::${high}:${low}`,
    `2002:${high}:${low}::1`,
    `2001:0:1:2:3:4:${hex(a ^ 255, b ^ 255)}:${hex(c ^ 255, d ^ 255)}`,
    `2001:db8::5efe:${high}:${low}`,
    `2001:db8::200:5efe:${high}:${low}`,
  ];
}

describe('peers that are denied', () => {
  const INNER = [
    '127.0.0.1',
    '127.8.8.8',
    '0.0.0.0',
    '0.1.2.3',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
  ];
  const OTHERS = [
    '169.254.169.254',
    '100.64.0.1',
    '192.0.0.8',
    '198.18.0.1',
    '224.0.0.251',
    '239.1.1.1',
    '255.255.255.255',
  ];

  it('are loopback, private, link-local, unspecified, multicast and broadcast addresses', () => {
    expect(reachable([...INNER, ...OTHERS, '240.0.0.1'])).toEqual([]);
    expect(reachable(['::', '::1', 'fe80::1', 'fec0::1', 'fd00::1', 'fc00::1', 'ff02::fb', '100::1'])).toEqual([]);
  });

  it('stay denied in every form an IPv4 address can take', () => {
    for (const address of [...INNER, ...OTHERS]) expect(reachable(disguises(address))).toEqual([]);
  });

  it('are no others', () => {
    const open = ['1.1.1.1', '172.15.255.255', '172.32.0.0', '100.63.255.255', '223.255.255.255', '126.255.255.255'];
    expect(reachable(open)).toEqual(open);
    const open6 = ['2001:db8::1', '2606:4700::1111', '2002:101:101::1', '64:ff9b::101:101'];
    expect(reachable(open6)).toEqual(open6);
  });

  it('are found by what is embedded', () => {
    for (const form of disguises('127.1.2.3').filter((text) => !text.startsWith('64:ff9b:1:'))) {
      expect([form, embeddedIpv4(addressToBytes(form)!)]).toEqual([form, new Uint8Array([127, 1, 2, 3])]);
    }
    for (const form of ['::', '::1', '2001:db8::7f01:203', 'fe80::1']) {
      expect(embeddedIpv4(addressToBytes(form)!)).toBeUndefined();
    }
    expect(embeddedIpv4(new Uint8Array(4))).toBeUndefined();
  });

  it('are as the options say: addresses, blocks and ranges, allowed before denied', () => {
    const deniedPeers = ['1.1.1.1', '2.0.0.0/8', '3.3.3.3-3.3.3.5', '2001:db8:5::/48'];
    const allowedPeers = ['2.2.0.0/16', '10.0.0.1', 'fd00:1::/32'];
    const tried = ['1.1.1.1', '1.1.1.2', '2.1.1.1', '2.2.1.1', '3.3.3.2', '3.3.3.4', '3.3.3.6', '10.0.0.1', '10.0.0.2'];
    const tried6 = ['2001:db8:5::1', '2001:db8:6::1', 'fd00:1::1', 'fd00:2::1', '2002:101:101::1', '2002:a00:1::'];
    expect(reachable([...tried, ...tried6], { deniedPeers, allowedPeers })).toEqual([
      '1.1.1.2',
      '2.2.1.1',
      '3.3.3.2',
      '3.3.3.6',
      '10.0.0.1',
      '2001:db8:6::1',
      'fd00:1::1',
      '2002:a00:1::',
    ]);
  });

  it('are not reached by a mapped address although all of IPv6 is allowed', () => {
    expect(reachable(['::ffff:127.0.0.1', '::1', '::ffff:1.1.1.1'], { allowedPeers: ['::/0'] })).toEqual([
      '::1',
      '::ffff:1.1.1.1',
    ]);
  });

  it('must be ranges', () => {
    for (const text of ['', 'x', '1.2.3.4/33', '1.2.3.4-', '1.2.3.4-1.2.3.3', '1.2.3.4-::1', '1.2.3.4/a', '/8']) {
      const make = () =>
        new TurnServer({ realm: 'r', random: bytesOf(1), relayAddress: { IPv4: RELAY4 }, deniedPeers: [text] });
      expect(make).toThrow(expect.objectContaining({ code: 'TURN_INVALID_ARGUMENT' }));
    }
  });

  it('are those that the application does not want for this user', () => {
    const permit = (username: string, { address }: { address: string }) =>
      username !== 'user1' || address !== '8.8.8.8';
    const bench = new Bench({ permit });
    const client = new Client(bench, { username: 'user1' });
    client.allocated();
    expect(codeOf(client.permit(peer('8.8.8.8')))).toBe(403);
    expect(codeOf(client.permit(peer('8.8.4.4')))).toBe(0);
    const other = new Client(bench, { username: 'user2', port: 5001 });
    other.allocated();
    expect(codeOf(other.bind(0x4000, peer('8.8.8.8')))).toBe(0);
  });
});

describe("the server's own address", () => {
  it('reaches other relays, and nothing else of the server', () => {
    const bench = new Bench({ relayPorts: [50_000, 50_999] });
    const [a, b] = [new Client(bench), new Client(bench, { port: 5001 })];
    const [toA, toB] = [a.allocated(), b.allocated()];
    expect([codeOf(a.permit(toB)), codeOf(b.permit(toA))]).toEqual([0, 0]);
    const [sent] = a.send(HELLO, toB);
    expect(sent!.path).toEqual({ protocol: 'udp', local: toA, remote: toB });
    expect(bench.fromPeer(HELLO, toB, toA)).toHaveLength(1);
    for (const port of [3478, 22, 49_999, 51_000]) {
      expect(a.send(HELLO, { ...toB, port })).toEqual([]);
      expect(codeOf(a.bind(0x4001, { ...toB, port }))).toBe(403);
    }
    expect(codeOf(a.bind(0x4001, toB))).toBe(0);
  });

  it('does so where it is private or behind a NAT', () => {
    const bench = new Bench({
      relayAddress: { IPv4: '127.0.0.1' },
      externalAddress: { IPv4: '203.0.113.99' },
      relayPorts: [50_000, 50_999],
    });
    const client = new Client(bench);
    const relayed = client.allocated();
    expect(codeOf(client.permit(relayed))).toBe(0);
    expect(codeOf(client.bind(0x4000, peer('127.0.0.1', 50_002)))).toBe(0);
    expect(codeOf(client.bind(0x4001, peer('127.0.0.1', 8080)))).toBe(403);
    expect(codeOf(client.permit(peer('127.0.0.2')))).toBe(403);
    expect(codeOf(client.permit(peer('::ffff:203.0.113.99')))).toBe(443);
  });
});

describe('permissions', () => {
  it('are all made or none', () => {
    const bench = new Bench();
    const client = new Client(bench);
    client.allocated();
    expect(codeOf(client.permit())).toBe(400);
    expect(codeOf(client.permit(PEER, peer('10.0.0.1')))).toBe(403);
    expect(bench.server.metrics.permissions).toBe(0);
    expect(codeOf(client.permit(PEER, peer('198.51.100.8')))).toBe(0);
    expect(bench.server.metrics.permissions).toBe(2);
    expect(bench.events.filter(({ type }) => type === 'permission')).toHaveLength(2);
    client.permit(PEER);
    expect(bench.events.filter(({ type }) => type === 'permission')).toHaveLength(2);
  });

  it('are so many and no more, until some are over', () => {
    const bench = new Bench({ maxPermissions: 2 });
    const client = new Client(bench);
    client.allocated();
    expect(codeOf(client.permit(peer('1.1.1.1'), peer('1.1.1.1', 5), peer('1.1.1.2')))).toBe(0);
    expect(codeOf(client.permit(peer('1.1.1.3')))).toBe(508);
    expect(codeOf(client.bind(0x4000, peer('1.1.1.3')))).toBe(508);
    expect(codeOf(client.permit(peer('1.1.1.1')))).toBe(0);
    bench.now += 300_000;
    expect(codeOf(client.permit(peer('1.1.1.3')))).toBe(0);
    expect(bench.server.metrics.permissions).toBe(1);
  });
});

describe('channels', () => {
  it('join one number with one peer', () => {
    const bench = new Bench();
    const client = new Client(bench);
    client.allocated();
    expect(codeOf(client.bind(0x4000, PEER))).toBe(0);
    expect(codeOf(client.bind(0x4000, PEER))).toBe(0);
    expect(codeOf(client.bind(0x4000, { ...PEER, port: 1 }))).toBe(400);
    expect(codeOf(client.bind(0x4001, PEER))).toBe(400);
    expect(codeOf(client.bind(0x4001, { ...PEER, port: 1 }))).toBe(0);
    for (const number of [0, 0x3fff, 0x8000, 0xffff]) expect(codeOf(client.bind(number, PEER))).toBe(400);
    expect(codeOf(client.request(METHOD.ChannelBind, [{ type: 'channel-number', channel: 0x4002 }]))).toBe(400);
    expect(codeOf(client.request(METHOD.ChannelBind, [{ type: 'xor-peer-address', address: PEER }]))).toBe(400);
    expect(codeOf(client.bind(0x4002, { ...PEER, port: 0 }))).toBe(403);
    expect(bench.server.metrics).toMatchObject({ channels: 2, permissions: 1 });
    expect(bench.events.filter(({ type }) => type === 'channel')).toHaveLength(2);
    // Clients of RFC 5766 go up to here.
    expect(codeOf(client.bind(0x7fff, { ...PEER, port: 2 }))).toBe(0);
    expect(client.sendChannel(0x7fff, HELLO)).toHaveLength(1);
  });

  it('are so many and no more, and free again after ten minutes', () => {
    const bench = new Bench({ maxChannels: 2 });
    const client = new Client(bench);
    client.allocated({ type: 'lifetime', seconds: 3600 });
    client.bind(0x4000, PEER);
    client.bind(0x4001, { ...PEER, port: 1 });
    expect(codeOf(client.bind(0x4002, { ...PEER, port: 2 }))).toBe(508);
    bench.now += 600_000;
    expect(codeOf(client.bind(0x4002, { ...PEER, port: 2 }))).toBe(0);
    expect(codeOf(client.bind(0x4000, { ...PEER, port: 9 }))).toBe(0);
    expect(bench.server.metrics.channels).toBe(2);
    bench.advance(602_000);
    expect(bench.server.metrics).toMatchObject({ channels: 0, permissions: 0 });
  });
});

describe('ICMP', () => {
  it('is told to the client, for peers with a permission', () => {
    const bench = new Bench();
    const client = new Client(bench);
    const relayed = client.allocated();
    bench.server.icmpReceived(relayed, PEER, 3, 3, 0, bench.now);
    expect(bench.run()).toEqual([]);
    client.permit(PEER);
    bench.server.icmpReceived(relayed, PEER, 3, 4, 1280, bench.now);
    bench.server.icmpReceived(transportAddress(RELAY4, 1), PEER, 3, 4, 1280, bench.now);
    const sent = bench.run();
    expect(sent).toHaveLength(1);
    const message = parseMessage(sent[0]!.bytes);
    expect([message.class, message.method]).toEqual(['indication', METHOD.Data]);
    expect(attribute(message, 'icmp')).toMatchObject({ icmpType: 3, icmpCode: 4, errorData: 1280 });
    expect(attribute(message, 'xor-peer-address')?.address).toEqual(PEER);
    expect(attribute(message, 'data')).toBeUndefined();
  });
});
