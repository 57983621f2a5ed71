import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../src/index.ts';
import { A4, A6, B4, B6, connect, type Story, type StoryOptions, signal, statesOf, story } from '../helpers.ts';

const WIFI = transportAddress('192.0.2.9', 5009);
const RELAY = transportAddress('203.0.113.200', 49_200);

const back = ({ protocol, local, remote }: Path): Path => ({ protocol, local: remote, remote: local });
const relayed = ({ address, port }: TransportAddress): Candidate => ({
  foundation: '',
  component: 1,
  protocol: 'udp',
  priority: 0,
  address,
  port,
  type: 'relay',
  relayProtocol: 'udp',
});

/** A settled connection in which the network of a may lose some of its addresses. */
function settled(options: StoryOptions = {}): Story & { readonly dead: Set<string> } {
  const dead = new Set<string>();
  const s = story({
    aBases: [A6, A4],
    bBases: [B6, B4],
    route: (path) => (dead.has(path.local.address) || dead.has(path.remote.address) ? undefined : back(path)),
    ...options,
  });
  connect(s);
  s.pair.run({ until: s.settled });
  s.pair.advance(1000);
  return { ...s, dead };
}

/** The interface with this address goes, as its driver would tell it. */
function remove(s: ReturnType<typeof settled>, side: 'a' | 'b', base: TransportAddress): void {
  s.dead.add(base.address);
  s[side].removeLocalBase(base, s.pair.now);
}

