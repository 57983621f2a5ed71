import { describe, expect, it } from 'vitest';
import { PPID } from '../src/index.ts';
import { bytes, End, Pair, text } from './helpers/pair.ts';

describe('messages', () => {
  it('carries strings and binary under their PPIDs', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    channel.send(text('héllo'), false, 0);
    channel.send(bytes(1, 2, 3), true, 0);
    pair.settle();
    const [incoming] = pair.server.incoming;
    expect(pair.server.received(incoming!)).toEqual(['héllo', [1, 2, 3]]);
    expect(pair.client.streams.written.map((message) => message.ppid)).toEqual([50, 51, 53]);
  });

  it('counts messages and bytes', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    channel.send(text('abc'), false, 0);
    channel.send(bytes(), true, 0);
    pair.settle();
    expect(channel.stats).toEqual({ messagesSent: 2, bytesSent: 3, messagesReceived: 0, bytesReceived: 0 });
    expect(pair.server.incoming[0]?.stats).toMatchObject({ messagesReceived: 2, bytesReceived: 3 });
  });

  it('sends ordered until the peer was heard, then as asked (RFC 8832 §6)', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({ ordered: false, maxRetransmits: 0 }, 0);
    channel.send(bytes(1), true, 0);
    pair.settle();
    channel.send(bytes(2), true, 0);
    const [open, early, late] = pair.client.streams.written;
    expect(open?.options?.unordered ?? false).toBe(false);
    expect(open?.options?.maxRetransmits).toBeUndefined();
    expect(early?.options).toMatchObject({ unordered: false, maxRetransmits: 0 });
    expect(late?.options).toMatchObject({ unordered: true, maxRetransmits: 0 });
    const [incoming] = pair.server.incoming;
    incoming?.send(bytes(3), true, 0);
    const [ack, answer] = pair.server.streams.written;
    expect([ack?.ppid, ack?.options?.unordered ?? false]).toEqual([PPID.dcep, false]);
    expect(answer?.options?.unordered).toBe(true);
  });

  it('puts the deprecated partial messages together', () => {
    const pair = new Pair().connect();
    pair.client.channels.open({}, 0);
    pair.settle();
    const push = (ppid: number, data: Uint8Array): void => {
      pair.server.streams.events.push({ type: 'message', stream: 0, ppid, data });
    };
    push(PPID.binaryPartial, bytes(1, 2));
    push(PPID.binaryPartial, bytes(3));
    push(PPID.binary, bytes(4));
    push(PPID.textPartial, text('ab'));
    push(PPID.text, text('c'));
    push(PPID.text, text('whole'));
    pair.settle();
    expect(pair.server.received(pair.server.incoming[0]!)).toEqual([[1, 2, 3, 4], 'abc', 'whole']);
  });

  it('gives up partial messages that grow beyond the limit or change their kind', () => {
    const pair = new Pair({ maxReceiveMessageSize: 4 }).connect();
    pair.client.channels.open({}, 0);
    pair.settle();
    const push = (ppid: number, data: Uint8Array): void => {
      pair.server.streams.events.push({ type: 'message', stream: 0, ppid, data });
    };
    push(PPID.binaryPartial, bytes(1, 2, 3));
    push(PPID.binaryPartial, bytes(4, 5));
    push(PPID.textPartial, text('a'));
    push(PPID.binary, bytes(6));
    push(PPID.binary, bytes(7));
    pair.settle();
    expect(pair.server.received(pair.server.incoming[0]!)).toEqual([[7]]);
    expect(pair.server.channels.droppedMessages).toBe(2);
  });

  it('refuses a message above the limit, and the channel lives on', () => {
    const pair = new Pair({ maxMessageSize: 4 }).connect();
    const channel = pair.client.channels.open({}, 0);
    expect(() => channel.send(new Uint8Array(5), true, 0)).toThrow(
      expect.objectContaining({ code: 'DATACHANNEL_MESSAGE_TOO_LARGE' }),
    );
    expect(channel.send(new Uint8Array(4), true, 0)).toBe(true);
    pair.client.channels.setMaxMessageSize(5);
    expect(channel.send(new Uint8Array(5), true, 0)).toBe(true);
    pair.client.channels.setMaxMessageSize(0);
    expect(channel.send(new Uint8Array(100_000), true, 0)).toBe(true);
    pair.settle();
    expect(pair.server.received(pair.server.incoming[0]!)).toHaveLength(3);
  });

  it('assumes a peer that says nothing to take 65536 bytes', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    expect(channel.send(new Uint8Array(65536), true, 0)).toBe(true);
    expect(() => channel.send(new Uint8Array(65537), true, 0)).toThrow();
  });

  it('says false when the queue is full and reports when there is room', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    pair.settle();
    pair.client.streams.capacity = 3;
    expect(channel.send(bytes(1, 2, 3), true, 0)).toBe(true);
    expect(channel.send(bytes(4), true, 0)).toBe(false);
    expect(channel.stats.messagesSent).toBe(1);
    pair.settle();
    expect(pair.client.events.map((event) => event.type)).toContain('writable');
    expect(channel.send(bytes(4), true, 0)).toBe(true);
  });

  it('keeps early messages of a negotiated channel, and not more than a few', () => {
    const pair = new Pair().connect();
    const ours = pair.client.channels.open({ negotiated: true, id: 4 }, 0);
    for (let i = 0; i < 300; i++) ours.send(bytes(i & 255), true, 0);
    pair.settle();
    const theirs = pair.server.channels.open({ negotiated: true, id: 4 }, 0);
    pair.settle();
    const received = pair.server.received(theirs);
    expect(received).toHaveLength(256);
    expect(received[0]).toEqual([0]);
    expect(pair.server.channels.droppedMessages).toBe(44);
    expect(pair.server.about(theirs)[0]).toBe('open');
  });

  it('does not keep more early bytes than 256 KiB', () => {
    const end = new End({ role: 'server' });
    end.streams.connect();
    for (let i = 0; i < 5; i++)
      end.streams.events.push({ type: 'message', stream: 8, ppid: PPID.binary, data: new Uint8Array(64 * 1024) });
    end.drain();
    expect(end.channels.droppedMessages).toBe(1);
  });
});

