import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import type { Network } from '@kaon/interface/network/v1';
import { describe, expect, it } from 'vitest';
import { perFamily, relayAddressesFor, resolveListeners } from '../../src/node/addresses.ts';
import { type ClientConnection, ConnectionTable } from '../../src/node/connection.ts';
import { flattenMetrics, prometheusText, sumMetrics } from '../../src/node/metrics.ts';
import { PathCache } from '../../src/node/path-cache.ts';
import { bindPort } from '../../src/node/relay-socket.ts';

const LOCAL: TransportAddress = { address: '192.0.2.1', family: 'IPv4', port: 3478 };
const at = (address: string, port: number): TransportAddress => ({ address, family: 'IPv4', port });

describe('PathCache', () => {
  it('gives the same object to the same remote, and the right one to those that share a place', () => {
    const cache = new PathCache(LOCAL, 1);
    const first = cache.path(at('198.51.100.1', 5000));
    expect(first).toEqual({ protocol: 'udp', local: LOCAL, remote: at('198.51.100.1', 5000) });
    expect(cache.path(at('198.51.100.1', 5000))).toBe(first);
    expect(cache.path(at('198.51.100.1', 5001)).remote).toEqual(at('198.51.100.1', 5001));
    expect(cache.path(at('198.51.100.2', 5001)).remote).toEqual(at('198.51.100.2', 5001));
    expect(cache.path(at('198.51.100.1', 5000))).toEqual(first);
  });

  it('keeps remotes of many ports apart', () => {
    const cache = new PathCache(LOCAL, 1024);
    const paths = Array.from({ length: 1024 }, (_, i) => cache.path(at('198.51.100.1', 40_000 + i)));
    expect(paths.every((path, i) => cache.path(at('198.51.100.1', 40_000 + i)) === path)).toBe(true);
  });
});

class FakeConnection implements ClientConnection {
  readonly protocol = 'tcp';
  readonly local: TransportAddress = LOCAL;
  readonly remote: TransportAddress;
  activeAt = 0;
  allocated = false;
  readonly #table: ConnectionTable;

  constructor(remote: TransportAddress, table: ConnectionTable) {
    this.remote = remote;
    this.#table = table;
    table.add(this);
  }

  transmit(): boolean {
    return true;
  }

  close(): void {
    this.#table.remove(this);
  }
}

describe('ConnectionTable', () => {
  const limits = { total: 3, perAddress: 2, idle: 1000 };

  it('bounds connections altogether and for each address, and counts refusals', () => {
    const table = new ConnectionTable(limits);
    const first = new FakeConnection(at('198.51.100.1', 1), table);
    new FakeConnection(at('198.51.100.1', 2), table);
    expect(table.admits(at('198.51.100.1', 3))).toBe(false);
    expect(table.admits(at('198.51.100.2', 1))).toBe(true);
    new FakeConnection(at('198.51.100.2', 1), table);
    expect(table.admits(at('198.51.100.3', 1))).toBe(false);
    expect(table.refused).toBe(2);
    first.close();
    expect(table.admits(at('198.51.100.1', 3))).toBe(true);
    expect(table.size).toBe(2);
  });

  it('finds a connection by its ends, and removes it once', () => {
    const table = new ConnectionTable(limits);
    const one = new FakeConnection(at('198.51.100.1', 1), table);
    const path: Path = { protocol: 'tcp', local: LOCAL, remote: at('198.51.100.1', 1) };
    expect(table.find(path)).toBe(one);
    expect(table.find({ ...path, protocol: 'udp' })).toBeUndefined();
    expect(table.remove(one)).toBe(true);
    expect(table.remove(one)).toBe(false);
    expect(table.find(path)).toBeUndefined();
  });

  it('closes those that are silent and hold nothing', () => {
    const table = new ConnectionTable(limits);
    new FakeConnection(at('198.51.100.1', 1), table);
    const holder = new FakeConnection(at('198.51.100.1', 2), table);
    holder.allocated = true;
    const talker = new FakeConnection(at('198.51.100.2', 3), table);
    talker.activeAt = 500;
    table.sweep(1000);
    expect(table.size).toBe(2);
    expect(table.find(holder)).toBe(holder);
    expect(table.find(talker)).toBe(talker);
  });
});

