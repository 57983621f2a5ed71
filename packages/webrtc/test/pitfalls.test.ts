import * as again from '@kaon/webrtc';
import { afterEach, expect, it } from 'vitest';
import * as kaon from '../src/index.ts';
import { negotiate } from './helpers/connect.ts';
import { errorName, recorded, World } from './helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

// Defects that others shipped. Those about channels, descriptions and closing have their tests in the files of that name.

it('objects are event targets of the platform, events have type and target, listeners may be objects', async () => {
  const [a, b] = world.pair();
  expect(a).toBeInstanceOf(EventTarget);
  expect(a.createDataChannel('x')).toBeInstanceOf(EventTarget);
  let seen: Event | undefined;
  b.addEventListener('datachannel', {
    handleEvent(event) {
      seen = event;
    },
  });
  await world.until(negotiate(a, b));
  await world.run(() => seen !== undefined);
  expect([seen?.type, seen?.target, seen instanceof kaon.RTCDataChannelEvent]).toEqual(['datachannel', b, true]);
});

it('event.data is an ArrayBuffer of its own where one is asked for, never a Buffer', async () => {
  const { channel, other } = await world.connected();
  const all: unknown[] = [];
  other.onmessage = ({ data }) => all.push(data);
  for (const length of [0, 1, 1000, 100_000]) channel.send(new Uint8Array(length));
  await world.run(() => all.length === 4);
  for (const [index, data] of all.entries()) {
    expect(Object.getPrototypeOf(data)).toBe(ArrayBuffer.prototype);
    expect((data as ArrayBuffer).byteLength).toBe([0, 1, 1000, 100_000][index]);
  }
});

it('unordered and partly reliable channels are just that on the other side', async () => {
  const [a, b] = world.pair();
  const seen: unknown[] = [];
  b.ondatachannel = ({ channel: { ordered, maxRetransmits, maxPacketLifeTime, protocol, priority } }) =>
    seen.push([ordered, maxRetransmits, maxPacketLifeTime, protocol, priority]);
  a.createDataChannel('1', { ordered: false, maxRetransmits: 0 });
  a.createDataChannel('2', { ordered: false, maxPacketLifeTime: 150, protocol: 'p', priority: 'high' });
  a.createDataChannel('3', { maxRetransmits: 7 });
  await world.until(negotiate(a, b));
  await world.run(() => seen.length === 3);
  expect(seen).toEqual([
    [false, 0, null, '', 'low'],
    [false, null, 150, 'p', 'high'],
    [true, 7, null, '', 'low'],
  ]);
});

it('an empty message does not wedge an ordered channel', async () => {
  const { channel, other } = await world.connected();
  const seen: unknown[] = [];
  other.onmessage = ({ data }) => seen.push(typeof data === 'string' ? data : (data as ArrayBuffer).byteLength);
  channel.send('');
  channel.send(new ArrayBuffer(0));
  channel.send('after');
  await world.run(() => seen.length === 3);
  expect(seen).toEqual(['', 0, 'after']);
});

it('both ends closing a channel at once both come to the end', async () => {
  const { channel, other } = await world.connected();
  const events = [recorded(channel, 'close'), recorded(other, 'close')];
  channel.close();
  other.close();
  await world.run(() => events.every((seen) => seen.length === 1));
});

it('the ABORT leaves before DTLS is closed: the peer sees a close at once, even over a long line', async () => {
  const own = new World({ delay: 200 });
  const { a, b, channel } = await own.connected();
  const events = recorded(channel, 'error', 'close');
  const start = own.sim.clock.now();
  b.close();
  await own.run(() => events.length === 2);
  // One way through two cables.
  expect(own.sim.clock.now() - start).toBeLessThan(450);
  expect(a.sctp?.state).toBe('closed');
  own.close();
});

it('one message larger than anything does not block other channels', async () => {
  const own = new World({ delay: 5, rate: 10_000_000 });
  const { a, b, channel } = await own.connected();
  const small = a.createDataChannel('small');
  const seen: string[] = [];
  b.addEventListener('datachannel', ({ channel: other }) => {
    other.onmessage = () => seen.push(other.label);
  });
  channel.addEventListener('message', () => seen.push('first'));
  await own.run(() => small.readyState === 'open');
  for (let i = 0; i < 20; i++) channel.send(new Uint8Array(262144));
  small.send('urgent');
  await own.run(() => seen.includes('small'));
  expect(channel.bufferedAmount).toBeGreaterThan(0);
  own.close();
});

it('a slow listener loses nothing', async () => {
  const { channel, other } = await world.connected();
  let bytes = 0;
  other.onmessage = ({ data }) => {
    bytes += (data as ArrayBuffer).byteLength;
    const until = performance.now() + 0.05;
    while (performance.now() < until);
  };
  for (let i = 0; i < 500; i++) channel.send(new Uint8Array(10_000));
  await world.run(() => bytes === 5_000_000);
});

it('send in connecting and closing is refused, createOffer after close as well', async () => {
  const connection = world.connection();
  const channel = connection.createDataChannel('x');
  expect(await errorName(() => channel.send('x'))).toBe('InvalidStateError');
  connection.close();
  expect(await errorName(() => connection.createOffer())).toBe('InvalidStateError');
});

