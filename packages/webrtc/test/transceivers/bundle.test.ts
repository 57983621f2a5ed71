import { afterEach, describe, expect, it } from 'vitest';
import { MediaStream, type RTCConfiguration, type RTCPeerConnection } from '../../src/index.ts';
import { planOffer } from '../../src/jsep/transport-plan.ts';
import { negotiate, trickle } from '../helpers/connect.ts';
import { bundles, idleTrack, sections, shown } from '../helpers/tracks.ts';
import { errorName, recorded, World } from '../helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

const POLICIES = ['balanced', 'max-compat', 'max-bundle'] as const;

/** Audio, two times video, and data. */
function crowded(configuration: RTCConfiguration): RTCPeerConnection {
  const connection = world.connection(world.alice, configuration);
  for (const kind of ['audio', 'video', 'video']) connection.addTransceiver(kind);
  connection.createDataChannel('x');
  return connection;
}

/** User name fragments, as numbers of their first appearance. */
function transportsOf(sdp: string | undefined): number[] {
  const all = Array.from((sdp ?? '').matchAll(/^a=tls-id:(.*)$/gm), ([, id]) => id);
  return all.map((id) => [...new Set(all)].indexOf(id));
}

/** `a=ice-ufrag` of each section. */
function fragments(sdp: string | undefined): (string | undefined)[] {
  return Array.from((sdp ?? '').matchAll(/^a=ice-ufrag:(.*)$/gm), ([, fragment]) => fragment);
}

/** Peers without BUNDLE have no groups. */
const unbundled = (sdp: string | undefined): string => (sdp ?? '').replace(/a=group:BUNDLE.*\r\n/g, '');

