import type { Path } from '@kaon/interface/core/v1';
import { attribute, decodeMessage } from '@kaon/stun';
import { isMalformed, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  A4,
  A6,
  B4,
  B6,
  connect,
  newAgent,
  type Story,
  type StoryOptions,
  signal,
  statesOf,
  story,
} from '../helpers.ts';
import { tcpBase } from '../tcp.ts';

/** b is lite and says so; a is full. */
function withLite(options: StoryOptions = {}): Story & { readonly requests: { a: number; b: number } } {
  const s = story({ ...options, b: { lite: true, ...options.b } });
  s.a.setRemoteLite(true, s.pair.now);
  const requests = { a: 0, b: 0 };
  s.pair.tap(({ from, bytes }) => {
    const message = decodeMessage(bytes);
    if (!isMalformed(message) && (message.class === 'request' || message.class === 'indication')) requests[from]++;
    return undefined;
  });
  return { ...s, requests };
}

describe('an ICE-lite agent with a full peer', () => {
  it.each(['controlling', 'controlled'] as const)(
    'answers, asks nothing and is controlled; the peer was %s',
    (role) => {
      const s = withLite({ a: { role }, b: { role: role === 'controlled' ? 'controlling' : 'controlled' } });
      connect(s);
      s.pair.run({ until: s.settled });
      expect([s.a.role, s.b.role]).toEqual(['controlling', 'controlled']);
      expect(s.b.selectedPair!.path).toEqual({ protocol: 'udp', local: B4, remote: A4 });
      s.pair.advance(300_000);
      expect(s.requests.b).toBe(0);
      expect([s.a.state, s.b.state]).toEqual(['completed', 'completed']);
      expect(statesOf(s.pair.b.events)).toEqual(['checking', 'completed']);
      expect(s.b.stats().pairs[0]).toMatchObject({ requestsSent: 0, consentRequestsSent: 0, valid: true });
    },
  );

  it('needs no candidates of the peer, nor its credentials to answer', () => {
    const s = withLite({ signalling: 'none' });
    s.a.addRemoteCandidate(s.b.stats().localCandidates[0]!.candidate, s.pair.now);
    s.a.setRemoteCredentials(s.b.localCredentials, s.pair.now);
    s.pair.run({ until: () => s.a.selectedPair !== undefined });
    expect(s.b.selectedPair!.remote).toMatchObject({ type: 'prflx', address: A4.address });
    s.b.setRemoteCredentials(s.a.localCredentials, s.pair.now);
    s.pair.run({ until: s.connected });
  });

  it('believes a path once an authentic check has come by it, selected or not', () => {
    const s = withLite({ aBases: [A4, A6], bBases: [B4, B6] });
    const path: Path = { protocol: 'udp', local: B4, remote: A4 };
    expect(s.b.isKnownPath(path)).toBe(false);
    connect(s);
    expect(s.b.isKnownPath(path)).toBe(true);
    expect(s.b.isKnownPath({ ...path, remote: { ...A4, port: 1 } })).toBe(false);
  });

  it('has host candidates alone, and asks no server', () => {
    const agent = newAgent({ lite: true });
    agent.addLocalBase({ address: A4 }, 0);
    agent.addStunServer({ address: transportAddress('203.0.113.1', 3478), url: 'stun:one' }, 0);
    agent.addLocalCandidate(
      { foundation: 'r', component: 1, protocol: 'udp', priority: 1, address: B4.address, port: 1, type: 'relay' },
      B4,
      0,
    );
    agent.endOfLocalCandidates(0);
    expect(agent.gatheringState).toBe('complete');
    expect(agent.stats().localCandidates.map(({ candidate }) => candidate.type)).toEqual(['host']);
  });

  it('keeps its role in a conflict: the peer changes', () => {
    // Nobody told the peer that we are lite, and it thinks that it is controlled.
    for (const tieBreaker of [0n, 0xffff_ffff_ffff_ffffn]) {
      const s = story({ a: { role: 'controlled' }, b: { role: 'controlled', lite: true, tieBreaker } });
      connect(s);
      expect([s.a.role, s.b.role]).toEqual(['controlling', 'controlled']);
    }
  });

  it('follows the last nomination, since a full agent nominates regularly here (RFC 8445 §8.1.1)', () => {
    let only4 = false;
    const s = withLite({
      aBases: [A6, A4],
      bBases: [B6, B4],
      route: (path) =>
        only4 && path.local.family === 'IPv6'
          ? undefined
          : { protocol: path.protocol, local: path.remote, remote: path.local },
    });
    connect(s);
    expect(s.b.selectedPair!.path.local).toEqual(B6);
    s.pair.advance(20_000);
    only4 = true;
    s.a.removeLocalBase(A6, s.pair.now);
    s.pair.run({ until: () => s.b.selectedPair!.path.local.family === 'IPv4', timeout: 1000 });
    s.pair.advance(60_000);
    expect(statesOf(s.pair.b.events)).toEqual(['checking', 'completed']);
  });

  it('moves to another address, which the peer checks once the old one is silent', () => {
    const s = withLite({ aBases: [A4], bBases: [B4] });
    connect(s);
    s.pair.advance(20_000);
    const elsewhere = transportAddress('198.51.100.77', 5002);
    s.b.addLocalBase({ address: elsewhere }, s.pair.now);
    s.pair.advance(100);
    // Not a word is lost on candidates that come late (RFC 8838 §15), and a lite agent checks nothing itself.
    expect(s.a.stats().pairs).toHaveLength(1);
    s.b.removeLocalBase(B4, s.pair.now);
    s.pair.run({ until: () => s.a.selectedPair!.path.remote.address === elsewhere.address, timeout: 13_000 });
    expect(s.b.selectedPair!.path.local).toEqual(elsewhere);
    s.pair.advance(60_000);
    expect(statesOf(s.pair.a.events)).not.toContain('failed');
    expect(statesOf(s.pair.b.events)).not.toContain('failed');
  });

  it('follows renomination', () => {
    const s = withLite({ aBases: [A4], bBases: [B4, B6], a: { renomination: true } });
    connect(s);
    s.a.addLocalBase({ address: A6 }, s.pair.now);
    s.pair.run({ until: () => s.b.selectedPair!.path.local.family === 'IPv6', timeout: 10_000 });
    s.pair.advance(100);
    expect(s.a.selectedPair!.path.local).toEqual(A6);
  });

  it('loses consent when no checks come: disconnected within 11 s, failed after 30', () => {
    const s = withLite();
    connect(s);
    s.pair.run({ until: s.settled });
    s.pair.advance(20_000);
    s.pair.cut();
    const start = s.pair.now;
    s.pair.run({ until: () => s.b.state === 'disconnected' });
    expect(s.pair.now - start).toBeLessThanOrEqual(11_000);
    s.pair.run({ until: () => s.b.state === 'failed' });
    expect(s.pair.now - start).toBeLessThanOrEqual(30_000);
    expect(s.pair.now - start).toBeGreaterThan(23_000);
    expect(s.pair.b.last('state')).toMatchObject({ error: { code: 'ICE_CONSENT_EXPIRED' } });
    expect(s.b.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('comes back when the checks do', () => {
    const s = withLite();
    connect(s);
    s.pair.run({ until: s.settled });
    s.pair.cut();
    s.pair.run({ until: () => s.b.state === 'disconnected' });
    s.pair.restore();
    s.pair.run({ until: () => s.b.state === 'completed', timeout: 10_000 });
  });

  it('fails when nobody ever asks', () => {
    const agent = newAgent({ lite: true, patience: 7000 });
    agent.addLocalBase({ address: A4 }, 0);
    agent.setRemoteCredentials({ usernameFragment: 'peer', password: 'x'.repeat(22) }, 0);
    agent.handleTimeout(6999);
    expect(agent.state).not.toBe('failed');
    expect(agent.pollTimeout()).toBe(7000);
    agent.handleTimeout(7000);
    expect(agent.state).toBe('failed');
  });

  it('serves a peer whose NAT gives it ever new ports, for as long as it likes', () => {
    let port = 10_000;
    const s = withLite({
      b: { maxCandidatePairs: 5 },
      route: (path, from) =>
        from === 'a'
          ? { protocol: 'udp', local: path.remote, remote: { ...path.local, port } }
          : { protocol: 'udp', local: A4, remote: path.local },
    });
    connect(s);
    for (let i = 0; i < 40; i++) {
      port++;
      s.pair.advance(40_000);
      expect(s.b.isKnownPath({ protocol: 'udp', local: B4, remote: { ...A4, port } })).toBe(true);
    }
    expect(s.b.stats().remoteCandidates.length).toBeLessThanOrEqual(5);
  });

  it('restarts', () => {
    const s = withLite();
    connect(s);
    s.pair.run({ until: s.settled });
    const before = s.b.selectedPair!.path;
    s.a.restart(s.pair.now);
    s.b.restart(s.pair.now);
    s.exchangeCredentials();
    s.a.addRemoteCandidate(s.b.stats().localCandidates[0]!.candidate, s.pair.now);
    s.b.addRemoteCandidate(s.a.stats().localCandidates[0]!.candidate, s.pair.now);
    s.pair.run({ until: () => s.b.selectedPair!.path !== before && s.connected() });
  });

  it('takes TCP connections as well', () => {
    const s = withLite({
      aBases: [],
      bBases: [],
      route: ({ local, remote }, from) =>
        from === 'a'
          ? { protocol: 'tcp', local: remote, remote: { ...local, port: 40_000 } }
          : { protocol: 'tcp', local: tcpBase(A4, 'active').address, remote: local },
    });
    s.a.addLocalBase(tcpBase(A4, 'active'), s.pair.now);
    s.b.addLocalBase(tcpBase(B4, 'passive'), s.pair.now);
    connect(s);
    expect(s.b.selectedPair!.path.protocol).toBe('tcp');
    expect(s.requests.b).toBe(0);
  });

  it('does not believe what is not authentic', () => {
    const s = withLite();
    s.exchangeCredentials();
    s.pair.tap(({ from, bytes }) => {
      if (from === 'b') return undefined;
      const forged = bytes.slice();
      forged[forged.length - 12]! ^= 1;
      return forged;
    });
    s.pair.advance(5000);
    expect(s.b.stats()).toMatchObject({ remoteCandidates: [expect.objectContaining({ type: 'host' })] });
    expect(s.b.stats().pairs.some(({ valid }) => valid)).toBe(false);
    expect(s.pair.b.sent).toBe(0);
  });
});

describe('two ICE-lite agents', () => {
  function bothLite(options: StoryOptions = {}): Story {
    const s = story({ ...options, a: { lite: true, ...options.a }, b: { lite: true, ...options.b } });
    s.a.setRemoteLite(true, s.pair.now);
    s.b.setRemoteLite(true, s.pair.now);
    return s;
  }

  it('send no checks, and use the best pair; the offerer controls (RFC 8445 §6.1.1)', () => {
    const s = bothLite({ aBases: [A4, A6], bBases: [B4, B6] });
    let requests = 0;
    s.pair.tap(({ bytes }) => {
      const message = decodeMessage(bytes);
      if (!isMalformed(message) && attribute(message, 'username') !== undefined) requests++;
      return undefined;
    });
    connect(s);
    s.pair.run({ until: s.settled });
    expect([s.a.role, s.b.role]).toEqual(['controlling', 'controlled']);
    expect(s.a.selectedPair!.path).toEqual({ protocol: 'udp', local: A6, remote: B6 });
    expect(s.b.selectedPair!.path).toEqual({ protocol: 'udp', local: B6, remote: A6 });
    expect(s.a.isKnownPath({ protocol: 'udp', local: A4, remote: B4 })).toBe(true);
    s.pair.advance(300_000);
    expect(requests).toBe(0);
    expect([s.a.state, s.b.state]).toEqual(['completed', 'completed']);
  });

  it('take a better pair when one comes, and another when theirs goes', () => {
    const s = bothLite({ aBases: [A4], bBases: [B4, B6] });
    connect(s);
    expect(s.a.selectedPair!.path.local).toEqual(A4);
    s.a.addLocalBase({ address: A6 }, s.pair.now);
    s.pair.run({ until: () => s.a.selectedPair!.path.local === A6, timeout: 100 });
    s.pair.run({ until: () => s.b.selectedPair!.path.local === B6, timeout: 100 });
    s.a.removeLocalBase(A6, s.pair.now);
    s.pair.run({ until: () => s.a.selectedPair?.path.local === A4, timeout: 100 });
  });

  it('the role that was given counts, also when it is given later', () => {
    const s = bothLite({ a: { role: 'controlled' }, b: { role: 'controlled' } });
    s.b.setRole('controlling', s.pair.now);
    expect([s.a.role, s.b.role]).toEqual(['controlled', 'controlling']);
    s.b.setRemoteLite(false, s.pair.now);
    expect(s.b.role).toBe('controlled');
  });

  it('and without one of them saying so nothing is selected blindly', () => {
    const s = story({ a: { lite: true }, b: { lite: true }, signalling: 'none' });
    s.pair.a.onEvent = (event, now) => signal(event, s.b, now);
    s.exchangeCredentials();
    s.pair.advance(5000);
    expect([s.a.selectedPair, s.b.selectedPair]).toEqual([undefined, undefined]);
  });
});
