import { describe, expect, it } from 'vitest';
import { Rack } from '../../src/tx/rack.ts';
import { TailProbe } from '../../src/tx/tail-probe.ts';

describe('RACK (RFC 8985)', () => {
  it('counts a chunk as lost a reordering window after a later one arrived (steps 4 and 5)', () => {
    // P0 to P3 leave at 0 ms; P0, P2 and P3 arrive 100 ms later. P1 may be late by a quarter of the round trip.
    const rack = new Rack();
    rack.delivered(0, 0, false, 100);
    rack.delivered(2, 0, false, 100);
    expect(rack.isBefore(1, 0)).toBe(true);
    expect(rack.isBefore(3, 0)).toBe(false);
    const window = rack.reorderingWindow(100, false);
    expect(window).toBe(25);
    expect(rack.remaining(0, window, 100)).toBe(25);
    expect(rack.remaining(0, window, 125)).toBe(0);
    // Three packets behind the hole, and no reordering so far: at once.
    expect(rack.reorderingWindow(100, true)).toBe(0);
  });

  it('takes the latest sent, not the highest TSN, for the newest (step 2)', () => {
    const rack = new Rack();
    rack.delivered(9, 10, false, 60);
    rack.delivered(3, 70, true, 120);
    expect(rack).toMatchObject({ newestSentAt: 70, newestTsn: 3, roundTrip: 50 });
    expect(rack.isBefore(20, 60)).toBe(true);
    rack.delivered(10, 20, false, 125);
    expect(rack.newestTsn).toBe(3);
  });

  it('does not take the answer to an original for one to a retransmission (step 2)', () => {
    const rack = new Rack();
    rack.delivered(1, 0, false, 50);
    rack.delivered(2, 60, true, 70);
    expect(rack).toMatchObject({ newestSentAt: 0, newestTsn: 1 });
  });

  it('sees a chunk overtaken, also across the wrap, unless it was sent again (step 3)', () => {
    const rack = new Rack();
    rack.delivered(0xffff_ffff, 0, false, 50);
    rack.delivered(1, 1, false, 50);
    expect(rack.reorderingSeen).toBe(false);
    rack.delivered(0, 60, true, 120);
    expect(rack.reorderingSeen).toBe(false);
    rack.delivered(0, 0, false, 52);
    expect(rack.reorderingSeen).toBe(true);
    expect(rack.reorderingWindow(50, true)).toBe(12.25);
  });

  it('tolerates a quarter more per round with duplicates, up to a round trip, for 16 recoveries (step 4)', () => {
    const rack = new Rack();
    rack.delivered(5, 0, false, 40);
    rack.duplicated(5, 20);
    rack.duplicated(10, 30);
    expect(rack.reorderingWindow(60, false)).toBe(20);
    rack.duplicated(20, 40);
    rack.duplicated(40, 60);
    expect(rack.reorderingWindow(60, false)).toBe(40);
    for (let n = 0; n < 9; n++) rack.duplicated(60 + n, 61 + n);
    expect(rack.reorderingWindow(60, false)).toBe(60);
    for (let n = 0; n < 15; n++) rack.recovered();
    expect(rack.reorderingWindow(60, false)).toBe(60);
    rack.recovered();
    expect(rack.reorderingWindow(60, false)).toBe(10);
  });

  it('forgets the least round trip of a path that it has left', () => {
    const rack = new Rack();
    rack.delivered(1, 0, false, 20);
    rack.delivered(2, 16_000, false, 16_100);
    expect(rack.leastRoundTrip).toBe(20);
    rack.delivered(3, 32_000, false, 32_100);
    expect(rack.leastRoundTrip).toBe(100);
  });

  it('waits a little where the round trip is next to nothing', () => {
    const rack = new Rack();
    expect(rack.reorderingWindow(0, false)).toBe(5);
    rack.delivered(1, 0, false, 0.1);
    expect(rack.reorderingWindow(0.1, false)).toBe(5);
  });
});

describe('tail loss probes (RFC 8985 §7)', () => {
  it('come two round trips after the last progress, and after the delay of a SACK that was not asked for at once', () => {
    const probe = new TailProbe();
    expect(probe.delay(50, true, 1000)).toBe(110);
    expect(probe.delay(50, false, 1000)).toBe(310);
    expect(probe.delay(50, false, 300)).toBeUndefined();
  });

  it('tell the loss that they repaired (§7.4)', () => {
    const probe = new TailProbe();
    const outcome = (at: number, duplicate: boolean): boolean => {
      probe.repeated(7, 100);
      expect(probe.tsn).toBe(7);
      const repaired = probe.arrived(50, duplicate, at);
      expect(probe.tsn).toBeUndefined();
      return repaired;
    };
    expect(outcome(150, false)).toBe(true);
    // The original was there already; the SACK of the original came late.
    expect(outcome(150, true)).toBe(false);
    expect(outcome(120, false)).toBe(false);
    probe.repeated(7, 100);
    probe.forget();
    expect(probe.tsn).toBeUndefined();
  });
});
