import { afterEach, describe, expect, it } from 'vitest';
import { MediaStream } from '../../src/index.ts';
import { negotiate } from '../helpers/connect.ts';
import { idleTrack, sections, shown, trackEvents } from '../helpers/tracks.ts';
import { recorded, World } from '../helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

describe('rollback of an offer of ours', () => {
  it('gives transceivers back without a section', async () => {
    const [a, b] = world.pair();
    const events = recorded(a, 'negotiationneeded');
    const transceiver = a.addTransceiver('audio');
    await world.until(a.setLocalDescription());
    expect([transceiver.mid, transceiver.sender.transport?.state]).toEqual(['0', 'new']);
    await world.run(() => a.iceGatheringState === 'complete');
    await world.until(a.setLocalDescription({ type: 'rollback' }));
    expect([shown(a), transceiver.sender.transport, a.iceGatheringState]).toEqual([
      ['- audio sendrecv -'],
      null,
      'new',
    ]);
    await world.advance(5);
    expect(events.length).toBeGreaterThan(0);
    await world.until(negotiate(a, b));
    await world.run(() => a.connectionState === 'connected');
  });

  it('keeps what was agreed on, and its transport', async () => {
    const [a, b] = world.pair();
    const [first] = [a.addTransceiver('audio')];
    await world.until(negotiate(a, b));
    await world.run(() => a.connectionState === 'connected');
    const { transport } = first.sender;
    const second = a.addTransceiver('video');
    first.direction = 'inactive';
    await world.until(a.setLocalDescription(await world.until(a.createOffer({ iceRestart: true }))));
    expect(second.sender.transport).toBe(transport);
    await world.until(a.setLocalDescription({ type: 'rollback' }));
    expect(shown(a)).toEqual(['0 audio inactive sendonly', '- video sendrecv -']);
    expect([first.sender.transport, second.sender.transport]).toEqual([transport, null]);
    await world.advance(40_000);
    expect([a.connectionState, b.connectionState]).toEqual(['connected', 'connected']);
    await world.until(negotiate(a, b));
    expect(shown(b)).toEqual(['0 audio recvonly inactive', '1 video recvonly recvonly']);
  });

  it('of a stop leaves it to the next offer', async () => {
    const [a, b] = world.pair();
    const transceiver = a.addTransceiver('audio');
    await world.until(negotiate(a, b));
    transceiver.stop();
    await world.until(a.setLocalDescription());
    await world.until(a.setLocalDescription({ type: 'rollback' }));
    expect([transceiver.mid, transceiver.stopped, transceiver.direction]).toEqual(['0', false, 'stopped']);
    await world.until(negotiate(a, b));
    expect([a.getTransceivers(), b.getTransceivers(), transceiver.stopped]).toEqual([[], [], true]);
  });
});

