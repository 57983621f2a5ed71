import { defaultSeed, withSeed } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import type { AssociationOptions } from '../../src/index.ts';
import { SharedLine } from './shared-line.ts';

const story = (body: (seed: number) => void) => () => withSeed(body, defaultSeed());

/** Bytes per second that Reno's law of loss allows: 1.22 packets / (round trip · √loss). */
const renoLaw = (roundTripMs: number, loss: number): number => (1.22 * 1148 * 1000) / (roundTripMs * Math.sqrt(loss));

describe('loss recovery', () => {
  it(
    'through 50 ms and 1 % random loss gets what the law of its congestion control allows, without a timeout',
    story((seed) => {
      const goodput = (options: Partial<AssociationOptions>): number => {
        const line = new SharedLine(seed, { delay: 25, loss: 0.01, rate: 10e6, queue: 500_000 }, 1, options);
        line.run(5000);
        const [rate] = line.measure(60_000);
        const stats = line.flows[0]!.from.stats();
        console.log(`seed ${seed}: 50 ms, 1 % loss, ${options.congestionControl}: ${Math.round(rate! / 1000)} KB/s`);
        expect(stats.timeouts).toBe(0);
        // Next to nothing is sent again that was not lost.
        expect(stats.retransmittedChunks).toBeLessThan(1.1 * line.there.stats.lost + 10);
        return rate!;
      };
      const law = renoLaw(50, 0.01);
      expect(goodput({ congestionControl: 'newreno' })).toBeGreaterThan(0.8 * law);
      expect(goodput({ congestionControl: 'cubic' })).toBeGreaterThan(0.8 * law);
    }),
  );

  it(
    'with 20 ms and packets that overtake each other never reduces its window for that',
    story((seed) => {
      for (const reorderDelay of [4, 10, 18]) {
        const line = new SharedLine(seed, { delay: 10, reorder: 0.03, reorderDelay, rate: 20e6, queue: 4_000_000 });
        line.run(2000);
        const before = line.flows[0]!.from.stats();
        const [rate] = line.measure(5000);
        const stats = line.flows[0]!.from.stats();
        console.log(`seed ${seed}: reordering by ${reorderDelay} ms: ${Math.round(rate! / 1000)} of 20000 KB/s`);
        expect(line.there.stats.overflowed).toBe(0);
        expect(rate).toBeGreaterThan(0.9 * 20e6);
        // The tolerance is forgotten now and then, and learnt again: a few of some eighty thousand packets.
        expect(stats.retransmittedChunks - before.retransmittedChunks).toBeLessThan(50);
        expect(stats.congestionWindow).toBeGreaterThanOrEqual(before.congestionWindow);
      }
    }),
  );

  it(
    'repairs a lost tail of any length within four round trips, without a timeout',
    story((seed) => {
      for (const tail of [1, 2, 5, 9]) {
        const line = new SharedLine(seed, { delay: 25 });
        const flow = line.flows[0]!;
        flow.remaining = 0;
        line.run(500);
        // Ten packets, of which the last ones vanish.
        const start = line.now;
        const received = flow.received;
        for (let n = 0; n < 10; n++) {
          if (n === 10 - tail) {
            line.run(0);
            line.there.set({ loss: 1 });
          }
          flow.from.write(1, 53, new Uint8Array(1100), line.now);
        }
        line.run(1);
        line.there.set({ loss: 0 });
        expect(line.run(5000, () => flow.received === received + 11_000)).toBe(true);
        console.log(`seed ${seed}: tail of ${tail} lost: all there after ${Math.round(line.now - start)} ms`);
        expect(line.now - start).toBeLessThan(4 * 50 + 50);
        expect(flow.from.stats().timeouts).toBe(0);
      }
    }),
  );

  it(
    'through bursts of loss keeps going without timeouts',
    story((seed) => {
      const line = new SharedLine(seed, {
        delay: 25,
        burstLoss: { enter: 0.001, leave: 0.2 },
        rate: 5e6,
        queue: 250_000,
      });
      line.run(2000);
      const [rate] = line.measure(30_000);
      const stats = line.flows[0]!.from.stats();
      console.log(`seed ${seed}: bursts of loss: ${Math.round(rate! / 1000)} KB/s, ${stats.timeouts} timeouts`);
      expect(rate).toBeGreaterThan(600_000);
      expect(stats.timeouts).toBeLessThanOrEqual(1);
    }),
  );

  it(
    'when the bandwidth drops to a tenth with a small queue fills what is left, and comes back',
    story((seed) => {
      const line = new SharedLine(seed, { delay: 20, rate: 5e6, queue: 50_000 });
      line.run(5000);
      line.there.set({ rate: 500_000 });
      line.run(2000);
      const [low] = line.measure(10_000);
      line.there.set({ rate: 5e6 });
      line.run(8000);
      const [high] = line.measure(10_000);
      const { timeouts } = line.flows[0]!.from.stats();
      console.log(`seed ${seed}: 500 KB/s: ${Math.round(low! / 1000)}, 5 MB/s again: ${Math.round(high! / 1000)} KB/s`);
      expect(low).toBeGreaterThan(0.85 * 500_000);
      expect(high).toBeGreaterThan(0.6 * 5e6);
      expect(timeouts).toBeLessThanOrEqual(2);
    }),
  );

  it(
    'after an outage of 3 s data arrives again within a round trip and a half of the return',
    story((seed) => {
      const line = new SharedLine(seed, { delay: 25, rate: 2e6, queue: 100_000 });
      const flow = line.flows[0]!;
      line.run(5000);
      const rate = line.measure(2000)[0]!;
      line.there.set({ down: true });
      line.back.set({ down: true });
      line.run(3000);
      line.there.set({ down: false });
      line.back.set({ down: false });
      const back = line.now;
      const { delivered } = line.there.stats;
      const unacknowledged = flow.from.stats().unackData;
      expect(line.run(1000, () => line.there.stats.delivered > delivered)).toBe(true);
      const first = line.now - back;
      expect(line.run(1000, () => flow.from.stats().unackData < unacknowledged)).toBe(true);
      const resumed = line.now - back;
      line.run(2000);
      const again = line.measure(2000)[0]!;
      console.log(
        `seed ${seed}: outage of 3 s: first packet there after ${Math.round(first)} ms, first SACK back after ` +
          `${Math.round(resumed)} ms; ${Math.round(rate / 1000)} KB/s before, ${Math.round(again / 1000)} KB/s after`,
      );
      // At most a round trip until the next probe leaves, with a queue's worth, and half of one to get there.
      expect(first).toBeLessThan(1.5 * 100);
      expect(resumed).toBeLessThan(2 * 100);
      expect(again).toBeGreaterThan(0.8 * rate);
      expect(flow.from.state).toBe('established');
    }),
  );
});
