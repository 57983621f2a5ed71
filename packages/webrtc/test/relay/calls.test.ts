import { afterEach, describe, expect, it } from 'vitest';
import type {
  RTCConfiguration,
  RTCDataChannel,
  RTCPeerConnection,
  RTCPeerConnectionIceErrorEvent,
} from '../../src/index.ts';
import { UdpMux } from '../../src/index.ts';
import { trickle } from '../helpers/connect.ts';
import { World } from '../helpers/world.ts';
import { dtlsCertificate, turnServer } from './turn-world.ts';

const DTLS = await dtlsCertificate();
const FIRST = '198.51.100.10';
const SECOND = '198.51.100.20';
const TOTAL = 200;

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

function relayed(...urls: string[]): RTCConfiguration {
  return {
    iceTransportPolicy: 'relay',
    iceServers: [{ urls, username: 'u', credential: 'p' }],
    kaon: { relay: { tls: { verify: false }, timeout: 3000 } },
  };
}

function selected(connection: RTCPeerConnection) {
  return connection.sctp?.transport.iceTransport.getSelectedCandidatePair()?.local;
}

/** Numbers `TOTAL` messages of 1 KB from `channel` and notes what comes to `other`, a message every 50 ms. */
function transfer(channel: RTCDataChannel, other: RTCDataChannel): number[] {
  const got: number[] = [];
  other.onmessage = ({ data }) => got.push(new DataView(data as ArrayBuffer).getUint32(0));
  let next = 0;
  const timer = world.clock.timer(() => {
    const message = new Uint8Array(1000);
    new DataView(message.buffer).setUint32(0, next++);
    if (channel.readyState !== 'open') return;
    channel.send(message);
    if (next < TOTAL) timer.reset(world.clock.now() + 50);
  });
  timer.reset(world.clock.now());
  return got;
}

const ALL = Array.from({ length: TOTAL }, (_, i) => i);

describe('a relay', () => {
  it('asks to let the peer in as soon as its candidates are known, save those that are filtered, and before it checks', async () => {
    const server = await turnServer(world.sim, { addresses: [FIRST] });
    const a = world.connection(world.alice, {
      ...relayed(`turn:${FIRST}`),
      kaon: { remoteAddressFilter: (address) => address !== '192.0.2.66' },
    });
    a.createDataChannel('x');
    await world.until(a.setLocalDescription());
    const b = world.connection(world.bob);
    await world.until(b.setRemoteDescription(a.localDescription as never));
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription as never));
    const remote = a.sctp?.transport.iceTransport.getRemoteParameters();
    for (const address of ['192.0.2.66', '192.0.2.67']) {
      const candidate = `candidate:9 1 udp 1 ${address} 4000 typ srflx raddr 0.0.0.0 rport 9 ufrag ${remote?.usernameFragment}`;
      await world.until(a.addIceCandidate({ candidate, sdpMid: '0' }));
    }
    await world.run(() => server.events.some(({ type }) => type === 'permission'));
    await world.advance(1000);
    const permitted = server.events.flatMap((event) => (event.type === 'permission' ? [event.peer] : []));
    expect(permitted).toContain('192.0.2.67');
    expect(permitted).not.toContain('192.0.2.66');
  });

  it('costs what the network costs that leads to it, and all candidates say so', async () => {
    await turnServer(world.sim, { addresses: [FIRST], dtls: DTLS });
    const lines: string[] = [];
    const connection = world.connection(world.alice, {
      iceServers: [{ urls: `turn:${FIRST}`, username: 'u', credential: 'p' }],
      kaon: { tcpCandidates: [], networkCost: () => 10 },
    });
    connection.onicecandidate = ({ candidate }) => candidate?.candidate && lines.push(candidate.candidate);
    connection.createDataChannel('x');
    await world.until(connection.setLocalDescription());
    await world.run(() => connection.iceGatheringState === 'complete');
    expect(lines.some((line) => line.includes('typ relay'))).toBe(true);
    for (const line of lines) expect(line).toContain('network-cost 10');
  });
});

