import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathMtu, type PathMtuSettings } from '../../src/association/path-mtu.ts';
import { Dice } from '../pair.ts';

/** A search that runs, from 1200 to 16,000 bytes unless said otherwise. */
function started(settings: Partial<PathMtuSettings> = {}): PathMtu {
  const mtu = new PathMtu({ min: 1200, max: 16_000, search: true, random: new Dice(1).fill, ...settings });
  mtu.start(true);
  mtu.used();
  return mtu;
}

/** Sends the probe that is due; answers its information. */
function send(mtu: PathMtu, now: number): Uint8Array {
  const token = mtu.token.slice();
  mtu.sent(100, now);
  return token;
}

/** Lets probes through up to `takes` bytes, and time pass for the others, until nothing is due any more. */
function probe(mtu: PathMtu, takes: number, from = 0): { readonly sizes: number[]; readonly now: number } {
  const sizes: number[] = [];
  let now = from;
  for (let n = 0; n < 1000 && (mtu.dueSize > 0 || mtu.deadline - now < 100_000); n++) {
    if (mtu.dueSize === 0) {
      now = mtu.deadline;
      mtu.handleTimeout(now);
      continue;
    }
    const size = mtu.dueSize;
    sizes.push(size);
    const token = send(mtu, now);
    if (size <= takes) expect(mtu.handleHeartbeatAck(token, now)).toBe(true);
  }
  return { sizes, now };
}

describe('states of RFC 8899 §5.2', () => {
  it('disabled: without a search, without a connection, and where there is nothing to find', () => {
    const off = started({ search: false });
    expect(off).toMatchObject({ state: 'disabled', size: 1200, dueSize: 0, most: 1200 });
    const idle = new PathMtu({ min: 1200, max: 16_000, search: true, random: new Dice(1).fill });
    idle.used();
    expect(idle).toMatchObject({ state: 'disabled', dueSize: 0 });
    const strange = new PathMtu({ min: 1200, max: 16_000, search: true, random: new Dice(1).fill });
    strange.start(false);
    strange.used();
    expect(strange).toMatchObject({ state: 'disabled', dueSize: 0 });
    const bounded = started();
    bounded.setLimit(1200);
    expect(bounded.state).toBe('disabled');
    const over = started();
    over.stop();
    expect(over).toMatchObject({ state: 'disabled', dueSize: 0, deadline: Number.POSITIVE_INFINITY });
  });

  it('base: nothing is sent before there is more to send than a packet holds', () => {
    const mtu = new PathMtu({ min: 1200, max: 16_000, search: true, random: new Dice(1).fill });
    mtu.start(true);
    expect(mtu).toMatchObject({ state: 'base', dueSize: 0, deadline: Number.POSITIVE_INFINITY });
    mtu.used();
    expect(mtu).toMatchObject({ state: 'base', dueSize: 1200, size: 1200 });
  });

  it('base to searching to complete: three packets, where the path takes everything', () => {
    const mtu = started();
    mtu.handleHeartbeatAck(send(mtu, 0), 1);
    expect(mtu).toMatchObject({ state: 'searching', size: 1200, dueSize: 16_000 });
    mtu.handleHeartbeatAck(send(mtu, 1), 2);
    expect(mtu).toMatchObject({ state: 'complete', size: 16_000, dueSize: 0, deadline: Number.POSITIVE_INFINITY });
    expect(mtu.probesSent).toBe(2);
  });

  it('base to error: three probes without an answer, and another try after ten minutes', () => {
    const mtu = started();
    const { sizes, now } = probe(mtu, 0);
    expect(sizes).toEqual([1200, 1200, 1200]);
    expect(mtu).toMatchObject({ state: 'error', size: 1200, deadline: now + 600_000 });
    mtu.handleTimeout(now + 600_000);
    expect(mtu).toMatchObject({ state: 'base', dueSize: 1200 });
  });

  it('searching: what lies between is halved, each size tried three times', () => {
    const mtu = started();
    const { sizes, now } = probe(mtu, 8191);
    expect(sizes.slice(0, 8)).toEqual([1200, 16_000, 16_000, 16_000, 8600, 8600, 8600, 4900]);
    expect(mtu.state).toBe('complete');
    expect(mtu.size).toBeGreaterThan(7000);
    expect(mtu.size).toBeLessThanOrEqual(8191);
    expect(mtu.deadline).toBe(now + 600_000);
  });

  it('complete: after ten minutes larger ones are tried again', () => {
    const mtu = started();
    const { now } = probe(mtu, 5000);
    const found = mtu.size;
    mtu.handleTimeout(now + 600_000);
    expect(mtu).toMatchObject({ state: 'searching', size: found, dueSize: 16_000 });
    probe(mtu, 20_000, now + 600_000);
    expect(mtu.size).toBe(16_000);
  });
});

