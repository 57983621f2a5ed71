import { afterEach, describe, expect, it } from 'vitest';
import {
  type RTCOfferOptions,
  RTCPeerConnection,
  type RTCSctpTransport,
  RTCSessionDescription,
  type RTCSessionDescriptionInit,
} from '../src/index.ts';
import { negotiate } from './helpers/connect.ts';
import { sections } from './helpers/tracks.ts';
import { errorName, recorded, World } from './helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

describe('createOffer', () => {
  it('gives a plain object that may be edited', async () => {
    const offer = await world.connection().createOffer();
    expect(Object.getPrototypeOf(offer)).toBe(Object.prototype);
    offer.sdp += '';
    expect({ ...offer, sdp: '' }).toEqual({ type: 'offer', sdp: '' });
  });

  it('has a data section only when there is a channel', async () => {
    const connection = world.connection();
    expect((await connection.createOffer()).sdp).not.toContain('m=');
    connection.createDataChannel('x');
    const { sdp } = await connection.createOffer();
    expect(sdp?.match(/^m=.*$/gm)).toEqual(['m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r'.trimEnd()]);
    for (const line of [
      'a=group:BUNDLE 0',
      'a=mid:0',
      'a=setup:actpass',
      'a=sctp-port:5000',
      'a=max-message-size:262144',
      'a=ice-options:trickle ice2',
    ])
      expect(sdp).toContain(`${line}\r\n`);
    expect(sdp).toMatch(/a=fingerprint:sha-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}\r\n/);
    expect(sdp).toMatch(/a=tls-id:[0-9a-f]{20,}\r\n/);
  });

  it('announces a longer message by option', async () => {
    const connection = world.connection(world.alice, {}, { maxMessageSize: 1_000_000 });
    connection.createDataChannel('x');
    expect((await connection.createOffer()).sdp).toContain('a=max-message-size:1000000\r\n');
  });

  it('calls back as it did in the old days', async () => {
    const connection = world.connection();
    const offer = await new Promise<RTCSessionDescriptionInit>((resolve, reject) => {
      void connection.createOffer(resolve, reject);
    });
    expect(offer.type).toBe('offer');
    const error = await new Promise<DOMException>((resolve, reject) => {
      void connection.createAnswer(reject as never, resolve);
    });
    expect(error.name).toBe('InvalidStateError');
    await new Promise<void>((resolve, reject) => {
      void connection.setLocalDescription(offer, resolve, reject);
    });
    expect(connection.signalingState).toBe('have-local-offer');
  });

  it('makes receivers for the old options, and takes them back', async () => {
    const connection = world.connection();
    const lines = async (options: RTCOfferOptions): Promise<string[]> =>
      sections((await connection.createOffer(options)).sdp);
    expect(await lines({ offerToReceiveAudio: true })).toEqual(['audio 0 recvonly']);
    expect(await lines({ offerToReceiveAudio: true })).toEqual(['audio 0 recvonly']);
    connection.addTransceiver('video');
    expect(await lines({ offerToReceiveAudio: false, offerToReceiveVideo: false })).toEqual([
      'audio 0 inactive',
      'video 1 sendonly',
    ]);
  });
});

