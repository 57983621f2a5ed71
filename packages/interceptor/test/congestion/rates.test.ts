import { describe, expect, it } from 'vitest';
import { AcknowledgedBitrate } from '../../src/congestion/gcc/acknowledged-bitrate.ts';
import { AlrDetector } from '../../src/congestion/gcc/alr.ts';
import { EcnResponse } from '../../src/congestion/gcc/ecn-response.ts';
import { LinkCapacity } from '../../src/congestion/gcc/link-capacity.ts';
import { RateControl } from '../../src/congestion/gcc/rate-control.ts';
import { RoundTrip } from '../../src/congestion/gcc/round-trip.ts';

describe('RateControl', () => {
  it('holds first, then grows by 8 % per second while the capacity is unknown', () => {
    const rate = new RateControl(1_000_000, 30_000, 50_000_000);
    expect(rate.update('normal', 1_000_000, true, 0)).toBe(1_000_000);
    expect(rate.state).toBe('increase');
    expect(rate.update('normal', 1_000_000, true, 1000)).toBeCloseTo(1_080_000, -1);
  });

  it('grows by packets near the capacity that an overuse told of', () => {
    const rate = new RateControl(1_000_000, 30_000, 50_000_000);
    rate.setRoundTripTime(100);
    expect(rate.update('overuse', 1_000_000, true, 0)).toBe(850_000);
    expect(rate.state).toBe('decrease');
    expect(rate.decreasedAt).toBe(0);
    rate.update('normal', 850_000, true, 500);
    const grown = rate.update('normal', 850_000, true, 1500) - 850_000;
    expect(grown).toBeGreaterThan(40_000);
    expect(grown).toBeLessThan(100_000);
  });

  it('holds in an underuse, and where it may not increase', () => {
    const rate = new RateControl(1_000_000, 30_000, 50_000_000);
    rate.update('normal', 1_000_000, true, 0);
    expect(rate.update('underuse', 1_000_000, true, 1000)).toBe(1_000_000);
    expect(rate.state).toBe('hold');
    rate.update('normal', 1_000_000, true, 1100);
    expect(rate.update('normal', 1_000_000, false, 2000)).toBe(1_000_000);
  });

  it('does not run away from what arrives', () => {
    const rate = new RateControl(1_000_000, 30_000, 50_000_000);
    for (let at = 0; at < 60_000; at += 100) rate.update('normal', 1_000_000, true, at);
    expect(rate.bitrate).toBe(1_510_000);
  });

  it('lowers once per round trip, or at once when far too much is sent', () => {
    const rate = new RateControl(1_000_000, 30_000, 50_000_000);
    rate.setRoundTripTime(150);
    rate.update('overuse', 1_000_000, true, 1000);
    expect(rate.mayDecrease(1100, 800_000)).toBe(false);
    expect(rate.mayDecrease(1150, 800_000)).toBe(true);
    expect(rate.mayDecrease(1100, 400_000)).toBe(true);
  });

  it('keeps to its limits', () => {
    const rate = new RateControl(1_000_000, 500_000, 2_000_000);
    rate.update('overuse', 100_000, true, 0);
    expect(rate.bitrate).toBe(500_000);
    rate.set(9_000_000, 10);
    expect(rate.bitrate).toBe(2_000_000);
    rate.setLimits(30_000, 700_000);
    expect(rate.bitrate).toBe(700_000);
    rate.limit(600_000);
    expect(rate.bitrate).toBe(600_000);
    rate.scale(0.9, 600_000, 20);
    expect(rate.bitrate).toBe(540_000);
  });
});

describe('LinkCapacity', () => {
  it('is an average with bounds, which probes move more', () => {
    const capacity = new LinkCapacity();
    expect(capacity.known).toBe(false);
    expect(capacity.upperBound).toBe(Number.POSITIVE_INFINITY);
    expect(capacity.lowerBound).toBe(0);
    capacity.overused(1_000_000);
    expect(capacity.estimate).toBe(1_000_000);
    expect(capacity.upperBound).toBeGreaterThan(1_000_000);
    expect(capacity.lowerBound).toBeLessThan(1_000_000);
    capacity.overused(2_000_000);
    expect(capacity.estimate).toBeCloseTo(1_050_000);
    capacity.probed(2_050_000);
    expect(capacity.estimate).toBeCloseTo(1_550_000);
    capacity.reset();
    expect(capacity.known).toBe(false);
  });
});

