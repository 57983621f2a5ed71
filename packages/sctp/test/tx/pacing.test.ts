import { describe, expect, it } from 'vitest';
import { OutageProbe } from '../../src/tx/outage-probe.ts';
import { Pacer } from '../../src/tx/pacer.ts';
import { Rto } from '../../src/tx/rto.ts';

/** Sends 1000-byte packets for `ms`, as the pacer lets; answers how many left at each look. */
function pace(pacer: Pacer, window: number, smoothed: number, least: number, ms: number): number[] {
  const bursts: number[] = [];
  let now = 0;
  while (now < ms && bursts.length < 1000) {
    let left = 0;
    for (; left < 10_000; left++) {
      pacer.update(window, 1000, smoothed, least, 1.25, now);
      if (!pacer.mayLeave) break;
      pacer.left(1000);
    }
    bursts.push(left);
    const next = pacer.next(now);
    expect(next).toBeGreaterThanOrEqual(now + 1);
    now = next;
  }
  return bursts;
}

describe('Pacer', () => {
  it('spreads a window over four fifths of a round trip, in bursts of at most ten packets', () => {
    const bursts = pace(new Pacer(), 100_000, 100, 100, 1000);
    const sent = bursts.reduce((sum, one) => sum + one, 0);
    // 100 packets a round trip of 100 ms, times 1.25, and the first burst.
    expect(sent).toBeGreaterThan(1240);
    expect(sent).toBeLessThan(1275);
    expect(Math.max(...bursts.slice(1))).toBeLessThanOrEqual(10);
    // Few timers: five packets each.
    expect(bursts.length).toBeLessThan(260);
  });

  it('lets at high rates leave at once what a timer cannot tell apart', () => {
    const bursts = pace(new Pacer(), 5_000_000, 50, 50, 100);
    expect(bursts.length).toBeLessThan(60);
  });

  it('never holds anything back on paths of under two milliseconds, even when our own queue makes them slow', () => {
    const pacer = new Pacer();
    pacer.update(100_000, 1000, 40, 0.3, 1.25, 0);
    for (let n = 0; n < 10_000; n++) pacer.left(1000);
    expect(pacer.mayLeave).toBe(true);
    pacer.update(100_000, 1000, undefined, Number.POSITIVE_INFINITY, 1.25, 0);
    expect(pacer.mayLeave).toBe(true);
  });
});

describe('OutageProbe', () => {
  it('comes every round trip for ten seconds, from the first timeout on', () => {
    const probe = new OutageProbe();
    expect(probe.deadline).toBe(Number.POSITIVE_INFINITY);
    probe.begin(50, 1000);
    const times: number[] = [];
    while (probe.deadline < Number.POSITIVE_INFINITY) {
      const now = probe.deadline;
      times.push(now);
      probe.sent(now);
      probe.begin(50, now);
    }
    expect(times[0]).toBe(1050);
    expect(times[1]).toBe(1100);
    expect(times).toHaveLength(199);
    probe.stop();
    probe.begin(5, 20_000);
    expect(probe.deadline).toBe(20_020);
    probe.stop();
    expect(probe).toMatchObject({ isActive: false, deadline: Number.POSITIVE_INFINITY });
  });

  it('does not come where no round trip is known', () => {
    const probe = new OutageProbe();
    probe.begin(undefined, 0);
    expect(probe.isActive).toBe(false);
  });
});

describe('Rto', () => {
  it('stays a granularity above a round trip that never varies (RFC 6298 §2.3)', () => {
    const rto = new Rto(500, 10, 10_000);
    for (let n = 0; n < 100; n++) rto.measured(40);
    expect(rto.value).toBeCloseTo(45, 3);
  });
});
