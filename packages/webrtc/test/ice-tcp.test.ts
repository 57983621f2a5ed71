import type { Host } from '@kaon/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type KaonOptions, RTCPeerConnection } from '../src/index.ts';
import { negotiate, trickle } from './helpers/connect.ts';
import { World } from './helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

/** A network that lets nothing but TCP through. */
function blockUdp(): void {
  world.sim.internet.filter = ({ protocol }) => protocol === 'tcp';
}

async function connect(a: KaonOptions, b: KaonOptions, hosts: [Host, Host] = [world.alice, world.bob]) {
  const first = world.connection(hosts[0], {}, a);
  const second = world.connection(hosts[1], {}, b);
  trickle(first, second);
  const channel = first.createDataChannel('x');
  const received: unknown[] = [];
  second.ondatachannel = ({ channel: other }) => {
    other.onmessage = ({ data }) => received.push((data as ArrayBuffer).byteLength);
  };
  await world.until(negotiate(first, second));
  await world.run(() => channel.readyState === 'open');
  return { first, second, channel, received };
}

function protocols(connection: RTCPeerConnection): string[] {
  const pair = connection.sctp?.transport.iceTransport.getSelectedCandidatePair();
  return [pair?.local, pair?.remote].map((one) => `${one?.protocol} ${one?.tcpType} ${one?.type}`);
}

/** Types of the TCP candidates in a description. */
function tcpTypes(connection: RTCPeerConnection): string[] {
  return [...(connection.localDescription?.sdp ?? '').matchAll(/ tcp .* tcptype (\w+)/g)].map(
    ([, type]) => type as string,
  );
}

describe('TCP candidates', () => {
  it('are active ones without asking, as in browsers, and what is asked for', async () => {
    for (const [asked, found] of [
      [undefined, ['active']],
      [[], []],
      [['passive'], ['passive']],
      [
        ['active', 'passive', 'so'],
        ['active', 'passive', 'so'],
      ],
    ] as const) {
      const connection = world.connection(world.alice, {}, { tcpCandidates: asked });
      connection.createDataChannel('x');
      await world.until(connection.setLocalDescription());
      await world.run(() => connection.iceGatheringState === 'complete');
      expect(tcpTypes(connection).sort()).toEqual(found);
    }
    expect(() => new RTCPeerConnection({ kaon: { tcpCandidates: ['sideways' as 'so'] } })).toThrow(TypeError);
  });

  it('listen on a port of the range', async () => {
    const connection = world.connection(world.alice, {}, { tcpCandidates: ['passive'], tcpPortRange: [7000, 7000] });
    connection.createDataChannel('x');
    await world.until(connection.setLocalDescription());
    await world.run(() => connection.iceGatheringState === 'complete');
    expect(connection.localDescription?.sdp).toMatch(/ tcp \d+ 198\.51\.100\.1 7000 typ host tcptype passive/);
    expect(() => new RTCPeerConnection({ kaon: { tcpPortRange: [2, 1] } })).toThrow(TypeError);
  });

  it.each([
    ['active', 'passive'],
    ['passive', 'active'],
  ] as const)('carry everything where UDP does not get through: %s to %s', async (ours, theirs) => {
    blockUdp();
    const { first, channel, received } = await connect({ tcpCandidates: [ours] }, { tcpCandidates: [theirs] });
    expect(protocols(first)[0]).toMatch(new RegExp(`^tcp (${ours}|active) (host|prflx)$`));
    for (let i = 0; i < 20; i++) channel.send(new Uint8Array(60_000));
    await world.run(() => received.length === 20);
    expect(new Set(received)).toEqual(new Set([60_000]));
    const stats = [...(await world.until(first.getStats())).values()];
    const used = stats.find((one) => one.type === 'local-candidate' && one.protocol === 'tcp');
    expect(used).toMatchObject({ protocol: 'tcp' });
  });

  it('are opened from both sides at once where both are behind NATs', async () => {
    blockUdp();
    const hosts = ['7', '8'].map((last) => {
      const network = world.sim.nat({ type: 'port-restricted', address: `203.0.113.${last}`, preservePorts: true });
      return world.sim.host({ name: `inside${last}`, addresses: [`192.168.${last}.2`], network });
    }) as [Host, Host];
    // Nobody tells their reflexive TCP addresses, so the application does: the NATs keep port numbers.
    const [a, b] = hosts.map((host, index) =>
      world.connection(
        host,
        {},
        {
          tcpCandidates: ['so'],
          addressRewrites: [{ external: `203.0.113.${7 + index}` }],
        },
      ),
    ) as [RTCPeerConnection, RTCPeerConnection];
    trickle(a, b);
    const channel = a.createDataChannel('x');
    await world.until(negotiate(a, b));
    await world.run(() => channel.readyState === 'open');
    expect(protocols(a)[0]).toMatch(/^tcp so /);
  });

  it('are left for UDP when that works', async () => {
    const tcpCandidates = ['active', 'passive'] as const;
    const { first } = await connect({ tcpCandidates }, { tcpCandidates });
    await world.advance(2000);
    expect(protocols(first)).toEqual(['udp null host', 'udp null host']);
  });

  it('that break off are noticed, and a restart connects anew', async () => {
    blockUdp();
    const tcp = { tcpCandidates: ['active', 'passive'], disconnectedTimeout: 2000 } as const;
    const { first, second, channel, received } = await connect(tcp, tcp);
    world.alice.link().cut();
    await world.run(() => first.connectionState === 'disconnected');
    world.alice.link().restore();
    channel.send(new Uint8Array(1000));
    first.restartIce();
    await world.until(negotiate(first, second));
    await world.run(() => received.length === 1);
  });

  it('leave no socket behind', async () => {
    blockUdp();
    const tcp = { tcpCandidates: ['active', 'passive', 'so'] } as const;
    const { first, second } = await connect(tcp, tcp);
    first.close();
    second.close();
    await world.advance(5000);
    expect([world.alice.openSockets, world.bob.openSockets]).toEqual([0, 0]);
  });
});
