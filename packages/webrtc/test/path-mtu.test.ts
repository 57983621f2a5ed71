import type { Candidate, SelectedPair } from '@kaon/ice';
import type { BindOptions, InterfaceAddress, Network } from '@kaon/interface/network/v1';
import type { Host } from '@kaon/testing';
import { transportAddress } from '@kaon/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KaonOptions, RTCDataChannel } from '../src/index.ts';
import { largestDatagram } from '../src/transport/path-limit.ts';
import { negotiate, trickle } from './helpers/connect.ts';
import { World } from './helpers/world.ts';

describe('largestDatagram', () => {
  const network = (mtu?: number): Pick<Network, 'interfaces'> => ({
    interfaces: () => [
      { name: 'eth0', address: '192.0.2.1', family: 'IPv4', internal: false, mtu },
      { name: 'eth0', address: 'fe80::1%eth0', family: 'IPv6', internal: false, mtu },
      { name: 'eth1', address: '192.0.2.7', family: 'IPv4', internal: false },
    ],
  });
  const pair = (local: string, remote: string, about: Partial<Record<'local' | 'remote', Candidate['type']>> = {}) =>
    ({
      local: { type: about.local ?? 'host' },
      remote: { type: about.remote ?? 'host' },
      path: { protocol: 'udp', local: transportAddress(local, 1), remote: transportAddress(remote, 2) },
    }) as SelectedPair;

  it.each([
    ['127.0.0.1', '127.0.0.1', 65_507],
    ['192.0.2.1', '127.0.0.1', 65_507],
    ['::1', '::1', 65_507],
    ['192.0.2.1', '192.0.2.1', 65_507],
    ['192.0.2.1', '192.0.2.7', 65_507],
    ['fe80::1%eth0', 'fe80::1%eth0', 65_507],
    ['192.0.2.1', '192.0.2.2', 1200],
    ['192.0.2.9', '198.51.100.1', 1200],
  ])('from %s to %s: %i bytes', (local, remote, bytes) => {
    expect(largestDatagram(pair(local, remote), network(), 1200)).toBe(bytes);
  });

  it('off the machine goes as far as the interface takes it, and an Ethernet frame', () => {
    const out = (mtu: number, local = '192.0.2.1', remote = '192.0.2.2') =>
      largestDatagram(pair(local, remote), network(mtu), 1200);
    expect([out(1500), out(1400), out(9000), out(800)]).toEqual([1472, 1372, 1472, 1200]);
    expect(out(1500, 'fe80::1%eth0', 'fe80::2%eth0')).toBe(1452);
  });

  it('is what every path takes over relays and TCP, wherever they are', () => {
    for (const side of ['local', 'remote'] as const)
      expect(largestDatagram(pair('192.0.2.1', '192.0.2.1', { [side]: 'relay' }), network(1500), 1200)).toBe(1200);
    const udp = pair('127.0.0.1', '127.0.0.1');
    expect(largestDatagram({ ...udp, path: { ...udp.path, protocol: 'tcp' } }, network(), 1200)).toBe(1200);
  });
});