describe('a call that is relayed', () => {
  it.each([
    ['udp', `turn:${FIRST}`],
    ['tcp', `turn:${FIRST}?transport=tcp`],
    ['tls', `turns:${FIRST}`],
    ['dtls', `turns:${FIRST}?transport=udp`],
  ])('carries data over %s, and is gone from the server after close', async (protocol, url) => {
    const server = await turnServer(world.sim, { addresses: [FIRST], dtls: DTLS });
    const { a, b, channel, other } = await world.connected(relayed(url), relayed(url));
    expect(selected(a)).toMatchObject({ type: 'relay', address: FIRST, relayProtocol: protocol, url });
    const got = transfer(channel, other);
    await world.run(() => got.length === TOTAL);
    expect(got).toEqual(ALL);
    a.close();
    b.close();
    await world.advance(15_000);
    expect(server.allocations).toBe(0);
    expect(world.alice.openSockets + world.bob.openSockets).toBe(0);
  });

  it('survives the death of its server when there is another one, without losing a byte', async () => {
    const servers = [
      await turnServer(world.sim, { addresses: [FIRST] }),
      await turnServer(world.sim, { addresses: [SECOND] }),
    ];
    const urls = [FIRST, SECOND].flatMap((host) => [`turn:${host}`, `turn:${host}?transport=tcp`]);
    const { a, b, channel, other } = await world.connected(relayed(...urls), relayed(...urls));
    const got = transfer(channel, other);
    await world.run(() => got.length > 20);
    const used = [selected(a)?.address, selected(b)?.address];
    const dying = servers[used[0] === FIRST ? 0 : 1];
    dying?.kill();
    await world.run(() => got.length === TOTAL, 120_000);
    expect(got).toEqual(ALL);
    expect(selected(a)?.address).not.toBe(used[0]);
    expect(a.connectionState).toBe('connected');
  });

  it('goes on over another server when its allocation is forgotten', async () => {
    const server = await turnServer(world.sim, { addresses: [FIRST] });
    await turnServer(world.sim, { addresses: [SECOND] });
    const { a, channel, other } = await world.connected(
      relayed(`turn:${FIRST}`, `turn:${SECOND}?transport=tcp`),
      relayed(`turn:${SECOND}`),
    );
    const got = transfer(channel, other);
    await world.run(() => got.length > 20);
    expect(selected(a)?.address).toBe(FIRST);
    server.forget();
    await world.run(() => got.length === TOTAL, 120_000);
    expect(got).toEqual(ALL);
    expect(selected(a)).toMatchObject({ address: SECOND, relayProtocol: 'tcp' });
  });

  it('goes on at once when the connection to its server breaks', async () => {
    const server = await turnServer(world.sim, { addresses: [FIRST] });
    await turnServer(world.sim, { addresses: [SECOND] });
    // TCP is better than TLS.
    const { a, channel, other } = await world.connected(
      relayed(`turn:${FIRST}?transport=tcp`, `turns:${SECOND}`),
      relayed(`turn:${SECOND}`),
    );
    const got = transfer(channel, other);
    await world.run(() => got.length > 20);
    expect(selected(a)?.address).toBe(FIRST);
    server.kill();
    await world.advance(2000);
    expect(selected(a)?.address).toBe(SECOND);
    await world.run(() => got.length === TOTAL, 120_000);
    expect(got).toEqual(ALL);
  });
});

describe('a server that gives what is not its own', () => {
  it('takes no address of ours away', async () => {
    const { alice, bob, sim } = world;
    const ours = alice.interfaces().find(({ internal }) => !internal)!.address;
    const server = await turnServer(sim, {
      addresses: [FIRST],
      server: { externalAddress: { IPv4: ours }, relayPorts: [5000, 5000] },
    });
    const udpMux = await world.until(UdpMux.listen({ network: alice, clock: world.clock, port: 5000 }));
    const servers = [{ urls: `turn:${FIRST}`, username: 'u', credential: 'p' }];
    const [a, b] = [world.connection(alice, { iceServers: servers, kaon: { udpMux } }), world.connection(bob)];
    const found: string[] = [];
    a.addEventListener('icecandidate', ({ candidate }) => found.push(`${candidate?.type} ${candidate?.port}`));
    trickle(a, b);
    const channel = a.createDataChannel('x');
    await world.until(a.setLocalDescription());
    await world.run(() => a.iceGatheringState === 'complete');
    expect(server.events.some(({ type }) => type === 'allocated')).toBe(true);
    expect(found.filter((text) => text.endsWith(' 5000'))).toEqual(['host 5000']);
    await world.advance(3000);
    expect(server.allocations).toBe(0);
    await world.until(b.setRemoteDescription(a.localDescription!));
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription!));
    await world.run(() => channel.readyState === 'open');
    expect(selected(a)).toMatchObject({ type: 'host', port: 5000 });
    udpMux.close();
  });
});

describe('icecandidateerror', () => {
  it('tells of each server that gave nothing, while the others are used', async () => {
    await turnServer(world.sim, { addresses: [FIRST] });
    const { iceServers = [], ...rest } = relayed(`turn:${FIRST}`, 'turn:198.51.100.66', 'turn:not.example');
    const wrong = { urls: `turn:${FIRST}?transport=tcp`, username: 'u', credential: 'wrong' };
    const connection = world.connection(world.alice, { ...rest, iceServers: [...iceServers, wrong] });
    const errors: RTCPeerConnectionIceErrorEvent[] = [];
    connection.onicecandidateerror = (event) => errors.push(event as RTCPeerConnectionIceErrorEvent);
    connection.createDataChannel('x');
    await world.until(connection.setLocalDescription());
    await world.run(() => connection.iceGatheringState === 'complete');
    expect(errors.map(({ url, errorCode, errorText }) => `${url} ${errorCode} ${errorText}`).sort()).toEqual([
      `turn:${FIRST}?transport=tcp 401 Unauthorized`,
      'turn:198.51.100.66 701 the server did not answer within 3 s',
      'turn:not.example 701 the name not.example was not found',
    ]);
    expect(connection.localDescription?.sdp).toContain(`${FIRST}`);
  });
});