describe('bundlePolicy', () => {
  it.each([
    ['balanced', [0, 1, 0, 2], ['video 2:0 sendrecv'], 3],
    ['max-compat', [0, 1, 2, 3], [], 4],
    ['max-bundle', [0, 0, 0, 0], ['video 1:0 sendrecv', 'video 2:0 sendrecv', 'application 3:0'], 1],
  ] as const)('%s says how many transports an offer has', async (bundlePolicy, expected, bundleOnly, count) => {
    const connection = crowded({ bundlePolicy });
    await world.until(connection.setLocalDescription());
    const sdp = connection.localDescription?.sdp;
    expect([transportsOf(sdp), bundles(sdp)]).toEqual([expected, ['0 1 2 3']]);
    expect(sections(sdp).filter((line) => line.includes(':0'))).toEqual(bundleOnly);
    expect(sdp?.match(/^a=bundle-only$/gm)?.length ?? 0).toBe(bundleOnly.length);
    await world.run(() => connection.iceGatheringState === 'complete');
    const stats = [...(await connection.getStats()).values()].filter(({ type }) => type === 'transport');
    expect(stats.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, index) => `T${index}`));
  });

  it.each(POLICIES)(
    '%s keeps the credentials of every section, which Firefox takes for an ICE restart otherwise',
    async (bundlePolicy) => {
      const a = crowded({ bundlePolicy });
      const b = world.connection(world.bob);
      trickle(a, b);
      await world.until(negotiate(a, b));
      const before = fragments(a.localDescription?.sdp);
      expect(new Set(before).size).toBe(1);
      await world.until(negotiate(a, b));
      expect(fragments(a.localDescription?.sdp)).toEqual(before);
      a.restartIce();
      await world.until(negotiate(a, b));
      const after = fragments(a.localDescription?.sdp);
      expect(after.some((fragment) => before.includes(fragment))).toBe(false);
    },
  );

  it.each(POLICIES)('%s leads to one transport when the peer bundles', async (bundlePolicy) => {
    const a = crowded({ bundlePolicy });
    const b = world.connection(world.bob);
    a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {});
    b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {});
    await world.until(negotiate(a, b));
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
    for (const one of [a, b]) {
      const used = new Set([...one.getSenders(), ...one.getReceivers()].map(({ transport }) => transport));
      used.add(one.sctp?.transport ?? null);
      expect(used.size).toBe(1);
      expect([...(await one.getStats()).values()].filter(({ type }) => type === 'transport')).toHaveLength(1);
    }
    // And stays with it.
    expect(new Set(fragments((await world.until(a.createOffer())).sdp)).size).toBe(1);
    a.addTransceiver('audio');
    const again = await world.until(a.createOffer());
    expect([bundles(again.sdp), again.sdp?.includes('bundle-only')]).toEqual([['0 1 2 3 4'], false]);
    await world.until(negotiate(a, b));
    expect(shown(b)).toHaveLength(4);
    expect([a.connectionState, b.connectionState]).toEqual(['connected', 'connected']);
  });

  it('max-compat reaches peers without BUNDLE over a transport for each section', async () => {
    const a = crowded({ bundlePolicy: 'max-compat' });
    const b = world.connection(world.bob);
    const states = recorded(a, 'connectionstatechange');
    a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {});
    b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {});
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription({ type: 'offer', sdp: unbundled(a.localDescription?.sdp) }));
    await world.until(b.setLocalDescription());
    expect(bundles(b.localDescription?.sdp)).toEqual([]);
    await world.until(a.setRemoteDescription(b.localDescription as never));
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
    for (const one of [a, b]) {
      const transports = new Set(one.getReceivers().map(({ transport }) => transport));
      transports.add(one.sctp?.transport ?? null);
      expect([...transports].map((transport) => transport?.state)).toEqual(Array(4).fill('connected'));
    }
    expect(states).toHaveLength(2);
    // Each restarts.
    const before = a.localDescription?.sdp?.match(/a=ice-ufrag:.*/g);
    a.restartIce();
    await world.until(a.setLocalDescription());
    expect(a.localDescription?.sdp?.match(/a=ice-ufrag:.*/g)?.filter((line) => before?.includes(line))).toEqual([]);
    await world.until(b.setRemoteDescription({ type: 'offer', sdp: unbundled(a.localDescription?.sdp) }));
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription as never));
    await world.advance(3000);
    expect([a.connectionState, b.connectionState, a.iceGatheringState]).toEqual(['connected', 'connected', 'complete']);
    // One that fails is the worst of all.
    const [audio] = a.getReceivers();
    expect(audio?.transport?.iceTransport.getSelectedCandidatePair()).not.toBe(null);
  });

  it('balanced reaches them with one section of each kind', async () => {
    const a = crowded({ bundlePolicy: 'balanced' });
    const b = world.connection(world.bob);
    a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {});
    b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {});
    await world.until(a.setLocalDescription());
    // For such a peer port 0 is a refusal.
    const sdp = unbundled(a.localDescription?.sdp).replace('a=bundle-only\r\n', '');
    await world.until(b.setRemoteDescription({ type: 'offer', sdp }));
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription as never));
    expect([shown(a).length, shown(b).length]).toEqual([2, 2]);
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
    expect(new Set(a.getReceivers().map(({ transport }) => transport)).size).toBe(2);
  });

  it('a transport that the answerer adds later has the roles of the first', async () => {
    const [a, b] = world.pair({ bundlePolicy: 'max-compat' });
    const exchange = async (from: typeof a, to: typeof b): Promise<void> => {
      await world.until(from.setLocalDescription());
      await world.until(to.setRemoteDescription({ type: 'offer', sdp: unbundled(from.localDescription?.sdp) }));
      await world.until(to.setLocalDescription());
      await world.until(from.setRemoteDescription(to.localDescription as never));
      await world.run(() => from.connectionState === 'connected' && to.connectionState === 'connected');
    };
    a.addTransceiver('audio');
    await exchange(a, b);
    b.addTransceiver('video');
    await exchange(b, a);
    const roles = (one: typeof a): unknown[] => one.getReceivers().map(({ transport }) => transport?.iceTransport.role);
    expect(new Set(a.getReceivers().map(({ transport }) => transport)).size).toBe(2);
    expect([roles(a), roles(b)]).toEqual([
      ['controlling', 'controlling'],
      ['controlled', 'controlled'],
    ]);
  });

  it('a refused section names no payload types', async () => {
    const [a, b] = world.pair();
    a.addTransceiver('audio');
    a.addTransceiver('video').stop();
    a.addTransceiver('video');
    await world.until(negotiate(a, b));
    a.getTransceivers()[1]?.stop();
    await world.until(a.setLocalDescription());
    expect(a.localDescription?.sdp).toContain('m=video 0 UDP/TLS/RTP/SAVPF 0\r\n');
  });

  it('max-bundle takes every section of the bundle that a balanced peer offers', async () => {
    const a = crowded({ bundlePolicy: 'balanced' });
    const b = world.connection(world.bob, { bundlePolicy: 'max-bundle' });
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    await world.until(b.setLocalDescription());
    expect(sections(b.localDescription?.sdp).map((line) => line.split(' ')[1])).toEqual(['0', '1', '2', '3']);
  });

  it('max-bundle takes only one transport from peers without BUNDLE', async () => {
    const a = crowded({ bundlePolicy: 'max-compat' });
    const b = world.connection(world.bob, { bundlePolicy: 'max-bundle' });
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription({ type: 'offer', sdp: unbundled(a.localDescription?.sdp) }));
    await world.until(b.setLocalDescription());
    expect(sections(b.localDescription?.sdp)).toEqual([
      'audio 0 recvonly',
      'video 1:0 inactive',
      'video 2:0 inactive',
      'application 3:0',
    ]);
    await world.until(a.setRemoteDescription(b.localDescription as never));
    expect([shown(a), a.sctp]).toEqual([['0 audio sendrecv sendonly'], null]);
  });
});

