import { describe, expect, it } from 'vitest';
import { FeedbackBatch } from '../../src/congestion/feedback-batch.ts';
import { DelayController } from '../../src/congestion/gcc/delay-controller.ts';
import { InterArrival } from '../../src/congestion/gcc/inter-arrival.ts';
import { OveruseDetector } from '../../src/congestion/gcc/overuse-detector.ts';
import { QueueDelay } from '../../src/congestion/gcc/queue-delay.ts';
import { Trendline } from '../../src/congestion/gcc/trendline.ts';

describe('InterArrival', () => {
  it('puts packets sent within 5 ms into one group and measures from group to group', () => {
    const arrivals = new InterArrival();
    expect(arrivals.add(0, 100)).toBe(false);
    expect(arrivals.add(4, 104)).toBe(false);
    expect(arrivals.add(20, 120)).toBe(false);
    expect(arrivals.add(24, 126)).toBe(false);
    expect(arrivals.add(40, 140)).toBe(true);
    expect(arrivals.sendDelta).toBe(20);
    expect(arrivals.arrivalDelta).toBe(22);
  });

  it('counts what arrives faster than it was sent as one burst', () => {
    const arrivals = new InterArrival();
    for (const [sent, arrived] of [
      [0, 100],
      [30, 130],
      [40, 131],
      [50, 132],
    ] as const) {
      arrivals.add(sent, arrived);
    }
    expect(arrivals.add(90, 170)).toBe(true);
    expect(arrivals.sendDelta).toBe(50);
    expect(arrivals.arrivalDelta).toBe(32);
  });

  it('ignores packets sent before the group and begins anew when the clock of the peer goes back', () => {
    const arrivals = new InterArrival();
    arrivals.add(0, 1000);
    arrivals.add(20, 1020);
    expect(arrivals.add(10, 1030)).toBe(false);
    let measured = 0;
    for (let i = 2; i < 8; i++) if (arrivals.add(20 * i, 500 + 20 * i)) measured++;
    expect(measured).toBeGreaterThan(0);
    expect(arrivals.arrivalDelta).toBe(20);
  });
});

describe('Trendline', () => {
  it('is the slope of the delay: 1 ms per 20 ms', () => {
    const trend = new Trendline();
    for (let i = 0; i < 200; i++) trend.add(1, 1000 + 20 * i);
    expect(trend.slope).toBeCloseTo(1 / 20, 3);
  });

  it('is 0 for a steady delay and negative for one that shrinks', () => {
    const trend = new Trendline();
    for (let i = 0; i < 40; i++) trend.add(0, 20 * i);
    expect(trend.slope).toBe(0);
    for (let i = 40; i < 100; i++) trend.add(-1, 20 * i);
    expect(trend.slope).toBeLessThan(-0.04);
    trend.reset();
    expect(trend.count).toBe(0);
    expect(trend.slope).toBe(0);
  });
});

describe('OveruseDetector', () => {
  it('needs a slope that lasts', () => {
    const detector = new OveruseDetector();
    expect(detector.update(0.1, 60, 5, 0)).toBe('normal');
    expect(detector.update(0.1, 60, 5, 5)).toBe('normal');
    expect(detector.update(0.1, 60, 5, 10)).toBe('overuse');
    expect(detector.update(-0.1, 60, 5, 15)).toBe('underuse');
    expect(detector.update(0, 60, 5, 20)).toBe('normal');
  });

  it('adapts its threshold: up under noise, down when it is calm, and not to a spike', () => {
    const detector = new OveruseDetector();
    const before = detector.threshold;
    for (let i = 0; i < 100; i++) detector.update(i % 2 === 0 ? 0.08 : -0.08, 60, 20, 20 * i);
    const noisy = detector.threshold;
    expect(noisy).toBeGreaterThan(before);
    detector.update(10, 60, 20, 2000);
    expect(detector.threshold).toBe(noisy);
    for (let i = 101; i < 200; i++) detector.update(0, 60, 20, 20 * i);
    expect(detector.threshold).toBeCloseTo(6, 1);
    detector.reset();
    expect(detector.threshold).toBe(before);
  });
});

describe('QueueDelay', () => {
  it('is the delay above the least one, whatever the clocks say', () => {
    const queue = new QueueDelay();
    for (let i = 0; i < 10; i++) queue.add(10 * i, 5_000_000 + 10 * i + 25);
    queue.endOfFeedback();
    expect(queue.standing).toBe(0);
    for (let i = 10; i < 20; i++) queue.add(10 * i, 5_000_000 + 10 * i + 65 + i);
    queue.endOfFeedback();
    expect(queue.standing).toBe(50);
    // A feedback without arrivals changes nothing.
    queue.endOfFeedback();
    expect(queue.standing).toBe(50);
  });

  it('forgets a path that was shorter after 40 s', () => {
    const queue = new QueueDelay();
    for (let at = 0; at < 60_000; at += 100) {
      queue.add(at, at + (at < 1000 ? 10 : 90));
      queue.endOfFeedback();
    }
    expect(queue.standing).toBe(0);
  });
});

describe('DelayController', () => {
  /** Feedback every 50 ms about packets every 10 ms whose delay is `delay(sentAt)`. */
  function run(controller: DelayController, from: number, to: number, delay: (at: number) => number): void {
    for (let at = from; at < to; at += 50) {
      const batch = new FeedbackBatch();
      for (let sent = at; sent < at + 50; sent += 10) batch.add(sent, sent + delay(sent), 1200, 0, 0, 0);
      batch.sort();
      controller.update(batch, 960_000, undefined, 50, at + 100);
    }
  }

  it('grows while the delay is steady, and falls to 85 % of what arrives when it grows', () => {
    const controller = new DelayController(500_000, 30_000, 10_000_000);
    run(controller, 0, 2000, () => 25);
    const before = controller.rate.bitrate;
    expect(before).toBeGreaterThan(500_000);
    run(controller, 2000, 2600, (at) => 25 + (at - 2000) / 5);
    expect(controller.rate.bitrate).toBeLessThanOrEqual(Math.max(before, 0.85 * 960_000));
    expect(controller.rate.state).not.toBe('increase');
  });

  it('takes what a probe found, but only upwards', () => {
    const controller = new DelayController(500_000, 30_000, 10_000_000);
    const batch = new FeedbackBatch();
    batch.add(0, 25, 1200, 1, 0, 0);
    batch.sort();
    expect(controller.update(batch, 400_000, 2_000_000, 50, 100)).toBe(2_000_000);
    expect(controller.update(batch, 400_000, 1_000_000, 50, 150)).toBeGreaterThanOrEqual(2_000_000);
  });

  it('lowers a standing queue though it does not grow, and sends less until it is gone', () => {
    const controller = new DelayController(900_000, 30_000, 10_000_000);
    run(controller, 0, 2000, () => 25);
    expect(controller.drain).toBe(1);
    controller.rate.set(900_000, 2000);
    run(controller, 2000, 4500, (at) => (at < 2200 ? 25 + (at - 2000) : 225));
    expect(controller.rate.bitrate).toBeLessThan(900_000);
    expect(controller.drain).toBeLessThan(0.9);
    run(controller, 4500, 4600, () => 25);
    expect(controller.drain).toBe(1);
  });
});
