import { describe, expect, it } from 'vitest';
import { A4, connect, newAgent, story } from '../helpers.ts';
import { Net } from '../net.ts';

describe('patience (RFC 8863 §4)', () => {
  it('does not fail for want of candidates before 39.5 s', () => {
    const net = new Net();
    const agent = newAgent();
    const node = net.join(agent, [A4]);
    agent.endOfLocalCandidates(net.now);
    agent.setRemoteCredentials({ usernameFragment: 'peer', password: 'x'.repeat(22) }, net.now);
    agent.endOfRemoteCandidates(net.now);
    net.advance(39_499);
    expect(agent.state).toBe('new');
    net.advance(2);
    expect(agent.state).toBe('failed');
    expect(node.events.at(-1)).toMatchObject({ type: 'state', state: 'failed', error: { code: 'ICE_NO_VALID_PAIR' } });
  });

  it('waits for ever for credentials', () => {
    const net = new Net();
    const agent = newAgent();
    net.join(agent, [A4]);
    net.advance(3_600_000);
    expect(agent.state).toBe('new');
  });

  it('goes on while a late candidate is being checked', () => {
    const s = story({ signalling: 'none' });
    s.exchangeCredentials();
    s.pair.cut();
    s.pair.advance(35_000);
    s.a.addRemoteCandidate(s.b.stats().localCandidates[0]!.candidate, s.pair.now);
    s.b.addRemoteCandidate(s.a.stats().localCandidates[0]!.candidate, s.pair.now);
    s.pair.advance(30_000);
    expect(s.a.state).toBe('checking');
    s.pair.restore();
    s.pair.run({ until: s.connected });
  });

  it('connects to a peer that shows up by its checks alone, at the last moment', () => {
    const s = story({ signalling: 'none' });
    s.exchangeCredentials();
    s.a.endOfRemoteCandidates(s.pair.now);
    s.pair.advance(39_000);
    expect(s.a.state).toBe('new');
    s.b.addRemoteCandidate(s.a.stats().localCandidates[0]!.candidate, s.pair.now);
    s.pair.run({ until: s.connected });
  });

  it('ends when all pairs have failed and it is over', () => {
    const s = story();
    s.pair.cut();
    s.exchangeCredentials();
    s.a.endOfLocalCandidates(s.pair.now);
    s.b.endOfLocalCandidates(s.pair.now);
    const start = s.pair.now;
    s.pair.run({ until: () => s.a.state === 'failed' && s.b.state === 'failed' });
    expect(s.pair.now - start).toBeGreaterThanOrEqual(39_500);
    s.pair.restore();
    // Only a restart revives.
    s.pair.advance(10_000);
    expect(s.a.state).toBe('failed');
    s.a.restart(s.pair.now);
    s.b.restart(s.pair.now);
    connect(s);
  });
});
