import { afterEach, describe, expect, it } from 'vitest';
import { MediaStream, RTCRtpTransceiver, RTCTrackEvent } from '../../src/index.ts';
import { negotiate } from '../helpers/connect.ts';
import { idleTrack, shown } from '../helpers/tracks.ts';
import { errorName, recorded, World } from '../helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

describe('addTransceiver', () => {
  it('makes a transceiver for a kind or for a track', () => {
    const connection = world.connection();
    const track = idleTrack('video');
    const stream = new MediaStream([track]);
    const audio = connection.addTransceiver('audio', { direction: 'recvonly' });
    const video = connection.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    expect(shown(connection)).toEqual(['- audio recvonly -', '- video sendonly -']);
    expect([audio.sender.track, video.sender.track]).toEqual([null, track]);
    expect([audio.receiver.track.kind, audio.receiver.track.muted]).toEqual(['audio', true]);
    expect(connection.getTransceivers()).toEqual([audio, video]);
    expect(connection.getSenders()).toEqual([audio.sender, video.sender]);
    expect(connection.getReceivers()).toEqual([audio.receiver, video.receiver]);
    expect(connection.getTransceivers()).not.toBe(connection.getTransceivers());
    expect([audio.mid, audio.currentDirection, audio.stopped, audio.sender.transport]).toEqual([
      null,
      null,
      false,
      null,
    ]);
  });

  it('refuses what is no kind, no direction and no stream with TypeError', async () => {
    const connection = world.connection();
    for (const args of [
      ['text'],
      [{}],
      [null],
      ['audio', { direction: 'stopped' }],
      ['audio', { direction: 'both' }],
      ['audio', { streams: [{}] }],
      ['audio', 5],
    ])
      expect([args, await errorName(() => connection.addTransceiver(...(args as [never])))]).toEqual([
        args,
        'TypeError',
      ]);
    expect(connection.getTransceivers()).toEqual([]);
    expect(await errorName(() => new RTCRtpTransceiver())).toBe('TypeError');
  });

  it('takes encodings by rid', () => {
    const connection = world.connection();
    const { sender } = connection.addTransceiver('video', {
      sendEncodings: [{ rid: 'a' }, { rid: 'b', scaleResolutionDownBy: 2 }],
    });
    expect(sender.getParameters().encodings.map(({ rid }) => rid)).toEqual(['a', 'b']);
  });
});

describe('addTrack', () => {
  it('makes a transceiver, and uses one that has not sent', () => {
    const connection = world.connection();
    const idle = connection.addTransceiver('video', { direction: 'recvonly' });
    const [video, audio] = [idleTrack('video'), idleTrack('audio')];
    expect(connection.addTrack(video)).toBe(idle.sender);
    expect([idle.direction, idle.sender.track]).toEqual(['sendrecv', video]);
    const sender = connection.addTrack(audio, new MediaStream(), new MediaStream());
    expect(connection.getTransceivers()[1]?.sender).toBe(sender);
    expect(shown(connection)).toEqual(['- video sendrecv -', '- audio sendrecv -']);
    const inactive = connection.addTransceiver('video', { direction: 'inactive' });
    connection.addTrack(idleTrack('video'));
    expect(inactive.direction).toBe('sendonly');
  });

  it('takes each track once', async () => {
    const connection = world.connection();
    const track = idleTrack('audio');
    connection.addTrack(track);
    expect(await errorName(() => connection.addTrack(track))).toBe('InvalidAccessError');
    expect(await errorName(() => connection.addTrack({} as never))).toBe('TypeError');
    expect(await errorName(() => connection.addTrack(idleTrack('audio'), {} as never))).toBe('TypeError');
    // A clone is another track.
    connection.addTrack(track.clone());
    expect(connection.getSenders()).toHaveLength(2);
  });

  it('leaves a sender alone that has sent', async () => {
    const [a, b] = world.pair();
    const sender = a.addTrack(idleTrack('audio'));
    await world.until(negotiate(a, b));
    a.removeTrack(sender);
    expect(a.addTrack(idleTrack('audio'))).not.toBe(sender);
  });
});

describe('removeTrack', () => {
  it('stops sending and keeps receiving', () => {
    const connection = world.connection();
    const sender = connection.addTrack(idleTrack('audio'));
    const only = connection.addTransceiver(idleTrack('video'), { direction: 'sendonly' });
    connection.removeTrack(sender);
    connection.removeTrack(only.sender);
    connection.removeTrack(sender);
    expect(shown(connection)).toEqual(['- audio recvonly -', '- video inactive -']);
    expect([sender.track, connection.getSenders().length]).toEqual([null, 2]);
  });

  it('refuses senders of others', async () => {
    const [a, b] = world.pair();
    const sender = b.addTrack(idleTrack('audio'));
    expect(await errorName(() => a.removeTrack(sender))).toBe('InvalidAccessError');
    expect(await errorName(() => a.removeTrack({} as never))).toBe('TypeError');
    const [transceiver] = b.getTransceivers();
    transceiver?.stop();
    b.removeTrack(sender);
    expect(sender.track).not.toBe(null);
    await world.until(negotiate(b, a));
    b.removeTrack(sender);
  });
});

