import type { BindOptions, UdpSocket } from '@kaon/interface/network/v1';
import { Simulation } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { bindPort, networksOf } from '../../../src/node/shards/port.ts';

const sim = new Simulation();
const host = sim.host({ addresses: ['198.51.100.1', '2001:db8::1', 'fe80::1'] });
const addresses = (found: readonly { readonly address: string }[]): string[] => found.map(({ address }) => address);

/** A platform without SO_REUSEPORT, which says so in its own way. */
function without(code: string): { bindUdp(options: BindOptions): Promise<UdpSocket> } {
  return {
    bindUdp: (options) =>
      options.reusePort ? Promise.reject(Object.assign(new Error(code), { code })) : host.bindUdp(options),
  };
}

describe('the addresses of shards', () => {
  it('are those of all interfaces, without loopback and link-local ones unless there are no others', () => {
    expect(addresses(networksOf(undefined, host))).toEqual(['198.51.100.1', '2001:db8::1']);
    expect(addresses(networksOf(undefined, sim.host({ interfaces: [] })))).toEqual(['127.0.0.1', '::1']);
  });

  it('are those that are asked for', () => {
    expect(networksOf(['2001:DB8::1', '203.0.113.1'], host)).toEqual([
      expect.objectContaining({ name: 'eth0', address: '2001:db8::1' }),
      { name: '', address: '203.0.113.1', family: 'IPv4', internal: false },
    ]);
    for (const bad of ['0.0.0.0', '::', 'localhost']) {
      expect(() => networksOf([bad], host)).toThrowError(expect.objectContaining({ code: 'RUNTIME_BAD_ADDRESS' }));
    }
  });
});

describe('the port of shards', () => {
  it.each(['RUNTIME_NO_PORT_SHARING', 'ENOTSUP'])('is handed over where the platform says %s', async (code) => {
    const { mode, sockets } = await bindPort(networksOf(undefined, host), 0, 'auto', without(code));
    expect([mode, sockets.length]).toEqual(['handover', 2]);
    for (const socket of sockets) socket.close();
    await expect(bindPort(networksOf(undefined, host), 0, 'reusePort', without(code))).rejects.toMatchObject({ code });
  });

  it('is not bound at all when it cannot be bound on every address', async () => {
    const taken = await host.bindUdp({ address: '2001:db8::1', port: 5000 });
    for (const mode of ['auto', 'reusePort', 'handover'] as const) {
      await expect(bindPort(networksOf(undefined, host), 5000, mode, host)).rejects.toMatchObject({
        code: 'EADDRINUSE',
      });
    }
    taken.close();
    expect(host.openSockets).toBe(0);
  });
});