describe('the probe timer', () => {
  it('is a second at least (§5.1.1), and the RTO where that is longer', () => {
    const mtu = started();
    mtu.sent(100, 50);
    expect(mtu.deadline).toBe(1050);
    mtu.handleTimeout(1049);
    expect(mtu.dueSize).toBe(0);
    mtu.handleTimeout(1050);
    expect(mtu.dueSize).toBe(1200);
    mtu.sent(4000, 1050);
    expect(mtu.deadline).toBe(5050);
  });

  it('an answer to an earlier try of the same size counts', () => {
    const mtu = started();
    const first = send(mtu, 0);
    mtu.handleTimeout(1000);
    send(mtu, 1000);
    expect(mtu.handleHeartbeatAck(first, 1001)).toBe(true);
    expect(mtu.state).toBe('searching');
  });
});

describe('answers that are none', () => {
  it('made up, cut short, too early, late or twice: nothing changes', () => {
    const mtu = started();
    expect(mtu.handleHeartbeatAck(mtu.token.slice(), 0)).toBe(false);
    const base = send(mtu, 0);
    for (const forged of [new Uint8Array(8), new Uint8Array(0), base.subarray(0, 7), Uint8Array.of(...base, 0)])
      expect(mtu.handleHeartbeatAck(forged, 1)).toBe(false);
    expect(mtu.state).toBe('base');
    expect(mtu.handleHeartbeatAck(base, 1)).toBe(true);
    send(mtu, 1);
    // The small probe's information does not vouch for the large one.
    expect(mtu.handleHeartbeatAck(base, 2)).toBe(false);
    expect(mtu.size).toBe(1200);
  });

  it('to a probe of another path say nothing about this one', () => {
    const mtu = started();
    probe(mtu, 1200);
    mtu.setLimit(16_000);
    mtu.used();
    mtu.handleHeartbeatAck(send(mtu, 0), 0);
    const large = send(mtu, 0);
    mtu.setLimit(16_000);
    expect(mtu.handleHeartbeatAck(large, 1)).toBe(false);
    expect(mtu).toMatchObject({ state: 'base', size: 1200 });
  });
});

describe('black holes (§4.3)', () => {
  const found = (): PathMtu => {
    const mtu = started();
    probe(mtu, 20_000);
    expect(mtu.size).toBe(16_000);
    return mtu;
  };

  it('two expirations of T3-rtx in a row lead back to the base, and to a new search', () => {
    const mtu = found();
    mtu.timedOut(100);
    expect(mtu).toMatchObject({ size: 16_000, dueSize: 16_000 });
    mtu.timedOut(300);
    expect(mtu).toMatchObject({ size: 1200, state: 'base', dueSize: 1200, blackHoles: 1 });
    probe(mtu, 3000, 400);
    expect(mtu.size).toBeGreaterThan(2500);
    expect(mtu.size).toBeLessThanOrEqual(3000);
  });

  it('progress between them forgives', () => {
    const mtu = found();
    for (let n = 1; n < 10; n++) {
      mtu.timedOut(n * 1000);
      mtu.acknowledged(n, 0, n * 1000 + 1);
    }
    expect(mtu).toMatchObject({ size: 16_000, blackHoles: 0 });
  });

  it('losses have the size confirmed, once a second at most', () => {
    const mtu = found();
    mtu.acknowledged(1, 1, 5000);
    expect(mtu.dueSize).toBe(16_000);
    mtu.handleHeartbeatAck(send(mtu, 5000), 5001);
    expect(mtu).toMatchObject({ size: 16_000, state: 'complete', dueSize: 0 });
    mtu.acknowledged(2, 2, 5500);
    expect(mtu.dueSize).toBe(0);
    mtu.acknowledged(3, 3, 6100);
    expect(mtu.dueSize).toBe(16_000);
  });

  it('a size that is not confirmed by three probes is given up', () => {
    const mtu = found();
    mtu.acknowledged(1, 1, 5000);
    for (const now of [5000, 6000, 7000]) {
      expect(mtu.dueSize).toBe(16_000);
      send(mtu, now);
      mtu.handleTimeout(now + 1000);
    }
    expect(mtu).toMatchObject({ size: 1200, state: 'base', blackHoles: 1 });
  });

  it('a suspicion in the midst of a search ends in the same search', () => {
    const mtu = started();
    for (let n = 0; n < 3; n++) {
      if (mtu.dueSize === 1200) mtu.handleHeartbeatAck(send(mtu, 0), 0);
      send(mtu, n * 1000);
      mtu.handleTimeout((n + 1) * 1000);
    }
    expect(mtu).toMatchObject({ state: 'searching', dueSize: 8600 });
    mtu.handleHeartbeatAck(send(mtu, 3000), 3001);
    const next = mtu.dueSize;
    mtu.acknowledged(1, 1, 3002);
    expect(mtu.dueSize).toBe(8600);
    mtu.handleHeartbeatAck(send(mtu, 3003), 3004);
    expect(mtu).toMatchObject({ state: 'searching', size: 8600, dueSize: next });
  });

  it('what lets probes through and data not is left alone after the second time', () => {
    const mtu = found();
    for (const now of [1000, 1300]) mtu.timedOut(now);
    probe(mtu, 20_000, 1400);
    expect(mtu.size).toBe(16_000);
    for (const now of [10_000, 10_300]) mtu.timedOut(now);
    expect(mtu).toMatchObject({ state: 'error', size: 1200, dueSize: 0, blackHoles: 2 });
  });

  it('at the base there are none', () => {
    const mtu = started();
    for (let now = 1; now < 10; now++) mtu.timedOut(now);
    mtu.acknowledged(1, 5, 20);
    expect(mtu).toMatchObject({ blackHoles: 0, state: 'base' });
  });
});