describe('the states of offer and answer', () => {
  it('go from stable to stable, with an event for each change', async () => {
    const [a, b] = world.pair();
    const seen: string[] = [];
    for (const [name, one] of Object.entries({ a, b }))
      one.onsignalingstatechange = () => seen.push(`${name} ${one.signalingState}`);
    a.createDataChannel('x');
    expect(a.signalingState).toBe('stable');
    await world.until(negotiate(a, b));
    expect(seen).toEqual(['a have-local-offer', 'b have-remote-offer', 'b stable', 'a stable']);
  });

  it('show the descriptions as pending and then as current', async () => {
    const [a, b] = world.pair();
    a.createDataChannel('x');
    expect([a.localDescription, a.remoteDescription, a.canTrickleIceCandidates]).toEqual([null, null, null]);
    await world.until(a.setLocalDescription());
    expect(a.pendingLocalDescription?.type).toBe('offer');
    expect(a.localDescription).toBe(a.pendingLocalDescription);
    expect(a.currentLocalDescription).toBe(null);
    await world.until(b.setRemoteDescription(a.localDescription as never));
    expect(b.pendingRemoteDescription).toBeInstanceOf(RTCSessionDescription);
    expect(b.canTrickleIceCandidates).toBe(true);
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription as never));
    for (const one of [a, b]) {
      expect([one.pendingLocalDescription, one.pendingRemoteDescription]).toEqual([null, null]);
      expect(one.localDescription).toBe(one.currentLocalDescription);
      expect(one.remoteDescription).toBe(one.currentRemoteDescription);
    }
    expect([a.localDescription?.type, b.localDescription?.type]).toEqual(['offer', 'answer']);
  });

  it('go through provisional answers', async () => {
    const [a, b] = world.pair();
    const channel = a.createDataChannel('x');
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    const answer = await world.until(b.createAnswer());
    await world.until(b.setLocalDescription({ ...answer, type: 'pranswer' }));
    expect(b.signalingState).toBe('have-local-pranswer');
    await world.until(a.setRemoteDescription(b.localDescription as never));
    expect(a.signalingState).toBe('have-remote-pranswer');
    await world.run(() => channel.readyState === 'open');
    await world.until(b.setLocalDescription(answer));
    await world.until(a.setRemoteDescription(b.localDescription as never));
    expect([a.signalingState, b.signalingState]).toEqual(['stable', 'stable']);
    expect(await errorName(() => world.until(a.setLocalDescription({ type: 'rollback' })))).toBe('InvalidStateError');
  });

  it('refuse descriptions out of turn with InvalidStateError', async () => {
    const [a, b] = world.pair();
    a.createDataChannel('x');
    expect(await errorName(() => world.until(a.createAnswer()))).toBe('InvalidStateError');
    const offer = await world.until(a.createOffer());
    const answer: RTCSessionDescriptionInit = { type: 'answer', sdp: offer.sdp as string };
    expect(await errorName(() => world.until(a.setRemoteDescription(answer)))).toBe('InvalidStateError');
    expect(await errorName(() => world.until(a.setLocalDescription(answer)))).toBe('InvalidStateError');
    expect(await errorName(() => world.until(a.setLocalDescription({ type: 'rollback' })))).toBe('InvalidStateError');
    expect(await errorName(() => world.until(a.setRemoteDescription({ type: 'rollback' })))).toBe('InvalidStateError');
    await world.until(b.setRemoteDescription(offer));
    expect(await errorName(() => world.until(b.createOffer()))).toBe('InvalidStateError');
    expect(await errorName(() => world.until(b.setLocalDescription(offer)))).toBe('InvalidStateError');
  });

  it('refuse types that are none with TypeError', async () => {
    const connection = world.connection();
    expect(await errorName(() => connection.setRemoteDescription({ type: 'question' as never, sdp: '' }))).toBe(
      'TypeError',
    );
    expect(await errorName(() => connection.setRemoteDescription(undefined as never))).toBe('TypeError');
    expect(await errorName(() => new RTCSessionDescription({} as never))).toBe('TypeError');
    expect(new RTCSessionDescription({ type: 'offer', sdp: 'x' }).toJSON()).toEqual({ type: 'offer', sdp: 'x' });
    expect(new RTCSessionDescription({ type: 'rollback' }).sdp).toBe('');
  });

  it('say on which line a description is wrong', async () => {
    const connection = world.connection();
    const sdp = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nnonsense\r\n';
    const error = await world.until(connection.setRemoteDescription({ type: 'offer', sdp }).catch((reason) => reason));
    expect(error).toMatchObject({ name: 'OperationError', errorDetail: 'sdp-syntax-error', sdpLineNumber: 5 });
    expect(connection.signalingState).toBe('stable');
  });
});

