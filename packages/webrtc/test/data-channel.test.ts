import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import type { RTCDataChannel } from '../src/index.ts';
import { negotiate } from './helpers/connect.ts';
import { errorName, recorded, World } from './helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

/** Everything a channel receives, binary as arrays of bytes. */
function inbox(channel: RTCDataChannel): unknown[] {
  const all: unknown[] = [];
  channel.addEventListener('message', ({ data }) =>
    all.push(data instanceof ArrayBuffer ? [...new Uint8Array(data)] : data),
  );
  return all;
}

/** Blobs are read by the platform, which knows nothing of virtual time: turns of the real event loop go by with it. */
async function inRealTime(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000 && !done(); turn++) await world.advance(1);
  expect(done()).toBe(true);
}

describe('createDataChannel', () => {
  it('has the defaults of the standard', () => {
    const channel = world.connection().createDataChannel('label');
    expect({ ...pick(channel) }).toEqual({
      label: 'label',
      ordered: true,
      maxPacketLifeTime: null,
      maxRetransmits: null,
      protocol: '',
      negotiated: false,
      id: null,
      readyState: 'connecting',
      bufferedAmount: 0,
      bufferedAmountLowThreshold: 0,
      binaryType: 'arraybuffer',
      priority: 'low',
    });
  });

  it('takes what it is given', () => {
    const connection = world.connection();
    const channel = connection.createDataChannel('x', {
      ordered: false,
      maxRetransmits: 0,
      protocol: 'p',
      negotiated: true,
      id: 7,
      priority: 'high',
    });
    expect(channel).toMatchObject({
      ordered: false,
      maxRetransmits: 0,
      protocol: 'p',
      negotiated: true,
      id: 7,
      priority: 'high',
    });
    expect(connection.createDataChannel('y', { maxPacketLifeTime: 100 }).maxPacketLifeTime).toBe(100);
    expect(connection.createDataChannel('z', { id: 5 }).id).toBe(null);
    expect(connection.createDataChannel('lone \ud800').label).toBe('lone \ufffd');
    expect(connection.createDataChannel(undefined as never).label).toBe('undefined');
  });

  it('refuses what cannot be with TypeError', async () => {
    const connection = world.connection();
    for (const init of [
      { maxRetransmits: 1, maxPacketLifeTime: 1 },
      { maxRetransmits: 65536 },
      { maxRetransmits: -1 },
      { maxPacketLifeTime: Number.NaN },
      { negotiated: true },
      { negotiated: true, id: 65535 },
      { negotiated: true, id: -1 },
      { protocol: 'ä'.repeat(32768) },
      { priority: 'urgent' as never },
    ])
      expect([init, await errorName(() => connection.createDataChannel('', init))]).toEqual([init, 'TypeError']);
    expect(await errorName(() => connection.createDataChannel('x'.repeat(65536)))).toBe('TypeError');
  });

  it('refuses an id that is taken with OperationError, and works after close with InvalidStateError', async () => {
    const connection = world.connection();
    connection.createDataChannel('', { negotiated: true, id: 3 });
    expect(await errorName(() => connection.createDataChannel('', { negotiated: true, id: 3 }))).toBe('OperationError');
    connection.close();
    expect(await errorName(() => connection.createDataChannel(''))).toBe('InvalidStateError');
  });
});

