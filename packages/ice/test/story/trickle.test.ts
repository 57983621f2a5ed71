import { describe, expect, it } from 'vitest';
import { type AgentEvent, type Candidate, parseCandidate } from '../../src/index.ts';
import { A4, A6, B4, B6, connect, newAgent, signal, statesOf, story } from '../helpers.ts';

/** Drains an agent's candidates, as a non-trickle description would carry them. */
function drain(events: readonly AgentEvent[]): Candidate[] {
  return events.flatMap((event) => (event.type === 'candidate' ? [event.candidate] : []));
}

describe('without trickle', () => {
  it('agents connect when all candidates come with the descriptions', () => {
    const s = story({ signalling: 'none', aBases: [A4, A6], bBases: [B4, B6] });
    for (const agent of [s.a, s.b]) agent.endOfLocalCandidates(s.pair.now);
    s.pair.run({ until: () => s.a.gatheringState === 'complete' && s.b.gatheringState === 'complete' });
    s.exchangeCredentials();
    for (const candidate of drain(s.pair.a.events)) s.b.addRemoteCandidate(candidate, s.pair.now);
    for (const candidate of drain(s.pair.b.events)) s.a.addRemoteCandidate(candidate, s.pair.now);
    s.a.endOfRemoteCandidates(s.pair.now);
    s.b.endOfRemoteCandidates(s.pair.now);
    s.pair.run({ until: s.settled });
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed']);
  });
});

describe('half trickle', () => {
  it('connects: the offer has all candidates, the answer trickles', () => {
    const s = story({ signalling: 'none' });
    s.a.endOfLocalCandidates(s.pair.now);
    s.pair.run({ until: () => s.a.gatheringState === 'complete' });
    for (const candidate of drain(s.pair.a.events)) s.b.addRemoteCandidate(candidate, s.pair.now);
    s.b.endOfRemoteCandidates(s.pair.now);
    s.pair.b.onEvent = (event, now) => signal(event, s.a, now);
    for (const event of s.pair.b.events) signal(event, s.a, s.pair.now);
    s.b.endOfLocalCandidates(s.pair.now);
    s.exchangeCredentials();
    s.pair.run({ until: s.settled });
  });
});

describe('trickle', () => {
  it('takes candidates before credentials, and credentials before candidates', () => {
    for (const candidatesFirst of [true, false]) {
      const s = story({ signalling: 'none' });
      const tell = (): void => {
        s.a.addRemoteCandidate(s.b.stats().localCandidates[0]!.candidate, s.pair.now);
        s.b.addRemoteCandidate(s.a.stats().localCandidates[0]!.candidate, s.pair.now);
      };
      if (candidatesFirst) tell();
      s.exchangeCredentials();
      if (!candidatesFirst) tell();
      s.pair.run({ until: s.connected });
    }
  });

  it('is connected, not completed, until the end of candidates was said', () => {
    const s = story({ endOfCandidates: false });
    connect(s);
    s.pair.advance(1000);
    expect(s.a.state).toBe('connected');
    s.a.endOfRemoteCandidates(s.pair.now);
    expect(s.a.state).toBe('completed');
  });

  it('connects when the peer sends checks before its credentials arrive (RFC 8445 §7.3)', () => {
    const s = story({ signalling: 'none' });
    // b knows a; a knows nothing of b yet.
    s.b.setRemoteCredentials(s.a.localCredentials, s.pair.now);
    s.b.addRemoteCandidate(s.a.stats().localCandidates[0]!.candidate, s.pair.now);
    s.pair.advance(3000);
    const early = s.a.stats();
    expect(early.remoteCandidates).toEqual([
      expect.objectContaining({ type: 'prflx', address: B4.address, port: B4.port }),
    ]);
    expect(early.pairs[0]).toMatchObject({ state: 'waiting', requestsSent: 0 });
    expect(early.pairs[0]!.responsesSent).toBeGreaterThan(0);
    const start = s.pair.now;
    s.a.setRemoteCredentials(s.b.localCredentials, s.pair.now);
    s.pair.run({ until: s.connected });
    expect(s.pair.now - start).toBeLessThan(50);
    // The signalled candidate then takes the place of the discovered one (RFC 8838 §11.4).
    s.a.addRemoteCandidate(s.b.stats().localCandidates[0]!.candidate, s.pair.now);
    expect(s.a.stats().remoteCandidates).toEqual([expect.objectContaining({ type: 'host' })]);
    expect(s.a.selectedPair?.remote.type).toBe('host');
  });

  it('forgets early checks of another generation than the one that is signalled', () => {
    const s = story({ signalling: 'none' });
    s.b.setRemoteCredentials(s.a.localCredentials, s.pair.now);
    s.b.addRemoteCandidate(s.a.stats().localCandidates[0]!.candidate, s.pair.now);
    s.pair.advance(100);
    expect(s.a.stats().pairs).toHaveLength(1);
    s.a.setRemoteCredentials({ usernameFragment: 'other', password: 'x'.repeat(22) }, s.pair.now);
    expect(s.a.stats().pairs).toEqual([]);
    expect(s.a.stats().remoteCandidates).toEqual([]);
  });

  it('ignores what it cannot use, and counts it', () => {
    const agent = newAgent();
    agent.addLocalBase({ address: A4 }, 0);
    agent.setRemoteCredentials({ usernameFragment: 'peer', password: 'x'.repeat(22) }, 0);
    for (const line of [
      'candidate:1 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active',
      'candidate:1 2 udp 2122252542 192.0.2.7 35410 typ host',
      'candidate:1 1 udp 2122252542 name.local 35410 typ host',
      'candidate:1 1 udp 2122252542 192.0.2.7 0 typ host',
      'candidate:1 1 udp 2122252542 0.0.0.0 35410 typ host',
      'candidate:1 1 udp 2122252542 224.0.0.251 5353 typ host',
      'candidate:1 1 udp 2122252542 255.255.255.255 35410 typ host',
      'candidate:1 1 udp 2122252542 ff02::1 35410 typ host',
      'candidate:1 1 udp 2122252542 192.0.2.7 35410 typ host ufrag stale',
    ]) {
      agent.addRemoteCandidate(parseCandidate(line), 0);
    }
    expect(agent.stats()).toMatchObject({ ignoredCandidates: 9, ignoredTcpCandidates: 1, pairs: [] });
    expect(agent.state).toBe('new');
  });
});
