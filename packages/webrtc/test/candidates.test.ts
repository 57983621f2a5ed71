import { afterEach, describe, expect, it } from 'vitest';
import { RTCIceCandidate, RTCPeerConnectionIceEvent } from '../src/index.ts';
import { negotiate } from './helpers/connect.ts';
import { errorName, recorded, World } from './helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

const LINE = 'candidate:1 1 udp 2130706431 192.0.2.1 5000 typ srflx raddr 10.0.0.1 rport 4000 ufrag abcd';

describe('RTCIceCandidate', () => {
  it('reads its members from the text', () => {
    const candidate = new RTCIceCandidate({ candidate: LINE, sdpMid: '0' });
    expect(candidate).toMatchObject({
      candidate: LINE,
      sdpMid: '0',
      sdpMLineIndex: null,
      foundation: '1',
      component: 'rtp',
      protocol: 'udp',
      priority: 2130706431,
      address: '192.0.2.1',
      port: 5000,
      type: 'srflx',
      relatedAddress: '10.0.0.1',
      relatedPort: 4000,
      tcpType: null,
      usernameFragment: 'abcd',
    });
    expect(candidate.toJSON()).toEqual({
      candidate: LINE,
      sdpMid: '0',
      sdpMLineIndex: null,
      usernameFragment: 'abcd',
    });
  });

  it('keeps what it cannot read, with null members', () => {
    const candidate = new RTCIceCandidate({ candidate: 'gibberish', sdpMLineIndex: 65537, usernameFragment: 'u' });
    expect(candidate).toMatchObject({ candidate: 'gibberish', address: null, sdpMLineIndex: 1, usernameFragment: 'u' });
  });

  it('must say where it belongs', async () => {
    expect(await errorName(() => new RTCIceCandidate({ candidate: LINE }))).toBe('TypeError');
    expect(await errorName(() => new RTCIceCandidate())).toBe('TypeError');
    expect(new RTCPeerConnectionIceEvent('icecandidate').candidate).toBe(null);
  });
});

describe('local candidates', () => {
  it('come after the offer was set: candidates, the end of candidates, null', async () => {
    const connection = world.connection();
    connection.createDataChannel('x');
    const seen: (string | null | undefined)[] = [];
    connection.onicecandidate = ({ candidate }) => seen.push(candidate && (candidate.type ?? candidate.candidate));
    const states = recorded(connection, 'icegatheringstatechange');
    await world.until(connection.setLocalDescription());
    expect([seen, connection.iceGatheringState]).toEqual([[], 'new']);
    await world.run(() => connection.iceGatheringState === 'complete');
    expect(seen).toEqual(['host', '', null]);
    expect(states).toHaveLength(2);
  });

  it('stand in the description, with the best address in m= and c=', async () => {
    const connection = world.connection();
    connection.createDataChannel('x');
    await world.until(connection.setLocalDescription());
    expect(connection.localDescription?.sdp).toContain('m=application 9 ');
    await world.run(() => connection.iceGatheringState === 'complete');
    const sdp = connection.localDescription?.sdp ?? '';
    const port = /a=candidate:\S+ 1 udp \d+ 198\.51\.100\.1 (\d+) typ host/.exec(sdp)?.[1];
    expect(sdp).toContain(`m=application ${port} UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 198.51.100.1\r\n`);
    expect(sdp).toContain('a=end-of-candidates\r\n');
    // A later offer has them as well.
    expect((await world.until(connection.createOffer())).sdp).toContain('198.51.100.1');
  });

  it('need not trickle', async () => {
    const a = world.connection(world.alice);
    const b = world.connection(world.bob);
    const channel = a.createDataChannel('x');
    await world.until(a.setLocalDescription());
    await world.run(() => a.iceGatheringState === 'complete');
    await world.until(b.setRemoteDescription(a.localDescription as never));
    await world.until(b.setLocalDescription());
    await world.run(() => b.iceGatheringState === 'complete');
    await world.until(a.setRemoteDescription(b.localDescription as never));
    await world.run(() => channel.readyState === 'open');
  });

  it('are gathered ahead with a pool, and reported only when they are wanted', async () => {
    const connection = world.connection(world.alice, { iceCandidatePoolSize: 1 });
    const seen: unknown[] = [];
    connection.onicecandidate = ({ candidate }) => seen.push(candidate?.candidate);
    await world.advance(100);
    expect([seen, connection.iceGatheringState, connection.iceConnectionState]).toEqual([[], 'new', 'new']);
    connection.createDataChannel('x');
    await world.until(connection.setLocalDescription());
    await world.advance(0);
    expect([seen.length, connection.iceGatheringState]).toEqual([3, 'complete']);
  });

  it('connect with a pool on both sides', async () => {
    const { a } = await world.connected({ iceCandidatePoolSize: 1 }, { iceCandidatePoolSize: 1 });
    expect([a.sctp?.transport.iceTransport.role, a.connectionState]).toEqual(['controlling', 'connected']);
  });
});

