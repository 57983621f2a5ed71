import assert from 'node:assert/strict';
import type { ChannelFacts, ChannelInit } from '../agent/protocol.ts';
import type { ChannelPair, Link, Side } from '../link.ts';
import { LocalChannel } from '../local.ts';
import { burstIndex, type Context, exchange, type Scenario } from '../scenario.ts';

const COUNT = 50;

const SIDES = [
  ['kaon', 'Kaon'],
  ['peer', 'the peer'],
] as const;

const reliability: readonly Scenario[] = [
  ...byEitherSide('unordered', 'unordered', { ordered: false }),
  ...byEitherSide('max-retransmits', '`maxRetransmits: 0`, unordered', { ordered: false, maxRetransmits: 0 }),
  ...byEitherSide('max-packet-life-time', '`maxPacketLifeTime`, ordered', { ordered: true, maxPacketLifeTime: 500 }),
];

const labels: readonly Scenario[] = SIDES.map(([from, title]) => ({
  id: `label-by-${from}`,
  title: `label and protocol in UTF-8, set by ${title}`,
  async run(context) {
    const label = 'Kanał ✓ 频道';
    const protocol = 'proto-ø/1';
    const { link, pair } = await channelFrom(context, from, label, { protocol });
    await assertFacts(pair, { label, protocol });
    await exchange(pair, { kind: 'text', text: label });
    await assertFacts(await link.open(from, ''), { label: '', protocol: '' });
  },
}));

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

/** A channel from each side: the other must see the same reliability, and on a network without loss nothing is lost. */
function byEitherSide(id: string, title: string, init: ChannelInit): Scenario[] {
  return SIDES.map(([from, opener]) => ({
    id: `${id}-by-${from}`,
    title: `${title}, opened by ${opener}`,
    async run(context) {
      const { pair } = await channelFrom(context, from, id, init);
      await assertFacts(pair, { maxRetransmits: null, maxPacketLifeTime: null, ...init });
      for (let i = 0; i < COUNT; i++) pair.kaon.send({ kind: 'binary', hex: i.toString(16).padStart(8, '0') });
      const there = await pair.peer.messages.take(COUNT);
      await pair.peer.burst(COUNT, 100);
      const here = await pair.kaon.messages.take(COUNT);
      for (const list of [there, here]) assert.equal(new Set(list.map(({ head }) => burstIndex(head))).size, COUNT);
    },
  }));
}

/** A channel that `from` opens: with the offer when it is `from` that offers, else on the finished connection. */
async function channelFrom(
  { connect, role }: Context,
  from: Side,
  label: string,
  init: ChannelInit,
): Promise<{ link: Link; pair: ChannelPair }> {
  if ((role === 'offers') === (from === 'kaon')) {
    const link = await connect({ first: { label, init } });
    return { link, pair: link.first };
  }
  const link = await connect();
  return { link, pair: await link.open(from, label, init) };
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

export const channelScenarios: readonly Scenario[] = [...reliability, ...labels, negotiated, hundred];