describe('an answer', () => {
  it('that takes a section out of the bundle keeps its transport', async () => {
    const a = world.connection(world.alice, { bundlePolicy: 'max-compat' });
    const b = world.connection(world.bob);
    a.addTransceiver('audio');
    a.addTransceiver('video');
    a.addTransceiver('video');
    await world.until(a.setLocalDescription());
    await world.run(() => a.iceGatheringState === 'complete');
    const offer = (a.localDescription?.sdp ?? '').replace('BUNDLE 0 1 2', 'BUNDLE 0 2');
    await world.until(b.setRemoteDescription({ type: 'offer', sdp: offer }));
    await world.until(b.setLocalDescription());
    expect(bundles(b.localDescription?.sdp)).toEqual(['0 2']);
    await world.run(() => b.iceGatheringState === 'complete');
    await world.until(a.setRemoteDescription(b.localDescription as never));
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
    const [audio, first, second] = a.getReceivers().map(({ transport }) => transport);
    expect([audio === second, audio === first]).toEqual([true, false]);
  });

  it('that refuses the first section leaves the bundle to the next one', async () => {
    const a = world.connection(world.alice, { bundlePolicy: 'balanced' });
    const b = world.connection(world.bob);
    a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {});
    b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {});
    const channel = a.createDataChannel('x');
    a.addTransceiver('audio');
    a.addTransceiver('video');
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    b.getTransceivers()[0]?.stop();
    await world.until(b.setLocalDescription());
    expect(bundles(b.localDescription?.sdp)).toEqual(['1 2']);
    await world.until(a.setRemoteDescription(b.localDescription as never));
    await world.run(() => channel.readyState === 'open' && a.connectionState === 'connected');
    expect(a.sctp?.transport).toBe(a.getReceivers()[0]?.transport);
    // Candidates are named after the section that is used.
    const seen: (string | null | undefined)[] = [];
    a.addEventListener('icecandidate', ({ candidate }) => seen.push(candidate?.sdpMid));
    a.restartIce();
    await world.until(negotiate(a, b));
    await world.run(() => seen.includes(undefined));
    expect(seen.slice(0, -1).every((mid) => mid === '1')).toBe(true);
  });

  it('uses so many transports and no more', async () => {
    const a = world.connection(world.alice, { bundlePolicy: 'max-bundle' });
    const b = world.connection(world.bob);
    for (let count = 0; count < 70; count++) a.addTransceiver('audio');
    const sdp = unbundled((await world.until(a.createOffer())).sdp)
      .replaceAll('m=audio 0', 'm=audio 9')
      .replaceAll('a=bundle-only\r\n', '');
    await world.until(b.setRemoteDescription({ type: 'offer', sdp }));
    const answer = await world.until(b.createAnswer());
    expect(sections(answer.sdp).filter((line) => line.includes(':0'))).toHaveLength(6);
    // Bundled, all of them do.
    await world.until(b.setRemoteDescription({ type: 'rollback' }));
    await world.until(negotiate(a, b));
    expect(shown(b)).toHaveLength(70);
  });

  it('that breaks a bundle up which has one transport is refused', async () => {
    const a = crowded({ bundlePolicy: 'max-bundle' });
    const b = world.connection(world.bob);
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    await world.until(b.setLocalDescription());
    for (const sdp of [
      unbundled(b.localDescription?.sdp),
      (b.localDescription?.sdp ?? '').replace('BUNDLE 0 1 2 3', 'BUNDLE 0 1 2'),
    ])
      expect(await errorName(() => world.until(a.setRemoteDescription({ type: 'answer', sdp })))).toBe(
        'InvalidAccessError',
      );
    await world.until(a.setRemoteDescription(b.localDescription as never));
    expect(a.signalingState).toBe('stable');
  });
});

