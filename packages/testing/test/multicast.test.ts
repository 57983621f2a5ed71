import type { UdpSocket } from '@kaon/interface/network/v1';
import { describe, expect, it } from 'vitest';
import { type Host, story } from '../src/index.ts';

const GROUP = { address: '224.0.0.251', family: 'IPv4', port: 5353 } as const;
const GROUP6 = { address: 'ff02::fb', family: 'IPv6', port: 5353 } as const;

async function join(host: Host, interfaceAddress: string, group: string = GROUP.address): Promise<Member> {
  const socket = await host.bindMulticast({ group, port: 5353, interfaceAddress });
  const heard: string[] = [];
  socket.onDatagram = (bytes, remote) => heard.push(`${bytes[0]} ${remote.address}`);
  return { socket, heard };
}

interface Member {
  readonly socket: UdpSocket;
  readonly heard: string[];
}

function say({ socket }: Member, value: number, group: typeof GROUP | typeof GROUP6 = GROUP): void {
  expect(socket.send(Uint8Array.of(value), 0, 1, group)).toBe(true);
}

describe('a simulated multicast group', () => {
  it(
    'reaches the hosts of one network, and nobody outside of it',
    story(async (sim) => {
      const home = sim.nat({ address: '203.0.113.1' });
      const a = await join(sim.host({ addresses: ['192.168.1.2'], network: home }), '192.168.1.2');
      const b = await join(sim.host({ addresses: ['192.168.1.3'], network: home }), '192.168.1.3');
      const outside = await join(sim.host({ addresses: ['198.51.100.1'] }), '198.51.100.1');
      say(a, 1);
      await sim.advance(100);
      expect([a.heard, b.heard, outside.heard]).toEqual([[], ['1 192.168.1.2'], []]);
    }),
  );

  it(
    'is heard once by a host with several addresses, by the interface that joined',
    story(async (sim) => {
      const [left, right] = [sim.network('left'), sim.network('right')];
      const a = sim.host({
        interfaces: [
          { name: 'eth0', addresses: ['192.0.2.1', '192.0.2.11'], network: left },
          { name: 'eth1', addresses: ['198.51.100.1'], network: right },
        ],
      });
      const members = [await join(a, '192.0.2.1'), await join(a, '192.0.2.11'), await join(a, '198.51.100.1')];
      const b = await join(sim.host({ addresses: ['192.0.2.2'], network: left }), '192.0.2.2');
      say(b, 1);
      await sim.advance(100);
      expect(members.map(({ heard }) => heard)).toEqual([['1 192.0.2.2'], ['1 192.0.2.2'], []]);
      members[0]!.socket.close();
      say(b, 2);
      await sim.advance(100);
      expect(members[1]!.heard).toHaveLength(2);
    }),
  );

  it(
    'is left when the last member of a host closes',
    story(async (sim) => {
      const b = sim.host({ addresses: ['192.0.2.2'] });
      const a = await join(sim.host({ addresses: ['192.0.2.1'] }), '192.0.2.1');
      const member = await join(b, '192.0.2.2');
      member.socket.close();
      say(a, 1);
      await sim.advance(100);
      expect(b.link().down.stats.sent).toBe(0);
    }),
  );

  it(
    'knows IPv6, and who sends without being a member',
    story(async (sim) => {
      const a = await join(sim.host({ addresses: ['2001:db8::1'] }), '2001:db8::1', GROUP6.address);
      const plain = await sim.host({ addresses: ['2001:db8::2'] }).bindUdp({ address: '2001:db8::2' });
      plain.send(Uint8Array.of(4), 0, 1, GROUP6);
      await sim.advance(100);
      expect(a.heard).toEqual(['4 2001:db8::2']);
      let answer = 0;
      plain.onDatagram = (bytes) => {
        answer = bytes[0] ?? 0;
      };
      a.socket.send(Uint8Array.of(5), 0, 1, plain.local);
      await sim.advance(100);
      expect(answer).toBe(5);
    }),
  );

  it(
    'shares its port with no ordinary socket',
    story(async (sim) => {
      const host = sim.host({ addresses: ['192.0.2.1'] });
      await host.bindUdp({ address: '192.0.2.1', port: 5353 });
      await expect(join(host, '192.0.2.1')).rejects.toMatchObject({ code: 'EADDRINUSE' });
    }),
  );
});

describe('reusePort', () => {
  it(
    'spreads remotes over the sockets, each remote always to the same one',
    story(async (sim) => {
      const server = sim.host({ addresses: ['198.51.100.1'] });
      const options = { address: '198.51.100.1', port: 3478, reusePort: true };
      const sockets = [await server.bindUdp(options), await server.bindUdp(options)];
      const heard: string[][] = sockets.map((socket) => {
        const from: string[] = [];
        socket.onDatagram = (_bytes, remote) => from.push(`${remote.port}`);
        return from;
      });
      const client = sim.host({ addresses: ['192.0.2.1'] });
      for (let i = 0; i < 40; i++) {
        const socket = await client.bindUdp({ address: '192.0.2.1' });
        for (let j = 0; j < 3; j++) socket.send(Uint8Array.of(1), 0, 1, sockets[0]!.local);
      }
      await sim.advance(100);
      expect(heard[0]!.length + heard[1]!.length).toBe(120);
      expect(Math.min(heard[0]!.length, heard[1]!.length)).toBeGreaterThan(20);
      expect(heard[0]!.some((port) => heard[1]!.includes(port))).toBe(false);
      sockets[0]!.close();
      await expect(server.bindUdp({ ...options, reusePort: false })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    }),
  );

  it(
    'does so for streams',
    story(async (sim) => {
      const server = sim.host({ addresses: ['198.51.100.1'] });
      const options = { address: '198.51.100.1', port: 3478, reusePort: true };
      const taken = [0, 0];
      for (const i of [0, 1]) {
        const listener = await server.listenTcp(options);
        listener.onStream = () => taken[i]!++;
      }
      const client = sim.host({ addresses: ['192.0.2.1'] });
      const remote = { address: '198.51.100.1', family: 'IPv4', port: 3478 } as const;
      for (let i = 0; i < 20; i++) await sim.until(client.connectTcp({ remote }));
      await sim.run(() => taken[0]! + taken[1]! === 20);
      expect(Math.min(...taken)).toBeGreaterThan(3);
    }),
  );
});

describe('watchInterfaces', () => {
  it(
    'tells once of changes made together, until it is ended',
    story(async (sim) => {
      const host = sim.host({ addresses: ['192.0.2.1'] });
      let told = 0;
      const end = host.watchInterfaces(() => told++);
      await sim.advance(1000);
      expect(told).toBe(0);
      host.addInterface({ name: 'wlan0', addresses: ['192.0.2.2'], network: sim.internet });
      host.removeInterface('eth0');
      expect(told).toBe(0);
      await sim.advance(0);
      expect(told).toBe(1);
      end();
      host.removeInterface('wlan0');
      await sim.advance(0);
      expect([told, sim.clock.pending]).toEqual([1, 0]);
    }),
  );
});