describe('setLocalDescription', () => {
  it('makes the description that the state asks for', async () => {
    const [a, b] = world.pair();
    a.createDataChannel('x');
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    await world.until(b.setLocalDescription());
    expect([a.localDescription?.type, b.localDescription?.type]).toEqual(['offer', 'answer']);
  });

  it('takes the offer that was created, also when it was edited harmlessly', async () => {
    const connection = world.connection();
    connection.createDataChannel('x');
    const offer = await world.until(connection.createOffer());
    offer.sdp = offer.sdp?.replace('a=max-message-size:262144\r\n', 'a=max-message-size:1000\r\n') as string;
    await world.until(connection.setLocalDescription(offer));
    expect(connection.localDescription?.sdp).toContain('a=max-message-size:1000\r\n');
  });

  it('refuses other changes with InvalidModificationError', async () => {
    const connection = world.connection();
    connection.createDataChannel('x');
    const offer = await world.until(connection.createOffer());
    for (const [from, to] of [
      [/a=ice-pwd:.*\r\n/, ''],
      [/a=fingerprint:sha-256 ../, 'a=fingerprint:sha-256 00'],
      [/a=mid:0/, 'a=mid:9'],
      [/m=application 9/, 'm=application 0'],
    ] as const) {
      const sdp = offer.sdp?.replace(from, to) as string;
      const name = await errorName(() => world.until(connection.setLocalDescription({ type: 'offer', sdp })));
      expect([String(from), name]).toEqual([String(from), 'InvalidModificationError']);
    }
    const never = world.connection();
    expect(await errorName(() => world.until(never.setLocalDescription(offer)))).toBe('InvalidModificationError');
  });

  it('takes other ICE credentials for a transport that is yet to be made, on both sides, and not for one in use', async () => {
    const edited = (sdp: string | undefined, name: string): string =>
      `${sdp}`.replace(/a=ice-ufrag:.*/g, `a=ice-ufrag:${name}`).replace(/a=ice-pwd:.*/g, `a=ice-pwd:${name}`);
    const [a, b] = world.pair();
    const channel = a.createDataChannel('x');
    const ours = `kaon+test+v1/${'a'.repeat(32)}`;
    const theirs = `kaon+test+v1/${'b'.repeat(32)}`;
    const offer = await world.until(a.createOffer());
    await world.until(a.setLocalDescription({ type: 'offer', sdp: edited(offer.sdp, ours) }));
    expect(a.localDescription?.sdp).toContain(`a=ice-ufrag:${ours}`);
    await world.until(b.setRemoteDescription(a.localDescription as never));
    const answer = await world.until(b.createAnswer());
    await world.until(b.setLocalDescription({ type: 'answer', sdp: edited(answer.sdp, theirs) }));
    await world.until(a.setRemoteDescription(b.localDescription as never));
    await world.run(() => channel.readyState === 'open');
    const { iceTransport } = (a.sctp as RTCSctpTransport).transport;
    expect(iceTransport.getLocalParameters()).toEqual({ usernameFragment: ours, password: ours });
    expect(iceTransport.getRemoteParameters()).toEqual({ usernameFragment: theirs, password: theirs });
    const next = await world.until(a.createOffer());
    const sdp = edited(next.sdp, `kaon+test+v1/${'c'.repeat(32)}`);
    const name = await errorName(() => world.until(a.setLocalDescription({ type: 'offer', sdp })));
    expect(name).toBe('InvalidModificationError');
  });
});

