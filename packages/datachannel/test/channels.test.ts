import { describe, expect, it } from 'vitest';
import { DataChannelError, encodeOpen, PPID } from '../src/index.ts';
import { bytes, End, Pair, text } from './helpers/pair.ts';

const code = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (error instanceof DataChannelError) return error.code;
    throw error;
  }
  return 'nothing thrown';
};

describe('opening', () => {
  it('gives the client even ids and the server odd ones', () => {
    const { client, server } = new Pair().connect();
    expect([client.channels.open({}, 0).id, client.channels.open({}, 0).id]).toEqual([0, 2]);
    expect([server.channels.open({}, 0).id, server.channels.open({}, 0).id]).toEqual([1, 3]);
  });

  it('waits for the role before it gives ids, and for the association before it sends', () => {
    const end = new End();
    const channel = end.channels.open({ label: 'early' }, 0);
    expect([channel.id, channel.state]).toEqual([undefined, 'connecting']);
    end.channels.setRole('server', 0);
    expect([channel.id, channel.state]).toEqual([1, 'connecting']);
    expect(end.streams.written).toEqual([]);
    end.streams.connect();
    end.drain();
    expect(channel.state).toBe('open');
    expect(end.events.map((event) => event.type)).toEqual(['connected', 'open']);
    expect(end.streams.written.map((message) => message.ppid)).toEqual([PPID.dcep]);
  });

  it('opens channels when the role comes after the association', () => {
    const end = new End();
    end.streams.connect();
    end.drain();
    const channel = end.channels.open({}, 0);
    end.channels.setRole('client', 0);
    end.drain();
    expect([channel.id, channel.state]).toEqual([0, 'open']);
  });

  it('tells the peer everything about the channel', () => {
    const pair = new Pair().connect();
    pair.client.channels.open(
      { label: 'λ', protocol: 'chat/1', ordered: false, maxPacketLifeTime: 70, priority: 'high' },
      0,
    );
    pair.settle();
    const [incoming] = pair.server.incoming;
    expect(incoming).toMatchObject({
      id: 0,
      label: 'λ',
      protocol: 'chat/1',
      ordered: false,
      maxPacketLifeTime: 70,
      maxRetransmits: undefined,
      negotiated: false,
      priority: 1024,
      state: 'open',
    });
    expect(pair.server.streams.priorities.get(0)).toBe(1024);
    expect(pair.client.streams.priorities.get(0)).toBe(1024);
  });

  it('maps priorities as RFC 8831 §6.4 says', () => {
    const { client } = new Pair().connect();
    const priorities = (['very-low', 'low', 'medium', 'high', 300] as const).map(
      (priority) => client.channels.open({ priority }, 0).priority,
    );
    expect(priorities).toEqual([128, 256, 512, 1024, 300]);
    expect(client.channels.open({}, 0).priority).toBe(256);
  });

  it('opens a negotiated channel without a message', () => {
    const pair = new Pair();
    const a = pair.client.channels.open({ negotiated: true, id: 7 }, 0);
    const b = pair.server.channels.open({ negotiated: true, id: 7 }, 0);
    pair.connect();
    expect([a.state, b.state]).toEqual(['open', 'open']);
    expect(pair.client.streams.written).toEqual([]);
    a.send(text('hi'), false, 0);
    pair.settle();
    expect(pair.server.received(b)).toEqual(['hi']);
  });

  it('refuses options that cannot be', () => {
    const { channels } = new End();
    for (const init of [
      { maxRetransmits: 1, maxPacketLifeTime: 1 },
      { maxRetransmits: 65536 },
      { maxPacketLifeTime: -1 },
      { negotiated: true },
      { id: 1 },
      { negotiated: true, id: 65535 },
      { label: 'ä'.repeat(32768) },
      { protocol: 'x'.repeat(65536) },
      { priority: 0 },
      { priority: 65536 },
    ])
      expect(code(() => channels.open(init, 0))).toBe('DATACHANNEL_BAD_OPTION');
    expect(channels.channels).toEqual([]);
    expect(channels.open({ label: 'x'.repeat(65535) }, 0).state).toBe('connecting');
    expect(code(() => new End({ maxChannels: 0 }))).toBe('DATACHANNEL_BAD_OPTION');
  });

  it('refuses an id that is taken', () => {
    const { client } = new Pair().connect();
    client.channels.open({ negotiated: true, id: 0 }, 0);
    expect(code(() => client.channels.open({ negotiated: true, id: 0 }, 0))).toBe('DATACHANNEL_ID_IN_USE');
    expect(client.channels.open({}, 0).id).toBe(2);
  });

  it('keeps to maxChannels, for both sides', () => {
    const pair = new Pair({ maxChannels: 2 }).connect();
    pair.server.channels.open({ negotiated: true, id: 11 }, 0);
    pair.client.channels.open({}, 0);
    const third = pair.client.channels.open({}, 0);
    expect(code(() => pair.client.channels.open({}, 0))).toBe('DATACHANNEL_TOO_MANY');
    pair.settle();
    expect(pair.server.incoming).toHaveLength(1);
    expect(third.state).toBe('closed');
  });

  it('closes channels whose stream the association does not have', () => {
    const end = new End({ role: 'client' });
    const [first, second] = [end.channels.open({}, 0), end.channels.open({}, 0)];
    const agreed = end.channels.open({ negotiated: true, id: 2000 }, 0);
    end.streams.connect(2, 1000);
    end.drain();
    expect([first.state, second.state, agreed.state]).toEqual(['open', 'closed', 'closed']);
    const closed = end.events.find((event) => event.type === 'closed-channel');
    expect(closed).toMatchObject({ channel: second, error: { code: 'DATACHANNEL_NO_STREAM' } });
    expect(code(() => end.channels.open({}, 0))).toBe('DATACHANNEL_TOO_MANY');
    expect(code(() => end.channels.open({ negotiated: true, id: 2 }, 0))).toBe('DATACHANNEL_NO_STREAM');
  });

  it('refuses an OPEN on a stream of our own parity by closing it, without an ACK', () => {
    const { server } = new Pair().connect();
    const open = encodeOpen({ label: '', protocol: '', ordered: true, priority: 0 });
    server.streams.events.push({ type: 'message', stream: 5, ppid: PPID.dcep, data: open });
    server.drain();
    expect(server.incoming).toEqual([]);
    expect(server.streams.resets).toEqual([5]);
    expect(server.streams.written).toEqual([]);
  });

  it('closes the channel when a second OPEN comes for its stream', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    pair.settle();
    const open = encodeOpen({ label: '', protocol: '', ordered: true, priority: 0 });
    pair.server.streams.events.push({ type: 'message', stream: 0, ppid: PPID.dcep, data: open });
    pair.settle();
    expect(channel.state).toBe('closed');
    expect(pair.server.incoming).toHaveLength(1);
  });

  it('sends OPEN and ACK when the send queue has room again', () => {
    const pair = new Pair().connect();
    const first = pair.client.channels.open({}, 0);
    pair.settle();
    pair.client.streams.capacity = 10;
    pair.server.streams.capacity = 10;
    expect(first.send(new Uint8Array(10), true, 0)).toBe(true);
    const [incoming] = pair.server.incoming;
    expect(incoming?.send(new Uint8Array(10), true, 0)).toBe(true);
    pair.client.streams.capacity = 12;
    const second = pair.client.channels.open({}, 0);
    expect(second.state).toBe('connecting');
    pair.settle();
    expect(second.state).toBe('open');
    expect(pair.server.incoming).toHaveLength(2);
    expect(pair.server.streams.written.filter((message) => message.ppid === PPID.dcep)).toHaveLength(2);
  });

  it('reports nothing and throws nothing for broken DCEP, unknown PPIDs and foreign streams', () => {
    const { server } = new Pair().connect();
    const push = (stream: number, ppid: number, data: Uint8Array): void => {
      server.streams.events.push({ type: 'message', stream, ppid, data });
    };
    push(0, PPID.dcep, bytes(3, 0));
    push(0, PPID.dcep, bytes(2));
    push(0, PPID.dcep, bytes());
    const known = server.channels.open({}, 0);
    push(1, PPID.dcep, bytes(9));
    push(1, 4711, bytes(1));
    server.drain();
    expect(server.events.map((event) => event.type)).toEqual(['connected', 'open']);
    expect(server.channels.droppedMessages).toBe(5);
    expect(known.state).toBe('open');
  });

  it('traces what it refused and why', () => {
    const names: string[] = [];
    const end = new End({ role: 'server', trace: (event) => names.push(event.name) });
    end.streams.connect();
    end.channels.open({}, 0);
    end.streams.events.push({ type: 'message', stream: 1, ppid: 99, data: bytes(1) });
    end.drain();
    end.streams.shutdown();
    end.drain();
    expect(names).toEqual(['datachannel:channel-opened', 'datachannel:message-dropped', 'datachannel:channel-closed']);
  });
});

