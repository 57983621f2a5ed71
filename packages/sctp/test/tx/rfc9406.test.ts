import { describe, expect, it } from 'vitest';
import { Congestion } from '../../src/tx/congestion.ts';
import { HyStart } from '../../src/tx/hystart.ts';

/** A round of ten samples; answers whether slow start ended with it. */
function round(start: HyStart, number: number, roundTrip: number): boolean {
  let over = false;
  for (let n = 1; n <= 10; n++) over = start.handle(roundTrip, number * 10 + n, (number + 1) * 10 + n) || over;
  return over;
}

describe('HyStart++ (RFC 9406)', () => {
  it('goes on while the delay stays', () => {
    const start = new HyStart();
    for (let n = 0; n < 20; n++) expect(round(start, n, 50 + (n % 2) * 5)).toBe(false);
    expect(start.isConservative).toBe(false);
    expect(start.growth(1000)).toBe(1000);
  });

  it('grows by a quarter for five rounds once the delay rose by an eighth, then ends slow start', () => {
    const start = new HyStart();
    round(start, 0, 80);
    round(start, 1, 80);
    expect(start.isConservative).toBe(false);
    let rounds = 0;
    let over = false;
    for (let n = 2; n < 12 && !over; n++) {
      over = round(start, n, 80 + 10 * (n - 1));
      if (start.isConservative) rounds++;
    }
    expect(start.growth(1000)).toBe(250);
    expect(over).toBe(true);
    expect(rounds).toBeGreaterThanOrEqual(5);
    expect(rounds).toBeLessThanOrEqual(6);
  });

  it('takes less than 4 ms for noise, and more than 16 for a queue', () => {
    const near = new HyStart();
    for (let n = 0; n < 4; n++) round(near, n, 1 + n * 3.9 * (n > 1 ? 0.5 : 1));
    expect(near.isConservative).toBe(false);
    const far = new HyStart();
    round(far, 0, 400);
    round(far, 1, 400);
    round(far, 2, 417);
    round(far, 3, 417);
    expect(far.isConservative).toBe(true);
  });

  it('goes back to slow start when the delay falls again', () => {
    const start = new HyStart();
    round(start, 0, 50);
    round(start, 1, 70);
    round(start, 2, 70);
    expect(start.isConservative).toBe(true);
    round(start, 3, 55);
    round(start, 4, 55);
    expect(start.isConservative).toBe(false);
  });

  it('decides nothing on fewer than eight samples', () => {
    const start = new HyStart();
    for (let n = 0; n < 7; n++) start.handle(20 + 20 * n, n + 1, n + 2);
    expect(start.isConservative).toBe(false);
  });

  it('ends the first slow start of a window, and has no say in later ones', () => {
    const congestion = new Congestion(1000, 'cubic');
    congestion.limited = true;
    let cumulative = 0;
    for (let n = 0; n < 12; n++) {
      for (let k = 0; k < 10; k++) {
        cumulative++;
        congestion.sampled(50 + 10 * n, cumulative, cumulative + 10);
        congestion.acknowledged(1000, cumulative, true, 50, n * 50);
      }
    }
    expect(congestion.inSlowStart).toBe(false);
    expect(congestion.slowStartThreshold).toBeLessThan(60_000);
    const threshold = congestion.slowStartThreshold;
    congestion.sampled(1, cumulative + 1, cumulative + 2);
    expect(congestion.slowStartThreshold).toBe(threshold);
  });
});