describe('addIceCandidate', () => {
  it('needs a remote description', async () => {
    const connection = world.connection();
    expect(await errorName(() => connection.addIceCandidate({ candidate: LINE, sdpMid: '0' }))).toBe(
      'InvalidStateError',
    );
    expect(await errorName(() => connection.addIceCandidate())).toBe('InvalidStateError');
    expect(await errorName(() => connection.addIceCandidate({ candidate: LINE }))).toBe('TypeError');
    connection.close();
    expect(await errorName(() => connection.addIceCandidate({ candidate: LINE, sdpMid: '0' }))).toBe(
      'InvalidStateError',
    );
  });

  it('refuses what does not fit the description with OperationError', async () => {
    const { a, b } = await world.connected();
    const fragment = /a=ice-ufrag:(\S+)/.exec(b.localDescription?.sdp ?? '')?.[1] as string;
    const line = LINE.replace('abcd', fragment);
    for (const init of [
      { candidate: line, sdpMid: 'audio' },
      { candidate: line, sdpMLineIndex: 1 },
      { candidate: 'candidate:nonsense', sdpMid: '0' },
      { candidate: line, sdpMid: '0', usernameFragment: 'other' },
    ])
      expect([init, await errorName(() => world.until(a.addIceCandidate(init)))]).toEqual([init, 'OperationError']);
    for (const init of [
      { candidate: line, sdpMid: '0' },
      { candidate: line.replace('5000', '5001'), sdpMLineIndex: 0 },
      { candidate: line.replace('5000', '5002'), sdpMid: '0', sdpMLineIndex: 7, usernameFragment: fragment },
      { candidate: 'candidate:9 1 udp 1 1234.local 9 typ host', sdpMid: '0' },
      { candidate: '', sdpMid: '0' },
      {},
      null,
    ])
      expect([init, await errorName(() => world.until(a.addIceCandidate(init as never)))]).toEqual([init, 'none']);
    expect(a.remoteDescription?.sdp).toContain('a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ srflx');
    expect(a.remoteDescription?.sdp).toContain('a=end-of-candidates\r\n');
    expect(a.sctp?.transport.iceTransport.getRemoteCandidates().map(({ port }) => port)).toEqual(
      expect.arrayContaining([5000, 5001, 5002]),
    );
  });

  it('keeps candidates that come between offer and answer', async () => {
    const a = world.connection(world.alice);
    const b = world.connection(world.bob);
    const channel = a.createDataChannel('x');
    await world.until(a.setLocalDescription());
    const offer = a.localDescription;
    const candidates: RTCIceCandidate[] = [];
    a.onicecandidate = ({ candidate }) => candidate && candidates.push(candidate);
    await world.run(() => candidates.length === 2);
    await world.until(b.setRemoteDescription(offer as never));
    for (const candidate of candidates) await world.until(b.addIceCandidate(candidate));
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription as never));
    await world.run(() => channel.readyState === 'open');
  });

  it('takes candidates of a bundled section for its bundle', async () => {
    const connection = world.connection();
    const sdp = [
      'v=0',
      'o=- 1 2 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'a=group:BUNDLE 0 1',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'c=IN IP4 0.0.0.0',
      'a=ice-ufrag:abcd',
      'a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa',
      'a=fingerprint:sha-256 AA:BB',
      'a=setup:actpass',
      'a=mid:0',
      'm=application 0 UDP/DTLS/SCTP webrtc-datachannel',
      'c=IN IP4 0.0.0.0',
      'a=bundle-only',
      'a=mid:1',
      'a=sctp-port:5000',
      '',
    ].join('\r\n');
    await world.until(connection.setRemoteDescription({ type: 'offer', sdp }));
    await world.until(connection.setLocalDescription());
    expect(connection.localDescription?.sdp).toContain('a=group:BUNDLE 1\r\n');
    expect(connection.localDescription?.sdp).toContain('m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n');
    await world.until(connection.addIceCandidate({ candidate: LINE, sdpMid: '0' }));
    const remote = connection.sctp?.transport.iceTransport;
    expect(remote?.getRemoteCandidates().map(({ address }) => address)).toEqual(['192.0.2.1']);
    expect(remote?.getRemoteParameters()?.usernameFragment).toBe('abcd');
  });
});

