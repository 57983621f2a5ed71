import { describe, expect, it } from 'vitest';
import { Congestion } from '../../src/tx/congestion.ts';
import { Cubic } from '../../src/tx/cubic.ts';
import { NewReno } from '../../src/tx/new-reno.ts';
import type { WindowControl } from '../../src/tx/window-control.ts';

/** Mean window where every `period`th packet is lost, one round trip of `rtt` ms at a time. */
function meanWindow(control: WindowControl, period: number, rtt: number, start: number): number {
  let window = control.reduced(start);
  let now = 0;
  let untilLoss = period;
  let sum = 0;
  let losses = 0;
  let packets = 0;
  let rounds = 0;
  while (losses < 60) {
    const sent = Math.floor(window);
    for (let n = 0; n < sent; n++) window = control.grown(window, 1, rtt, now + (n * rtt) / sent);
    now += rtt;
    untilLoss -= sent;
    packets += sent;
    if (losses >= 20) {
      sum += sent;
      rounds++;
    }
    if (untilLoss > 0) continue;
    untilLoss += period;
    losses++;
    window = control.reduced(window);
  }
  expect(packets).toBeGreaterThan(0);
  return sum / rounds;
}

describe('CUBIC (RFC 9438)', () => {
  it('begins at 0.7 of the window, is back at it after K, and goes beyond', () => {
    const cubic = new Cubic();
    let window = cubic.reduced(1000);
    expect(window).toBe(700);
    // K = cbrt((1000 - 700) / 0.4) = 9.0856 s
    const rtt = 100;
    const at: number[] = [];
    for (let now = 0; now <= 20_000; now += rtt) {
      const packets = window;
      for (let n = 0; n < 10; n++) window = cubic.grown(window, packets / 10, rtt, now);
      at.push(window);
    }
    // W(4.5 s) = 0.4 (4.5 - 9.0856)^3 + 1000 = 961.4; the window is at most a round trip behind or ahead.
    expect(Math.abs(at[45]! - 961.4)).toBeLessThan(4);
    expect(Math.abs(at[90]! - 1000)).toBeLessThan(1);
    // W(15 s) = 0.4 (15 - 9.0856)^3 + 1000 = 1082.8
    expect(Math.abs(at[150]! - 1082.8)).toBeLessThan(8);
  });

  it('never grows by more than half a window a round trip (§4.2)', () => {
    const cubic = new Cubic();
    cubic.reduced(10);
    cubic.grown(10, 0, 100, 0);
    expect(cubic.grown(10, 10, 100, 60_000)).toBeLessThanOrEqual(20);
    const another = new Cubic();
    another.reduced(1000);
    another.grown(700, 0, 100, 0);
    expect(another.grown(700, 700, 100, 60_000)).toBe(1050);
  });

  it('has the mean windows that §5.1 computes, next to those of Reno', () => {
    // Round trip 0.1 s, C = 0.4: CUBIC 1.054 (0.1 / p)^0.75 = 187 packets for p = 1e-4; Reno 1.2 / sqrt(p) = 120, 38 for 1e-3.
    expect(meanWindow(new Cubic(), 10_000, 100, 250) / 187).toBeGreaterThan(0.85);
    expect(meanWindow(new Cubic(), 10_000, 100, 250) / 187).toBeLessThan(1.15);
    expect(meanWindow(new NewReno(), 10_000, 100, 160) / 120).toBeGreaterThan(0.85);
    expect(meanWindow(new NewReno(), 10_000, 100, 160) / 120).toBeLessThan(1.15);
    expect(meanWindow(new Cubic(), 1000, 100, 50) / 38).toBeGreaterThan(0.85);
    expect(meanWindow(new Cubic(), 1000, 100, 50) / 38).toBeLessThan(1.25);
  });

  it('gives room to others when the window did not get back to where it was (§4.7)', () => {
    const kept = new Cubic();
    kept.reduced(1000);
    kept.reduced(800);
    // W_max is 800 (1 + 0.7) / 2 = 680, and the stage begins at 560: K = cbrt(120 / 0.4) = 6.69 s, not 8.43.
    let window = 560;
    for (let now = 0; now < 6700; now += 10) window = kept.grown(window, window / 10, 100, now);
    expect(Math.abs(window - 680)).toBeLessThan(2);
  });

  it('does not count the time in which the application had nothing to send (§5.8)', () => {
    const grow = (pause: number): number => {
      const cubic = new Cubic();
      let window = cubic.reduced(500);
      for (let now = 0; now < 3000; now += 100) window = cubic.grown(window, window, 100, now);
      if (pause > 0) cubic.idle(2900 + pause);
      for (let now = 3000; now < 6000; now += 100) window = cubic.grown(window, window, 100, now + pause);
      return window;
    };
    expect(grow(60_000)).toBeCloseTo(grow(0), 6);
  });

  it('goes back to where it was when a reduction was a mistake (§4.9)', () => {
    const cubic = new Cubic();
    const twin = new Cubic();
    let window = 0;
    for (const one of [cubic, twin]) {
      window = one.reduced(500);
      for (let now = 0; now < 3000; now += 100) window = one.grown(window, window, 100, now);
    }
    cubic.reduced(window);
    cubic.undo();
    expect(cubic.grown(window, window, 100, 3000)).toBe(twin.grown(window, window, 100, 3000));
  });

  it('begins anew after a timeout: flat at the window where slow start ended (§4.8)', () => {
    const cubic = new Cubic();
    expect(cubic.timedOut(100)).toBe(70);
    let window = 70;
    for (let now = 0; now < 1000; now += 100) window = cubic.grown(window, window, 100, now);
    // W(1 s) = 70.4, Reno-friendly growth is a packet a round trip.
    expect(window).toBeGreaterThan(75);
    expect(window).toBeLessThan(85);
  });
});

describe('the option congestionControl', () => {
  it('decides what a loss leaves of the window', () => {
    const cubic = new Congestion(1000, 'cubic');
    const newReno = new Congestion(1000, 'newreno');
    cubic.lost(1);
    newReno.lost(1);
    expect([cubic.window, newReno.window]).toEqual([7000, 5000]);
  });
});
