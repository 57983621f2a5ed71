import type { Path } from '@kaon/interface/core/v1';
import { attribute, decodeMessage, defaultCrypto, encodeMessage, shortTermKey, verifyIntegrity } from '@kaon/stun';
import { isMalformed, Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import type { AgentEvent } from '../../src/index.ts';
import { A4, B4, newAgent, statesOf } from '../helpers.ts';

/** An ICE-lite peer: answers, and remembers what was nominated. */
class LitePeer {
  readonly credentials = { usernameFragment: 'lite', password: 'l'.repeat(22) };
  readonly mac = defaultCrypto.mac('SHA-1', shortTermKey(this.credentials.password));
  nominated: Path | undefined;
  roles: string[] = [];

  answer(bytes: Uint8Array, path: Path): Uint8Array | undefined {
    const request = decodeMessage(bytes);
    if (isMalformed(request) || request.class !== 'request' || !verifyIntegrity(bytes, this.mac)) return undefined;
    if (attribute(request, 'use-candidate') !== undefined) this.nominated = path;
    this.roles.push(attribute(request, 'ice-controlling') === undefined ? 'controlled' : 'controlling');
    return encodeMessage(
      {
        class: 'success',
        method: 1,
        transactionId: request.transactionId,
        attributes: [{ type: 'xor-mapped-address', address: path.local }],
      },
      { integrity: this.mac, fingerprint: true },
    );
  }
}

describe('a remote ICE-lite agent', () => {
  it('is controlled by us, whatever role we were given, and only answers', () => {
    const agent = newAgent({ role: 'controlled' });
    const peer = new LitePeer();
    const events: AgentEvent[] = [];
    agent.addLocalBase({ address: A4 }, 0);
    agent.endOfLocalCandidates(0);
    agent.setRemoteLite(true, 0);
    expect(agent.role).toBe('controlling');
    agent.setRemoteCredentials(peer.credentials, 0);
    agent.addRemoteCandidate(
      {
        foundation: '1',
        component: 1,
        protocol: 'udp',
        priority: 2130706431,
        address: B4.address,
        port: B4.port,
        type: 'host',
      },
      0,
    );
    agent.endOfRemoteCandidates(0);
    const slot = new Slot(1200);
    for (let now = 0; now < 40_000; now += 10) {
      if (agent.pollTimeout() <= now) agent.handleTimeout(now);
      for (slot.reset(); agent.pollTransmit(slot, now); slot.reset()) {
        const answer = peer.answer(slot.bytes.slice(), slot.path!);
        if (answer !== undefined) agent.handleDatagram(answer, slot.path!, now + 5);
      }
      for (let event = agent.pollEvent(); event !== undefined; event = agent.pollEvent()) events.push(event);
    }
    expect(agent.state).toBe('completed');
    expect(peer.nominated).toEqual({ protocol: 'udp', local: A4, remote: B4 });
    expect(new Set(peer.roles)).toEqual(new Set(['controlling']));
    expect(statesOf(events)).toEqual(['checking', 'completed']);
  });
});