describe('an association that starts over', () => {
  it('opens nothing twice', () => {
    const pair = new Pair();
    const channels = [
      pair.client.channels.open({ label: 'a' }, 0),
      pair.client.channels.open({ negotiated: true, id: 7 }, 0),
    ];
    pair.connect();
    pair.client.streams.connect();
    pair.settle();
    for (const channel of channels) expect(pair.client.about(channel)).toEqual(['open']);
    expect(pair.server.incoming).toHaveLength(1);
  });
});

describe('the end of the association', () => {
  it('closes all channels, then reports closed, and takes no more', () => {
    const pair = new Pair();
    const waiting = new End();
    const without = waiting.channels.open({}, 0);
    waiting.streams.shutdown();
    waiting.drain();
    expect(without.state).toBe('closed');
    pair.connect();
    const channel = pair.client.channels.open({}, 0);
    pair.settle();
    pair.client.streams.shutdown();
    pair.settle();
    expect(pair.client.about(channel)).toEqual(['open', 'closed-channel']);
    expect(pair.client.events.at(-1)).toEqual({ type: 'closed' });
    expect(pair.server.events.at(-1)).toEqual({ type: 'closed' });
    expect(code(() => pair.client.channels.open({}, 0))).toBe('DATACHANNEL_ENDED');
    expect(code(() => channel.send(bytes(1), true, 0))).toBe('DATACHANNEL_NOT_OPEN');
    channel.close(0);
    expect(pair.client.streams.resets).toEqual([]);
  });

  it('says why when it failed', () => {
    const pair = new Pair().connect();
    const channel = pair.client.channels.open({}, 0);
    pair.settle();
    const error = Object.assign(new Error('gone'), { code: 'SCTP_ABORTED' });
    pair.client.streams.events.push({ type: 'failed', error });
    pair.settle();
    expect(pair.client.events.slice(-2)).toEqual([
      { type: 'closed-channel', channel, error },
      { type: 'failed', error },
    ]);
  });
});
