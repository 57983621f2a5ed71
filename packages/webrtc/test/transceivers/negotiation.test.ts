import { afterEach, describe, expect, it } from 'vitest';
import { MediaStream, type RTCPeerConnection } from '../../src/index.ts';
import { negotiate } from '../helpers/connect.ts';
import { bundles, idleTrack, sections, shown, trackEvents } from '../helpers/tracks.ts';
import { errorName, recorded, World } from '../helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

describe('a call', () => {
  it('connects with audio and video both ways over one transport', async () => {
    const [a, b] = world.pair();
    const stream = new MediaStream();
    const events = trackEvents(b);
    a.addTrack(idleTrack('audio'), stream);
    a.addTrack(idleTrack('video'), stream);
    b.addTrack(idleTrack('video'));
    b.addTrack(idleTrack('audio'));
    await world.until(negotiate(a, b));
    // What addTrack made takes the sections of the peer, whatever the order.
    expect(shown(b)).toEqual(['1 video sendrecv sendrecv', '0 audio sendrecv sendrecv']);
    expect(shown(a)).toEqual(['0 audio sendrecv sendrecv', '1 video sendrecv sendrecv']);
    expect(events.map(({ track, streams }) => [track.kind, streams.map(({ id }) => id)])).toEqual([
      ['audio', [stream.id]],
      ['video', [stream.id]],
    ]);
    expect(events[0]?.streams[0]).toBe(events[1]?.streams[0]);
    expect(events[0]?.streams[0]?.getTracks()).toEqual(events.map(({ track }) => track));
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
    const transports = [...a.getSenders(), ...a.getReceivers()].map(({ transport }) => transport);
    expect(new Set(transports).size).toBe(1);
    expect([transports[0]?.state, transports[0]?.iceTransport.state]).toEqual(['connected', 'completed']);
    expect([a.sctp, b.sctp]).toEqual([null, null]);
    expect([a.iceGatheringState, a.iceConnectionState]).toEqual(['complete', 'completed']);
  });

  it('takes data channels up later, over the same transport', async () => {
    const [a, b] = world.pair();
    a.addTransceiver('video');
    await world.until(negotiate(a, b));
    await world.run(() => a.connectionState === 'connected');
    const channel = a.createDataChannel('later');
    await world.until(negotiate(a, b));
    await world.run(() => channel.readyState === 'open');
    expect(a.sctp?.transport).toBe(a.getSenders()[0]?.transport);
    expect(sections(a.localDescription?.sdp)).toEqual(['video 0 sendrecv', 'application 1']);
    expect(bundles(a.localDescription?.sdp)).toEqual(['0 1']);
    expect((await a.getStats()).get('T0')?.dtlsState).toBe('connected');
  });

  it('takes media up later, over the transport of the channels', async () => {
    const { a, b, channel } = await world.connected();
    const events = trackEvents(a);
    b.addTrack(idleTrack('audio'));
    await world.until(negotiate(b, a));
    expect(sections(b.localDescription?.sdp)).toEqual(['application 0', 'audio 1 sendrecv']);
    expect(events).toHaveLength(1);
    expect([shown(a), shown(b)]).toEqual([['1 audio recvonly recvonly'], ['1 audio sendrecv sendonly']]);
    expect(a.getReceivers()[0]?.transport).toBe(a.sctp?.transport);
    expect([channel.readyState, a.connectionState, b.connectionState]).toEqual(['open', 'connected', 'connected']);
  });

  it('has media before data in its first offer, and keeps what it agreed on in place', async () => {
    const [a, b] = world.pair();
    a.createDataChannel('x');
    a.addTransceiver('audio');
    const offer = await world.until(a.createOffer());
    expect(sections(offer.sdp)).toEqual(['audio 0 sendrecv', 'application 1']);
    // The same again, as long as nothing changes.
    expect(sections((await world.until(a.createOffer())).sdp)).toEqual(['audio 0 sendrecv', 'application 1']);
    await world.until(a.setLocalDescription());
    a.addTransceiver('video');
    // Not answered yet: the new section is behind those that were sent.
    expect(sections((await world.until(a.createOffer())).sdp)).toEqual([
      'audio 0 sendrecv',
      'application 1',
      'video 2 sendrecv',
    ]);
    await world.until(b.setRemoteDescription(a.localDescription as never));
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription as never));
    expect(a.getTransceivers().map(({ mid }) => mid)).toEqual(['0', null]);
    await world.until(negotiate(a, b));
    expect(a.getTransceivers().map(({ mid }) => mid)).toEqual(['0', '2']);
  });

  it('restarts ICE with media', async () => {
    const [a, b] = world.pair();
    a.addTransceiver('audio');
    await world.until(negotiate(a, b));
    await world.run(() => a.connectionState === 'connected');
    const transport = a.getSenders()[0]?.transport;
    const before = transport?.iceTransport.getLocalParameters()?.usernameFragment;
    b.restartIce();
    await world.until(negotiate(b, a));
    await world.run(() => a.iceGatheringState === 'complete' && b.iceGatheringState === 'complete');
    await world.advance(2000);
    expect(a.getSenders()[0]?.transport).toBe(transport);
    expect(transport?.iceTransport.getLocalParameters()?.usernameFragment).not.toBe(before);
    expect([a.connectionState, b.connectionState, transport?.state]).toEqual(['connected', 'connected', 'connected']);
  });
});

