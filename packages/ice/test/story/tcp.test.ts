import { attribute, decodeMessage } from '@kaon/stun';
import { isMalformed, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { parseCandidate, type TcpType } from '../../src/index.ts';
import { A4, B4, connect, newAgent, statesOf, story } from '../helpers.ts';
import { tcpBase, tcpStory } from '../tcp.ts';

describe('over TCP alone (RFC 6544)', () => {
  it.each([
    [['active'], ['passive'], 'active', 'passive'],
    [['passive'], ['active'], 'passive', 'active'],
    [['so'], ['so'], 'so', 'so'],
    [['active', 'passive'], ['active', 'passive'], undefined, undefined],
    [['active', 'passive', 'so'], ['active', 'passive', 'so'], undefined, undefined],
    [['active', 'so'], ['so'], 'so', 'so'],
    [['active', 'passive', 'so'], ['active'], 'passive', 'active'],
  ] as const)('%j and %j connect', (aTypes, bTypes, aUses, bUses) => {
    const s = tcpStory(aTypes, bTypes);
    connect(s);
    s.pair.run({ until: s.settled });
    const { local, remote, path } = s.a.selectedPair!;
    expect(path.protocol).toBe('tcp');
    expect([local.protocol, remote.protocol]).toEqual(['tcp', 'tcp']);
    if (aUses !== undefined) expect(local.tcpType).toBe(aUses);
    if (bUses !== undefined) expect(s.b.selectedPair!.local.tcpType).toBe(bUses);
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed']);
    // Consent goes on for as long as the connection does.
    s.pair.advance(120_000);
    expect([s.a.state, s.b.state]).toEqual(['completed', 'completed']);
  });

  it.each([
    [['passive'], ['passive']],
    [['active'], ['active']],
    [['active'], ['so']],
    [['so'], ['passive']],
  ] as [TcpType[], TcpType[]][])('%j and %j have nothing to say to each other', (aTypes, bTypes) => {
    const s = tcpStory(aTypes, bTypes);
    s.exchangeCredentials();
    s.a.endOfLocalCandidates(s.pair.now);
    s.b.endOfLocalCandidates(s.pair.now);
    s.pair.run({ until: () => s.a.state === 'failed' && s.b.state === 'failed' });
    expect(s.a.stats().pairs).toEqual([]);
    expect(s.connections.opened).toBe(0);
    expect(s.pair.a.sent + s.pair.b.sent).toBe(0);
  });

  it('the active side is seen at a port of its own, and believes it is a host still (§7.1)', () => {
    const s = tcpStory(['active'], ['passive']);
    connect(s);
    expect(s.a.selectedPair!.local).toMatchObject({ type: 'host', tcpType: 'active', port: 9, address: A4.address });
    expect(s.a.stats().localCandidates).toHaveLength(1);
    expect(s.b.selectedPair!.remote).toMatchObject({ type: 'prflx', tcpType: 'active', port: 40_001 });
    // The signalled active candidate is kept, and is part of no pair.
    expect(s.b.stats().remoteCandidates).toHaveLength(2);
    expect(s.b.stats().pairs).toHaveLength(1);
  });

  it('an active side behind a NAT learns its mapped address, not its port', () => {
    const s = tcpStory(['active'], ['passive']);
    const { route } = s.connections;
    const mapped = { address: '203.0.113.50', family: 'IPv4' } as const;
    s.connections.route = (path, from) => {
      const inside = path.remote.address === mapped.address ? { ...path.remote, address: A4.address } : path.remote;
      const arrived = route.call(s.connections, { ...path, remote: inside }, from);
      return from === 'b' || arrived === undefined ? arrived : { ...arrived, remote: { ...arrived.remote, ...mapped } };
    };
    connect(s);
    expect(s.a.selectedPair!.local).toMatchObject({
      type: 'prflx',
      tcpType: 'active',
      port: 9,
      address: mapped.address,
    });
    expect(s.a.selectedPair!.path.local).toEqual(tcpBase(A4, 'active').address);
  });

  it('a check is sent once, whatever the network does with it (§7.1)', () => {
    const s = tcpStory(['active'], ['passive']);
    s.pair.tap(({ from, index }) => (from === 'a' && index === 0 ? false : undefined));
    s.exchangeCredentials();
    s.pair.advance(39_000);
    expect(s.pair.a.sent).toBe(1);
    expect(s.a.stats().pairs[0]).toMatchObject({ state: 'in-progress', requestsSent: 1 });
    s.pair.advance(1000);
    expect(s.a.stats().pairs[0]!.state).toBe('failed');
  });

  it('says TCP priorities in its checks', () => {
    const s = tcpStory(['active'], ['passive']);
    const priorities: number[] = [];
    s.pair.tap(({ from, bytes }) => {
      const message = decodeMessage(bytes);
      if (from === 'a' && !isMalformed(message)) priorities.push(attribute(message, 'priority')?.priority ?? 0);
      return undefined;
    });
    connect(s);
    expect(priorities[0]! >>> 24).toBe(80);
  });
});

describe('with UDP and TCP', () => {
  it('UDP is used where it works, although TCP was there first', () => {
    const s = tcpStory(['active'], ['passive'], { udp: () => true, netem: { delay: 50 } });
    let first = true;
    s.pair.tap(({ from, index }) => {
      // The first UDP check is lost.
      const lost = from === 'a' && index === 0 && first;
      first &&= !lost;
      return lost ? false : undefined;
    });
    connect(s);
    expect(s.connections.opened).toBe(1);
    expect(s.a.selectedPair!.path.protocol).toBe('udp');
    expect(s.b.selectedPair!.path.protocol).toBe('udp');
  });

  it('TCP is used where UDP does not, after a short wait', () => {
    const s = tcpStory(['active'], ['passive'], { udp: () => false });
    const start = s.pair.now;
    connect(s);
    expect(s.a.selectedPair!.path.protocol).toBe('tcp');
    expect(s.pair.now - start).toBeLessThan(600);
  });

  it('one port number serves both, each for itself', () => {
    const s = story({ aBases: [A4], bBases: [B4] });
    s.b.addLocalBase({ address: B4, protocol: 'tcp', tcpType: 'passive' }, s.pair.now);
    connect(s);
    s.b.removeLocalBase(B4, s.pair.now, 'tcp');
    expect(s.b.selectedPair?.path.protocol).toBe('udp');
    expect(s.b.isKnownPath({ protocol: 'tcp', local: B4, remote: A4 })).toBe(false);
    expect(s.b.isKnownPath({ protocol: 'udp', local: B4, remote: A4 })).toBe(true);
    s.b.removeLocalBase(B4, s.pair.now);
    expect(s.b.selectedPair).toBeUndefined();
  });
});

describe('a TCP connection that breaks', () => {
  it('is opened anew by the active side', () => {
    for (const [ours, theirs] of [
      ['active', 'passive'],
      ['passive', 'active'],
    ] as const) {
      const s = tcpStory([ours], [theirs]);
      connect(s);
      s.pair.advance(60_000);
      const before = s.a.stats().selectedPairChanges;
      s.connections.reset(s);
      expect([s.a.selectedPair, s.b.selectedPair]).toEqual([undefined, undefined]);
      s.pair.run({ until: s.connected, timeout: 2000 });
      expect(s.connections.opened).toBe(2);
      expect(s.a.stats().selectedPairChanges).toBe(before + 1);
      s.pair.advance(60_000);
      expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed']);
      expect(statesOf(s.pair.b.events)).toEqual(['checking', 'completed']);
      // Nothing of the old connection is kept.
      expect(s.b.stats().pairs).toHaveLength(1);
      expect(s.b.isKnownPath({ protocol: 'tcp', local: B4, remote: transportAddress(A4.address, 40_001) })).toBe(false);
    }
  });

  it('however often: nothing piles up', () => {
    const s = tcpStory(['active'], ['passive'], { a: { maxCandidatePairs: 4 }, b: { maxCandidatePairs: 4 } });
    connect(s);
    for (let i = 0; i < 30; i++) {
      s.connections.reset(s);
      s.pair.run({ until: s.connected, timeout: 5000 });
    }
    expect(s.b.stats().remoteCandidates.length).toBeLessThanOrEqual(2);
    expect(s.b.stats().dropped.limit).toBe(0);
  });

  it('is disconnected after 5 s and failed after 30, when it cannot be opened again', () => {
    const s = tcpStory(['active'], ['passive']);
    connect(s);
    s.pair.run({ until: s.settled });
    s.pair.advance(60_000);
    const start = s.pair.now;
    s.connections.refusing = true;
    s.connections.reset(s);
    s.pair.run({ until: () => s.a.state === 'disconnected' });
    expect(s.pair.now - start).toBe(5000);
    s.pair.run({ until: () => s.b.state === 'failed' });
    expect(s.pair.now - start).toBe(30_000);
    expect(s.pair.b.last('state')).toMatchObject({ error: { code: 'ICE_NO_VALID_PAIR' } });
  });

  it('with UDP valid beside it is not missed', () => {
    const s = tcpStory(['active'], ['passive'], { udp: () => true, a: { nominationDelay: { tcp: 0 } } });
    // TCP is nominated first since the UDP checks come late.
    s.pair.tap(({ from, index, now }) => (from === 'a' && index === 0 && now < 1100 ? false : undefined));
    connect(s);
    s.pair.advance(5000);
    expect(s.a.selectedPair!.path.protocol).toBe('tcp');
    s.connections.reset(s);
    expect(s.a.selectedPair?.path.protocol).toBe('udp');
    s.pair.run({ until: s.connected, timeout: 1000 });
    s.pair.advance(60_000);
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed']);
  });

  it('a simultaneous open that fails is tried a few times more', () => {
    const s = tcpStory(['so'], ['so']);
    s.connections.refusing = true;
    s.exchangeCredentials();
    const refuse = (): void => {
      for (const agent of [s.a, s.b]) {
        for (const { path, state } of agent.stats().pairs)
          if (state === 'in-progress') agent.pathFailed(path, s.pair.now);
      }
    };
    for (let i = 0; i < 20; i++) {
      s.pair.advance(100);
      refuse();
    }
    expect(s.a.stats().pairs[0]!.requestsSent).toBe(3);
    s.connections.refusing = false;
    s.pair.run({ until: s.connected, timeout: 10_000 });
  });
});

describe('TCP candidates of the peer', () => {
  const line = 'candidate:1 1 tcp 1518280447 198.51.100.1 6002 typ host tcptype passive';

  it('that came before there was a TCP base are used once there is', () => {
    const s = tcpStory([], ['passive']);
    s.exchangeCredentials();
    s.pair.advance(100);
    expect(s.a.stats()).toMatchObject({ ignoredTcpCandidates: 1, ignoredCandidates: 1, pairs: [] });
    s.a.addLocalBase(tcpBase(A4, 'active'), s.pair.now);
    s.pair.run({ until: s.connected });
    expect(s.a.stats()).toMatchObject({ ignoredTcpCandidates: 0, ignoredCandidates: 0 });
  });

  it('that belong to another generation by then are not', () => {
    const agent = newAgent();
    agent.setRemoteCredentials({ usernameFragment: 'peer', password: 'x'.repeat(22) }, 0);
    agent.addRemoteCandidate(parseCandidate(`${line} ufrag peer`), 0);
    agent.setRemoteCredentials({ usernameFragment: 'other', password: 'x'.repeat(22) }, 0);
    agent.addLocalBase(tcpBase(A4, 'active'), 0);
    expect(agent.stats()).toMatchObject({ pairs: [], remoteCandidates: [] });
  });

  it('without a tcptype are ignored', () => {
    const agent = newAgent();
    agent.addLocalBase(tcpBase(A4, 'active'), 0);
    agent.addRemoteCandidate(parseCandidate(line.replace(' tcptype passive', '')), 0);
    expect(agent.stats()).toMatchObject({ ignoredTcpCandidates: 1, pairs: [] });
  });

  it('have no component, family or address that UDP ones may not have', () => {
    const agent = newAgent();
    agent.addLocalBase(tcpBase(A4, 'active'), 0);
    for (const [from, to] of [
      ['1 tcp', '2 tcp'],
      ['198.51.100.1', '0.0.0.0'],
      ['198.51.100.1', '239.1.1.1'],
      ['198.51.100.1', 'a.local'],
      ['6002', '0'],
    ] as const) {
      agent.addRemoteCandidate(parseCandidate(line.replace(from, to)), 0);
    }
    expect(agent.stats()).toMatchObject({ ignoredCandidates: 5, pairs: [] });
  });
});

describe('pathFailed', () => {
  it('of a path that nobody knows changes nothing', () => {
    const s = tcpStory(['active'], ['passive']);
    connect(s);
    const { path } = s.a.selectedPair!;
    s.a.pathFailed({ ...path, protocol: 'udp' }, s.pair.now);
    s.a.pathFailed({ ...path, remote: A4 }, s.pair.now);
    expect(s.a.selectedPair!.path).toBe(path);
  });

  it('of the old pair during a restart leaves the new one to be found', () => {
    const s = tcpStory(['active'], ['passive']);
    connect(s);
    s.a.restart(s.pair.now);
    s.a.pathFailed({ ...s.a.selectedPair!.path }, s.pair.now);
    expect(s.a.selectedPair).toBeUndefined();
    expect(s.a.state).toBe('checking');
  });

  it('of a relayed path, when a relay may not reach the peer', () => {
    const s = story();
    s.exchangeCredentials();
    s.pair.advance(0);
    const { path } = s.a.stats().pairs[0]!;
    s.a.pathFailed(path, s.pair.now);
    expect(s.a.stats().pairs[0]!.state).toBe('failed');
  });
});
