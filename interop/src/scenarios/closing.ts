import assert from 'node:assert/strict';
import type { ChannelPair, Link } from '../link.ts';
import { type Context, exchange, type Scenario } from '../scenario.ts';

/** Ms for a polite close to be noticed: less than the 5 s after which a silent peer counts as disconnected. */
const POLITE = 4000;

const byKaon: Scenario = {
  id: 'close-by-kaon',
  title: 'channel closed by Kaon, id used again',
  run: (context) => closing(context, async ({ kaon }) => kaon.channel.close()),
};

const byPeer: Scenario = {
  id: 'close-by-peer',
  title: 'channel closed by the peer, id used again',
  run: (context) => closing(context, ({ peer }) => peer.close()),
};

const closeBoth = async ({ kaon, peer }: ChannelPair): Promise<void> => {
  const asked = peer.close();
  kaon.channel.close();
  await asked;
};

const byBoth: Scenario = {
  id: 'close-by-both',
  title: 'channel closed by both at once',
  run: (context) => closing(context, closeBoth, 1),
};

const byBothAgain: Scenario = {
  id: 'close-by-both-reuse',
  title: 'channel closed by both at once, id used again',
  run: (context) => closing(context, closeBoth),
};

const peerConnectionByPeer: Scenario = {
  id: 'connection-close-by-peer',
  title: 'the peer closes the connection: noticed before consent is missed',
  async run({ connect }) {
    const link = await connect();
    await exchange(link.first, { kind: 'text', text: 'bye' });
    await link.remote.close();
    await link.first.kaon.closed.wait(POLITE);
    assert.equal(link.first.kaon.channel.readyState, 'closed');
  },
};

const peerConnectionByKaon: Scenario = {
  id: 'connection-close-by-kaon',
  title: 'Kaon closes the connection: noticed before consent is missed',
  async run({ connect }) {
    const link = await connect();
    await exchange(link.first, { kind: 'text', text: 'bye' });
    link.pc.close();
    assert.equal(link.pc.connectionState, 'closed');
    assert.equal(link.pc.signalingState, 'closed');
    await link.first.peer.closed.wait(POLITE);
  },
};

async function closing(
  { connect }: Context,
  close: (pair: ChannelPair) => Promise<void>,
  // Three rounds: ids come free again, and nothing of an earlier round reaches a later one.
  rounds = 3,
): Promise<void> {
  const link = await connect();
  const side = link.role === 'offers' ? 'kaon' : 'peer';
  const used = new Set<number | null>();
  for (let round = 0; round < rounds; round++) {
    const pair = await link.open(side, `round ${round}`);
    used.add(pair.kaon.channel.id);
    await exchange(pair, { kind: 'text', text: `round ${round}` });
    await close(pair);
    await pair.kaon.closed.wait();
    await pair.peer.closed.wait();
    assert.equal(pair.kaon.channel.readyState, 'closed');
    assert.throws(() => pair.kaon.channel.send('late'), { name: 'InvalidStateError' });
  }
  if (side === 'kaon') assert.equal(used.size, 1, `stream ids ${[...used].join(', ')}: not used again`);
  await untouched(link);
}

/** The first channel of the link lives on. */
async function untouched(link: Link): Promise<void> {
  assert.equal(link.first.kaon.channel.readyState, 'open');
  await exchange(link.first, { kind: 'text', text: 'still here' });
}

export const closingScenarios: readonly Scenario[] = [
  byKaon,
  byPeer,
  byBoth,
  byBothAgain,
  peerConnectionByPeer,
  peerConnectionByKaon,
];
