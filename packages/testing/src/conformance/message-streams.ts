/** What message-streams/v1 promises, on two associations that connect to each other. */
import type { Instant } from '@kaon/interface/core/v1';
import type { MessageStreams, WriteOptions } from '@kaon/interface/message-streams/v1';
import { Pair, type PairOptions } from '../pair.ts';
import { type SeededRandom, seededRandom } from '../random.ts';
import { withSeed } from '../seed.ts';
import type { NetemOptions } from '../vnet/netem.ts';
import { coreConformance } from './core.ts';
import { check, checkEqual, checkThrowsCoded, type Framework, toHex } from './framework.ts';
import type { World } from './world.ts';

/** Two associations for each other. Make both anew, from the seed alone. */
export interface StreamsWorld {
  readonly a: MessageStreams;
  readonly b: MessageStreams;
  /** Connects them. */
  start(now: Instant): void;
  readonly pair?: PairOptions;
  /** Whether damaged packets are found by a checksum; when it is off by agreement (RFC 9653), DTLS finds them. */
  readonly hasChecksum?: boolean;
}

/** Makes two associations from a seed. */
export type MakeStreamsWorld = (seed: number) => StreamsWorld;

/** Tests message-streams/v1, with the contract of core/v1 below it. */
export function messageStreamsConformance(framework: Framework, name: string, make: MakeStreamsWorld): void {
  const { describe, it } = framework;
  coreConformance(framework, name, (seed) => toWorld(make(seed)));

  describe(`${name}: message-streams/v1`, () => {
    it('carries its tag', () => {
      const { a, b } = make(1);
      for (const each of [a, b]) checkEqual(each.interface, 'kaon:message-streams/1', 'interface');
    });

    it('connected says how many streams there are', () => {
      const { pair } = connect(make, 1);
      checkEqual(pair.a.last('connected').outboundStreams, pair.b.last('connected').inboundStreams, 'streams a to b');
      checkEqual(pair.b.last('connected').outboundStreams, pair.a.last('connected').inboundStreams, 'streams b to a');
    });

    it('delivers messages of every size whole, with stream and ppid', () => {
      const session = connect(make, 1);
      const sent = [1, 2, 3, 4, 1000, 1200, 1201, 5000, 65_535, 65_536, 200_000].map((size, i) => ({
        stream: i,
        ppid: 50 + i,
        data: session.random.bytes(size),
      }));
      for (const { stream, ppid, data } of sent) session.write(stream, data, undefined, ppid);
      session.pair.run({ until: () => session.received().length === sent.length, what: 'all messages' });
      for (const message of sent) {
        const got = session.received().find(({ stream }) => stream === message.stream);
        check(got !== undefined, `nothing on stream ${message.stream}`);
        checkEqual(got.ppid, message.ppid, 'ppid');
        checkEqual(toHex(got.data), toHex(message.data), `the bytes of ${message.data.length}`);
      }
    });

    it('keeps within the limit of the slot, even or odd', () => {
      for (const mtu of [1163, 1162, 1161, 1160, 999, 577]) {
        // The pair fails a side that writes past the limit.
        const session = connect(make, 1, { delay: 5 }, { mtu });
        for (let i = 0; i < 60; i++) session.write(i % 5, numbered(i, session.random.integer(4, 4000)));
        session.pair.run({ until: () => session.received().length === 60, what: `60 messages in packets of ${mtu}` });
      }
    });

    it('keeps the order of each stream over a bad line, and loses nothing', () =>
      withSeed((seed) => {
        const session = connect(make, seed, BAD);
        for (let i = 0; i < 300; i++) session.write(i % 3, numbered(i, session.random.integer(4, 3000)));
        session.pair.run({ until: () => session.received().length === 300, timeout: 600_000, what: '300 messages' });
        for (const stream of [0, 1, 2]) {
          const numbers = session.received(stream).map(({ data }) => numberOf(data));
          checkEqual(
            numbers,
            Array.from({ length: 100 }, (_, i) => 3 * i + stream),
            `order on stream ${stream}`,
          );
        }
      }));

    it('finds packets that were damaged on the way by their checksum, where it has one', () =>
      withSeed((seed) => {
        if (make(seed).hasChecksum !== true) return;
        const session = connect(make, seed, { delay: 10, corrupt: 0.25 });
        for (let i = 0; i < 100; i++) session.write(0, numbered(i, 500));
        session.pair.run({ until: () => session.received().length === 100, timeout: 600_000, what: '100 messages' });
        for (const [i, { data }] of session.received().entries()) checkEqual(data, numbered(i, 500), `message ${i}`);
        check(session.pair.a.line.stats.corrupted > 0, 'the line damaged nothing');
      }));

    it('unordered messages do not wait for a lost one', () => {
      const session = connect(make, 1, { delay: 50 });
      session.pair.tap(dropFirstWith(session, 'a'));
      session.write(0, numbered(0, 900), { unordered: true });
      session.pair.advance(1);
      session.write(0, numbered(1, 900), { unordered: true });
      session.pair.run({ until: () => session.received().length === 2, what: 'both messages' });
      checkEqual(
        session.received().map(({ data }) => numberOf(data)),
        [1, 0],
        'order of arrival',
      );
    });

    it('ordered messages do', () => {
      const session = connect(make, 1, { delay: 50 });
      session.pair.tap(dropFirstWith(session, 'a'));
      session.write(0, numbered(0, 900));
      session.pair.advance(1);
      session.write(0, numbered(1, 900));
      session.pair.run({ until: () => session.received().length === 2, what: 'both messages' });
      checkEqual(
        session.received().map(({ data }) => numberOf(data)),
        [0, 1],
        'order of arrival',
      );
    });

    it('maxRetransmits 0 gives a lost message up and goes on with the next, ordered or not', () => {
      for (const unordered of [false, true]) {
        const session = connect(make, 1, { delay: 20 });
        session.pair.tap(dropFirstWith(session, 'a'));
        session.write(0, numbered(0, 900), { unordered, maxRetransmits: 0 });
        session.pair.advance(1);
        session.write(0, numbered(1, 900), { unordered, maxRetransmits: 0 });
        session.pair.run({ until: () => session.received().length === 1, what: 'the second message' });
        session.pair.advance(30_000);
        checkEqual(
          session.received().map(({ data }) => numberOf(data)),
          [1],
          'messages',
        );
        session.write(0, numbered(2, 900));
        session.pair.run({ until: () => session.received().length === 2, what: 'a reliable message after it' });
      }
    });

    it('maxPacketLifeTime gives up a message whose time is over', () => {
      const session = connect(make, 1, { delay: 20 });
      session.pair.cut();
      session.write(0, numbered(0, 900), { maxPacketLifeTime: 300 });
      session.pair.advance(1000);
      session.pair.restore();
      session.write(0, numbered(1, 900));
      session.pair.run({ until: () => session.received().length >= 1, timeout: 120_000, what: 'the second message' });
      session.pair.advance(10_000);
      checkEqual(
        session.received().map(({ data }) => numberOf(data)),
        [1],
        'messages',
      );
    });

    it('write says false and takes nothing when the queue is full, and writable when there is room', () => {
      const session = connect(make, 1);
      let accepted = 0;
      while (session.a.write(0, 53, numbered(accepted, 60_000), session.pair.now)) {
        check(++accepted < 10_000, '600 MB were queued');
      }
      check(accepted > 0, 'the queue took nothing at all');
      session.pair.run({ until: () => session.pair.a.has('writable'), what: 'writable' });
      check(session.a.write(0, 53, numbered(accepted, 60_000), session.pair.now), 'not writable after writable');
      session.pair.run({
        until: () => session.received().length === accepted + 1,
        timeout: 600_000,
        what: 'all messages',
      });
    });

    it('write throws on an empty message, a stream that does not exist and a message above the limit', () => {
      const { a, pair } = connect(make, 1);
      const streams = pair.a.last('connected').outboundStreams;
      checkThrowsCoded(() => a.write(0, 53, new Uint8Array(0), pair.now), 'an empty message');
      checkThrowsCoded(() => a.write(streams, 53, new Uint8Array(1), pair.now), 'a stream that does not exist');
      checkThrowsCoded(() => a.write(0, 53, new Uint8Array(2 ** 28), pair.now), 'a message of 256 MiB');
    });

    it('bufferedAmount counts what was not sent yet, and buffered-amount-low says when it is down', () => {
      const session = connect(make, 1);
      session.a.setBufferedAmountLowThreshold(3, 10_000);
      checkEqual(session.a.bufferedAmount(3), 0, 'bufferedAmount at first');
      for (let i = 0; i < 10; i++) session.write(3, numbered(i, 20_000));
      check(
        session.a.bufferedAmount(3) > 10_000,
        `bufferedAmount is ${session.a.bufferedAmount(3)} after 200 000 bytes`,
      );
      checkEqual(session.a.bufferedAmount(4), 0, 'bufferedAmount of another stream');
      let atEvent = -1;
      session.pair.a.onEvent = (event) => {
        if (event.type === 'buffered-amount-low' && event.stream === 3) atEvent = session.a.bufferedAmount(3);
      };
      session.pair.run({ until: () => atEvent >= 0, what: 'buffered-amount-low' });
      check(atEvent <= 10_000, `bufferedAmount is ${atEvent} at the event`);
      session.pair.run({ until: () => session.received().length === 10, what: 'all messages' });
      checkEqual(session.a.bufferedAmount(3), 0, 'bufferedAmount at last');
    });

    it('a higher priority goes first', () => {
      const session = connect(make, 1, { delay: 10, rate: 200_000 });
      session.a.setPriority(1, 128);
      session.a.setPriority(2, 1024);
      for (let i = 0; i < 40; i++) session.write(1, numbered(i, 1000));
      for (let i = 0; i < 40; i++) session.write(2, numbered(i, 1000));
      session.pair.run({ until: () => session.received(2).length === 40, what: 'the messages of priority' });
      const low = session.received(1).length;
      check(low < 40, `all ${low} messages of low priority were there first`);
      session.pair.run({ until: () => session.received(1).length === 40, what: 'the others' });
    });

    it('a big message on one stream does not block the others', () => {
      const session = connect(make, 1, { delay: 10, rate: 500_000 });
      session.write(1, session.random.bytes(200_000));
      session.pair.advance(1);
      session.write(2, numbered(0, 100));
      session.pair.run({ until: () => session.received().length === 2, what: 'both messages' });
    });

    it('resets a stream after its queued messages, told to both sides, and the id works again', () => {
      const session = connect(make, 1, { delay: 20 });
      for (let i = 0; i < 5; i++) session.write(7, numbered(i, 5000));
      session.a.resetStreams([7], session.pair.now);
      session.pair.run({ until: () => session.pair.a.has('outgoing-reset'), what: 'outgoing-reset' });
      checkEqual(session.pair.a.last('outgoing-reset').streams, [7], 'outgoing-reset');
      checkEqual(session.pair.b.last('incoming-reset').streams, [7], 'incoming-reset');
      const types = session.pair.b.events.map(({ type }) => type).filter((type) => type !== 'connected');
      checkEqual(types.slice(0, 6), [...new Array(5).fill('message'), 'incoming-reset'], 'events of the peer');
      session.write(7, numbered(9, 10));
      session.pair.run({ until: () => session.received(7).length === 6, what: 'a message after the reset' });
    });

    it('both sides reset the same streams at once', () =>
      withSeed((seed) => {
        for (const netem of [{ delay: 20 }, BAD]) {
          const session = connect(make, seed, netem);
          session.write(1, numbered(0, 10));
          session.pair.run({ until: () => session.received().length === 1 });
          session.a.resetStreams([1, 2], session.pair.now);
          session.b.resetStreams([1, 2], session.pair.now);
          const resets = (side: 'a' | 'b'): number[] =>
            session.pair[side]
              .of('outgoing-reset')
              .flatMap(({ streams }) => [...streams])
              .sort();
          session.pair.run({
            until: () => resets('a').length >= 2 && resets('b').length >= 2,
            timeout: 120_000,
            what: 'outgoing-reset on both sides',
          });
          for (const side of ['a', 'b'] as const) {
            checkEqual(resets(side), [1, 2], `outgoing-reset of ${side}`);
            const incoming = session.pair[side].of('incoming-reset').flatMap(({ streams }) => [...streams]);
            checkEqual(incoming.sort(), [1, 2], `incoming-reset of ${side}`);
          }
        }
      }));

    it('a receiver that does not poll loses nothing and is not flooded', () => {
      const session = connect(make, 1, { delay: 5 });
      session.pair.b.held = true;
      let accepted = 0;
      for (let round = 0; round < 100; round++) {
        while (accepted < 800 && session.a.write(0, 53, numbered(accepted, 16_000), session.pair.now)) accepted++;
        session.pair.advance(100);
      }
      const flown = session.pair.a.line.stats.deliveredBytes;
      check(flown < 12_000_000, `${flown} bytes were sent to a receiver that takes nothing`);
      session.pair.b.held = false;
      let next = accepted;
      const everything = (): boolean => {
        while (next < 850 && session.a.write(0, 53, numbered(next, 16_000), session.pair.now)) next++;
        return next === 850 && session.received().length === 850;
      };
      session.pair.run({ until: everything, timeout: 600_000, what: 'everything, once it polls' });
      checkEqual(
        session.received().map(({ data }) => numberOf(data)),
        Array.from({ length: 850 }, (_, i) => i),
        'order',
      );
    });

    it('shutdown delivers everything first, then both sides are closed; it is idempotent', () => {
      const session = connect(make, 1, { delay: 20, loss: 0.1 });
      for (let i = 0; i < 50; i++) session.write(0, numbered(i, 3000));
      session.a.shutdown(session.pair.now);
      session.a.shutdown(session.pair.now);
      session.pair.run({
        until: () => session.pair.a.has('closed') && session.pair.b.has('closed'),
        timeout: 120_000,
        what: 'closed on both sides',
      });
      checkEqual(session.received().length, 50, 'messages');
      session.a.shutdown(session.pair.now);
    });

    it('abort ends both sides at once; the peer hears of it; it is idempotent', () => {
      const { a, pair } = connect(make, 1, { delay: 20 });
      a.abort(pair.now, 'enough');
      a.abort(pair.now);
      pair.run({
        until: () => pair.b.has('failed') || pair.b.has('closed'),
        timeout: 1000,
        what: 'the end at the peer',
      });
      check(pair.a.has('failed') || pair.a.has('closed'), 'no terminal event on the side that aborted');
      a.abort(pair.now);
    });

    it('a peer that is gone is found out', () => {
      const { pair, write } = connect(make, 1);
      pair.cut();
      write(0, numbered(0, 100));
      pair.run({ until: () => pair.a.has('failed'), timeout: 3_600_000, what: 'failed' });
      check(typeof pair.a.last('failed').error.code === 'string', 'the error has no code');
    });
  });
}