describe('bufferedAmount', () => {
  it("counts the user's bytes and nothing else", () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({ label: 'long label' }, 0);
    expect(channel.bufferedAmount).toBe(0);
    channel.send(bytes(), true, 0);
    expect(channel.bufferedAmount).toBe(0);
    channel.send(bytes(1, 2, 3), true, 0);
    channel.send(text(''), false, 0);
    channel.send(bytes(4, 5), true, 0);
    expect(channel.bufferedAmount).toBe(5);
    pair.client.streams.deliver(3);
    expect(channel.bufferedAmount).toBe(2);
    pair.settle();
    expect(channel.bufferedAmount).toBe(0);
  });

  it('is reported when it falls to the threshold, and only then', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    pair.settle();
    expect(pair.client.about(channel)).toEqual(['open']);
    channel.bufferedAmountLowThreshold = 3;
    for (let i = 0; i < 3; i++) channel.send(bytes(1, 2), true, 0);
    pair.client.streams.deliver(1);
    pair.client.drain();
    expect(pair.client.about(channel)).toEqual(['open']);
    pair.client.streams.deliver(1);
    pair.client.drain();
    expect(pair.client.about(channel)).toEqual(['open', 'buffered-amount-low']);
    pair.settle();
    expect(pair.client.about(channel)).toEqual(['open', 'buffered-amount-low']);
  });

  it('is not reported for a fall that began at the threshold', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    pair.settle();
    channel.send(bytes(1, 2), true, 0);
    channel.bufferedAmountLowThreshold = 2;
    pair.settle();
    channel.bufferedAmountLowThreshold = 0;
    channel.send(bytes(), true, 0);
    pair.settle();
    expect(pair.client.about(channel)).toEqual(['open']);
  });

  it('keeps the threshold that was set before the stream existed', () => {
    const pair = new Pair();
    const channel = pair.client.channels.open({}, 0);
    channel.bufferedAmountLowThreshold = 2;
    pair.connect();
    channel.send(bytes(1, 2), true, 0);
    channel.send(bytes(3), true, 0);
    pair.client.streams.deliver(1);
    pair.client.drain();
    expect(pair.client.about(channel)).toContain('buffered-amount-low');
  });
});
