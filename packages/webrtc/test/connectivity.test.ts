import { afterEach, describe, expect, it } from 'vitest';
import { type KaonOptions, RTCPeerConnection } from '../src/index.ts';
import { negotiate, trickle } from './helpers/connect.ts';
import { World } from './helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

async function gathered(kaon: KaonOptions, host = world.alice): Promise<string> {
  const connection = world.connection(host, {}, kaon);
  connection.createDataChannel('x');
  await world.until(connection.setLocalDescription());
  await world.run(() => connection.iceGatheringState === 'complete');
  return connection.localDescription?.sdp ?? '';
}

async function opened(a: RTCPeerConnection, b: RTCPeerConnection) {
  const channel = a.createDataChannel('x');
  const received: unknown[] = [];
  b.ondatachannel = ({ channel: other }) => {
    other.onmessage = ({ data }) => received.push(data);
  };
  await world.until(negotiate(a, b));
  await world.run(() => channel.readyState === 'open');
  return { channel, received };
}

function localAddress(connection: RTCPeerConnection): string | null | undefined {
  return connection.sctp?.transport.iceTransport.getSelectedCandidatePair()?.local.address;
}

describe('an ICE-lite server', () => {
  it('says so, has host candidates only, asks no server, and is connected to whoever offers', async () => {
    let asked = 0;
    const server = world.sim.host({ addresses: ['192.0.2.1'] });
    const stun = await server.bindUdp({ address: '192.0.2.1', port: 3478 });
    stun.onDatagram = () => void asked++;
    for (const liteOffers of [true, false]) {
      const iceServers = [{ urls: 'stun:192.0.2.1' }];
      const lite = world.connection(world.alice, { iceServers }, { iceLite: true });
      const full = world.connection(world.bob);
      trickle(lite, full);
      const { channel, received } = await opened(
        ...((liteOffers ? [lite, full] : [full, lite]) as [typeof lite, typeof full]),
      );
      channel.send('x');
      await world.run(() => received.length === 1);
      expect(lite.localDescription?.sdp.match(/a=ice-lite/g)).toHaveLength(1);
      expect(full.localDescription?.sdp).not.toContain('a=ice-lite');
      expect(lite.sctp?.transport.iceTransport.role).toBe('controlled');
      expect(full.sctp?.transport.iceTransport.role).toBe('controlling');
      expect(lite.localDescription?.sdp).not.toMatch(/typ (srflx|relay)/);
    }
    expect(asked).toBe(0);
  });

  it('notices that the peer is gone', async () => {
    const lite = world.connection(world.alice, {}, { iceLite: true, disconnectedTimeout: 3000, failedTimeout: 9000 });
    const full = world.connection(world.bob);
    trickle(lite, full);
    await opened(full, lite);
    world.bob.link().cut();
    await world.run(() => lite.connectionState === 'failed');
  });
});

describe('addresses', () => {
  it('are told as the rules have it', async () => {
    const rule = { external: '203.0.113.9' };
    const replaced = await gathered({ addressRewrites: [rule] });
    expect(replaced).toContain(' 203.0.113.9 ');
    expect(replaced).not.toContain(' 198.51.100.1 ');
    const appended = await gathered({ addressRewrites: [{ ...rule, mode: 'append' }] });
    expect(appended).toContain(' 203.0.113.9 ');
    expect(appended).toContain(' 198.51.100.1 ');
    expect(await gathered({ addressRewrites: [{ ...rule, type: 'srflx' }] })).toMatch(/203\.0\.113\.9 \d+ typ srflx/);
    const bad = { addressRewrites: [{ external: 'nowhere' }] };
    expect(() => new RTCPeerConnection({ kaon: bad })).toThrow(TypeError);
  });

  it('behind a one-to-one NAT are reached from outside', async () => {
    const network = world.sim.nat({ type: 'full-cone', address: '203.0.113.50', preservePorts: true });
    const inside = world.sim.host({ name: 'cloud', addresses: ['10.0.0.5'], network });
    const server = world.connection(inside, {}, { addressRewrites: [{ external: '203.0.113.50' }] });
    const client = world.connection(world.bob);
    trickle(client, server);
    await opened(client, server);
    expect(client.sctp?.transport.iceTransport.getSelectedCandidatePair()?.remote.address).toBe('203.0.113.50');
  });

  it('that are dear are told to be, and avoided', async () => {
    const host = world.sim.host({
      interfaces: [
        { name: 'wlan0', addresses: ['198.51.100.20'], network: world.sim.internet, type: 'wifi' },
        { name: 'wwan0', addresses: ['198.51.100.21'], network: world.sim.internet, type: 'cellular' },
      ],
    });
    const sdp = await gathered({}, host);
    expect(sdp).toMatch(/198\.51\.100\.20 .*network-cost 10/);
    expect(sdp).toMatch(/198\.51\.100\.21 .*network-cost 900/);
    const turned = await gathered({ networkCost: ({ name }) => (name === 'wwan0' ? 0 : 500) }, host);
    expect(turned).not.toMatch(/198\.51\.100\.21 .*network-cost/);
    expect(turned).toMatch(/198\.51\.100\.20 .*network-cost 500/);
    const a = world.connection(host, {}, { networkCost: ({ name }) => (name === 'wwan0' ? 0 : 500) });
    const b = world.connection(world.bob);
    trickle(a, b);
    await opened(a, b);
    expect(localAddress(a)).toBe('198.51.100.21');
  });

  it('are hidden behind names that the other side looks up', async () => {
    const sdp = await gathered({ mdns: 'hide' });
    expect(sdp).toMatch(/ [0-9a-f-]{36}\.local \d+ typ host/);
    expect(sdp).not.toContain('198.51.100.1');
    const a = world.connection(world.alice, {}, { mdns: 'hide' });
    const b = world.connection(world.bob);
    trickle(a, b);
    await opened(a, b);
    const remote = [...(await world.until(b.getStats())).values()].filter(({ type }) => type === 'remote-candidate');
    expect(JSON.stringify(remote)).toContain('198.51.100.1');
  });

  it('behind names stay unknown to those who do not look them up', async () => {
    world.sim.internet.filter = ({ destination }) =>
      destination.address !== '198.51.100.2' || destination.port === 5353;
    const a = world.connection(world.alice, {}, { mdns: 'hide' });
    const b = world.connection(world.bob, {}, { mdns: 'off', patience: 1000 });
    trickle(a, b);
    a.createDataChannel('x');
    await world.until(negotiate(a, b));
    await world.advance(3000);
    const all = [...(await world.until(b.getStats())).values()];
    expect(all.filter(({ type }) => type === 'candidate-pair')).toEqual([]);
    expect(() => new RTCPeerConnection({ kaon: { mdns: 'maybe' as 'off' } })).toThrow(TypeError);
  });
});

