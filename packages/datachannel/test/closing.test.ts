import { describe, expect, it } from 'vitest';
import { encodeOpen, PPID } from '../src/index.ts';
import { bytes, End, Pair } from './helpers/pair.ts';

const OPEN = encodeOpen({ label: 'again', protocol: '', ordered: true, priority: 256 });

describe('closing', () => {
  it('goes through both directions, from either side', () => {
    for (const closer of ['client', 'server'] as const) {
      const pair = new Pair().connect();
      const channel = pair.client.channels.open({}, 0);
      pair.settle();
      const incoming = pair.server.incoming[0]!;
      const [closing, other] = closer === 'client' ? [channel, incoming] : [incoming, channel];
      closing.close(0);
      expect(closing.state).toBe('closing');
      pair.settle();
      expect([channel.state, incoming.state]).toEqual(['closed', 'closed']);
      // Only the side that did not ask hears of the beginning.
      expect(pair[closer].about(closing)).not.toContain('closing');
      expect(pair[closer === 'client' ? 'server' : 'client'].about(other)).toEqual(
        expect.arrayContaining(['closing', 'closed-channel']),
      );
    }
  });

  it('delivers what was queued before', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    channel.send(bytes(1), true, 0);
    channel.close(0);
    pair.settle();
    expect(pair.server.received(pair.server.incoming[0]!)).toEqual([[1]]);
  });

  it('delivers nothing after close() on this side', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    pair.settle();
    pair.server.incoming[0]?.send(bytes(1), true, 0);
    channel.close(0);
    pair.settle();
    expect(pair.client.received(channel)).toEqual([]);
    expect(pair.client.channels.droppedMessages).toBe(1);
  });

  it('is idempotent and tells the peer once', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    pair.settle();
    for (let i = 0; i < 3; i++) channel.close(0);
    pair.settle();
    channel.close(0);
    expect(pair.client.streams.resets).toEqual([0]);
    expect(pair.server.streams.resets).toEqual([0]);
  });

  it('ends at once before the association is up', () => {
    const pair = new Pair();
    const channel = pair.client.channels.open({}, 0);
    channel.close(0);
    expect(channel.state).toBe('closed');
    pair.connect();
    expect(pair.client.streams.written).toEqual([]);
    expect(pair.client.about(channel)).toEqual(['closed-channel']);
    expect(pair.client.channels.open({}, 0).id).toBe(0);
  });

  it('gives an OPEN up that still waited for room', () => {
    const pair = new Pair().connect();
    pair.client.streams.capacity = 1;
    const channel = pair.client.channels.open({}, 0);
    channel.close(0);
    pair.client.streams.capacity = 1000;
    pair.settle();
    expect(channel.state).toBe('closed');
    expect(pair.server.incoming).toEqual([]);
  });

  it('keeps an id that the peer refused to reset', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    pair.settle();
    pair.server.streams.refuseResets = true;
    channel.close(0);
    pair.settle();
    expect(channel.state).toBe('closed');
    expect(pair.client.channels.open({}, 0).id).toBe(2);
  });

  it('answers the reset of a stream it never knew, once', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({ negotiated: true, id: 9 }, 0);
    channel.close(0);
    pair.settle();
    expect(channel.state).toBe('closed');
    expect(pair.server.streams.resets).toEqual([9]);
    pair.server.streams.events.push({ type: 'incoming-reset', streams: [9] });
    pair.settle();
    expect(pair.server.streams.resets).toEqual([9]);
  });

  it('accepts an id again that the peer reused before our reset was confirmed', () => {
    const server = new End({ role: 'server' });
    server.streams.connect();
    const push = (data: Uint8Array, ppid: number): void => {
      server.streams.events.push({ type: 'message', stream: 0, ppid, data });
    };
    push(OPEN, PPID.dcep);
    server.streams.events.push({ type: 'incoming-reset', streams: [0] });
    push(OPEN, PPID.dcep);
    push(bytes(7), PPID.binary);
    server.drain();
    const [first] = server.incoming;
    expect([server.incoming.length, first?.state]).toEqual([1, 'closing']);
    server.streams.events.push({ type: 'outgoing-reset', streams: [0] });
    server.drain();
    expect(first?.state).toBe('closed');
    expect(server.incoming).toHaveLength(2);
    expect(server.received(server.incoming[1]!)).toEqual([[7]]);
  });

  it('keeps bufferedAmount at its last value', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    channel.send(bytes(1, 2, 3), true, 0);
    pair.client.streams.events.push({
      type: 'failed',
      error: Object.assign(new Error('gone'), { code: 'SCTP_LOST' }),
    });
    pair.client.drain();
    expect([channel.state, channel.bufferedAmount]).toEqual(['closed', 3]);
    pair.client.streams.deliver();
    expect(channel.bufferedAmount).toBe(3);
  });
});
