import { describe, expect, it } from 'vitest';
import { encodeOpen, PPID } from '../src/index.ts';
import { bytes, Pair, text } from './helpers/pair.ts';

describe('defects that others shipped', () => {
  it('an empty message is one byte under its own PPID, arrives empty and blocks nothing', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    channel.send(text(''), false, 0);
    channel.send(bytes(), true, 0);
    channel.send(text('after'), false, 0);
    pair.settle();
    const sent = pair.client.streams.written.slice(1).map((message) => [message.ppid, message.data.length]);
    expect(sent).toEqual([
      [PPID.textEmpty, 1],
      [PPID.binaryEmpty, 1],
      [PPID.text, 5],
    ]);
    expect(pair.server.received(pair.server.incoming[0]!)).toEqual(['', [], 'after']);
  });

  it('unordered survives together with maxRetransmits: 0 and with maxPacketLifeTime', () => {
    const pair = new Pair().connect();
    pair.client.channels.open({ ordered: false, maxRetransmits: 0 }, 0);
    pair.client.channels.open({ ordered: false, maxPacketLifeTime: 100 }, 0);
    pair.settle();
    expect(pair.server.incoming.map((c) => [c.ordered, c.maxRetransmits, c.maxPacketLifeTime])).toEqual([
      [false, 0, undefined],
      [false, undefined, 100],
    ]);
  });

  it('a peer that opens a channel of priority 0 gets it, at the least weight', () => {
    const pair = new Pair().connect();
    const open = encodeOpen({
      priority: 0,
      ordered: true,
      maxRetransmits: undefined,
      maxPacketLifeTime: undefined,
      label: 'zero',
      protocol: '',
    });
    pair.client.streams.write(0, PPID.dcep, open, 0);
    pair.settle();
    expect(pair.server.incoming.map(({ label, priority }) => [label, priority])).toEqual([['zero', 0]]);
    expect(pair.server.streams.priorities.get(0)).toBe(1);
  });

  it('a peer that takes only tiny messages costs the channel, not the process', () => {
    const pair = new Pair();
    const { streams } = pair.client;
    const write = streams.write.bind(streams);
    streams.write = (...args) => {
      if (args[2].length > 20) throw Object.assign(new Error('above the limit'), { code: 'SCTP_MESSAGE_TOO_LARGE' });
      return write(...args);
    };
    const before = pair.client.channels.open({ label: 'a label that is too long' }, 0);
    pair.connect();
    const after = pair.client.channels.open({ label: 'another that is too long' }, 0);
    const short = pair.client.channels.open({ label: 'short' }, 0);
    pair.settle();
    expect([before.state, after.state, short.state]).toEqual(['closed', 'closed', 'open']);
    const closed = pair.client.events.filter((event) => event.type === 'closed-channel');
    expect(closed).toMatchObject([
      { channel: before, error: { code: 'SCTP_MESSAGE_TOO_LARGE' } },
      { channel: after, error: { code: 'SCTP_MESSAGE_TOO_LARGE' } },
    ]);
  });

  it('send in connecting, closing and closed throws', () => {
    const pair = new Pair();
    const channel = pair.client.channels.open({}, 0);
    const send = (): unknown => channel.send(bytes(1), true, 0);
    const refused = expect.objectContaining({ code: 'DATACHANNEL_NOT_OPEN' });
    expect(send).toThrow(refused);
    pair.connect();
    channel.close(0);
    expect(send).toThrow(refused);
    pair.settle();
    expect(send).toThrow(refused);
  });

  it('both ends closing at once both come to the end', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    pair.settle();
    const incoming = pair.server.incoming[0]!;
    channel.close(0);
    incoming.close(0);
    pair.settle();
    expect([channel.state, incoming.state]).toEqual(['closed', 'closed']);
    expect([pair.client.streams.resets, pair.server.streams.resets]).toEqual([[0], [0]]);
  });

  it('a stream id is not used again before both sides saw the close', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    pair.settle();
    channel.close(0);
    expect(pair.client.channels.open({}, 0).id).toBe(2);
    pair.client.streams.deliver();
    pair.client.drain();
    // Our direction is reset, the peer's is not.
    expect(channel.state).toBe('closing');
    expect(pair.client.channels.open({}, 0).id).toBe(4);
    pair.settle();
    expect(channel.state).toBe('closed');
    expect(pair.client.channels.open({ label: 'reused' }, 0).id).toBe(0);
    pair.settle();
    expect(pair.server.incoming.at(-1)).toMatchObject({ id: 0, label: 'reused', state: 'open' });
  });

  it('incoming channels that close are forgotten', () => {
    const pair = new Pair().connect();
    for (let round = 0; round < 50; round++) {
      pair.client.channels.open({}, 0).close(0);
      pair.settle();
    }
    expect(pair.server.channels.channels).toEqual([]);
    expect(pair.client.channels.channels).toEqual([]);
  });
});
