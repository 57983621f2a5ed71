import assert from 'node:assert/strict';
import { exchange, type Scenario } from '../scenario.ts';

const whole: Scenario = {
  id: 'no-trickle',
  title: 'candidates inside the descriptions',
  async run({ connect }) {
    const link = await connect({ trickle: false });
    await link.connected.wait();
    await exchange(link.first, { kind: 'text', text: 'whole' });
    assert.match(link.pc.localDescription?.sdp ?? '', /a=candidate:/);
  },
};

const trickle: Scenario = {
  id: 'trickle',
  title: 'trickled candidates',
  async run({ connect }) {
    const link = await connect({ trickle: true });
    await link.connected.wait();
    await exchange(link.first, { kind: 'text', text: 'drop by drop' });
  },
};

const restart: Scenario = {
  id: 'ice-restart',
  title: 'ICE restart, data goes on',
  async run({ connect }) {
    const link = await connect({ trickle: true });
    await link.connected.wait();
    await exchange(link.first, { kind: 'text', text: 'before' });
    const before = [ufrag(link.pc.localDescription), ufrag(link.pc.remoteDescription)];
    // The offerer of the first negotiation offers again.
    await link.restartIce(link.role === 'offers' ? 'kaon' : 'peer');
    const after = [ufrag(link.pc.localDescription), ufrag(link.pc.remoteDescription)];
    assert.notEqual(after[0], before[0], 'our credentials');
    assert.notEqual(after[1], before[1], "the peer's credentials");
    await exchange(link.first, { kind: 'text', text: 'meanwhile' });
    // Long enough for consent on the old pair to be given up if the new one were not used.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await exchange(link.first, { kind: 'binary', size: 100_000, seed: 9 });
    assert.equal(link.first.kaon.channel.readyState, 'open');
    while (link.pc.connectionState !== 'connected') await new Promise((resolve) => setTimeout(resolve, 20));
  },
};

function ufrag(description: RTCSessionDescription | null): string {
  return /a=ice-ufrag:(\S+)/.exec(description?.sdp ?? '')?.[1] ?? '';
}

export const connectingScenarios: readonly Scenario[] = [whole, trickle, restart];
