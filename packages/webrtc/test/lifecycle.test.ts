import { afterEach, describe, expect, it } from 'vitest';
import { RTCIceTransport, RTCPeerConnection, RTCSctpTransport } from '../src/index.ts';
import { negotiate } from './helpers/connect.ts';
import { errorName, recorded, World } from './helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

const STATES = [
  'connectionstatechange',
  'iceconnectionstatechange',
  'icegatheringstatechange',
  'signalingstatechange',
  'negotiationneeded',
  'icecandidate',
  'datachannel',
];

describe('the states of a connection', () => {
  it('go from new to connected, each with its event', async () => {
    const [a, b] = world.pair();
    const seen: string[] = [];
    a.onconnectionstatechange = () => seen.push(`connection ${a.connectionState}`);
    a.oniceconnectionstatechange = () => seen.push(`ice ${a.iceConnectionState}`);
    a.createDataChannel('x');
    expect([a.connectionState, a.iceConnectionState, a.iceGatheringState, a.sctp]).toEqual(['new', 'new', 'new', null]);
    await world.until(negotiate(a, b));
    const sctp = a.sctp as RTCSctpTransport;
    expect(sctp).toBeInstanceOf(RTCSctpTransport);
    expect([sctp.state, sctp.maxChannels, sctp.maxMessageSize]).toEqual(['connecting', null, 262144]);
    const transports = {
      sctp: recorded(sctp, 'statechange'),
      dtls: recorded(sctp.transport, 'statechange'),
      ice: recorded(sctp.transport.iceTransport, 'statechange', 'selectedcandidatepairchange', 'gatheringstatechange'),
    };
    await world.run(() => sctp.state === 'connected' && a.iceConnectionState === 'completed');
    // ICE may complete at once or by way of `connected`.
    expect(seen.filter((state) => state !== 'ice connected')).toEqual([
      'ice checking',
      'connection connecting',
      'ice completed',
      'connection connected',
    ]);
    expect([sctp.maxChannels, sctp.transport.state]).toEqual([65535, 'connected']);
    expect(transports.sctp).toHaveLength(1);
    expect(transports.dtls).toHaveLength(2);
    expect(transports.ice).toContain('selectedcandidatepairchange');
  });

  it('show the transports', async () => {
    const { a, b } = await world.connected();
    const [ice, remote] = [a, b].map((one) => one.sctp?.transport.iceTransport) as [RTCIceTransport, RTCIceTransport];
    expect([ice.role, remote.role, ice.component]).toEqual(['controlling', 'controlled', 'rtp']);
    expect(ice.getSelectedCandidatePair()).toMatchObject({
      local: { address: '198.51.100.1', type: 'host', sdpMid: '0' },
      remote: { address: '198.51.100.2' },
    });
    expect(ice.getLocalCandidates()).toHaveLength(1);
    expect(ice.getRemoteParameters()).toEqual(remote.getLocalParameters());
    const [der] = a.sctp?.transport.getRemoteCertificates() ?? [];
    expect(der).toBeInstanceOf(ArrayBuffer);
    expect(new Uint8Array(der as ArrayBuffer)[0]).toBe(0x30);
  });

  it('become disconnected and failed when the peer vanishes', async () => {
    const options = { kaon: { disconnectedTimeout: 2000, failedTimeout: 6000 } };
    const { a, channel } = await world.connected(options);
    const seen: string[] = [];
    a.onconnectionstatechange = () => seen.push(a.connectionState);
    world.bob.link().cut();
    const start = world.sim.clock.now();
    await world.run(() => a.connectionState === 'failed');
    expect(seen).toEqual(['disconnected', 'failed']);
    expect(world.sim.clock.now() - start).toBeLessThan(12_000);
    expect(channel.readyState).toBe('open');
  });

  it("show the peer's close at once", async () => {
    const { a, b, channel } = await world.connected();
    b.close();
    const start = world.sim.clock.now();
    await world.run(() => channel.readyState === 'closed' && a.connectionState === 'disconnected');
    expect(world.sim.clock.now() - start).toBeLessThan(100);
    expect([a.sctp?.state, a.sctp?.transport.state]).toEqual(['closed', 'closed']);
  });
});

