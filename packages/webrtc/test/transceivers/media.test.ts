import { afterEach, describe, expect, it } from 'vitest';
import { MediaStream } from '../../src/index.ts';
import { negotiate } from '../helpers/connect.ts';
import { heard, player } from '../helpers/frames.ts';
import { recorded, World } from '../helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

describe('media', () => {
  it('flows both ways as soon as DTLS is there, and the tracks are unmuted', async () => {
    const [a, b] = world.pair();
    for (const one of [a, b]) {
      one.addTrack(player(world, 'audio').track, new MediaStream());
      one.addTrack(player(world, 'video').track, new MediaStream());
    }
    const frames: number[][] = [];
    const unmuted: string[][] = [];
    for (const one of [a, b])
      one.ontrack = ({ receiver, track }) => {
        expect(track.muted).toBe(true);
        frames.push(heard(receiver));
        unmuted.push(recorded(track, 'unmute'));
      };
    await world.until(negotiate(a, b));
    await world.run(() => frames.length === 4 && frames.every(({ length }) => length > 20));
    expect(unmuted).toEqual(Array(4).fill(['unmute']));
    expect(frames.map(([first]) => first).toSorted()).toEqual([80, 80, 900, 900]);
  });

  it('stops and goes on as directions change, and another track takes its place without an offer', async () => {
    const [a, b] = world.pair();
    const sender = a.addTrack(player(world, 'video').track, new MediaStream());
    await world.until(negotiate(a, b));
    const [receiver] = b.getReceivers();
    const frames = heard(receiver);
    await world.run(() => frames.length > 20);
    const events = recorded(receiver?.track as EventTarget, 'mute', 'unmute');
    const [transceiver] = a.getTransceivers();
    if (transceiver === undefined) throw new Error('missing');
    transceiver.direction = 'inactive';
    await world.until(negotiate(a, b));
    await world.advance(200);
    const count = frames.length;
    await world.advance(500);
    expect([frames.length, events]).toEqual([count, ['mute']]);
    transceiver.direction = 'sendonly';
    await world.until(negotiate(a, b));
    await world.run(() => frames.length > count + 10);
    expect(events).toEqual(['mute', 'unmute']);
    const needed = recorded(a, 'negotiationneeded');
    await sender.replaceTrack(player(world, 'video', 700).track);
    await world.run(() => frames.at(-1) === 700);
    expect(needed).toEqual([]);
    a.removeTrack(sender);
    await world.until(negotiate(a, b));
    expect(receiver?.track.muted).toBe(true);
  });

  it('goes over each transport of its own with peers that do not bundle', async () => {
    const [a, b] = world.pair({ bundlePolicy: 'max-compat' });
    a.addTrack(player(world, 'audio').track);
    a.addTrack(player(world, 'video').track);
    a.addTrack(player(world, 'video', 700).track);
    await world.until(a.setLocalDescription());
    const sdp = (a.localDescription?.sdp ?? '').replace(/a=group:BUNDLE.*\r\n/g, '');
    await world.until(b.setRemoteDescription({ type: 'offer', sdp }));
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription as never));
    const frames = b.getReceivers().map(heard);
    await world.run(() => frames.every(({ length }) => length > 10));
    expect(frames.map((sizes) => [...new Set(sizes)])).toEqual([[80], [900], [700]]);
  });

  it('finds its receiver after a stop, in the section that is taken again', async () => {
    const [a, b] = world.pair();
    a.addTrack(player(world, 'audio').track);
    a.addTrack(player(world, 'video').track);
    await world.until(negotiate(a, b));
    const frames = b.getReceivers().map(heard);
    await world.run(() => frames.every(({ length }) => length > 10));
    a.getTransceivers()[0]?.stop();
    a.addTrack(player(world, 'video', 700).track);
    await world.until(negotiate(a, b));
    a.addTrack(player(world, 'audio', 60).track);
    await world.until(negotiate(a, b));
    expect(b.getTransceivers().map(({ mid }) => mid)).toEqual(['1', '2', '3']);
    const again = b.getReceivers().map(heard);
    await world.run(() => again.every(({ length }) => length > 10));
    expect(again.map((sizes) => [...new Set(sizes)])).toEqual([[900], [700], [60]]);
    // Of what was stopped nothing comes any more.
    const before = frames[0]?.length;
    await world.advance(200);
    expect(frames[0]?.length).toBe(before);
  });

  it('goes on through an ICE restart and beside data channels', async () => {
    const { a, b, channel, other } = await world.connected();
    a.addTrack(player(world, 'video').track);
    await world.until(negotiate(a, b));
    const frames = heard(b.getReceivers()[0]);
    await world.run(() => frames.length > 10);
    a.restartIce();
    await world.until(negotiate(a, b));
    await world.advance(2000);
    const count = frames.length;
    let got: unknown;
    other.onmessage = ({ data }) => {
      got = data;
    };
    channel.send('beside');
    await world.run(() => got === 'beside' && frames.length > count + 10);
  });

  it('is passed on to a third peer', async () => {
    const [a, b] = world.pair();
    a.addTrack(player(world, 'video').track, new MediaStream());
    await world.until(negotiate(a, b));
    const [c, d] = world.pair();
    const [receiver] = b.getReceivers();
    if (receiver === undefined) throw new Error('missing');
    c.addTrack(receiver.track);
    await world.until(negotiate(c, d));
    const frames = heard(d.getReceivers()[0]);
    await world.run(() => frames.length > 10);
    expect([...new Set(frames)]).toEqual([900]);
  });

  it('comes by simulcast when the sender has layers', async () => {
    const [a, b] = world.pair();
    const { sender } = a.addTransceiver('video', { sendEncodings: [{ rid: 'h' }, { rid: 'l' }] });
    await world.until(negotiate(a, b));
    expect(b.localDescription?.sdp).toContain('a=simulcast:recv h;l\r\n');
    expect(sender.getParameters().encodings.map(({ rid }) => rid)).toEqual(['h', 'l']);
    // An offer of the receiving side goes on asking for them.
    expect((await world.until(b.createOffer())).sdp).toContain('a=simulcast:recv h;l\r\n');
    await world.until(negotiate(b, a));
    expect(sender.getParameters().encodings.map(({ rid }) => rid)).toEqual(['h', 'l']);
    // Without it one encoding is left.
    const offer = await world.until(a.createOffer());
    await world.until(a.setLocalDescription(offer));
    const sdp = (offer.sdp ?? '').replace(/a=(simulcast|rid):.*\r\n/g, '');
    await world.until(b.setRemoteDescription({ type: 'offer', sdp }));
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription as never));
    expect(sender.getParameters().encodings).toHaveLength(1);
  });

  it('goes by simulcast when the peer asks for layers', async () => {
    const [server, client] = world.pair();
    server.addTransceiver('video', { direction: 'recvonly' });
    const offer = await world.until(server.createOffer());
    await world.until(server.setLocalDescription(offer));
    const layers = 'a=rid:q recv\r\na=rid:f recv\r\na=simulcast:recv q;f\r\n';
    await world.until(client.setRemoteDescription({ type: 'offer', sdp: `${offer.sdp}${layers}` }));
    const sender = client.addTrack(player(world, 'video').track);
    expect(sender).toBe(client.getTransceivers()[0]?.sender);
    expect(sender.getParameters().encodings.map(({ rid }) => rid)).toEqual(['q', 'f']);
    await world.until(client.setLocalDescription());
    expect(client.localDescription?.sdp).toContain('a=simulcast:send q;f\r\n');
  });

  it('leaves no timer behind when the connection is closed', async () => {
    const [a, b] = world.pair();
    a.addTrack(player(world, 'video').track);
    await world.until(negotiate(a, b));
    const frames = heard(b.getReceivers()[0]);
    await world.run(() => frames.length > 10);
    a.close();
    await world.run(() => b.connectionState === 'disconnected');
    b.close();
    await world.advance(1000);
    expect(world.sim.clock.pending).toBe(0);
  });
});
