import type { TransportAddress } from '@kaon/interface/core/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';
import { describe, expect, it } from 'vitest';
import { type Host, Simulation, story } from '../src/index.ts';

interface Inbox {
  readonly socket: UdpSocket;
  readonly got: { readonly text: string; readonly from: TransportAddress; readonly ecn: number; readonly at: number }[];
}

async function inbox(sim: Simulation, host: Host, address: string, port?: number): Promise<Inbox> {
  const socket = await host.bindUdp({ address, port });
  const got: Inbox['got'] = [];
  socket.onDatagram = (bytes, from, ecn) => {
    got.push({ text: new TextDecoder().decode(bytes), from, ecn, at: sim.clock.now() });
  };
  return { socket, got };
}

function say(from: Inbox, text: string, to: TransportAddress, ecn: 0 | 1 | 2 | 3 = 0): boolean {
  const bytes = new TextEncoder().encode(`..${text}`);
  return from.socket.send(bytes, 2, bytes.length, to, ecn);
}

describe('Simulation', () => {
  it(
    'carries datagrams between hosts over their links',
    story(async (sim) => {
      const a = await inbox(sim, sim.host({ addresses: ['192.0.2.1'], link: { delay: 10 } }), '192.0.2.1');
      const b = await inbox(sim, sim.host({ addresses: ['192.0.2.2'], link: { delay: 5 } }), '192.0.2.2', 7000);
      say(a, 'hello', b.socket.local, 2);
      await sim.run(() => b.got.length > 0);
      expect(b.got).toEqual([{ text: 'hello', from: a.socket.local, ecn: 2, at: 1015 }]);
      say(b, 'back', b.got[0]!.from);
      await sim.advance(15);
      expect(a.got.map(({ text }) => text)).toEqual(['back']);
    }),
  );

  it(
    'carries IPv6, whatever the spelling of the address',
    story(async (sim) => {
      const a = await inbox(sim, sim.host({ addresses: ['2001:db8::1'] }), '2001:DB8:0::1');
      const b = await inbox(sim, sim.host({ addresses: ['2001:db8::2'] }), '::', 9);
      say(a, 'six', { address: '2001:db8:0:0::2', family: 'IPv6', port: 9 });
      await sim.advance(10);
      expect(b.got[0]).toMatchObject({ text: 'six', from: { address: '2001:db8::1' } });
    }),
  );

  it(
    'has a loopback on every host that others cannot reach',
    story(async (sim) => {
      const alice = sim.host({ addresses: ['192.0.2.1'] });
      const bob = sim.host({ addresses: ['192.0.2.2'] });
      const a = await inbox(sim, alice, '127.0.0.1');
      const b = await inbox(sim, alice, '127.0.0.1');
      const other = await inbox(sim, bob, '127.0.0.1', b.socket.local.port);
      say(a, 'self', b.socket.local);
      await sim.advance(10);
      expect(b.got).toHaveLength(1);
      expect(other.got).toHaveLength(0);
    }),
  );

  it(
    'a socket bound to any address sends from the interface and hears all of them',
    story(async (sim) => {
      const a = await inbox(sim, sim.host({ addresses: ['192.0.2.1'] }), '0.0.0.0', 5);
      const b = await inbox(sim, sim.host({ addresses: ['192.0.2.2'] }), '192.0.2.2', 6);
      say(a, 'x', b.socket.local);
      await sim.advance(10);
      expect(b.got[0]!.from).toEqual({ address: '192.0.2.1', family: 'IPv4', port: 5 });
      say(b, 'y', b.got[0]!.from);
      await sim.advance(10);
      expect(a.got).toHaveLength(1);
    }),
  );

  it(
    'lists interfaces and lets them come and go',
    story(async (sim) => {
      const host = sim.host({
        interfaces: [
          { name: 'eth0', addresses: ['192.0.2.1'], network: sim.internet, type: 'ethernet' },
          { name: 'wlan0', addresses: ['192.0.2.3', '2001:db8::3'], network: sim.internet, type: 'wifi' },
        ],
      });
      const names = (): string[] => host.interfaces().map(({ name, address }) => `${name} ${address}`);
      expect(names()).toEqual(['lo 127.0.0.1', 'lo ::1', 'eth0 192.0.2.1', 'wlan0 192.0.2.3', 'wlan0 2001:db8::3']);
      const a = await inbox(sim, host, '192.0.2.3');
      const b = await inbox(sim, sim.host({ addresses: ['192.0.2.2'] }), '192.0.2.2');
      host.removeInterface('wlan0');
      expect(names()).toHaveLength(3);
      expect(say(a, 'gone', b.socket.local)).toBe(false);
      await expect(host.bindUdp({ address: '192.0.2.3' })).rejects.toThrow('EADDRNOTAVAIL');
    }),
  );

  it(
    'refuses taken ports, foreign addresses and unknown names, with the codes of the platform',
    story(async (sim) => {
      const host = sim.host({ addresses: ['192.0.2.1'] });
      await host.bindUdp({ address: '192.0.2.1', port: 1000 });
      await expect(host.bindUdp({ address: '192.0.2.1', port: 1000 })).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await expect(host.bindUdp({ address: '0.0.0.0', port: 1000 })).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await expect(host.bindUdp({ address: '192.0.2.9' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
      await expect(host.resolve('nowhere.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    }),
  );

  it(
    'takes ports from a range until it is used up',
    story(async (sim) => {
      const host = sim.host({ addresses: ['192.0.2.1'] });
      const bind = (): Promise<UdpSocket> => host.bindUdp({ address: '192.0.2.1', portRange: [7000, 7001] });
      expect((await bind()).local.port).toBe(7000);
      const second = await bind();
      expect(second.local.port).toBe(7001);
      await expect(bind()).rejects.toMatchObject({ code: 'EADDRINUSE' });
      second.close();
      expect((await bind()).local.port).toBe(7001);
    }),
  );

  it(
    'resolves names by the table of the host, then of the simulation',
    story(async (sim) => {
      const host = sim.host({});
      sim.names.set('stun.example', ['192.0.2.1', '2001:db8::1']);
      expect(await host.resolve('STUN.example')).toEqual(['192.0.2.1', '2001:db8::1']);
      expect(await host.resolve('stun.example', 'IPv6')).toEqual(['2001:db8::1']);
      host.hosts.set('stun.example', ['10.0.0.1']);
      expect(await host.resolve('stun.example')).toEqual(['10.0.0.1']);
      expect(await host.resolve('localhost', 'IPv4')).toEqual(['127.0.0.1']);
      expect(await host.resolve('192.0.2.7')).toEqual(['192.0.2.7']);
    }),
  );

  it(
    'a closed socket sends and hears nothing; a killed one reports the error first',
    story(async (sim) => {
      const host = sim.host({ addresses: ['192.0.2.1'] });
      const a = await inbox(sim, host, '192.0.2.1');
      const b = await inbox(sim, host, '192.0.2.1');
      say(a, 'late', b.socket.local);
      b.socket.close();
      b.socket.close();
      await sim.advance(10);
      expect(b.got).toEqual([]);
      expect(say(b, 'x', a.socket.local)).toBe(false);
      const errors: string[] = [];
      a.socket.onError = (error) => errors.push(error.message);
      host.killSocket(a.socket.local, new Error('died'));
      expect(errors).toEqual(['died']);
      expect(host.openSockets).toBe(0);
    }),
  );

  it(
    'a cut link loses packets until it is restored',
    story(async (sim) => {
      const alice = sim.host({ addresses: ['192.0.2.1'] });
      const a = await inbox(sim, alice, '192.0.2.1');
      const b = await inbox(sim, sim.host({ addresses: ['192.0.2.2'] }), '192.0.2.2');
      alice.link().cut();
      say(a, '1', b.socket.local);
      await sim.advance(100);
      alice.link().restore();
      say(a, '2', b.socket.local);
      await sim.advance(100);
      expect(b.got.map(({ text }) => text)).toEqual(['2']);
      expect(alice.link().up.stats.lost).toBe(1);
      expect(() => alice.link('eth7')).toThrow(RangeError);
    }),
  );

  it(
    'the two directions of a link may differ',
    story(async (sim) => {
      const link = { delay: 1, toNetwork: { delay: 30 }, toHost: { loss: 1 } };
      const a = await inbox(sim, sim.host({ addresses: ['192.0.2.1'], link }), '192.0.2.1');
      const b = await inbox(sim, sim.host({ addresses: ['192.0.2.2'] }), '192.0.2.2');
      say(a, 'x', b.socket.local);
      await sim.advance(100);
      expect(b.got[0]!.at).toBe(1031);
      say(b, 'y', a.socket.local);
      await sim.advance(100);
      expect(a.got).toEqual([]);
    }),
  );

  it(
    'a filter on a network is a firewall',
    story(async (sim) => {
      const a = await inbox(sim, sim.host({ addresses: ['192.0.2.1'] }), '192.0.2.1');
      const b = await inbox(sim, sim.host({ addresses: ['192.0.2.2'] }), '192.0.2.2', 53);
      sim.internet.filter = (packet) => packet.destination.port !== 53;
      say(a, 'x', b.socket.local);
      await sim.advance(100);
      expect(b.got).toEqual([]);
      expect(sim.internet.dropped).toBe(1);
    }),
  );

  it('names the seed when a story fails', async () => {
    const failing = story(async (sim) => sim.run(() => false, { timeout: 5 }), { seed: 4711 });
    await expect(failing()).rejects.toThrow('KAON_SEED=4711');
  });

  it(
    'until gives the value of a promise that the simulation keeps',
    story(async (sim) => {
      const promise = new Promise<number>((resolve) => sim.clock.timer(() => resolve(sim.clock.now())).reset(5000));
      expect(await sim.until(promise)).toBe(5000);
    }),
  );
});

describe('Nat', () => {
  async function behind(sim: Simulation, type: 'full-cone' | 'symmetric', hairpinning = false) {
    const nat = sim.nat({ type, address: '203.0.113.1', hairpinning });
    const a = await inbox(sim, sim.host({ addresses: ['192.168.0.2'], network: nat }), '192.168.0.2');
    const b = await inbox(sim, sim.host({ addresses: ['192.168.0.3'], network: nat }), '192.168.0.3');
    const server = await inbox(sim, sim.host({ addresses: ['198.51.100.1'] }), '198.51.100.1', 3478);
    const stranger = await inbox(sim, sim.host({ addresses: ['198.51.100.2'] }), '198.51.100.2', 3478);
    return { nat, a, b, server, stranger };
  }

  it(
    'shows its own address outside and lets answers in',
    story(async (sim) => {
      const { a, server, stranger } = await behind(sim, 'symmetric');
      say(a, 'x', server.socket.local);
      await sim.advance(10);
      const { from } = server.got[0]!;
      expect(from.address).toBe('203.0.113.1');
      say(server, 'y', from);
      say(stranger, 'z', from);
      await sim.advance(10);
      expect(a.got.map(({ text, from: source }) => [text, source.address])).toEqual([['y', '198.51.100.1']]);
    }),
  );

  it(
    'a full cone lets strangers in',
    story(async (sim) => {
      const { a, server, stranger } = await behind(sim, 'full-cone');
      say(a, 'x', server.socket.local);
      await sim.advance(10);
      say(stranger, 'z', server.got[0]!.from);
      await sim.advance(10);
      expect(a.got).toHaveLength(1);
    }),
  );

  it(
    'hosts behind it talk to each other directly',
    story(async (sim) => {
      const { a, b } = await behind(sim, 'symmetric');
      say(a, 'x', b.socket.local);
      await sim.advance(10);
      expect(b.got[0]!.from).toEqual(a.socket.local);
    }),
  );

  it('hairpinning decides whether they do by external addresses, and shows the external source (RFC 4787 §6)', async () => {
    for (const hairpinning of [true, false]) {
      const sim = new Simulation();
      const { a, b, server } = await behind(sim, 'full-cone', hairpinning);
      say(b, 'x', server.socket.local);
      await sim.advance(10);
      say(a, 'hair', server.got[0]!.from);
      await sim.advance(10);
      expect(b.got.map(({ from }) => from.address)).toEqual(hairpinning ? ['203.0.113.1'] : []);
    }
  });

  it(
    'blockUdp drops all UDP',
    story(async (sim) => {
      const { nat, a, server } = await behind(sim, 'full-cone');
      nat.blockUdp = true;
      say(a, 'x', server.socket.local);
      await sim.advance(10);
      expect(server.got).toEqual([]);
      expect(nat.dropped).toBe(1);
    }),
  );

  it(
    'a reboot changes the mappings',
    story(async (sim) => {
      const { nat, a, server } = await behind(sim, 'full-cone');
      say(a, 'x', server.socket.local);
      await sim.advance(10);
      nat.reboot();
      say(a, 'y', server.socket.local);
      say(server, 'old', server.got[0]!.from);
      await sim.advance(10);
      expect(server.got[1]!.from.port).not.toBe(server.got[0]!.from.port);
      expect(a.got).toEqual([]);
    }),
  );

  it(
    'stands behind another one',
    story(async (sim) => {
      const carrier = sim.nat({ address: '203.0.113.9' });
      const home = sim.nat({ address: '100.64.0.5', network: carrier });
      const a = await inbox(sim, sim.host({ addresses: ['192.168.0.2'], network: home }), '192.168.0.2');
      const server = await inbox(sim, sim.host({ addresses: ['198.51.100.1'] }), '198.51.100.1', 3478);
      say(a, 'x', server.socket.local);
      await sim.advance(10);
      expect(server.got[0]!.from.address).toBe('203.0.113.9');
      say(server, 'y', server.got[0]!.from);
      await sim.advance(10);
      expect(a.got).toHaveLength(1);
    }),
  );

  it(
    'passes IPv6 untranslated',
    story(async (sim) => {
      const nat = sim.nat({ address: '203.0.113.9' });
      const a = await inbox(sim, sim.host({ addresses: ['2001:db8:1::2'], network: nat }), '2001:db8:1::2');
      const b = await inbox(sim, sim.host({ addresses: ['2001:db8:2::2'] }), '2001:db8:2::2');
      say(a, 'x', b.socket.local);
      say(b, 'y', a.socket.local);
      await sim.advance(10);
      expect(b.got[0]!.from).toEqual(a.socket.local);
      expect(a.got).toHaveLength(1);
    }),
  );

  it('a network without uplink drops what is not its own, and addresses are unique', () => {
    const sim = new Simulation();
    const lan = sim.network('lan');
    sim.host({ addresses: ['10.0.0.1'], network: lan });
    expect(() => sim.host({ addresses: ['10.0.0.1'], network: lan })).toThrow('already in the network lan');
    lan.forward({
      source: { address: '10.0.0.1', family: 'IPv4', port: 1 },
      destination: { address: '192.0.2.1', family: 'IPv4', port: 1 },
      bytes: new Uint8Array(1),
      ecn: 0,
      hops: 5,
    });
    expect(lan.dropped).toBe(1);
  });
});