describe('close', () => {
  it('is synchronous and idempotent, and nothing fires after it', async () => {
    const { a, channel } = await world.connected();
    const sctp = a.sctp as RTCSctpTransport;
    const events = [
      recorded(a, ...STATES),
      recorded(channel, 'close', 'error', 'closing', 'message'),
      recorded(sctp, 'statechange'),
      recorded(sctp.transport, 'statechange', 'error'),
      recorded(sctp.transport.iceTransport, 'statechange', 'gatheringstatechange'),
    ];
    channel.send('on the way');
    a.close();
    a.close();
    expect([a.signalingState, a.connectionState, a.iceConnectionState, channel.readyState]).toEqual(
      Array(4).fill('closed'),
    );
    expect([sctp.state, sctp.transport.state, sctp.transport.iceTransport.state]).toEqual(Array(3).fill('closed'));
    await world.advance(5000);
    expect(events.flat()).toEqual([]);
    expect(channel.bufferedAmount).toBe(10);
  });

  it('can be called inside any event', async () => {
    for (const type of [
      'connectionstatechange',
      'iceconnectionstatechange',
      'datachannel',
      'icecandidate',
      'message',
    ]) {
      const own = new World();
      const [a, b] = own.pair();
      const channel = a.createDataChannel('x');
      channel.onopen = () => channel.send('x');
      let closed = false;
      const close = (): void => {
        b.close();
        closed = true;
      };
      b.addEventListener(type, close);
      b.addEventListener('datachannel', (event) => event.channel.addEventListener(type, close));
      await own.until(
        Promise.race([
          negotiate(a, b).catch(() => {}),
          new Promise<void>((resolve) => b.addEventListener(type, () => resolve())),
        ]),
      );
      await own.run(() => closed);
      const after = recorded(b, ...STATES);
      await own.advance(2000);
      expect([type, b.connectionState, after]).toEqual([type, 'closed', []]);
      own.close();
    }
  });

  it('leaves neither timers nor sockets behind', async () => {
    const { a, b } = await world.connected();
    a.close();
    b.close();
    await world.advance(100);
    expect(world.sim.clock.pending).toBe(0);
    // The port is free again.
    const port = Number(/ (\d+) typ host/.exec(a.localDescription?.sdp ?? '')?.[1]);
    (await world.alice.bindUdp({ address: '198.51.100.1', port })).close();
  });

  it('ends gathering that is under way', async () => {
    const connection = world.connection(world.alice, { iceServers: [{ urls: 'stun:192.0.2.1' }] });
    connection.createDataChannel('x');
    const events = recorded(connection, ...STATES);
    await world.until(connection.setLocalDescription());
    connection.close();
    const before = events.length;
    await world.advance(60_000);
    expect([events.length, world.sim.clock.pending]).toEqual([before, 0]);
  });

  it('refuses everything afterwards with InvalidStateError', async () => {
    const connection = world.connection();
    connection.close();
    const calls: (() => unknown)[] = [
      () => connection.createOffer(),
      () => connection.createAnswer(),
      () => connection.setLocalDescription(),
      () => connection.setRemoteDescription({ type: 'offer', sdp: '' }),
      () => connection.addIceCandidate(null),
      () => connection.createDataChannel('x'),
      () => connection.setConfiguration({}),
      () => connection.addTrack({} as never),
      () => connection.addTransceiver('audio'),
      () => connection.removeTrack({} as never),
    ];
    for (const call of calls)
      expect([String(call), await errorName(call)]).toEqual([String(call), 'InvalidStateError']);
    expect(connection.restartIce()).toBe(undefined);
    expect((await connection.getStats()).size).toBe(1);
  });

  it('leaves operations that were under way unsettled, as the standard has it', async () => {
    const connection = world.connection();
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    connection.createOffer().then(settle, settle);
    connection.close();
    await world.advance(1000);
    expect(settled).toBe(false);
  });
});

describe('sections of a description', () => {
  it('that are refused in the answer end data channels', async () => {
    const [a, b] = world.pair();
    a.createDataChannel('x');
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    const answer = await world.until(b.createAnswer());
    const sdp = (answer.sdp as string).replace('m=application 9', 'm=application 0').replace('BUNDLE 0', 'BUNDLE');
    await world.until(a.setRemoteDescription({ type: 'answer', sdp }));
    expect([a.signalingState, a.sctp, a.connectionState]).toEqual(['stable', null, 'new']);
    expect((await world.until(a.createOffer())).sdp).toMatch(/m=application 9 /);
  });

  it('are taken up again after a renegotiation', async () => {
    const { a, b, channel, other } = await world.connected();
    await world.until(negotiate(a, b));
    await world.until(negotiate(b, a));
    expect([a.localDescription?.type, b.localDescription?.type]).toEqual(['answer', 'offer']);
    let got = '';
    other.onmessage = ({ data }) => {
      got = data as string;
    };
    channel.send('same transport');
    await world.run(() => got !== '');
    const late = b.createDataChannel('late');
    await world.run(() => late.readyState === 'open');
    expect([channel.id, late.id].sort()).toEqual([0, 1]);
  });
});

describe('the event targets', () => {
  it("are the platform's own, with handlers in their place", async () => {
    const connection = new RTCPeerConnection();
    expect(connection).toBeInstanceOf(EventTarget);
    const seen: string[] = [];
    connection.addEventListener('track', () => seen.push('before'));
    connection.ontrack = () => seen.push('first handler');
    connection.addEventListener('track', { handleEvent: () => seen.push('object') });
    connection.ontrack = () => seen.push('second handler');
    connection.dispatchEvent(new Event('track'));
    expect(seen).toEqual(['before', 'second handler', 'object']);
    connection.ontrack = null;
    expect(connection.ontrack).toBe(null);
    connection.ontrack = 'nothing' as never;
    expect(connection.ontrack).toBe(null);
    connection.dispatchEvent(new Event('track'));
    expect(seen).toHaveLength(5);
    connection.close();
  });

  it('cannot be made by hand where the standard does not allow it', async () => {
    expect(await errorName(() => new RTCSctpTransport())).toBe('TypeError');
    expect(await errorName(() => new RTCIceTransport())).toBe('TypeError');
  });
});