describe('rollback', () => {
  it('takes a local offer back, with everything that came of it', async () => {
    const [a, b] = world.pair();
    const channel = a.createDataChannel('x');
    await world.until(a.setLocalDescription());
    await world.run(() => a.iceGatheringState === 'complete');
    await world.until(a.setLocalDescription({ type: 'rollback' }));
    expect([a.signalingState, a.localDescription, a.iceGatheringState]).toEqual(['stable', null, 'new']);
    await world.until(negotiate(a, b));
    await world.run(() => channel.readyState === 'open');
  });

  it('takes a remote offer back', async () => {
    const [a, b] = world.pair();
    a.createDataChannel('x');
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    await world.until(b.setRemoteDescription({ type: 'rollback' }));
    expect([b.signalingState, b.remoteDescription]).toEqual(['stable', null]);
  });

  it('happens by itself when both sides offer at once', async () => {
    const [polite, impolite] = world.pair();
    const one = polite.createDataChannel('polite');
    const two = impolite.createDataChannel('impolite');
    await world.until(polite.setLocalDescription());
    await world.until(impolite.setLocalDescription());
    const states = recorded(polite, 'signalingstatechange');
    await world.until(polite.setRemoteDescription(impolite.localDescription as never));
    expect([polite.signalingState, states.length]).toEqual(['have-remote-offer', 2]);
    await world.until(polite.setLocalDescription());
    await world.until(impolite.setRemoteDescription(polite.localDescription as never));
    await world.run(() => one.readyState === 'open' && two.readyState === 'open');
  });

  it('of a restart leaves the connection as it was', async () => {
    const { a, channel, other } = await world.connected();
    const before = a.localDescription?.sdp;
    await world.until(a.setLocalDescription(await world.until(a.createOffer({ iceRestart: true }))));
    await world.until(a.setLocalDescription({ type: 'rollback' }));
    expect(a.localDescription?.sdp).toBe(before);
    await world.advance(40_000);
    expect(a.connectionState).toBe('connected');
    let got = '';
    other.onmessage = ({ data }) => {
      got = data as string;
    };
    channel.send('still here');
    await world.run(() => got !== '');
  });
});

describe('negotiationneeded', () => {
  it('fires once for the first channel, and not again', async () => {
    const [a, b] = world.pair();
    const events = recorded(a, 'negotiationneeded');
    a.createDataChannel('1');
    a.createDataChannel('2');
    expect(events).toEqual([]);
    await world.advance(10);
    expect(events).toHaveLength(1);
    await world.until(negotiate(a, b));
    a.createDataChannel('3');
    await world.advance(10);
    expect(events).toHaveLength(1);
  });

  it('waits for the operations that run', async () => {
    const connection = world.connection();
    const events = recorded(connection, 'negotiationneeded');
    const offer = connection.createOffer();
    connection.createDataChannel('1');
    expect(events).toEqual([]);
    await world.until(offer);
    await world.advance(10);
    expect(events).toHaveLength(1);
  });

  it('fires again when the offer did not bring what was needed', async () => {
    const [a, b] = world.pair();
    const offer = await world.until(b.createOffer());
    b.createDataChannel('late');
    const events = recorded(b, 'negotiationneeded');
    await world.until(b.setLocalDescription(offer));
    await world.advance(10);
    await world.until(a.setRemoteDescription(offer));
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    await world.advance(10);
    expect(events).toHaveLength(1);
  });

  it('fires for restartIce, until new credentials are agreed on', async () => {
    const { a, b } = await world.connected();
    const events = recorded(a, 'negotiationneeded');
    a.restartIce();
    await world.advance(10);
    expect(events).toHaveLength(1);
    await world.until(negotiate(a, b));
    await world.advance(10);
    expect(events).toHaveLength(1);
    expect(new RTCPeerConnection().restartIce()).toBe(undefined);
  });

  it('leads to a connection by the pattern of perfect negotiation', async () => {
    const [a, b] = world.pair();
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      one.onnegotiationneeded = async () => {
        await one.setLocalDescription();
        const polite = one === a;
        if (!polite && other.signalingState !== 'stable') return;
        await other.setRemoteDescription(one.localDescription as never);
        await other.setLocalDescription();
        await one.setRemoteDescription(other.localDescription as never);
      };
    }
    const channel = a.createDataChannel('x');
    await world.run(() => channel.readyState === 'open');
  });
});