describe('directions', () => {
  const pair = async (): Promise<[RTCPeerConnection, RTCPeerConnection]> => {
    const [a, b] = world.pair();
    a.addTrack(idleTrack('video'), new MediaStream());
    b.addTrack(idleTrack('video'), new MediaStream());
    await world.until(negotiate(a, b));
    return [a, b];
  };

  it('are what both sides want', async () => {
    for (const [offered, wanted, got, other] of [
      ['sendrecv', 'recvonly', 'sendonly', 'recvonly'],
      ['sendrecv', 'sendonly', 'recvonly', 'sendonly'],
      ['sendonly', 'sendrecv', 'sendonly', 'recvonly'],
      ['recvonly', 'recvonly', 'inactive', 'inactive'],
      ['inactive', 'sendrecv', 'inactive', 'inactive'],
    ] as const) {
      const [a, b] = await pair();
      (a.getTransceivers()[0] as { direction: string }).direction = offered;
      (b.getTransceivers()[0] as { direction: string }).direction = wanted;
      await world.until(negotiate(a, b));
      expect([shown(a), shown(b)]).toEqual([[`0 video ${offered} ${got}`], [`0 video ${wanted} ${other}`]]);
    }
  });

  it('mute the track and take it out of its stream, and bring it back', async () => {
    const [a, b] = await pair();
    const [receiver] = b.getReceivers();
    const stream = new MediaStream();
    a.getSenders()[0]?.setStreams(stream);
    const events = trackEvents(b);
    await world.until(negotiate(a, b));
    // The track came into another stream.
    expect(events.map(({ track, streams }) => [track === receiver?.track, streams[0]?.id])).toEqual([
      [true, stream.id],
    ]);
    const remote = events[0]?.streams[0] as MediaStream;
    const seen = recorded(remote, 'addtrack', 'removetrack');
    const [transceiver] = a.getTransceivers();
    if (transceiver === undefined) throw new Error('missing');
    transceiver.direction = 'recvonly';
    await world.until(negotiate(a, b));
    expect([seen, remote.getTracks(), receiver?.track.muted]).toEqual([['removetrack'], [], true]);
    expect(receiver?.track.readyState).toBe('live');
    transceiver.direction = 'sendrecv';
    await world.until(negotiate(a, b));
    expect([seen, remote.getTracks()]).toEqual([['removetrack', 'addtrack'], [receiver?.track]]);
    expect(events).toHaveLength(2);
    expect(events[1]?.streams[0]).toBe(remote);
  });

  it('come with events in the order of the standard', async () => {
    const [a, b] = await pair();
    const sender = a.addTrack(idleTrack('audio'), new MediaStream());
    await world.until(negotiate(a, b));
    const [remote] = b.getReceivers().slice(1);
    const stream = new MediaStream();
    a.removeTrack(sender);
    a.addTrack(idleTrack('video'), stream);
    const seen: string[] = [];
    b.onsignalingstatechange = () => seen.push(b.signalingState);
    b.ontrack = ({ streams: [one], transceiver }) => {
      one?.addEventListener('removetrack', () => seen.push('removetrack'));
      seen.push(`track ${transceiver.mid} ${one?.id === stream.id} ${one?.getTracks().length}`);
    };
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never).then(() => seen.push('done')));
    expect(seen).toEqual(['have-remote-offer', 'track 2 true 1', 'done']);
    expect(remote?.track.muted).toBe(true);
  });

  it('follow removeTrack and addTrack, without a second section', async () => {
    const [a, b] = world.pair();
    const sender = a.addTrack(idleTrack('audio'));
    await world.until(negotiate(a, b));
    a.removeTrack(sender);
    await world.until(negotiate(a, b));
    expect([shown(a), shown(b)]).toEqual([['0 audio recvonly inactive'], ['0 audio recvonly inactive']]);
    b.addTrack(idleTrack('audio'));
    await world.until(negotiate(b, a));
    expect([shown(a), shown(b)]).toEqual([['0 audio recvonly recvonly'], ['0 audio sendrecv sendonly']]);
  });
});

