import { describe, expect, it } from 'vitest';
import { NAT_KINDS, type NatKind, natKindOptions, type Simulation, story } from '../src/index.ts';

const HOME = '203.0.113.1';

/** What gets through a NAT, seen from a server and from two strangers: one at the server's address, one elsewhere. */
async function behaviour(sim: Simulation, kind: NatKind): Promise<string> {
  const network = sim.site(kind, { address: HOME });
  const address = kind === 'none' ? '198.51.100.9' : '192.168.1.2';
  const socket = await sim.host({ addresses: [address], network }).bindUdp({ address });
  const host = sim.host({ addresses: ['198.51.100.1'] });
  const server = await host.bindUdp({ address: '198.51.100.1', port: 3478 });
  const neighbour = await host.bindUdp({ address: '198.51.100.1' });
  const stranger = await sim.host({ addresses: ['198.51.100.2'] }).bindUdp({ address: '198.51.100.2' });
  const seen = new Map<string, number>();
  for (const [name, one] of Object.entries({ server, stranger })) {
    one.onDatagram = (_bytes, remote) => seen.set(name, remote.port);
  }
  const heard: string[] = [];
  socket.onDatagram = (bytes) => heard.push(String.fromCharCode(...bytes));
  socket.send(Uint8Array.of(1), 0, 1, server.local);
  await sim.advance(100);
  const port = seen.get('server');
  if (port === undefined) return 'nothing';
  const remote = { address: kind === 'none' ? address : HOME, family: 'IPv4', port } as const;
  server.send(Uint8Array.of(0x73), 0, 1, remote);
  neighbour.send(Uint8Array.of(0x6e), 0, 1, remote);
  stranger.send(Uint8Array.of(0x78), 0, 1, remote);
  await sim.advance(100);
  socket.send(Uint8Array.of(1), 0, 1, stranger.local);
  await sim.advance(100);
  return `${heard.sort().join('')} ${seen.get('stranger') === port ? 'same' : 'other'}`;
}

describe('the kinds of NAT', () => {
  it.each([
    ['none', 'nsx same'],
    ['full-cone', 'nsx same'],
    ['address-restricted', 'ns same'],
    ['port-restricted', 's same'],
    ['symmetric', 's other'],
    ['udp-blocked', 'nothing'],
  ] as const)('%s lets in what it should: %s', async (kind, expected) => {
    await story(async (sim) => {
      expect(await behaviour(sim, kind)).toBe(expected);
    })();
  });

  it.each(NAT_KINDS)('%s lets TCP out', async (kind) => {
    await story(async (sim) => {
      const address = kind === 'none' ? '198.51.100.9' : '192.168.1.2';
      const a = sim.host({ addresses: [address], network: sim.site(kind, { address: HOME }) });
      const listener = await sim
        .host({ addresses: ['198.51.100.1'] })
        .listenTcp({ address: '198.51.100.1', port: 443 });
      let from = '';
      listener.onStream = (stream) => {
        from = stream.remote.address;
      };
      await sim.until(a.connectTcp({ remote: listener.local }));
      await sim.run(() => from !== '');
      expect(from).toBe(kind === 'none' ? address : HOME);
    })();
  });

  it('are options of a NAT', () => {
    expect(natKindOptions('none')).toBeUndefined();
    expect(natKindOptions('symmetric')).toEqual({ type: 'symmetric' });
  });

  it('can be made stricter', async () => {
    await story(async (sim) => {
      const nat = sim.site('full-cone', { address: HOME, blockAll: true });
      expect(nat).toMatchObject({ blockAll: true, blockUdp: false });
    })();
  });
});
