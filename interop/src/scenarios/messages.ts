import assert from 'node:assert/strict';
import { digestOfPayload, type Payload } from '../agent/payload.ts';
import { burstIndex, exchange, type Scenario } from '../scenario.ts';

const text: Scenario = {
  id: 'text',
  title: 'text',
  async run({ connect }) {
    const { first } = await connect();
    await exchange(first, { kind: 'text', text: 'hello' }, { kind: 'text', text: 'Kaō ✓ 🜚 \u0000 end' });
  },
};

const binary: Scenario = {
  id: 'binary',
  title: 'binary',
  async run({ connect }) {
    const { first } = await connect();
    await exchange(first, { kind: 'binary', hex: '00ff10fe' }, { kind: 'binary', size: 5000, seed: 3 });
  },
};

/** For peers that take their time, in milliseconds. */
const SLOW = 25_000;

// What follows an empty message shows that the stream was not left waiting.
const EMPTY: readonly Payload[] = [
  { kind: 'text', text: '' },
  { kind: 'text', text: 'after the empty text' },
  { kind: 'binary', hex: '' },
  { kind: 'binary', hex: '01' },
];

const emptyToPeer: Scenario = {
  id: 'empty-to-peer',
  title: 'empty text and binary, to the peer',
  async run({ connect }) {
    const { kaon, peer } = (await connect()).first;
    for (const payload of EMPTY) kaon.send(payload);
    for (const payload of EMPTY) assert.deepEqual(await peer.messages.next(), digestOfPayload(payload));
  },
};

const emptyFromPeer: Scenario = {
  id: 'empty-from-peer',
  title: 'empty text and binary, from the peer',
  async run({ connect }) {
    const { kaon, peer } = (await connect()).first;
    for (const payload of EMPTY) await peer.send(payload);
    for (const payload of EMPTY) assert.deepEqual(await kaon.messages.next(), digestOfPayload(payload));
  },
};

const large: Scenario = {
  id: '256-kib',
  title: '256 KiB messages, both ways',
  async run({ connect }) {
    const { first } = await connect();
    const size = 256 * 1024;
    await exchange(
      first,
      { kind: 'binary', size, seed: 1 },
      { kind: 'text', size, seed: 2 },
      { kind: 'text', text: '.' },
    );
  },
};

const bulk: Scenario = {
  id: 'bulk',
  title: '4 MiB both ways at once',
  async run({ connect }) {
    const { kaon, peer } = (await connect()).first;
    const [count, size] = [256, 16 * 1024];
    const sent = peer.burst(count, size);
    for (let i = 0; i < count; i++) kaon.send({ kind: 'binary', size, seed: i });
    const [there, here] = await Promise.all([peer.messages.take(count, SLOW), kaon.messages.take(count, SLOW), sent]);
    assert.deepEqual(
      there,
      there.map((_, seed) => digestOfPayload({ kind: 'binary', size, seed })),
    );
    assert.deepEqual(
      here.map(({ head }) => burstIndex(head)),
      here.map((_, i) => i),
    );
  },
};

const maxMessageSize: Scenario = {
  id: 'max-message-size',
  title: "the peer's max-message-size is kept to",
  async run({ connect }) {
    const limit = 4096;
    const link = await connect({
      rewrite: (sdp) => `${sdp.replace(/a=max-message-size:.*\r\n/g, '')}a=max-message-size:${limit}\r\n`,
    });
    const { kaon, peer } = link.first;
    assert.equal(link.pc.sctp?.maxMessageSize, limit);
    assert.throws(() => kaon.channel.send(new Uint8Array(limit + 1)), { name: 'TypeError' });
    kaon.send({ kind: 'binary', size: limit, seed: 4 });
    const arrived = await peer.messages.next();
    assert.equal(arrived.length, limit);
    assert.equal(kaon.channel.readyState, 'open');
  },
};

const buffered: Scenario = {
  id: 'buffered-amount-low',
  title: 'bufferedAmount and bufferedamountlow',
  async run({ connect }) {
    const { kaon, peer } = (await connect()).first;
    const { channel } = kaon;
    const [count, size] = [64, 32 * 1024];
    channel.bufferedAmountLowThreshold = size;
    const low = new Promise<void>((resolve) => {
      channel.onbufferedamountlow = () => resolve();
    });
    for (let i = 0; i < count; i++) kaon.send({ kind: 'binary', size, seed: i });
    assert.equal(channel.bufferedAmount, count * size, 'nothing leaves within the turn of send()');
    await low;
    assert.ok(channel.bufferedAmount <= size, `low at ${channel.bufferedAmount}`);
    const arrived = await peer.messages.take(count);
    assert.ok(arrived.every(({ length }) => length === size));
    while (channel.bufferedAmount > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  },
};

const ordered: Scenario = {
  id: 'ordered',
  title: 'ordered delivery',
  async run({ connect }) {
    const link = await connect();
    const count = 200;
    for (const pair of [link.first, await link.open(link.role === 'offers' ? 'peer' : 'kaon', 'second')]) {
      for (const facts of [pair.kaon.facts(), await pair.peer.facts()]) assert.notEqual(facts.ordered, false);
      for (let i = 0; i < count; i++) pair.kaon.send({ kind: 'binary', hex: i.toString(16).padStart(8, '0') });
      const there = await pair.peer.messages.take(count);
      await pair.peer.burst(count, 1500);
      const here = await pair.kaon.messages.take(count);
      for (const list of [there, here]) {
        assert.deepEqual(
          list.map(({ head }) => burstIndex(head)),
          Array.from({ length: count }, (_, i) => i),
        );
      }
    }
  },
};

export const messageScenarios: readonly Scenario[] = [
  text,
  binary,
  emptyToPeer,
  emptyFromPeer,
  large,
  bulk,
  maxMessageSize,
  buffered,
  ordered,
];