describe('a track without a stream', () => {
  it('comes without one', async () => {
    const [a, b] = world.pair();
    const events = trackEvents(b);
    const track = idleTrack('audio');
    a.addTrack(track);
    await world.until(negotiate(a, b));
    expect(events.map(({ streams, track: one }) => [streams, one.id])).toEqual([[[], track.id]]);
  });

  it('of a peer that does not speak of streams comes in one', async () => {
    const [a, b] = world.pair();
    const events = trackEvents(b);
    a.addTransceiver('audio');
    a.addTransceiver('video');
    const { sdp } = await world.until(a.createOffer());
    await world.until(
      b.setRemoteDescription({ type: 'offer', sdp: sdp?.replace(/a=(msid:|ssrc).*\r\n/g, '') as string }),
    );
    expect(events.map(({ streams }) => streams.length)).toEqual([1, 1]);
    expect(events[0]?.streams[0]).toBe(events[1]?.streams[0]);
  });
});

describe('stop', () => {
  it('refuses the section, and another transceiver takes its place', async () => {
    const [a, b] = world.pair();
    const first = a.addTransceiver('audio');
    a.addTransceiver('video');
    await world.until(negotiate(a, b));
    const [gone] = b.getTransceivers();
    const ended = recorded(gone?.receiver.track as EventTarget, 'ended');
    first.stop();
    await world.until(a.setLocalDescription());
    expect(sections(a.localDescription?.sdp)).toEqual(['audio 0:0 inactive', 'video 1 sendrecv']);
    expect(bundles(a.localDescription?.sdp)).toEqual(['1']);
    expect([first.stopped, a.getTransceivers().length]).toEqual([false, 2]);
    await world.until(b.setRemoteDescription(a.localDescription as never));
    expect([gone?.stopped, gone?.direction, gone?.currentDirection, ended]).toEqual([
      true,
      'stopped',
      'stopped',
      ['ended'],
    ]);
    expect([b.getTransceivers().length, b.getSenders().length, b.getReceivers().length]).toEqual([2, 1, 1]);
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription as never));
    expect([shown(a), shown(b)]).toEqual([['1 video sendrecv sendonly'], ['1 video recvonly recvonly']]);
    expect([first.stopped, first.mid, gone?.mid]).toEqual([true, null, null]);
    await world.run(() => a.connectionState === 'connected');
    // The place is free: for the other kind as well, under a new name.
    b.addTransceiver('video');
    await world.until(negotiate(b, a));
    expect(sections(b.localDescription?.sdp)).toEqual(['video 2 sendrecv', 'video 1 recvonly']);
    expect(shown(a)).toEqual(['1 video sendrecv sendonly', '2 video recvonly recvonly']);
    expect(bundles(b.localDescription?.sdp)).toEqual(['2 1']);
    await world.advance(100);
    expect([a.connectionState, b.connectionState]).toEqual(['connected', 'connected']);
  });

  it('by the answering side refuses what is offered', async () => {
    const [a, b] = world.pair();
    a.addTransceiver('audio');
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    b.getTransceivers()[0]?.stop();
    await world.until(b.setLocalDescription());
    expect(sections(b.localDescription?.sdp)).toEqual(['audio 0:0 inactive']);
    await world.until(a.setRemoteDescription(b.localDescription as never));
    expect([a.getTransceivers(), b.getTransceivers()]).toEqual([[], []]);
    expect([a.iceGatheringState, a.connectionState, (await a.getStats()).has('T0')]).toEqual(['new', 'new', false]);
  });

  it('of one that was never offered leaves no trace', async () => {
    const [a, b] = world.pair();
    const events = recorded(a, 'negotiationneeded');
    a.addTransceiver('audio').stop();
    a.addTransceiver('video');
    await world.until(negotiate(a, b));
    expect([shown(a), sections(a.localDescription?.sdp)]).toEqual([
      ['0 video sendrecv sendonly'],
      ['video 0 sendrecv'],
    ]);
    await world.advance(10);
    expect(events.length).toBeLessThan(2);
  });

  it('many times does not make descriptions or lists grow', async () => {
    const [a, b] = world.pair();
    for (let round = 0; round < 20; round++) {
      const transceiver = a.addTransceiver(round % 2 === 0 ? 'audio' : 'video');
      await world.until(negotiate(a, b));
      transceiver.stop();
      await world.until(negotiate(a, b));
    }
    expect([a.getTransceivers(), b.getTransceivers()]).toEqual([[], []]);
    expect(sections(a.localDescription?.sdp)).toHaveLength(1);
  });
});

