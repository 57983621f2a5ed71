import { seededRandom, withSeed } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { LossController } from '../../src/congestion/gcc/loss-controller.ts';

/** Sends 1000-byte packets at `bitrate` for `duration` ms over a link that loses by `lossAt(bitrate)`, with feedback each 50 ms. */
function send(
  losses: LossController,
  from: number,
  duration: number,
  bitrate: () => number,
  lossAt: (bitrate: number) => number,
  seed: number,
): void {
  const random = seededRandom(seed);
  let at = from;
  let nextFeedback = from + 50;
  while (at < from + duration) {
    const rate = Math.min(bitrate(), losses.bandwidth);
    losses.add(1000, random.chance(lossAt(rate)), at);
    at += 8_000_000 / rate;
    if (at < nextFeedback) continue;
    nextFeedback += 50;
    losses.update(bitrate(), true);
  }
}

describe('LossController', () => {
  it.each([1, 2, 3])('does not hold random loss against the link (seed %i)', (seed) =>
    withSeed(() => {
      const losses = new LossController();
      send(
        losses,
        0,
        20_000,
        () => 5_000_000,
        () => 0.2,
        seed,
      );
      expect(losses.inherentLoss).toBeCloseTo(0.2, 1);
      expect(losses.averageLoss).toBeCloseTo(0.2, 1);
      expect(Math.min(losses.bandwidth, 5_000_000)).toBeGreaterThan(4_000_000);
    }, seed),
  );

  it.each([1, 2, 3])('finds the bandwidth of a link that drops what is too much, without any delay (seed %i)', (seed) =>
    withSeed(() => {
      const losses = new LossController();
      const policer = (rate: number): number => Math.max(0, 1 - 2_000_000 / rate);
      send(losses, 0, 3000, () => 1_500_000, policer, seed);
      expect(losses.bandwidth).toBe(Number.POSITIVE_INFINITY);
      send(losses, 3000, 10_000, () => 8_000_000, policer, seed + 10);
      expect(losses.bandwidth).toBeGreaterThan(1_500_000);
      expect(losses.bandwidth).toBeLessThan(3_000_000);
    }, seed),
  );

  it('notices at once when most packets get lost', () => {
    const losses = new LossController();
    send(
      losses,
      0,
      5000,
      () => 8_000_000,
      () => 0,
      1,
    );
    send(
      losses,
      5000,
      600,
      () => 8_000_000,
      () => 0.75,
      2,
    );
    expect(losses.bandwidth).toBeLessThan(3_000_000);
  });

  it('does not believe more than 30 % to be inherent', () => {
    const losses = new LossController();
    send(
      losses,
      0,
      10_000,
      () => 5_000_000,
      () => 0.5,
      1,
    );
    expect(losses.inherentLoss).toBeLessThanOrEqual(0.3);
    expect(losses.bandwidth).toBeLessThan(4_000_000);
  });

  it('counts a packet that came late as received', () => {
    const late = new LossController();
    for (let i = 0; i < 100; i++) late.add(1000, i % 4 === 0, i * 4);
    for (let i = 0; i < 25; i++) late.recovered();
    late.update(2_000_000, true);
    expect(late.averageLoss).toBe(0);
  });

  it('waits for packets enough to say anything', () => {
    const losses = new LossController();
    for (let i = 0; i < 20; i++) losses.add(1000, true, i * 20);
    expect(losses.update(400_000, true)).toBe(false);
    losses.add(1000, true, 1000);
    expect(losses.update(400_000, true)).toBe(true);
  });

  it('does with the shares of receiver reports', () => {
    const losses = new LossController();
    for (let i = 0; i < 10; i++) losses.report(0.1, 100, 1_000_000, 1_000_000);
    expect(losses.inherentLoss).toBeCloseTo(0.1, 2);
    losses.report(0.8, 100, 1_000_000, 1_000_000);
    expect(losses.bandwidth).toBeLessThan(300_000);
  });
});