describe('AcknowledgedBitrate', () => {
  function feed(estimator: AcknowledgedBitrate, from: number, to: number, bitrate: number, limited = false): void {
    for (let at = from; at < to; at += 10) estimator.add(bitrate / 800, at, limited);
  }

  it('is unknown for half a second and then follows', () => {
    const estimator = new AcknowledgedBitrate();
    feed(estimator, 0, 500, 1_000_000);
    expect(estimator.bitrate).toBeUndefined();
    feed(estimator, 500, 3000, 1_000_000);
    expect(estimator.bitrate).toBeCloseTo(1_000_000, -3);
    feed(estimator, 3000, 6000, 2_000_000);
    expect(estimator.bitrate).toBeGreaterThan(1_900_000);
  });

  it('tells a jump at once where that matters', () => {
    const estimator = new AcknowledgedBitrate();
    feed(estimator, 0, 3000, 500_000);
    feed(estimator, 3000, 3360, 5_000_000);
    expect(estimator.bitrate).toBeLessThan(4_000_000);
    expect(estimator.latest).toBeGreaterThan(4_900_000);
  });

  it('follows faster when a change is expected, slower when the application pauses', () => {
    const paused = new AcknowledgedBitrate();
    const other = new AcknowledgedBitrate();
    const warned = new AcknowledgedBitrate();
    for (const each of [paused, other, warned]) feed(each, 0, 3000, 1_000_000);
    warned.expectFastChange();
    feed(paused, 3000, 3320, 200_000, true);
    feed(other, 3000, 3320, 200_000);
    feed(warned, 3000, 3320, 200_000);
    expect(paused.bitrate).toBeGreaterThan(other.bitrate!);
    expect(warned.bitrate).toBeLessThan(other.bitrate!);
  });

  it('does not measure a gap', () => {
    const estimator = new AcknowledgedBitrate();
    feed(estimator, 0, 1000, 1_000_000);
    feed(estimator, 60_000, 61_000, 1_000_000);
    expect(estimator.bitrate).toBeGreaterThan(990_000);
  });
});

describe('AlrDetector', () => {
  it('is entered when far less than the target is sent, and left when more is', () => {
    const alr = new AlrDetector();
    alr.setTarget(1_000_000);
    for (let at = 0; at <= 2000; at += 10) alr.sent(1250, at);
    expect(alr.since).toBeUndefined();
    for (let at = 2010; at <= 5000; at += 10) alr.sent(250, at);
    expect(alr.since).toBeGreaterThan(2010);
    for (let at = 5010; at <= 8000; at += 10) alr.sent(1250, at);
    expect(alr.since).toBeUndefined();
  });

  it('is entered while nothing is sent', () => {
    const alr = new AlrDetector();
    alr.setTarget(1_000_000);
    for (let at = 0; at < 2000; at += 25) alr.sent(0, at);
    expect(alr.since).toBeLessThan(1000);
  });
});

describe('EcnResponse', () => {
  it('does nothing without marks and cuts by half the share, once and not in the next round trip', () => {
    const ecn = new EcnResponse();
    for (let i = 0; i < 100; i++) ecn.add(false);
    expect(ecn.update(50, 0)).toBe(1);
    expect(ecn.update(50, 50)).toBe(1);
    expect(ecn.isActive).toBe(false);
    for (let i = 0; i < 100; i++) ecn.add(i < 40);
    expect(ecn.update(50, 100)).toBeCloseTo(0.95);
    expect(ecn.share).toBeCloseTo(0.1);
    expect(ecn.marked).toBe(40);
    expect(ecn.isActive).toBe(true);
    for (let i = 0; i < 100; i++) ecn.add(true);
    expect(ecn.update(50, 150)).toBe(1);
    for (let i = 0; i < 100; i++) ecn.add(true);
    expect(ecn.update(50, 200)).toBeCloseTo(0.85);
  });
});

describe('RoundTrip', () => {
  it('is smoothed, and nonsense is left out', () => {
    const trip = new RoundTrip();
    expect(trip.smoothed).toBeUndefined();
    trip.add(100);
    trip.add(180);
    expect(trip.smoothed).toBe(110);
    trip.add(-5);
    trip.add(Number.NaN);
    expect(trip.smoothed).toBe(110);
  });
});
