import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { A4, A6, B4, connect, newAgent, story } from '../helpers.ts';

describe('close', () => {
  it('ends at once, says so once, and makes everything a no-op', () => {
    const s = story();
    connect(s);
    s.a.close(s.pair.now);
    s.a.close(s.pair.now);
    expect(s.a.state).toBe('closed');
    expect(s.a.selectedPair).toBeUndefined();
    expect(s.a.isKnownPath({ protocol: 'udp', local: A4, remote: B4 })).toBe(false);
    s.pair.advance(0);
    expect(s.pair.a.of('closed')).toHaveLength(1);
    expect(s.pair.a.events.at(-1)).toEqual({ type: 'closed' });
    const before = s.pair.a.events.length;
    s.a.addLocalBase({ address: A6 }, s.pair.now);
    s.a.restart(s.pair.now);
    s.a.endOfRemoteCandidates(s.pair.now);
    s.pair.advance(60_000);
    expect(s.pair.a.events).toHaveLength(before);
    expect(s.a.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(s.a.pollTransmit(new Slot(1200), s.pair.now)).toBe(false);
  });

  it('is seen by the peer as disconnected within 11 s', () => {
    const s = story();
    connect(s);
    s.pair.run({ until: s.settled });
    s.a.close(s.pair.now);
    const start = s.pair.now;
    s.pair.run({ until: () => s.b.state === 'disconnected' });
    expect(s.pair.now - start).toBeLessThanOrEqual(11_100);
  });
});

describe('time', () => {
  it('that goes back counts as the last one', () => {
    const agent = newAgent();
    agent.addLocalBase({ address: A4 }, 1000);
    agent.setRemoteCredentials({ usernameFragment: 'peer', password: 'x'.repeat(22) }, 1000);
    agent.handleTimeout(0);
    expect(agent.pollTimeout()).toBe(1000 + 39_500);
  });
});

describe('stats', () => {
  it('count what RTCIceCandidatePairStats counts', () => {
    const s = story({ netem: { delay: 25 } });
    connect(s);
    s.pair.advance(60_000);
    const { pairs, localCandidates, remoteCandidates, state, role } = s.a.stats();
    expect([state, role]).toEqual(['completed', 'controlling']);
    expect(localCandidates).toHaveLength(1);
    expect(remoteCandidates).toHaveLength(1);
    const [pair] = pairs;
    expect(pair).toMatchObject({
      state: 'succeeded',
      nominated: true,
      selected: true,
      valid: true,
      currentRoundTripTime: 50,
    });
    expect(pair!.requestsSent).toBeGreaterThanOrEqual(2);
    expect(pair!.consentRequestsSent).toBeGreaterThanOrEqual(10);
    expect(pair!.requestsReceived).toBe(pair!.responsesSent);
    expect(pair!.totalRoundTripTime).toBeGreaterThanOrEqual(500);
    const other = s.b.stats().pairs[0]!;
    expect(pair!.responsesReceived).toBe(other.responsesSent);
    expect(pair!.priority).toBe(other.priority);
  });
});

describe('credentials', () => {
  it('that are bad throw, and change nothing', () => {
    const agent = newAgent();
    for (const bad of [
      { usernameFragment: 'a', password: 'x'.repeat(22) },
      { usernameFragment: 'abcd', password: 'short' },
      { usernameFragment: 'a:cd', password: 'x'.repeat(22) },
    ]) {
      expect(() => agent.setRemoteCredentials(bad, 0)).toThrowError(
        expect.objectContaining({ code: 'ICE_BAD_CREDENTIALS' }),
      );
    }
    expect(agent.remoteCredentials).toBeUndefined();
  });

  it('that do not fit a USERNAME together throw', () => {
    const agent = newAgent({ localCredentials: { usernameFragment: 'a'.repeat(256), password: 'x'.repeat(22) } });
    const long = { usernameFragment: 'b'.repeat(252), password: 'x'.repeat(22) };
    expect(() => agent.setRemoteCredentials(long, 0)).toThrowError(
      expect.objectContaining({ code: 'ICE_BAD_CREDENTIALS' }),
    );
    expect(() => agent.setRemoteCredentials({ ...long, usernameFragment: 'b'.repeat(251) }, 0)).not.toThrow();
  });

  it('may be told twice', () => {
    const s = story();
    connect(s);
    s.exchangeCredentials();
    s.pair.advance(1000);
    expect(s.a.stats().selectedPairChanges).toBe(1);
  });
});

describe('bases', () => {
  it('may be told twice, come late, and go', () => {
    const s = story({ aBases: [] });
    s.exchangeCredentials();
    s.b.endOfLocalCandidates(s.pair.now);
    s.pair.advance(1000);
    s.a.addLocalBase({ address: A4, networkCost: 10 }, s.pair.now);
    s.a.addLocalBase({ address: A4 }, s.pair.now);
    s.pair.run({ until: s.connected });
    expect(s.pair.a.of('candidate').map(({ candidate }) => candidate.extensions)).toEqual([[['network-cost', '10']]]);
    s.a.removeLocalBase(A4, s.pair.now);
    expect(s.a.state).toBe('disconnected');
    s.a.addLocalBase({ address: A4 }, s.pair.now);
    s.pair.run({ until: () => s.a.selectedPair !== undefined });
  });
});