describe('data channels', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  /** A host with other interfaces, that tells the size of what is sent. */
  function watched(host: Host, change: Partial<InterfaceAddress>, watch: (bytes: number) => void): Network {
    return Object.create(host, {
      interfaces: { value: () => host.interfaces().map((one) => ({ ...one, ...change })) },
      bindUdp: {
        value: async (options: BindOptions) => {
          const socket = await host.bindUdp(options);
          const send = socket.send.bind(socket);
          socket.send = (buffer, start, end, ...rest) => {
            watch(end - start);
            return send(buffer, start, end, ...rest);
          };
          return socket;
        },
      },
    });
  }

  /** The largest datagram that leaves while a long message is carried between two connections. */
  async function largest(
    kaon: KaonOptions,
    hosts: readonly [Host, Host],
    change: Partial<InterfaceAddress> = {},
  ): Promise<number> {
    let size = 0;
    const watch = (bytes: number): void => {
      size = Math.max(size, bytes);
    };
    const [a, b] = hosts.map((host) => world.connection(watched(host, change, watch), {}, kaon));
    if (a === undefined || b === undefined) throw new Error('two hosts');
    trickle(a, b);
    const channel = a.createDataChannel('x');
    let other: RTCDataChannel | undefined;
    const got: unknown[] = [];
    b.ondatachannel = (event) => {
      other = event.channel;
      other.binaryType = 'arraybuffer';
      other.onmessage = ({ data }) => got.push(data);
    };
    await world.until(negotiate(a, b));
    await world.run(() => channel.readyState === 'open' && other !== undefined);
    expect(size).toBeLessThanOrEqual(1200);
    const message = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7) & 0xff);
    for (let n = 0; n < 5; n++) channel.send(message);
    await world.run(() => got.length === 5);
    for (const data of got) expect(Buffer.compare(new Uint8Array(data as ArrayBuffer), message)).toBe(0);
    return size;
  }

  it('use records of 16 KiB to a peer on the same machine', async () => {
    const size = await largest({}, [world.alice, world.alice]);
    expect(size).toBeGreaterThan(16_384);
    expect(size).toBeLessThanOrEqual(16_384 + 64);
  });

  it('keep to 1200 bytes there with pathMtu fixed, and to mtu where it is given', async () => {
    expect(await largest({ pathMtu: 'fixed' }, [world.alice, world.alice])).toBeLessThanOrEqual(1200);
    expect(await largest({ mtu: 1300 }, [world.alice, world.alice])).toBeLessThanOrEqual(1300);
    expect(await largest({ mtu: 1100, pathMtu: 'auto' }, [world.alice, world.alice])).toBeGreaterThan(16_384);
  });

  it('keep to 1200 bytes to another machine', async () => {
    expect(await largest({}, [world.alice, world.bob])).toBeLessThanOrEqual(1200);
  });

  it('go up to the MTU of the interface to another machine, where that is known', async () => {
    const size = await largest({}, [world.alice, world.bob], { mtu: 1500 });
    expect(size).toBeGreaterThan(1460);
    expect(size).toBeLessThanOrEqual(1472);
  });

  it('begin anew, with what is known of it, when the pair is another one in the middle of a transfer', async () => {
    const change = { mtu: 1500 };
    let sizes: number[] = [];
    const [a, b] = [world.alice, world.bob].map((host) =>
      world.connection(
        watched(host, change, (bytes) => sizes.push(bytes)),
        {},
        {},
      ),
    );
    if (a === undefined || b === undefined) throw new Error('two hosts');
    trickle(a, b);
    const channel = a.createDataChannel('x');
    let got = 0;
    b.ondatachannel = ({ channel: other }) => {
      other.onmessage = () => got++;
    };
    await world.until(negotiate(a, b));
    await world.run(() => channel.readyState === 'open');
    const message = new Uint8Array(200_000);
    for (let n = 0; n < 10; n++) channel.send(message);
    await world.run(() => got === 10);
    expect(Math.max(...sizes)).toBeGreaterThan(1460);
    for (let n = 0; n < 50; n++) channel.send(message);
    change.mtu = 1300;
    let changed = false;
    const ice = a.sctp?.transport.iceTransport;
    if (ice === undefined) throw new Error('no transport');
    ice.onselectedcandidatepairchange = () => {
      changed = true;
      sizes = [];
    };
    a.restartIce();
    await world.until(negotiate(a, b));
    await world.run(() => got === 60);
    expect(changed).toBe(true);
    for (let n = 0; n < 10; n++) channel.send(message);
    await world.run(() => got === 70);
    // What left before and is lost may be repeated as it was; all else is smaller.
    expect(sizes.filter((bytes) => bytes > 1272).length).toBeLessThan(sizes.length / 20);
    expect(sizes.filter((bytes) => bytes > 1250 && bytes <= 1272).length).toBeGreaterThan(100);
  });

  it('lose nothing on a network that drops what is larger than 1300 bytes', async () => {
    world.close();
    world = new World({ delay: 5, mtu: 1300 });
    const size = await largest({}, [world.alice, world.bob], { mtu: 1500 });
    expect(size).toBeGreaterThan(1300);
  });
});