describe('an open channel', () => {
  it('carries every kind of data', async () => {
    const { channel, other } = await world.connected();
    const received = inbox(other);
    const sixteen = new Uint16Array([0x0102, 0xfffe]);
    const bytes = Uint8Array.of(0, 1, 2, 3, 4, 5);
    channel.send('text \u{1f600}');
    channel.send('');
    channel.send(bytes.buffer);
    channel.send(bytes.subarray(2, 4));
    channel.send(new DataView(bytes.buffer, 1, 3));
    channel.send(sixteen);
    channel.send(new ArrayBuffer(0));
    channel.send(42 as never);
    channel.send(new Uint8Array(new SharedArrayBuffer(2)));
    await world.run(() => received.length === 9);
    expect(received).toEqual([
      'text \u{1f600}',
      '',
      [0, 1, 2, 3, 4, 5],
      [2, 3],
      [1, 2, 3],
      [...new Uint8Array(sixteen.buffer)],
      [],
      '42',
      [0, 0],
    ]);
  });

  it('knows bytes of another realm, and turns everything else into text', async () => {
    const { channel, other } = await world.connected();
    const received = inbox(other);
    channel.send(runInNewContext('new Uint8Array([1, 2]).buffer'));
    channel.send(runInNewContext('new Uint16Array([3])'));
    channel.send(null as never);
    channel.send({ toString: () => 'object' } as never);
    expect(await errorName(() => channel.send(Symbol('x') as never))).toBe('TypeError');
    await world.run(() => received.length === 4);
    expect(received).toEqual([[1, 2], [3, 0], 'null', 'object']);
  });

  it('copies the bytes when send is called', async () => {
    const { channel, other } = await world.connected();
    const received = inbox(other);
    const bytes = Uint8Array.of(1, 2, 3);
    channel.send(bytes);
    bytes.fill(9);
    await world.run(() => received.length === 1);
    expect(received).toEqual([[1, 2, 3]]);
  });

  it('sends a Blob in its place among other messages', async () => {
    const { channel, other } = await world.connected();
    const received = inbox(other);
    channel.send('before');
    channel.send(new Blob(['blob']));
    channel.send('after');
    expect(channel.bufferedAmount).toBe(15);
    await inRealTime(() => received.length === 3);
    expect(received).toEqual(['before', [...new TextEncoder().encode('blob')], 'after']);
    expect(channel.bufferedAmount).toBe(0);
  });

  it('closes behind a Blob that is still being read', async () => {
    const { channel, other } = await world.connected();
    const received = inbox(other);
    channel.send(new Blob(['blob']));
    channel.close();
    expect(channel.readyState).toBe('closing');
    await inRealTime(() => other.readyState === 'closed');
    expect(received).toHaveLength(1);
  });

  it('gives binary messages as binaryType says', async () => {
    const { channel, other } = await world.connected();
    const received: unknown[] = [];
    other.onmessage = ({ data }) => received.push(data);
    other.binaryType = 'blob';
    channel.send(Uint8Array.of(1));
    await world.run(() => received.length === 1);
    expect(received[0]).toBeInstanceOf(Blob);
    other.binaryType = 'nonsense' as never;
    expect(other.binaryType).toBe('blob');
    other.binaryType = 'arraybuffer';
    other.receiveViews = true;
    channel.send(Uint8Array.of(1, 2));
    await world.run(() => received.length === 2);
    expect(received[1]).toEqual(Uint8Array.of(1, 2));
    other.receiveViews = false;
    channel.send(Uint8Array.of(3));
    await world.run(() => received.length === 3);
    expect(received[2]).toBeInstanceOf(ArrayBuffer);
    expect((received[2] as ArrayBuffer).byteLength).toBe(1);
  });

  it('refuses a message above the limit with TypeError and lives on', async () => {
    const { a, channel, other } = await world.connected({}, { kaon: { maxMessageSize: 1000 } });
    expect(a.sctp?.maxMessageSize).toBe(1000);
    const received = inbox(other);
    expect(await errorName(() => channel.send(new Uint8Array(1001)))).toBe('TypeError');
    expect(await errorName(() => channel.send('ä'.repeat(501)))).toBe('TypeError');
    expect(await errorName(() => channel.send(new Blob([new Uint8Array(1001)])))).toBe('TypeError');
    channel.send('ä'.repeat(500));
    await world.run(() => received.length === 1);
    expect(channel.readyState).toBe('open');
  });

  it('carries messages as long as the peer allows', async () => {
    const { channel, other } = await world.connected({}, { kaon: { maxMessageSize: 1_000_000 } });
    let length = 0;
    other.onmessage = ({ data }) => {
      length = (data as ArrayBuffer).byteLength;
    };
    channel.send(new Uint8Array(1_000_000));
    await world.run(() => length > 0);
    expect(length).toBe(1_000_000);
  });

  it('refuses with OperationError when the send buffer is full', async () => {
    const { channel, other } = await world.connected({ kaon: { sendBufferSize: 50_000 } });
    let bytes = 0;
    other.onmessage = ({ data }) => {
      bytes += (data as ArrayBuffer).byteLength;
    };
    const chunk = new Uint8Array(10_000);
    let sent = 0;
    const refused = await errorName(() => {
      for (;;) {
        channel.send(chunk);
        sent += chunk.length;
      }
    });
    expect(refused).toBe('OperationError');
    expect(sent).toBeLessThanOrEqual(60_000);
    await world.run(() => bytes === sent);
    channel.send(chunk);
    await world.run(() => bytes === sent + chunk.length);
  });

  it('counts bufferedAmount and says when it is low', async () => {
    const { channel } = await world.connected();
    const events = recorded(channel, 'bufferedamountlow');
    channel.bufferedAmountLowThreshold = 100;
    channel.send('ä');
    channel.send(new Uint8Array(500));
    expect(channel.bufferedAmount).toBe(502);
    await world.run(() => events.length === 1);
    expect(channel.bufferedAmount).toBe(0);
    await world.advance(1000);
    expect(events).toHaveLength(1);
  });

  it('fires one MessageEvent per message, and none without a listener', async () => {
    const { channel, other } = await world.connected();
    let event: MessageEvent | undefined;
    other.onmessage = (received) => {
      event = received;
    };
    channel.send('x');
    await world.run(() => event !== undefined);
    expect(event).toBeInstanceOf(MessageEvent);
    expect([event?.type, event?.target]).toEqual(['message', other]);
  });
});