describe('an interface that goes away', () => {
  it.each(['a', 'b'] as const)('on side %s, with another pair valid: both sides are on that at once', (side) => {
    const s = settled();
    const other = side === 'a' ? s.b : s.a;
    expect(s.a.selectedPair!.path.local).toEqual(A6);
    s.pair.advance(200_000);
    const start = s.pair.now;
    remove(s, side, side === 'a' ? A6 : B6);
    // Not even a moment without a way to send.
    expect(s[side].selectedPair!.path.local).toEqual(side === 'a' ? A4 : B4);
    s.pair.run({ until: () => other.selectedPair!.path.local.family === 'IPv4', timeout: 4000 });
    expect(s.pair.now - start).toBeLessThan(4000);
    s.pair.advance(120_000);
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed']);
    expect(statesOf(s.pair.b.events)).toEqual(['checking', 'completed']);
    expect(s.a.selectedPair!.path).toEqual(back(s.b.selectedPair!.path));
  });

  it('on side a, whose packets are lost for a while too', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const s = settled({ seed });
      s.pair.setNetem({ delay: 30, loss: 0.25 });
      s.pair.advance(60_000);
      remove(s, 'a', A6);
      s.pair.run({
        until: () => s.b.selectedPair?.path.local.family === 'IPv4' && s.a.selectedPair?.path.local.family === 'IPv4',
        timeout: 40_000,
      });
      expect(statesOf(s.pair.a.events)).not.toContain('failed');
      expect(statesOf(s.pair.b.events)).not.toContain('failed');
    }
  });

  it('without a word from the driver: the silence is noticed, and another pair is taken', () => {
    const s = settled();
    s.dead.add(A6.address);
    s.pair.run({ until: () => s.a.selectedPair!.path.local.family === 'IPv4', timeout: 13_000 });
    s.pair.run({ until: () => s.b.selectedPair!.path.local.family === 'IPv4', timeout: 13_000 });
    s.pair.run({ until: s.settled, timeout: 1000 });
    s.pair.advance(120_000);
    for (const side of [s.pair.a, s.pair.b]) {
      expect(statesOf(side.events)).not.toContain('failed');
      expect(statesOf(side.events).at(-1)).toBe('completed');
    }
  });

  it('with no other pair, and none to check, is disconnected at once and failed after 30 s', () => {
    const s = settled({ aBases: [A4], bBases: [B4] });
    s.pair.advance(60_000);
    const start = s.pair.now;
    remove(s, 'a', A4);
    expect(s.a.state).toBe('disconnected');
    s.pair.run({ until: () => s.a.state === 'failed' });
    expect(s.pair.now - start).toBe(30_000);
  });

  it('with pairs that are not valid: they are checked again before it counts as disconnected', () => {
    let repaired = false;
    const s = settled({
      // IPv4 does not work in the beginning.
      route: (path) => (path.local.family === 'IPv4' && !repaired ? undefined : back(path)),
    });
    s.pair.advance(60_000);
    expect(s.a.stats().pairs.map(({ valid }) => valid)).toEqual([true, false]);
    repaired = true;
    s.a.removeLocalBase(A6, s.pair.now);
    s.b.removeLocalBase(B6, s.pair.now);
    expect(s.a.selectedPair).toBeUndefined();
    expect(s.a.state).toBe('completed');
    s.pair.run({ until: s.connected, timeout: 3000 });
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed']);
  });

  it('and those that do not work either end it: disconnected after 5 s, failed in the end', () => {
    const s = settled();
    s.pair.advance(60_000);
    s.dead.add(A4.address);
    // The other pair fails when it is next kept warm.
    s.pair.advance(100_000);
    const start = s.pair.now;
    remove(s, 'a', A6);
    s.pair.run({ until: () => s.a.state === 'disconnected', timeout: 5000 });
    expect(s.pair.now - start).toBe(5000);
    s.pair.run({ until: () => s.a.state === 'failed' && s.b.state === 'failed' });
  });

  it('leaves a pair that was not heard of for long: that is asked before anything is sent on it', () => {
    const quiet = { backupInterval: Number.POSITIVE_INFINITY };
    const s = settled({ a: quiet, b: quiet });
    s.pair.advance(200_000);
    remove(s, 'a', A6);
    expect(s.a.selectedPair).toBeUndefined();
    expect(s.a.isKnownPath({ protocol: 'udp', local: A4, remote: B4 })).toBe(false);
    s.pair.run({ until: () => s.a.selectedPair?.path.local === A4, timeout: 1000 });
    s.pair.run({ until: () => s.b.selectedPair!.path.local === B4, timeout: 4000 });
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed']);
  });

  it('leaves a substitute that is silent too: that is no end for another 30 s', () => {
    const s = settled();
    s.pair.advance(26_000);
    s.dead.add(A4.address);
    remove(s, 'a', A6);
    expect(s.a.selectedPair!.path.local).toEqual(A4);
    const start = s.pair.now;
    s.pair.run({ until: () => s.a.selectedPair === undefined });
    expect(s.a.state).toBe('disconnected');
    expect(s.pair.now - start).toBeLessThanOrEqual(30_000);
    s.pair.advance(5000);
    s.dead.delete(A4.address);
    s.pair.run({ until: () => s.a.selectedPair?.path.local === A4, timeout: 25_000 });
    expect(statesOf(s.pair.a.events)).not.toContain('failed');
  });

  it('frees nothing that is in use: data of the other paths is believed still', () => {
    const s = settled();
    const v4 = { protocol: 'udp', local: A4, remote: B4 } as const;
    expect(s.a.isKnownPath(v4)).toBe(true);
    remove(s, 'a', A6);
    expect(s.a.isKnownPath(v4)).toBe(true);
    expect(s.a.isKnownPath({ protocol: 'udp', local: A6, remote: B6 })).toBe(false);
  });
});