describe('a network that changes', () => {
  /** A phone with one network, and a server. */
  function roaming(kaon: KaonOptions) {
    const network = world.sim.internet;
    const phone = world.sim.host({ interfaces: [{ name: 'wlan0', addresses: ['198.51.100.30'], network }] });
    const a = world.connection(phone, {}, { disconnectedTimeout: 1500, ...kaon });
    const b = world.connection(world.bob, {}, { disconnectedTimeout: 1500 });
    trickle(a, b);
    const move = (): void => {
      phone.removeInterface('wlan0');
      phone.addInterface({ name: 'wwan0', addresses: ['198.51.100.31'], network });
    };
    return { a, b, move };
  }

  it('is followed without a restart by one that watches, and no byte of a reliable channel is lost', async () => {
    const { a, b, move } = roaming({ continualGathering: true });
    const { channel, received } = await opened(a, b);
    const states: string[] = [];
    a.onconnectionstatechange = () => states.push(a.connectionState);
    for (let i = 0; i < 50; i++) channel.send(`${i}`);
    move();
    for (let i = 50; i < 100; i++) channel.send(`${i}`);
    await world.run(() => received.length === 100);
    expect(received).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
    expect(localAddress(a)).toBe('198.51.100.31');
    expect(states).not.toContain('failed');
  });

  it('is found by a restart where nobody watches', async () => {
    const { a, b, move } = roaming({});
    const { channel, received } = await opened(a, b);
    move();
    channel.send('late');
    await world.run(() => a.connectionState === 'disconnected' || a.connectionState === 'failed');
    expect(received).toEqual([]);
    a.restartIce();
    await world.until(negotiate(a, b));
    await world.run(() => received.length === 1);
    expect(localAddress(a)).toBe('198.51.100.31');
  });
});

describe('renomination', () => {
  it('is offered and agreed on, and moves to a network that turns out better', async () => {
    const network = world.sim.internet;
    const host = world.sim.host({
      interfaces: [{ name: 'wwan0', addresses: ['198.51.100.40'], network, type: 'cellular' }],
    });
    const options = { renomination: true, continualGathering: true };
    const a = world.connection(host, {}, options);
    const b = world.connection(world.bob, {}, { renomination: true });
    trickle(a, b);
    const { channel, received } = await opened(a, b);
    expect(a.localDescription?.sdp).toMatch(/a=ice-options:.*renomination/);
    expect(b.localDescription?.sdp).toMatch(/a=ice-options:.*renomination/);
    expect(localAddress(a)).toBe('198.51.100.40');
    host.addInterface({ name: 'eth0', addresses: ['198.51.100.41'], network, type: 'ethernet' });
    await world.run(() => localAddress(a) === '198.51.100.41');
    channel.send('over the better one');
    await world.run(() => received.length === 1);
    const selected = b.sctp?.transport.iceTransport.getSelectedCandidatePair();
    expect(selected?.remote.address).toBe('198.51.100.41');
  });

  it('is not spoken of without being asked for', async () => {
    expect(await gathered({})).not.toContain('renomination');
  });
});