describe('sections that do not suit', () => {
  it('are refused when no codec is common', async () => {
    const [a, b] = world.pair();
    a.addTransceiver('audio').setCodecPreferences([{ mimeType: 'audio/PCMU', clockRate: 8000, channels: 1 }]);
    a.addTransceiver('video');
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    b.getTransceivers()[0]?.setCodecPreferences([{ mimeType: 'audio/PCMA', clockRate: 8000, channels: 1 }]);
    await world.until(b.setLocalDescription());
    expect(sections(b.localDescription?.sdp)).toEqual(['audio 0:0 inactive', 'video 1 recvonly']);
    await world.until(a.setRemoteDescription(b.localDescription as never));
    expect([shown(a), shown(b)]).toEqual([['1 video sendrecv sendonly'], ['1 video recvonly recvonly']]);
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
  });

  it('are refused without rtcp-mux, and an answer without it is an error', async () => {
    const [a, b] = world.pair();
    a.addTransceiver('audio');
    await world.until(a.setLocalDescription());
    const sdp = (a.localDescription?.sdp ?? '').replace('a=rtcp-mux\r\n', '');
    await world.until(b.setRemoteDescription({ type: 'offer', sdp }));
    await world.until(b.setLocalDescription());
    expect(sections(b.localDescription?.sdp)).toEqual(['audio 0:0 inactive']);
    const c = world.connection();
    await world.until(c.setRemoteDescription(a.localDescription as never));
    await world.until(c.setLocalDescription());
    const answer = (c.localDescription?.sdp ?? '').replace('a=rtcp-mux\r\n', '');
    expect(await errorName(() => world.until(a.setRemoteDescription({ type: 'answer', sdp: answer })))).toBe(
      'InvalidAccessError',
    );
  });

  it('in another order than before are an error', async () => {
    const [a, b] = world.pair();
    a.addTransceiver('audio');
    await world.until(negotiate(a, b));
    const offer = await world.until(a.createOffer());
    const sdp = offer.sdp?.replaceAll('a=mid:0', 'a=mid:7').replace('BUNDLE 0', 'BUNDLE 7') as string;
    expect(await errorName(() => world.until(b.setRemoteDescription({ type: 'offer', sdp })))).toBe(
      'InvalidAccessError',
    );
  });
});