describe('an interface that comes', () => {
  it('is checked, and stays in reserve', () => {
    const s = settled({ aBases: [A4], bBases: [B4] });
    const before = s.a.selectedPair!.path;
    s.a.addLocalBase({ address: WIFI }, s.pair.now);
    s.pair.advance(1000);
    expect(s.a.stats().pairs.filter(({ valid }) => valid)).toHaveLength(2);
    expect(s.a.selectedPair!.path).toBe(before);
    remove(s, 'a', A4);
    expect(s.a.selectedPair!.path.local).toEqual(WIFI);
    s.pair.run({ until: () => s.b.selectedPair!.path.remote.port === WIFI.port, timeout: 4000 });
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed']);
  });

  it('after the last one went revives the connection', () => {
    const s = settled({ aBases: [A4], bBases: [B4] });
    remove(s, 'a', A4);
    s.pair.advance(10_000);
    s.a.addLocalBase({ address: WIFI }, s.pair.now);
    s.pair.run({ until: () => s.a.selectedPair?.path.local.port === WIFI.port, timeout: 2000 });
    expect(s.a.state).toBe('completed');
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed', 'disconnected', 'completed']);
    s.pair.run({ until: () => s.b.selectedPair?.path.remote.port === WIFI.port, timeout: 4000 });
  });

  it('on the controlled side, after its last one went: it uses the way before it is told to', () => {
    const s = settled({ aBases: [A4], bBases: [B4] });
    remove(s, 'b', B4);
    s.pair.advance(100);
    s.b.addLocalBase({ address: WIFI }, s.pair.now);
    s.pair.run({ until: () => s.b.selectedPair?.path.local.port === WIFI.port, timeout: 2000 });
    s.pair.run({ until: () => s.a.selectedPair?.path.remote.port === WIFI.port, timeout: 5000 });
    s.pair.advance(60_000);
    expect([s.a.state, s.b.state]).toEqual(['completed', 'completed']);
  });
});

describe('relays', () => {
  /** Both have a relay beside the direct way; only what starts from a relay of a can be blocked here. */
  function withRelays(direct: () => boolean): Story {
    const s = story({
      signalling: 'none',
      route: (path) => {
        const viaRelay = path.local.port === RELAY.port || path.remote.port === RELAY.port;
        return viaRelay || direct() ? back(path) : undefined;
      },
    });
    s.pair.a.onEvent = (event, now) => signal(event, s.b, now);
    s.pair.b.onEvent = (event, now) => signal(event, s.a, now);
    s.a.addLocalCandidate(relayed(RELAY), RELAY, s.pair.now);
    return s;
  }

  it('carry the connection where nothing else does; their loss ends it, a new one brings it back', () => {
    const s = withRelays(() => false);
    connect(s);
    expect(s.a.selectedPair!.local).toMatchObject({ type: 'relay', relayProtocol: 'udp' });
    s.pair.advance(60_000);
    s.a.removeLocalBase(RELAY, s.pair.now);
    expect(s.a.selectedPair).toBeUndefined();
    expect(s.a.stats().localCandidates.map(({ candidate }) => candidate.type)).toEqual(['host']);
    const second = { ...RELAY, address: '203.0.113.201' };
    s.pair.advance(2000);
    s.a.addLocalCandidate(relayed(second), second, s.pair.now);
    s.pair.run({ until: () => s.a.selectedPair?.local.address === second.address, timeout: 5000 });
    s.pair.run({ until: () => s.b.selectedPair?.path.remote.address === second.address, timeout: 5000 });
    expect(statesOf(s.pair.a.events)).not.toContain('failed');
  });

  it('take over when the direct way ends, and the other way round', () => {
    let direct = true;
    const s = withRelays(() => direct);
    connect(s);
    s.pair.advance(60_000);
    expect(s.a.selectedPair!.local.type).toBe('host');
    direct = false;
    s.pair.run({ until: () => s.a.selectedPair!.local.type === 'relay', timeout: 13_000 });
    s.pair.run({ until: () => s.b.selectedPair!.path.remote.port === RELAY.port, timeout: 13_000 });
    direct = true;
    s.pair.advance(60_000);
    s.a.removeLocalBase(RELAY, s.pair.now);
    s.pair.run({ until: () => s.a.selectedPair?.local.type === 'host', timeout: 5000 });
    s.pair.run({ until: () => s.b.selectedPair?.path.remote.port === A4.port, timeout: 15_000 });
    expect(statesOf(s.pair.a.events)).not.toContain('failed');
  });
});
