import assert from 'node:assert/strict';
import type { ChannelFacts, ChannelInit } from '../agent/protocol.ts';
import type { ChannelPair, Side } from '../link.ts';
import { LocalChannel } from '../local.ts';
import { burstIndex, type Context, exchange, type Scenario } from '../scenario.ts';

const COUNT = 50;

const unordered: Scenario = {
  id: 'unordered',
  title: 'unordered delivery',
  run: (context) => withReliability(context, { ordered: false }),
};

const maxRetransmits: Scenario = {
  id: 'max-retransmits',
  title: '`maxRetransmits: 0`',
  run: (context) => withReliability(context, { ordered: false, maxRetransmits: 0 }),
};

const maxPacketLifeTime: Scenario = {
  id: 'max-packet-life-time',
  title: '`maxPacketLifeTime`',
  run: (context) => withReliability(context, { ordered: true, maxPacketLifeTime: 500 }),
};

const labels: Scenario = {
  id: 'label',
  title: 'label and protocol in UTF-8',
  async run({ connect, role }) {
    const label = 'Kanał ✓ 频道';
    const protocol = 'proto-ø/1';
    const link = await connect({ first: { label, init: { protocol } } });
    for (const pair of [link.first, await link.open(other(role), label, { protocol })]) {
      await assertFacts(pair, { label, protocol });
      await exchange(pair, { kind: 'text', text: label });
    }
    const nameless = await link.open('kaon', '');
    await assertFacts(nameless, { label: '', protocol: '' });
  },
};

const negotiated: Scenario = {
  id: 'negotiated',
  title: 'negotiated channels',
  async run({ connect }) {
    const link = await connect();
    const plain = await link.negotiated('plain', { id: 100 });
    const lossy = await link.negotiated('lossy', { id: 301, ordered: false, maxRetransmits: 3 });
    for (const pair of [plain, lossy])
      await exchange(pair, { kind: 'text', text: 'agreed' }, { kind: 'binary', hex: '0102' });
    assert.equal(plain.kaon.channel.id, 100);
    assert.equal((await lossy.peer.facts()).id, 301);
  },
};

const hundred: Scenario = {
  id: '100-channels',
  title: '100 channels at once',
  async run({ connect }) {
    const link = await connect();
    const ours = Array.from({ length: 50 }, (_, i) => new LocalChannel(link.pc.createDataChannel(`kaon ${i}`)));
    const theirs = await Promise.all(Array.from({ length: 50 }, (_, i) => link.remote.channel(`peer ${i}`)));
    const incoming = await link.remote.incoming.take(50);
    const arrived = await link.incoming(50);
    assert.deepEqual(incoming.map(({ label }) => label).sort(), ours.map(({ channel }) => channel.label).sort());
    assert.deepEqual(arrived.map(({ channel }) => channel.label).sort(), theirs.map(({ label }) => label).sort());
    const pairs: ChannelPair[] = [
      ...ours.map((kaon) => ({ kaon, peer: incoming.find(({ label }) => label === kaon.channel.label)! })),
      ...theirs.map((peer) => ({ peer, kaon: arrived.find(({ channel }) => channel.label === peer.label)! })),
    ];
    assert.equal(new Set(pairs.map(({ kaon }) => kaon.channel.id)).size, 100);
    await Promise.all(
      pairs.map(async (pair) => {
        await pair.kaon.opened.wait();
        await pair.peer.opened.wait();
        await exchange(pair, { kind: 'text', text: `on ${pair.kaon.channel.label}` });
      }),
    );
  },
};

/** One channel from each side: each side must see the same reliability, and unharmed networks lose nothing. */
async function withReliability({ connect, role }: Context, init: ChannelInit): Promise<void> {
  const link = await connect({ first: { label: 'from the offerer', init } });
  for (const pair of [link.first, await link.open(other(role), 'from the answerer', init)]) {
    await assertFacts(pair, { maxRetransmits: null, maxPacketLifeTime: null, ...init });
    for (let i = 0; i < COUNT; i++) pair.kaon.send({ kind: 'binary', hex: i.toString(16).padStart(8, '0') });
    const there = await pair.peer.messages.take(COUNT);
    await pair.peer.burst(COUNT, 100);
    const here = await pair.kaon.messages.take(COUNT);
    for (const list of [there, here]) assert.equal(new Set(list.map(({ head }) => burstIndex(head))).size, COUNT);
  }
}

async function assertFacts(pair: ChannelPair, wanted: Partial<ChannelFacts>): Promise<void> {
  const seen = { kaon: pair.kaon.facts(), peer: await pair.peer.facts() };
  for (const side of ['kaon', 'peer'] as const) {
    for (const [key, value] of Object.entries(wanted)) {
      const told = seen[side][key as keyof ChannelFacts];
      // Some APIs do not tell a channel's reliability.
      if (told !== undefined) assert.equal(told, value, `${key} as ${side} sees it`);
    }
  }
  assert.equal(seen.peer.id, seen.kaon.id, 'stream id');
}

/** The side that does not offer. */
function other(role: 'offers' | 'answers'): Side {
  return role === 'offers' ? 'peer' : 'kaon';
}

export const channelScenarios: readonly Scenario[] = [
  unordered,
  maxRetransmits,
  maxPacketLifeTime,
  labels,
  negotiated,
  hundred,
];
