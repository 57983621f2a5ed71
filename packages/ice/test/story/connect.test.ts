import { reversed } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { A4, A6, B4, B6, connect, statesOf, story } from '../helpers.ts';

describe('two agents', () => {
  it('connect by trickle both ways, and complete', () => {
    const s = story();
    connect(s);
    s.pair.run({ until: s.settled });
    expect(s.a.selectedPair?.path).toEqual({ protocol: 'udp', local: A4, remote: B4 });
    expect(s.b.selectedPair?.path).toEqual({ protocol: 'udp', local: B4, remote: A4 });
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed']);
    expect(statesOf(s.pair.b.events)).toEqual(['checking', 'completed']);
  });

  it('connect within two round trips of a local network', () => {
    const s = story({ netem: { delay: 0.2 } });
    const start = s.pair.now;
    connect(s);
    expect(s.pair.now - start).toBeLessThanOrEqual(1);
  });

  it.each([1, 2, 3, 4, 5])('connect with loss of every third packet, delay and reordering (seed %i)', (seed) => {
    const s = story({
      seed,
      netem: { delay: 30, jitter: 20, loss: 0.3, reorder: 0.1 },
      aBases: [A4, A6],
      bBases: [B4, B6],
    });
    connect(s);
    s.pair.run({ until: s.settled });
    expect(s.a.isKnownPath(reversed(s.b.selectedPair!.path))).toBe(true);
    expect(s.b.isKnownPath(reversed(s.a.selectedPair!.path))).toBe(true);
  });

  it('keep their selected path one object', () => {
    const s = story();
    connect(s);
    const path = s.a.selectedPair?.path;
    s.pair.advance(20_000);
    expect(s.a.selectedPair?.path).toBe(path);
    expect(s.a.state).toBe('completed');
  });
});

describe('restart', () => {
  it('keeps the old pair until a new one is selected', () => {
    const s = story();
    connect(s);
    s.pair.run({ until: s.settled });
    const old = s.a.selectedPair?.path;
    s.a.restart(s.pair.now);
    s.b.restart(s.pair.now);
    expect(s.a.selectedPair?.path).toBe(old);
    expect(s.a.state).toBe('connected');
    s.pair.advance(100);
    s.exchangeCredentials();
    s.pair.run({ until: () => s.a.selectedPair?.path !== old && s.settled() });
    expect(s.a.stats().selectedPairChanges).toBe(2);
  });
});

describe('consent', () => {
  it('goes disconnected and then failed when the peer vanishes', () => {
    const s = story();
    connect(s);
    s.pair.run({ until: s.settled });
    const start = s.pair.now;
    s.pair.cut();
    s.pair.run({ until: () => s.a.state === 'disconnected' });
    expect(s.pair.now - start).toBeLessThanOrEqual(11_000);
    s.pair.run({ until: () => s.a.state === 'failed' });
    expect(s.pair.now - start).toBeLessThanOrEqual(30_000);
    expect(s.a.selectedPair).toBeUndefined();
  });
});