describe('a transceiver', () => {
  it('changes its direction as it is told to', async () => {
    const connection = world.connection();
    const events = recorded(connection, 'negotiationneeded');
    const transceiver = connection.addTransceiver('audio');
    await world.advance(1);
    transceiver.direction = 'nonsense' as never;
    expect(transceiver.direction).toBe('sendrecv');
    transceiver.direction = 'inactive';
    expect([transceiver.direction, events.length]).toEqual(['inactive', 1]);
    expect(
      await errorName(() => {
        transceiver.direction = 'stopped';
      }),
    ).toBe('TypeError');
    transceiver.stop();
    for (const direction of ['sendrecv', 'stopped'] as const)
      expect(
        await errorName(() => {
          transceiver.direction = direction;
        }),
      ).toBe('InvalidStateError');
  });

  it('ends its track when it is stopped', async () => {
    const connection = world.connection();
    const transceiver = connection.addTransceiver('audio');
    const events = recorded(transceiver.receiver.track, 'ended');
    transceiver.stop();
    transceiver.stop();
    expect([transceiver.direction, transceiver.currentDirection, transceiver.stopped]).toEqual([
      'stopped',
      null,
      false,
    ]);
    expect([transceiver.receiver.track.readyState, events]).toEqual(['ended', ['ended']]);
    expect(await errorName(() => transceiver.sender.replaceTrack(null))).toBe('InvalidStateError');
    connection.close();
    expect(await errorName(() => transceiver.stop())).toBe('InvalidStateError');
  });

  it('knows which codecs and header extensions it would use', async () => {
    const [a, b] = world.pair();
    const transceiver = a.addTransceiver('video');
    const vp8 = { mimeType: 'video/VP8', clockRate: 90000 };
    transceiver.setCodecPreferences([vp8]);
    expect(await errorName(() => transceiver.setCodecPreferences([{ mimeType: 'video/x', clockRate: 1 }]))).toBe(
      'InvalidModificationError',
    );
    const wanted = transceiver.getHeaderExtensionsToNegotiate();
    const orientation = wanted.find(({ uri }) => uri === 'urn:3gpp:video-orientation');
    const mid = wanted.find(({ uri }) => uri === 'urn:ietf:params:rtp-hdrext:sdes:mid');
    if (orientation === undefined || mid === undefined) throw new Error('missing');
    orientation.direction = 'stopped';
    transceiver.setHeaderExtensionsToNegotiate(wanted);
    expect(transceiver.getNegotiatedHeaderExtensions().every(({ direction }) => direction === 'stopped')).toBe(true);
    mid.direction = 'stopped';
    expect(await errorName(() => transceiver.setHeaderExtensionsToNegotiate(wanted))).toBe('InvalidModificationError');
    expect(await errorName(() => transceiver.setHeaderExtensionsToNegotiate([]))).toBe('InvalidModificationError');
    mid.direction = 'all' as never;
    expect(await errorName(() => transceiver.setHeaderExtensionsToNegotiate(wanted))).toBe('TypeError');
    const { sdp } = await world.until(a.createOffer());
    expect(sdp?.match(/^a=rtpmap:.*$/gm)?.map((line) => line.split(' ')[1])).toEqual(['VP8/90000']);
    expect(sdp).not.toContain('urn:3gpp:video-orientation');
    b.addTrack(idleTrack('video'));
    await world.until(negotiate(a, b));
    const directions = new Map(
      transceiver.getNegotiatedHeaderExtensions().map(({ uri, direction }) => [uri, direction]),
    );
    expect(directions.get('urn:3gpp:video-orientation')).toBe('stopped');
    expect(directions.get('urn:ietf:params:rtp-hdrext:sdes:mid')).toBe('sendrecv');
  });
});

it('a track event needs what it carries', async () => {
  const { receiver, sender, ...rest } = world.connection().addTransceiver('audio');
  expect([sender.track, rest]).toEqual([null, {}]);
  const [transceiver] = world.made[0]?.getTransceivers() ?? [];
  if (transceiver === undefined) throw new Error('missing');
  const event = new RTCTrackEvent('track', { receiver, track: receiver.track, transceiver });
  expect([event.track, event.streams, Object.isFrozen(event.streams)]).toEqual([receiver.track, [], true]);
  expect(await errorName(() => new RTCTrackEvent('track', {} as never))).toBe('TypeError');
});