describe('negotiationneeded', () => {
  it('follows from what an offer would change', async () => {
    const [a, b] = world.pair();
    const events = recorded(a, 'negotiationneeded');
    const count = async (): Promise<number> => {
      await world.advance(5);
      return events.splice(0).length;
    };
    const sender = a.addTrack(idleTrack('audio'), new MediaStream());
    a.addTransceiver('video');
    expect(await count()).toBe(1);
    await world.until(negotiate(a, b));
    expect(await count()).toBe(0);
    sender.setStreams(new MediaStream());
    expect(await count()).toBe(1);
    await world.until(negotiate(a, b));
    a.removeTrack(sender);
    expect(await count()).toBe(1);
    await world.until(negotiate(a, b));
    a.getTransceivers()[1]?.stop();
    expect(await count()).toBe(1);
    await world.until(negotiate(a, b));
    expect(await count()).toBe(0);
    await sender.replaceTrack(idleTrack('audio'));
    expect(await count()).toBe(0);
  });

  it('tells the answering side to offer when its track found no section', async () => {
    const [a, b] = world.pair();
    a.addTransceiver('audio', { direction: 'sendonly' });
    b.addTrack(idleTrack('audio'));
    const events = recorded(b, 'negotiationneeded');
    await world.advance(5);
    await world.until(negotiate(a, b));
    await world.advance(5);
    // Sendonly was offered: the track needs a section of its own.
    expect(shown(b)).toEqual(['- audio sendrecv -', '0 audio recvonly recvonly']);
    expect(events).toHaveLength(2);
    await world.until(negotiate(b, a));
    expect(shown(b)).toEqual(['1 audio sendrecv sendonly', '0 audio recvonly recvonly']);
  });

  it('leads to a call by the pattern of perfect negotiation, with glare', async () => {
    const [a, b] = world.pair();
    const makingOffer = new Set<RTCPeerConnection>();
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      one.onnegotiationneeded = async () => {
        makingOffer.add(one);
        await one.setLocalDescription();
        makingOffer.delete(one);
        const description = one.localDescription;
        const polite = other === a;
        const collision =
          description?.type === 'offer' && (makingOffer.has(other) || other.signalingState !== 'stable');
        if (collision && !polite) return;
        await other.setRemoteDescription(description as never);
        await other.setLocalDescription();
        await one.setRemoteDescription(other.localDescription as never);
      };
    }
    for (const one of [a, b]) {
      one.addTrack(idleTrack('audio'), new MediaStream());
      one.addTrack(idleTrack('video'), new MediaStream());
    }
    const both = (one: RTCPeerConnection): boolean =>
      one.getTransceivers().every(({ currentDirection }) => currentDirection === 'sendrecv');
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected' && both(a) && both(b));
    expect([a.getTransceivers().length, b.getTransceivers().length]).toEqual([2, 2]);
  });
});

describe('close', () => {
  it('ends the tracks of the peer at once', async () => {
    const [a, b] = world.pair();
    a.addTrack(idleTrack('audio'));
    await world.until(negotiate(a, b));
    const [transceiver] = b.getTransceivers();
    const [sender] = a.getSenders();
    b.close();
    a.close();
    expect([transceiver?.currentDirection, transceiver?.direction, transceiver?.receiver.track.readyState]).toEqual([
      'stopped',
      'stopped',
      'ended',
    ]);
    expect([b.getSenders(), b.getReceivers()]).toEqual([[], []]);
    expect(await errorName(() => sender?.replaceTrack(null))).toBe('InvalidStateError');
    expect(await errorName(() => a.addTrack(idleTrack('audio')))).toBe('InvalidStateError');
    expect(sender?.transport?.state).toBe('closed');
    await world.advance(1000);
    expect(world.sim.clock.pending).toBe(0);
  });

  it('may be called from a track event', async () => {
    const [a, b] = world.pair();
    a.addTransceiver('audio');
    a.addTransceiver('video');
    const events = trackEvents(b);
    b.addEventListener('track', () => b.close());
    await world.until(a.setLocalDescription());
    void b.setRemoteDescription(a.localDescription as never);
    await world.advance(10);
    expect([events.length, b.signalingState]).toEqual([1, 'closed']);
  });

  it('listeners may be objects', async () => {
    const [a, b] = world.pair();
    let kind = '';
    b.addEventListener('track', {
      handleEvent(event) {
        kind = event.track.kind;
      },
    });
    a.addTransceiver('video');
    await world.until(negotiate(a, b));
    expect(kind).toBe('video');
  });
});