describe('candidates of an offer with a transport for each section', () => {
  it('go to the transport of the section they are named for', async () => {
    const connection = world.connection();
    const offerer = world.connection(world.bob);
    for (const kind of ['audio', 'video']) offerer.addTransceiver(kind);
    const offer = await world.until(offerer.createOffer());
    // As Chromium does: transports of their own under one user name fragment.
    const [ufrag, pwd] = [/a=ice-ufrag:.*/, /a=ice-pwd:.*/].map((line) => line.exec(offer.sdp ?? '')?.[0] as string);
    const sdp = (offer.sdp ?? '').replace(/a=ice-ufrag:.*/g, `${ufrag}`).replace(/a=ice-pwd:.*/g, `${pwd}`);
    await world.until(connection.setRemoteDescription({ type: 'offer', sdp }));
    const init = { usernameFragment: /:(\S+)/.exec(ufrag as string)?.[1] as string };
    const line = (port: number): string => `candidate:1 1 udp 2130706431 192.0.2.1 ${port} typ host`;
    await world.until(connection.addIceCandidate({ candidate: line(1000), sdpMid: '0', ...init }));
    await world.until(connection.addIceCandidate({ candidate: line(2000), sdpMid: '1', ...init }));
    await world.until(connection.setLocalDescription());
    await world.until(connection.addIceCandidate({ candidate: line(3000), sdpMid: '1', ...init }));
    await world.until(connection.addIceCandidate({ candidate: line(4000), sdpMid: '0', ...init }));
    const [receiver] = connection.getReceivers();
    expect(receiver?.transport?.iceTransport.getRemoteCandidates().map(({ port }) => port)).toEqual([1000, 4000]);
  });
});

describe('an ICE restart', () => {
  it('brings new credentials on both sides while data goes on', async () => {
    const { a, b, channel, other } = await world.connected();
    const fragments = (): unknown[] => [
      a.sctp?.transport.iceTransport.getLocalParameters()?.usernameFragment,
      b.sctp?.transport.iceTransport.getLocalParameters()?.usernameFragment,
    ];
    const before = fragments();
    a.restartIce();
    await world.until(negotiate(a, b));
    await world.run(() => a.iceGatheringState === 'complete' && b.iceGatheringState === 'complete');
    await world.advance(2000);
    const after = fragments();
    expect(after.filter((fragment) => before.includes(fragment))).toEqual([]);
    expect([a.connectionState, b.connectionState]).toEqual(['connected', 'connected']);
    let got = '';
    other.onmessage = ({ data }) => {
      got = data as string;
    };
    channel.send('after');
    await world.run(() => got === 'after');
    // Without a wish for it, offers keep the credentials.
    const again = await world.until(a.createOffer());
    expect(again.sdp).toContain(`a=ice-ufrag:${after[0]}\r\n`);
    const restart = await world.until(a.createOffer({ iceRestart: true }));
    expect(restart.sdp).not.toContain(`a=ice-ufrag:${after[0]}\r\n`);
  });

  it('brings a connection back that failed', async () => {
    const options = { kaon: { disconnectedTimeout: 1000, failedTimeout: 3000 } };
    const { a, b, channel, other } = await world.connected(options, options);
    world.alice.link().cut();
    const states = recorded(a, 'connectionstatechange');
    await world.run(() => a.connectionState === 'failed' && b.connectionState === 'failed');
    expect(states).toHaveLength(2);
    world.alice.link().restore();
    a.restartIce();
    await world.until(negotiate(a, b));
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
    let got = '';
    other.onmessage = ({ data }) => {
      got = data as string;
    };
    channel.send('back');
    await world.run(() => got === 'back');
  });
});