describe('addresses', () => {
  const network = {
    interfaces: () => [
      { name: 'lo', address: '127.0.0.1', family: 'IPv4', internal: true },
      { name: 'lo', address: '::1', family: 'IPv6', internal: true },
      { name: 'eth0', address: 'fe80::1%eth0', family: 'IPv6', internal: false },
      { name: 'eth0', address: '2001:db8::1', family: 'IPv6', internal: false },
      { name: 'eth0', address: '192.0.2.1', family: 'IPv4', internal: false },
    ],
  } as unknown as Network;

  it('a listener without address becomes one for each, link-local ones left out, at the usual port', () => {
    const found = resolveListeners([{ protocol: 'dtls' }], network);
    expect(found.map(({ address, port }) => `${address} ${port}`)).toEqual([
      '127.0.0.1 5349',
      '192.0.2.1 5349',
      '::1 5349',
      '2001:db8::1 5349',
    ]);
    expect(new Set(resolveListeners(undefined, network).map(({ protocol, port }) => `${protocol} ${port}`))).toEqual(
      new Set(['udp 3478', 'tcp 3478']),
    );
  });

  it('relays from what is given, else from what is listened on, loopback last', () => {
    expect(relayAddressesFor(['192.0.2.9'], resolveListeners(undefined, network), network)).toEqual({
      IPv4: '192.0.2.9',
    });
    expect(relayAddressesFor([], resolveListeners(undefined, network), network)).toEqual({
      IPv4: '192.0.2.1',
      IPv6: '2001:db8::1',
    });
    const wildcard = resolveListeners([{ protocol: 'udp', address: '0.0.0.0' }], network);
    expect(relayAddressesFor(undefined, wildcard, network)).toEqual({ IPv4: '192.0.2.1' });
    const loopback = resolveListeners([{ protocol: 'udp', address: '127.0.0.1' }], network);
    expect(relayAddressesFor(undefined, loopback, network)).toEqual({ IPv4: '127.0.0.1' });
    expect(perFamily(['x', '::1', '::2'])).toEqual({ IPv6: '::1' });
  });
});

describe('bindPort', () => {
  const order = { address: '192.0.2.1', portRange: [5001, 5004] as const };

  it('asks for any port of the range, for one, or for even ones until one is free', async () => {
    const asked: unknown[] = [];
    const bind = async (where: unknown): Promise<unknown> => asked.push(where);
    await bindPort({ ...order, port: 'any' }, bind);
    await bindPort({ ...order, port: 5003 }, bind);
    expect(asked).toEqual([
      { address: '192.0.2.1', portRange: [5001, 5004] },
      { address: '192.0.2.1', port: 5003 },
    ]);
    const tried: (number | undefined)[] = [];
    const got = await bindPort({ ...order, port: 'even' }, async ({ port }) => {
      tried.push(port);
      if (tried.length === 1) throw new Error('EADDRINUSE');
      return port;
    });
    expect(tried.toSorted()).toEqual([5002, 5004]);
    expect(got).toBe(tried[1]);
  });

  it('rejects when no even port is free, or none is in the range', async () => {
    const refuse = (): Promise<never> => Promise.reject(new Error('taken'));
    await expect(bindPort({ ...order, port: 'even' }, refuse)).rejects.toThrow('taken');
    await expect(bindPort({ ...order, portRange: [5001, 5001], port: 'even' }, refuse)).rejects.toThrow(
      'There is no even port from 5001 to 5001.',
    );
  });
});

describe('metrics', () => {
  it('are flattened, added up, and written as Prometheus reads them', () => {
    const core = {
      allocations: 2,
      bytesFromClients: 10,
      errors: new Map([[401, 3]]),
      dropped: { rate: 1, malformed: 0 },
    };
    const flat = flattenMetrics(core as never, { clientConnections: 1 });
    const other = { allocations: 1, 'errors{code="486"}': 2, 'errors{code="401"}': 1 };
    expect(prometheusText(sumMetrics([flat, other]))).toBe(
      [
        '# HELP kaon_turn_allocations Allocations now.',
        '# TYPE kaon_turn_allocations gauge',
        'kaon_turn_allocations 3',
        '# HELP kaon_turn_bytes_from_clients_total Payload bytes relayed from clients to peers.',
        '# TYPE kaon_turn_bytes_from_clients_total counter',
        'kaon_turn_bytes_from_clients_total 10',
        '# HELP kaon_turn_client_connections TCP, TLS and DTLS connections of clients now.',
        '# TYPE kaon_turn_client_connections gauge',
        'kaon_turn_client_connections 1',
        '# HELP kaon_turn_errors_total Requests refused, by STUN error code.',
        '# TYPE kaon_turn_errors_total counter',
        'kaon_turn_errors_total{code="401"} 4',
        'kaon_turn_errors_total{code="486"} 2',
        '# HELP kaon_turn_dropped_total Datagrams that led to nothing, by reason.',
        '# TYPE kaon_turn_dropped_total counter',
        'kaon_turn_dropped_total{reason="rate"} 1',
        'kaon_turn_dropped_total{reason="malformed"} 0',
        '',
      ].join('\n'),
    );
  });
});