describe('the end of a section', () => {
  it('of data leaves media alone, and data may come again', async () => {
    const { a, b, channel, other } = await world.connected();
    a.addTrack(idleTrack('audio'), new MediaStream());
    await world.until(negotiate(a, b));
    const offer = await world.until(b.createOffer());
    const closed = [recorded(channel, 'close'), recorded(other, 'close')];
    // No API refuses a data section; peers may.
    const sdp = (offer.sdp ?? '')
      .replace(/m=application \d+/, 'm=application 0')
      .replace(/a=group:BUNDLE.*/, 'a=group:BUNDLE 1');
    await world.until(a.setRemoteDescription({ type: 'offer', sdp }));
    await world.until(a.setLocalDescription());
    expect(sections(a.localDescription?.sdp)).toEqual(['application 0:0', 'audio 1 sendonly']);
    expect(a.sctp).toBe(null);
    await world.run(() => closed.every((events) => events.length === 1));
    expect([channel.readyState, a.getSenders()[0]?.transport?.state]).toEqual(['closed', 'connected']);
  });

  it('of a transport goes on without it', async () => {
    const a = world.connection(world.alice, { bundlePolicy: 'max-compat' });
    const b = world.connection(world.bob);
    a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {});
    b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {});
    const audio = a.addTransceiver('audio');
    a.addTransceiver('video');
    const exchange = async (): Promise<void> => {
      await a.setLocalDescription();
      await b.setRemoteDescription({ type: 'offer', sdp: unbundled(a.localDescription?.sdp) });
      await b.setLocalDescription();
      await a.setRemoteDescription(b.localDescription as never);
    };
    await world.until(exchange());
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
    const transport = audio.sender.transport;
    audio.stop();
    await world.until(exchange());
    expect([transport?.state, transport?.iceTransport.state]).toEqual(['closed', 'closed']);
    await world.advance(1000);
    expect([a.connectionState, b.connectionState]).toEqual(['connected', 'connected']);
  });
});

