import { reversed } from '@kaon/testing';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { A4, B4, connect, describeAnew, type Story, statesOf, story } from '../helpers.ts';

function completed(options: Parameters<typeof story>[0] = {}): Story {
  const s = story(options);
  connect(s);
  s.pair.run({ until: s.settled });
  return s;
}

describe('restart', () => {
  it('keeps the old pair in use until a new one is selected', () => {
    const s = completed();
    const [oldA, oldB] = [s.a.selectedPair!.path, s.b.selectedPair!.path];
    const oldCredentials = s.a.localCredentials;
    s.a.restart(s.pair.now);
    expect(s.a.state).toBe('connected');
    expect(s.a.localCredentials).not.toEqual(oldCredentials);
    expect(s.a.remoteCredentials).toBeUndefined();
    // Signalling takes its time: consent goes on with the old credentials on both sides.
    s.pair.advance(60_000);
    expect(s.a.selectedPair!.path).toBe(oldA);
    expect(s.b.selectedPair!.path).toBe(oldB);
    expect(s.a.isKnownPath(reversed(oldB))).toBe(true);
    s.b.restart(s.pair.now);
    describeAnew(s);
    s.pair.run({ until: () => s.a.selectedPair!.path !== oldA && s.b.selectedPair!.path !== oldB && s.settled() });
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed', 'connected', 'completed']);
  });

  it('accepts data of the old pair a while longer than it uses it', () => {
    const s = completed();
    const old = { ...s.a.selectedPair!.path };
    s.a.restart(s.pair.now);
    s.b.restart(s.pair.now);
    s.a.removeLocalBase(A4, s.pair.now);
    expect(s.a.isKnownPath(old)).toBe(false);
    const t = completed();
    t.a.restart(t.pair.now);
    t.b.restart(t.pair.now);
    describeAnew(t);
    t.pair.run({ until: t.settled });
    expect(t.a.isKnownPath(old)).toBe(true);
  });

  it('works with the other side first, and with credentials before the restart', () => {
    const s = completed();
    const before = s.b.selectedPair!.path;
    // The offerer restarts; its description reaches the answerer, whose stack restarts only after.
    s.a.restart(s.pair.now);
    s.pair.advance(10);
    s.b.setRemoteCredentials(s.a.localCredentials, s.pair.now);
    s.b.restart(s.pair.now);
    expect(s.b.remoteCredentials).toEqual(s.a.localCredentials);
    s.pair.advance(10);
    s.a.setRemoteCredentials(s.b.localCredentials, s.pair.now);
    s.pair.run({ until: () => s.b.selectedPair!.path !== before && s.connected() });
  });

  it('follows a peer that restarted alone', () => {
    const s = completed();
    const before = s.b.selectedPair!.path;
    s.a.restart(s.pair.now);
    s.b.setRemoteCredentials(s.a.localCredentials, s.pair.now);
    s.a.setRemoteCredentials(s.b.localCredentials, s.pair.now);
    s.a.addRemoteCandidate(s.b.stats().localCandidates[0]!.candidate, s.pair.now);
    s.pair.run({ until: () => s.b.selectedPair!.path !== before && s.connected() });
  });

  it('forgets that connectivity was lost', () => {
    const s = completed();
    s.pair.cut();
    s.pair.run({ until: () => s.a.state === 'disconnected' });
    s.a.restart(s.pair.now);
    expect(s.a.state).toBe('checking');
    s.b.restart(s.pair.now);
    describeAnew(s);
    s.pair.restore();
    s.pair.run({ until: () => s.a.stats().selectedPairChanges === 2 && s.connected() });
  });

  it('revives a failed agent', () => {
    const s = completed();
    s.pair.cut();
    s.pair.run({ until: () => s.a.state === 'failed' && s.b.state === 'failed' });
    s.pair.restore();
    s.a.restart(s.pair.now);
    s.b.restart(s.pair.now);
    expect(s.a.state).toBe('checking');
    describeAnew(s);
    s.pair.run({ until: s.connected });
  });

  it('moves to another network: the old base is gone, a new one is there', () => {
    const elsewhere = transportAddress('203.0.113.77', 6001);
    const s = completed();
    s.a.removeLocalBase(A4, s.pair.now);
    expect(s.a.state).toBe('disconnected');
    expect(s.a.selectedPair).toBeUndefined();
    s.a.addLocalBase({ address: elsewhere }, s.pair.now);
    s.a.restart(s.pair.now);
    s.b.restart(s.pair.now);
    describeAnew(s);
    s.pair.run({ until: () => s.b.selectedPair!.path.remote.port === 6001 && s.connected() });
    expect(s.a.selectedPair!.path).toEqual({ protocol: 'udp', local: elsewhere, remote: B4 });
  });

  it('leaves nothing of the old check list behind', () => {
    const s = completed({ a: { maxCandidatePairs: 5 } });
    for (let i = 0; i < 20; i++) {
      s.a.restart(s.pair.now);
      s.b.restart(s.pair.now);
      describeAnew(s);
      s.pair.run({ until: () => s.a.stats().selectedPairChanges === i + 2 && s.settled() });
    }
    expect(s.a.stats().pairs).toHaveLength(1);
    expect(s.a.stats().localCandidates).toHaveLength(1);
    expect(s.a.stats().remoteCandidates).toHaveLength(1);
  });

  it('is taken back by the old credentials, as when an offer is rolled back', () => {
    for (const side of ['a', 'b'] as const) {
      const s = completed();
      const agent = s[side];
      const { localCredentials, remoteCredentials, selectedPair } = agent;
      agent.restart(s.pair.now);
      s.pair.advance(5000);
      expect(agent.state).toBe('connected');
      agent.restart(s.pair.now, localCredentials);
      agent.setRemoteCredentials(remoteCredentials!, s.pair.now);
      s.pair.advance(60_000);
      expect(agent.state).toBe('completed');
      expect(agent.selectedPair).toBe(selectedPair);
      expect(agent.stats().pairs).toHaveLength(1);
    }
  });

  it('takes credentials of the caller, and refuses bad ones before anything changes', () => {
    const s = completed();
    const before = s.a.localCredentials;
    expect(() => s.a.restart(s.pair.now, { usernameFragment: 'x', password: 'y' })).toThrowError(
      expect.objectContaining({ code: 'ICE_BAD_CREDENTIALS' }),
    );
    expect(s.a.localCredentials).toBe(before);
    const mine = { usernameFragment: 'mine', password: 'p'.repeat(22) };
    s.a.restart(s.pair.now, mine);
    expect(s.a.localCredentials).toEqual(mine);
  });
});