describe('rollback of an offer of the peer', () => {
  it('takes transceivers, tracks and streams back that came with it', async () => {
    const [a, b] = world.pair();
    const stream = new MediaStream();
    a.addTrack(idleTrack('audio'), stream);
    const events = trackEvents(b);
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    const [transceiver] = b.getTransceivers();
    const [remote] = events[0]?.streams ?? [];
    if (transceiver === undefined || remote === undefined) throw new Error('missing');
    const seen = recorded(remote, 'removetrack');
    const ended = recorded(transceiver.receiver.track, 'ended');
    await world.until(b.setRemoteDescription({ type: 'rollback' }));
    expect([b.getTransceivers(), remote.getTracks(), seen, ended]).toEqual([[], [], ['removetrack'], ['ended']]);
    expect([transceiver.mid, transceiver.stopped]).toEqual([null, true]);
    // It may come again.
    await world.until(b.setRemoteDescription(a.localDescription as never));
    expect([events.length, events[1]?.streams[0]?.id]).toEqual([2, stream.id]);
    expect(events[1]?.transceiver).not.toBe(transceiver);
  });

  it('keeps a transceiver that addTrack took meanwhile', async () => {
    const [a, b] = world.pair();
    a.addTransceiver('audio');
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    const track = idleTrack('audio');
    const sender = b.addTrack(track);
    await world.until(b.setRemoteDescription({ type: 'rollback' }));
    expect([shown(b), b.getSenders()]).toEqual([['- audio sendrecv -'], [sender]]);
    await world.until(negotiate(b, a));
    expect([sender.track, shown(b)]).toEqual([track, ['0 audio sendrecv sendonly']]);
  });

  it('brings a track back that the offer took away', async () => {
    const [a, b] = world.pair();
    const stream = new MediaStream();
    const sender = a.addTrack(idleTrack('audio'), stream);
    const events = trackEvents(b);
    await world.until(negotiate(a, b));
    const remote = events[0]?.streams[0];
    a.removeTrack(sender);
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    expect(remote?.getTracks()).toEqual([]);
    await world.until(b.setRemoteDescription({ type: 'rollback' }));
    expect(remote?.getTracks()).toEqual([b.getReceivers()[0]?.track]);
    expect([events.length, shown(b)]).toEqual([2, ['0 audio recvonly recvonly']]);
  });
});

describe('offers of both sides at once', () => {
  it('leave one connection with both tracks', async () => {
    const [polite, impolite] = world.pair();
    polite.addTrack(idleTrack('video'), new MediaStream());
    impolite.addTrack(idleTrack('video'), new MediaStream());
    await world.until(polite.setLocalDescription());
    await world.until(impolite.setLocalDescription());
    expect(shown(polite)).toEqual(['0 video sendrecv -']);
    await world.until(polite.setRemoteDescription(impolite.localDescription as never));
    await world.until(polite.setLocalDescription());
    await world.until(impolite.setRemoteDescription(polite.localDescription as never));
    expect([shown(polite), shown(impolite)]).toEqual([['0 video sendrecv sendrecv'], ['0 video sendrecv sendrecv']]);
    await world.run(() => polite.connectionState === 'connected' && impolite.connectionState === 'connected');
  });

  it('over a call that runs keep its sections in place', async () => {
    const [a, b] = world.pair();
    a.addTrack(idleTrack('audio'), new MediaStream());
    b.addTrack(idleTrack('audio'), new MediaStream());
    await world.until(negotiate(a, b));
    a.addTrack(idleTrack('video'), new MediaStream());
    b.addTransceiver('video', { direction: 'recvonly' });
    await world.until(a.setLocalDescription());
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription as never));
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    expect(sections(b.localDescription?.sdp)).toEqual(['audio 0 sendrecv', 'video 1 recvonly']);
    expect(shown(a)).toEqual(['0 audio sendrecv sendrecv', '1 video sendrecv sendonly']);
    expect(shown(b)).toEqual(['0 audio sendrecv sendrecv', '1 video recvonly recvonly']);
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
  });
});

describe('a provisional answer', () => {
  it('lets media flow, and the answer may still refuse', async () => {
    const [a, b] = world.pair();
    a.addTransceiver('audio');
    a.addTransceiver('video');
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    const answer = await world.until(b.createAnswer());
    await world.until(b.setLocalDescription({ type: 'pranswer', sdp: answer.sdp as string }));
    await world.until(a.setRemoteDescription({ type: 'pranswer', sdp: answer.sdp as string }));
    expect(shown(a)).toEqual(['0 audio sendrecv sendonly', '1 video sendrecv sendonly']);
    await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
    b.getTransceivers()[1]?.stop();
    const last = await world.until(b.createAnswer());
    await world.until(b.setLocalDescription(last));
    await world.until(a.setRemoteDescription(last));
    expect([shown(a), shown(b)]).toEqual([['0 audio sendrecv sendonly'], ['0 audio recvonly recvonly']]);
    expect([a.connectionState, b.connectionState]).toEqual(['connected', 'connected']);
  });
});
