import { createSocket } from 'node:dgram';
import type { TransportAddress } from '@kaon/interface/core/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';
import { afterEach, describe, expect, it } from 'vitest';
import { nodeNetwork } from '../../src/node/index.ts';
import { interfaceType } from '../../src/node/interfaces.ts';

const opened: UdpSocket[] = [];

afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
});

async function bind(
  address: string,
  options: { port?: number; portRange?: readonly [number, number] } = {},
): Promise<UdpSocket> {
  const socket = await nodeNetwork.bindUdp({ address, ...options });
  opened.push(socket);
  return socket;
}

function nextDatagram(socket: UdpSocket): Promise<{ bytes: Uint8Array; remote: TransportAddress }> {
  return new Promise((resolve) => {
    socket.onDatagram = (bytes, remote) => resolve({ bytes, remote });
  });
}

for (const [family, loopback] of [
  ['IPv4', '127.0.0.1'],
  ['IPv6', '::1'],
] as const) {
  describe(`a UDP socket on ${family}`, () => {
    it('knows its address and real port', async () => {
      const { local } = await bind(loopback);
      expect(local).toMatchObject({ address: loopback, family });
      expect(local.port).toBeGreaterThan(0);
    });

    it('carries a window of a buffer to another socket and says who sent it', async () => {
      const [a, b] = [await bind(loopback), await bind(loopback)];
      const arrived = nextDatagram(b);
      expect(a.send(Uint8Array.of(9, 1, 2, 3, 9), 1, 4, b.local)).toBe(true);
      const { bytes, remote } = await arrived;
      expect([...bytes]).toEqual([1, 2, 3]);
      expect(remote).toMatchObject(a.local);
    });

    it('gives each datagram as plain bytes of its own', async () => {
      const [a, b] = [await bind(loopback), await bind(loopback)];
      const all: Uint8Array[] = [];
      const done = new Promise<void>((resolve) => {
        b.onDatagram = (bytes) => {
          all.push(bytes);
          bytes.fill(0xff);
          if (all.length === 3) resolve();
        };
      });
      for (let i = 0; i < 3; i++) a.send(Uint8Array.of(i), 0, 1, b.local);
      await done;
      expect(all.every((bytes) => bytes.constructor === Uint8Array)).toBe(true);
      expect(new Set(all.map((bytes) => bytes.buffer)).size).toBe(3);
    });

    it('gives no datagram a large buffer to keep', async () => {
      const [a, b] = [await bind(loopback), await bind(loopback)];
      const arrived = nextDatagram(b);
      a.send(Uint8Array.of(1), 0, 1, b.local);
      expect((await arrived).bytes.buffer.byteLength).toBeLessThan(8192);
    });

    it('takes the bytes before send returns', async () => {
      const [a, b] = [await bind(loopback), await bind(loopback)];
      const seen: number[] = [];
      const done = new Promise<void>((resolve) => {
        b.onDatagram = (bytes) => {
          seen.push(bytes[0] as number);
          if (seen.length === 50) resolve();
        };
      });
      const buffer = new Uint8Array(1200);
      for (let i = 0; i < 50; i++) {
        buffer.fill(i);
        a.send(buffer, 0, 1200, b.local);
        buffer.fill(0xee);
      }
      await done;
      expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => i));
    });

    it('survives a destination where nobody listens', async () => {
      const [a, b] = [await bind(loopback), await bind(loopback)];
      const gone = await bind(loopback);
      gone.close();
      let died: Error | undefined;
      a.onError = (error) => {
        died = error;
      };
      for (let i = 0; i < 5; i++) a.send(Uint8Array.of(1), 0, 1, gone.local);
      const arrived = nextDatagram(b);
      a.send(Uint8Array.of(2), 0, 1, b.local);
      expect([...(await arrived).bytes]).toEqual([2]);
      expect(died).toBeUndefined();
    });
  });
}