it('a probe that does not fit the caller’s packets bounds the search', () => {
  const mtu = started();
  mtu.handleHeartbeatAck(send(mtu, 0), 0);
  mtu.refused(2002, 1);
  expect(mtu.dueSize).toBe(2000);
  mtu.handleHeartbeatAck(send(mtu, 1), 2);
  expect(mtu).toMatchObject({ state: 'complete', size: 2000 });
});

it('finds the size to an eighth, whatever the path takes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1200, max: 70_000 }), fc.integer({ min: 1200, max: 65_000 }), (takes, limit) => {
      const mtu = started({ max: 65_000 });
      mtu.setLimit(limit);
      mtu.used();
      const { sizes } = probe(mtu, takes);
      const best = Math.min(takes, limit & ~3);
      expect(mtu.size).toBeLessThanOrEqual(best);
      expect(mtu.size + Math.max(mtu.size >> 3, 64) + 4).toBeGreaterThanOrEqual(best);
      expect(sizes.length).toBeLessThan(60);
    }),
  );
});

it('never uses what was not acknowledged, nor goes beyond its limit, whatever happens', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('send' as const), answered: fc.boolean() }),
    fc.record({ do: fc.constantFrom('wait', 'timeout', 'progress', 'loss', 'used', 'start') }),
    fc.record({ do: fc.constant('limit' as const), bytes: fc.integer({ min: 0, max: 70_000 }) }),
    fc.record({ do: fc.constant('forge' as const), info: fc.uint8Array({ maxLength: 9 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const mtu = started();
      let limit = 16_000;
      let now = 0;
      let proven = new Set([1200]);
      let count = 0;
      for (const one of steps) {
        now += 7;
        if (one.do === 'send' && 'answered' in one && mtu.dueSize > 0) {
          const size = mtu.dueSize;
          const token = send(mtu, now);
          if (one.answered) {
            proven.add(size);
            mtu.handleHeartbeatAck(token, now);
          }
        } else if (one.do === 'wait') {
          now = mtu.deadline === Number.POSITIVE_INFINITY ? now : Math.max(now, mtu.deadline);
          mtu.handleTimeout(now);
          expect(mtu.deadline).toBeGreaterThan(now);
        } else if (one.do === 'timeout') mtu.timedOut(now);
        else if (one.do === 'progress') mtu.acknowledged(++count, 0, now);
        else if (one.do === 'loss') mtu.acknowledged(count, ++count, now);
        else if (one.do === 'used') mtu.used();
        else if (one.do === 'limit' && 'bytes' in one) {
          mtu.setLimit(one.bytes);
          limit = Math.max(1200, Math.min(16_000, one.bytes));
          proven = new Set([1200]);
        } else if (one.do === 'start') {
          mtu.start(true);
          proven = new Set([1200]);
        } else if (one.do === 'forge' && 'info' in one) expect(mtu.handleHeartbeatAck(one.info, now)).toBe(false);
        expect(proven).toContain(mtu.size);
        expect(mtu.dueSize).toBeLessThanOrEqual(limit);
      }
    }),
  );
});