describe('the events of a channel', () => {
  it('come in order: datachannel, open, messages', async () => {
    const [a, b] = world.pair();
    const log: string[] = [];
    const channel = a.createDataChannel('x');
    channel.onopen = () => {
      channel.send('1');
      channel.send('2');
    };
    b.ondatachannel = ({ channel: other }) => {
      log.push(`datachannel ${other.readyState}`);
      other.onopen = () => log.push('open');
      other.onmessage = ({ data }) => log.push(String(data));
      // It can be written to before `open`.
      other.send('early');
      log.push('returned');
    };
    const early: unknown[] = [];
    channel.onmessage = ({ data }) => early.push(data);
    await world.until(negotiate(a, b));
    await world.run(() => log.length === 5 && early.length === 1);
    expect(log).toEqual(['datachannel open', 'returned', 'open', '1', '2']);
  });

  it('wait for code that awaited the channel', async () => {
    const [a, b] = world.pair();
    const channel = a.createDataChannel('x');
    channel.onopen = () => channel.send('first');
    const received: unknown[] = [];
    const reader = (async () => {
      const other = await new Promise<RTCDataChannel>((resolve) => {
        b.ondatachannel = (event) => resolve(event.channel);
      });
      await Promise.resolve();
      other.onmessage = ({ data }) => received.push(data);
    })();
    await world.until(negotiate(a, b));
    await world.until(reader);
    await world.run(() => received.length === 1);
    expect(received).toEqual(['first']);
  });

  it('are not lost between listeners that want one message each', async () => {
    const { channel, other } = await world.connected();
    for (let i = 0; i < 20; i++) channel.send(String(i));
    const received: string[] = [];
    const reader = (async () => {
      while (received.length < 20) {
        const event = await new Promise<MessageEvent>((resolve) =>
          other.addEventListener('message', resolve as never, { once: true }),
        );
        received.push(String(event.data));
      }
    })();
    await world.until(reader);
    expect(received).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
  });

  it('closing and close reach the other side; only close this one', async () => {
    const { channel, other } = await world.connected();
    const here = recorded(channel, 'closing', 'close', 'error');
    const there = recorded(other, 'closing', 'close', 'error');
    channel.close();
    channel.close();
    expect(channel.readyState).toBe('closing');
    await world.run(() => here.length > 0 && there.length > 1);
    expect([here, there]).toEqual([['close'], ['closing', 'close']]);
    expect([channel.readyState, other.readyState]).toEqual(['closed', 'closed']);
  });

  it('close works from both sides at once, and ids are used again', async () => {
    const { a, channel, other } = await world.connected();
    const id = channel.id;
    channel.close();
    other.close();
    await world.run(() => channel.readyState === 'closed' && other.readyState === 'closed');
    const again = a.createDataChannel('again');
    expect(again.id).toBe(id);
    await world.run(() => again.readyState === 'open');
  });

  it('close before there is a connection', async () => {
    const connection = world.connection();
    const channel = connection.createDataChannel('x');
    const events = recorded(channel, 'open', 'close');
    channel.close();
    expect(channel.readyState).toBe('closing');
    await world.run(() => events.length > 0);
    expect([events, channel.readyState]).toEqual([['close'], 'closed']);
  });

  it('error comes before close when the peer closes its connection', async () => {
    const { b, channel } = await world.connected();
    const errors: unknown[] = [];
    channel.onerror = ({ error }) => errors.push(error);
    const events = recorded(channel, 'error', 'close');
    b.close();
    await world.run(() => channel.readyState === 'closed');
    expect(events).toEqual(['error', 'close']);
    expect(errors[0]).toMatchObject({ name: 'OperationError', errorDetail: 'sctp-failure', sctpCauseCode: 12 });
  });
});

describe('send', () => {
  it('throws InvalidStateError unless the channel is open', async () => {
    const connection = world.connection();
    expect(await errorName(() => connection.createDataChannel('x').send('y'))).toBe('InvalidStateError');
    const { channel } = await world.connected();
    channel.close();
    expect(await errorName(() => channel.send('y'))).toBe('InvalidStateError');
    await world.run(() => channel.readyState === 'closed');
    expect(await errorName(() => channel.send('y'))).toBe('InvalidStateError');
  });
});

function pick(channel: RTCDataChannel): object {
  const { label, ordered, maxPacketLifeTime, maxRetransmits, protocol, negotiated, id, readyState } = channel;
  const { bufferedAmount, bufferedAmountLowThreshold, binaryType, priority } = channel;
  return {
    label,
    ordered,
    maxPacketLifeTime,
    maxRetransmits,
    protocol,
    negotiated,
    id,
    readyState,
    bufferedAmount,
    bufferedAmountLowThreshold,
    binaryType,
    priority,
  };
}