it('there is one class of each name, by whichever way it is imported', () => {
  expect(again.RTCPeerConnection).toBe(kaon.RTCPeerConnection);
  const values = Object.keys(kaon);
  // The standard's names, and few of ours.
  const own = values.filter((name) => !/^(RTC|MediaStream)/.test(name));
  expect(own).toContain('DataStack');
  expect(own.length).toBeLessThan(12);
  expect(values.length).toBeLessThan(40);
});

it('getStats.length is 0, and descriptions can be edited', async () => {
  const connection = world.connection();
  expect(connection.getStats.length).toBe(0);
  const offer = await world.until(connection.createOffer());
  expect(Object.isFrozen(offer)).toBe(false);
  offer.sdp = 'edited';
  expect(offer.sdp).toBe('edited');
});

it('every view is sent with its own bytes: no truncated elements, offset and length respected', async () => {
  const { channel, other } = await world.connected();
  const seen: number[][] = [];
  other.onmessage = ({ data }) => seen.push([...new Uint8Array(data as ArrayBuffer)]);
  const { buffer } = Uint8Array.from({ length: 24 }, (_, n) => n);
  channel.send(new Uint16Array(buffer, 2, 2));
  channel.send(new DataView(buffer, 5, 3));
  channel.send(new Float64Array(buffer, 8, 1));
  channel.send(new BigUint64Array(buffer, 16));
  channel.send(new Uint8ClampedArray(buffer).subarray(23));
  await world.run(() => seen.length === 5);
  expect(seen).toEqual([
    [2, 3, 4, 5],
    [5, 6, 7],
    [8, 9, 10, 11, 12, 13, 14, 15],
    [16, 17, 18, 19, 20, 21, 22, 23],
    [23],
  ]);
});

it('no message is lost while onmessage is swapped', async () => {
  const { channel, other } = await world.connected();
  const seen: unknown[] = [];
  const take = (name: string) => (event: MessageEvent) => {
    seen.push([name, event.data]);
    other.onmessage = take(name === 'one' ? 'two' : 'one');
  };
  other.onmessage = take('one');
  for (let n = 0; n < 10; n++) channel.send(String(n));
  await world.run(() => seen.length === 10);
  expect(seen).toEqual(Array.from({ length: 10 }, (_, n) => [n % 2 === 0 ? 'one' : 'two', String(n)]));
  // Taken away within an event and put back behind the promises of that turn.
  other.onmessage = ({ data }) => {
    seen.push(data);
    other.onmessage = null;
    void Promise.resolve().then(() => {
      other.onmessage = ({ data: next }) => seen.push(next);
    });
  };
  channel.send('a');
  channel.send('b');
  await world.run(() => seen.length === 12);
  expect(seen.slice(10)).toEqual(['a', 'b']);
});

it('bufferedAmount keeps what was not sent when the channel closes, and does not move any more', async () => {
  const { a, channel, other } = await world.connected();
  other.onmessage = () => undefined;
  for (let n = 0; n < 50; n++) channel.send(new Uint8Array(200_000).subarray(n));
  const waiting = channel.bufferedAmount;
  expect(waiting).toBeGreaterThan(5_000_000);
  a.close();
  expect([channel.readyState, channel.bufferedAmount]).toEqual(['closed', waiting]);
  await world.advance(1000);
  expect(channel.bufferedAmount).toBe(waiting);
});

it('a peer that lowers its limit in a new description is taken at its word', async () => {
  const { a, b, channel, other } = await world.connected({}, { kaon: { maxMessageSize: 100_000 } });
  let length = 0;
  other.onmessage = ({ data }) => {
    length = (data as ArrayBuffer).byteLength;
  };
  const renegotiate = async (limit: number): Promise<void> => {
    await a.setLocalDescription();
    await b.setRemoteDescription(a.localDescription as never);
    await b.setLocalDescription();
    const sdp = (b.localDescription?.sdp ?? '').replace(/a=max-message-size:\d+/, `a=max-message-size:${limit}`);
    await a.setRemoteDescription({ type: 'answer', sdp });
  };
  await world.until(renegotiate(1000));
  expect(await errorName(() => channel.send(new Uint8Array(1001)))).toBe('TypeError');
  await world.until(renegotiate(90_000));
  channel.send(new Uint8Array(90_000));
  await world.run(() => length === 90_000);
  // Above what the first description allowed, too.
  await world.until(renegotiate(200_000));
  expect(await errorName(() => channel.send(new Uint8Array(150_000)))).toBe('none');
  expect(channel.readyState).toBe('open');
});

it('a peer that takes only tiny messages does not end the process', async () => {
  const [a, b] = world.pair({}, { kaon: { maxMessageSize: 5 } });
  const channel = a.createDataChannel('a label of more than five bytes');
  const events = recorded(channel, 'open', 'close');
  await world.until(negotiate(a, b));
  await world.run(() => events.length > 0);
  expect(events).toEqual(['open']);
  const other = b.createDataChannel('the other way there is room');
  await world.run(() => other.readyState === 'open');
});