describe('a UDP socket', () => {
  it('is silent and refuses to send once closed, however often', async () => {
    const a = await bind('127.0.0.1');
    a.close();
    a.close();
    expect(a.send(Uint8Array.of(1), 0, 1, { address: '127.0.0.1', family: 'IPv4', port: 9 })).toBe(false);
  });

  it('does not throw for a destination that cannot be', async () => {
    const a = await bind('127.0.0.1');
    expect(a.send(Uint8Array.of(1), 0, 1, { address: '127.0.0.1', family: 'IPv4', port: 0 })).toBe(false);
    expect(() => a.send(Uint8Array.of(1), 0, 1, { address: '::1', family: 'IPv6', port: 9 })).not.toThrow();
    expect(() => a.send(new Uint8Array(70000), 0, 70000, a.local)).not.toThrow();
  });

  it('has a receive buffer above the default, as far as the system grants it', async () => {
    const plain = createSocket('udp4');
    const size = await new Promise<number>((resolve) =>
      plain.bind(0, '127.0.0.1', () => resolve(plain.getRecvBufferSize())),
    );
    plain.close();
    const granted = (await bind('127.0.0.1')).receiveBufferSize;
    expect(granted).toBeGreaterThanOrEqual(size / 2);
  });

  it('does not receive IPv4 on the IPv6 wildcard', async () => {
    const v6 = await bind('::');
    const v4 = await bind('0.0.0.0', { port: v6.local.port });
    expect(v4.local.port).toBe(v6.local.port);
  });
});

describe('bindUdp', () => {
  it('takes the port it is told', async () => {
    const first = await bind('127.0.0.1');
    first.close();
    expect((await bind('127.0.0.1', { port: first.local.port })).local.port).toBe(first.local.port);
  });

  it('rejects a port that is taken', async () => {
    const { local } = await bind('127.0.0.1');
    await expect(bind('127.0.0.1', { port: local.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('finds the one free port of a range', async () => {
    const taken = await bind('127.0.0.1');
    const low = taken.local.port;
    const next = await bind('127.0.0.1', { portRange: [low, low + 20] });
    expect(next.local.port).toBeGreaterThan(low);
    expect(next.local.port).toBeLessThanOrEqual(low + 20);
  });

  it('rejects a range without a free port', async () => {
    const { port } = (await bind('127.0.0.1')).local;
    await expect(bind('127.0.0.1', { portRange: [port, port] })).rejects.toMatchObject({
      code: 'RUNTIME_NO_FREE_PORT',
    });
  });

  it.each([[[2, 1]], [[0, 5]], [[5, 65536]], [[1.5, 2]]] as const)('rejects the range %j', async (portRange) => {
    await expect(nodeNetwork.bindUdp({ address: '127.0.0.1', portRange })).rejects.toMatchObject({
      code: 'RUNTIME_BAD_PORT_RANGE',
    });
  });

  it('rejects a name', async () => {
    await expect(nodeNetwork.bindUdp({ address: 'localhost' })).rejects.toMatchObject({ code: 'RUNTIME_BAD_ADDRESS' });
  });

  it('rejects an address of another machine', async () => {
    await expect(nodeNetwork.bindUdp({ address: '192.0.2.1' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });
});

describe('resolve', () => {
  it('answers numeric addresses itself', async () => {
    expect(await nodeNetwork.resolve('192.0.2.7')).toEqual(['192.0.2.7']);
    expect(await nodeNetwork.resolve('2001:db8::1', 'IPv6')).toEqual(['2001:db8::1']);
  });

  it('finds localhost', async () => {
    expect(await nodeNetwork.resolve('localhost', 'IPv4')).toContain('127.0.0.1');
  });

  it.each([
    ['192.0.2.7', 'IPv6'],
    ['2001:db8::1', 'IPv4'],
    ['', undefined],
    ['no such name', undefined],
  ] as const)('rejects %j as %s', async (name, family) => {
    await expect(nodeNetwork.resolve(name, family)).rejects.toMatchObject({ code: 'RUNTIME_NAME_NOT_FOUND' });
  });
});

describe('interfaces', () => {
  it('has the loopback interface', () => {
    expect(nodeNetwork.interfaces()).toContainEqual(
      expect.objectContaining({ address: '127.0.0.1', family: 'IPv4', internal: true, type: 'loopback' }),
    );
  });

  it('asks the platform once for those who ask at about the same time', () => {
    const lists = Array.from({ length: 100 }, () => nodeNetwork.interfaces());
    expect(new Set(lists).size).toBeLessThan(100);
  });

  it.each([
    ['lo', true, 'linux', 'loopback'],
    ['eth0', false, 'linux', 'ethernet'],
    ['enp3s0', false, 'linux', 'ethernet'],
    ['wlp2s0', false, 'linux', 'wifi'],
    ['wlan0', false, 'android', 'wifi'],
    ['wwan0', false, 'linux', 'cellular'],
    ['rmnet_data0', false, 'android', 'cellular'],
    ['wg0', false, 'linux', 'vpn'],
    ['utun3', false, 'darwin', 'vpn'],
    ['en0', false, 'darwin', 'unknown'],
    ['br-1', false, 'linux', 'unknown'],
  ] as const)('takes %s (internal: %s) on %s for %s', (name, internal, platform, type) => {
    expect(interfaceType(name, internal, platform)).toBe(type);
  });
});