interface Session {
  readonly a: MessageStreams;
  readonly b: MessageStreams;
  readonly pair: Pair<MessageStreams, MessageStreams>;
  readonly random: SeededRandom;
  /** Writes on side a; fails the test when the queue is full. */
  readonly write: (stream: number, data: Uint8Array, options?: WriteOptions, ppid?: number) => void;
  /** The messages side b has received so far, of one stream or of all. */
  readonly received: (
    stream?: number,
  ) => { readonly stream: number; readonly ppid: number; readonly data: Uint8Array }[];
}

function toWorld({ a, b, start, pair }: StreamsWorld): World {
  return {
    a,
    b,
    start,
    isReady: (joined) => joined.a.has('connected') && joined.b.has('connected'),
    close: (now) => a.abort(now),
    misuses: [
      { name: 'writing an empty message', call: (now) => void a.write(0, 53, new Uint8Array(0), now) },
      { name: 'writing on stream 65535', call: (now) => void a.write(65_535, 53, new Uint8Array(1), now) },
    ],
    commands: [{ name: 'write', call: (now) => void a.write(0, 53, new Uint8Array(10), now) }],
    ...(pair !== undefined && { pair }),
  };
}

function connect(
  make: MakeStreamsWorld,
  seed: number,
  netem: NetemOptions = { delay: 5 },
  joined: PairOptions = {},
): Session {
  const { a, b, start, pair: options } = make(seed);
  const pair = new Pair(a, b, { ...options, netem, seed, ...joined });
  start(pair.now);
  pair.run({
    until: () => pair.a.has('connected') && pair.b.has('connected'),
    timeout: 120_000,
    what: 'connected on both sides',
  });
  const write: Session['write'] = (stream, data, writeOptions, ppid = 53) =>
    check(a.write(stream, ppid, data, pair.now, writeOptions), `no room for ${data.length} bytes`);
  const received: Session['received'] = (stream) =>
    pair.b.of('message').filter((event) => stream === undefined || event.stream === stream);
  return { a, b, pair, random: seededRandom(seed), write, received };
}

const BAD: NetemOptions = { delay: 20, jitter: 10, loss: 0.05, reorder: 0.05, duplicate: 0.05 };

/** A message that begins with a number. */
function numbered(number: number, size: number): Uint8Array {
  const data = new Uint8Array(size).fill(number);
  data[0] = number >> 8;
  data[1] = number;
  return data;
}

function numberOf(data: Uint8Array): number {
  return (data[0]! << 8) | data[1]!;
}

/** A tap that drops the next large packet of one side: the one with the data that is about to be written. */
function dropFirstWith({ pair }: Session, from: 'a' | 'b'): Parameters<typeof pair.tap>[0] {
  let dropped = false;
  return (packet) => {
    if (dropped || packet.from !== from || packet.bytes.length < 900) return undefined;
    dropped = true;
    return false;
  };
}