describe('peers that do not name their DTLS association, such as browsers', () => {
  /** Offer and answer between peers that know nothing of a=tls-id. */
  const exchange = async (one: RTCPeerConnection, other: RTCPeerConnection): Promise<void> => {
    const plain = (sdp: string | undefined): string => (sdp ?? '').replace(/a=tls-id:.*\r\n/g, '');
    await one.setLocalDescription();
    await other.setRemoteDescription({ type: 'offer', sdp: plain(one.localDescription?.sdp) });
    await other.setLocalDescription();
    await one.setRemoteDescription({ type: 'answer', sdp: plain(other.localDescription?.sdp) });
  };

  it.each(['offering', 'answering'])(
    'get a new transport with the old credentials when the %s side stops the first',
    async (side) => {
      const [a, b] = world.pair();
      for (const kind of ['audio', 'video', 'video']) a.addTransceiver(kind);
      await world.until(exchange(a, b));
      await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
      const before = a.getSenders()[1]?.transport;
      const fragment = before?.iceTransport.getLocalParameters()?.usernameFragment;
      const [one, other] = side === 'offering' ? [a, b] : [b, a];
      one.getTransceivers()[0]?.stop();
      await world.until(exchange(one, other));
      const after = a.getSenders().map(({ transport }) => transport);
      expect([new Set(after).size, after[0] === before, before?.state]).toEqual([1, false, 'closed']);
      expect(after[0]?.iceTransport.getLocalParameters()?.usernameFragment).toBe(fragment);
      await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
      expect(after[0]?.state).toBe('connected');
      // Nothing comes to stand before the section that carries the bundle now.
      a.addTransceiver('audio');
      await world.until(exchange(a, b));
      expect(sections(a.localDescription?.sdp).map((line) => line.split(' ')[1])).toEqual(['0:0', '1', '2', '3']);
      expect(a.getSenders().every(({ transport }) => transport === after[0])).toBe(true);
      expect([a.connectionState, b.connectionState]).toEqual(['connected', 'connected']);
    },
  );

  it('get one as well when the answer refuses the first section', async () => {
    const [a, b] = world.pair();
    for (const kind of ['audio', 'video']) a.addTransceiver(kind);
    await world.until(exchange(a, b));
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
    const before = a.getSenders()[1]?.transport;
    b.getTransceivers()[0]?.stop();
    await world.until(exchange(a, b));
    const after = a.getSenders()[0]?.transport;
    expect([a.getSenders().length, after === before, before?.state]).toEqual([1, false, 'closed']);
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
    expect(after?.state).toBe('connected');
  });

  it('keep the old transport when the offer is taken back', async () => {
    const [a, b] = world.pair();
    for (const kind of ['audio', 'video']) a.addTransceiver(kind);
    await world.until(exchange(a, b));
    await world.run(() => a.connectionState === 'connected');
    const before = a.getSenders()[1]?.transport;
    a.getTransceivers()[0]?.stop();
    await world.until(a.setLocalDescription());
    await world.until(a.setLocalDescription());
    await world.advance(500);
    await world.until(a.setLocalDescription({ type: 'rollback' }));
    expect(a.getSenders()[0]?.transport).toBe(before);
    await world.advance(500);
    expect([a.connectionState, before?.state]).toEqual(['connected', 'connected']);
  });
});

describe('a pool', () => {
  it('gives its candidates to the transports that come first', async () => {
    const connection = world.connection(world.alice, { iceCandidatePoolSize: 2, bundlePolicy: 'max-compat' });
    await world.advance(100);
    for (const kind of ['audio', 'video', 'video']) connection.addTransceiver(kind);
    const seen: (number | null | undefined)[] = [];
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.type === 'host') seen.push(candidate.sdpMLineIndex);
    };
    await world.until(connection.setLocalDescription());
    await world.run(() => connection.iceGatheringState === 'complete');
    expect(seen).toEqual([0, 1, 2]);
  });
});

it('planOffer bundles what is new into the bundle that is there', () => {
  const section = (mid: string, kind: string, agreed: boolean) => ({ mid, kind, agreed });
  const plan = planOffer(
    [section('0', 'audio', true), section('1', 'video', true), section('2', 'video', false)],
    'balanced',
    ['1'],
  );
  // What was agreed on outside of it stays there.
  expect(plan.bundle).toEqual(['1', '2']);
  expect(plan.shares.get('2')).toEqual({ owner: '1', bundleOnly: false });
  expect(plan.shares.get('0')).toEqual({ owner: '0', bundleOnly: false });
});
