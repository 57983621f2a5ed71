import { describe, expect, it } from 'vitest';
import { Netem, type NetemOptions, seededRandom } from '../src/index.ts';

function line(options: NetemOptions): Netem<number> {
  return new Netem<number>(options, seededRandom(1));
}

/** Pushes `count` packets of `size` bytes, `gap` ms apart, and gives their numbers and arrival times in order. */
function transfer(netem: Netem<number>, count: number, size = 100, gap = 1): { index: number; at: number }[] {
  const arrived: { index: number; at: number }[] = [];
  for (let i = 0; i < count; i++) netem.push(new Uint8Array(size), i * gap, i);
  for (;;) {
    const at = netem.pollTimeout();
    if (at === Number.POSITIVE_INFINITY) return arrived;
    arrived.push({ index: netem.poll(at)!.meta, at });
  }
}

describe('Netem', () => {
  it('is an ideal line by default', () => {
    const arrived = transfer(line({}), 10);
    expect(arrived).toEqual(Array.from({ length: 10 }, (_, index) => ({ index, at: index })));
  });

  it('delay shifts every packet', () => {
    expect(transfer(line({ delay: 30 }), 3).map(({ at }) => at)).toEqual([30, 31, 32]);
  });

  it('jitter spreads arrivals and keeps the order', () => {
    const arrived = transfer(line({ delay: 30, jitter: 20 }), 200);
    expect(arrived.map(({ index }) => index)).toEqual(Array.from({ length: 200 }, (_, index) => index));
    const flights = arrived.map(({ index, at }) => at - index);
    expect(Math.min(...flights)).toBeGreaterThanOrEqual(30);
    expect(Math.max(...flights)).toBeLessThanOrEqual(50);
    expect(new Set(flights).size).toBeGreaterThan(100);
  });

  it('loss takes about its share', () => {
    const netem = line({ loss: 0.2 });
    const arrived = transfer(netem, 2000);
    expect(arrived.length).toBeGreaterThan(1500);
    expect(arrived.length).toBeLessThan(1700);
    expect(netem.stats.lost).toBe(2000 - arrived.length);
  });

  it('burstLoss loses packets in runs', () => {
    const arrived = transfer(line({ burstLoss: { enter: 0.02, leave: 0.2 } }), 2000);
    const got = new Set(arrived.map(({ index }) => index));
    const runs: number[] = [];
    for (let i = 0, run = 0; i <= 2000; i++) {
      if (i < 2000 && !got.has(i)) run++;
      else {
        if (run > 0) runs.push(run);
        run = 0;
      }
    }
    const mean = runs.reduce((sum, run) => sum + run, 0) / runs.length;
    expect(mean).toBeGreaterThan(3);
    expect(mean).toBeLessThan(8);
  });

  it('burstLoss.loss sets how bad the bad state is', () => {
    const mild = transfer(line({ burstLoss: { enter: 1, leave: 0, loss: 0.1 } }), 1000);
    expect(mild.length).toBeGreaterThan(850);
    expect(mild.length).toBeLessThan(950);
  });

  it('reorder lets later packets overtake, by reorderDelay', () => {
    const netem = line({ delay: 5, reorder: 0.1, reorderDelay: 3.5 });
    const arrived = transfer(netem, 500);
    expect(arrived).toHaveLength(500);
    const late = arrived.filter(({ index, at }) => at - index === 8.5);
    expect(late).toHaveLength(netem.stats.reordered);
    expect(late.length).toBeGreaterThan(20);
    expect(arrived.map(({ index }) => index)).not.toEqual(arrived.map(({ index }) => index).sort((a, b) => a - b));
  });

  it('duplicate delivers a copy with bytes of its own', () => {
    const netem = line({ duplicate: 1 });
    netem.push(Uint8Array.of(1), 0, 7);
    const first = netem.poll(0)!;
    const second = netem.poll(0)!;
    expect(second.bytes).toEqual(first.bytes);
    expect(second.bytes.buffer).not.toBe(first.bytes.buffer);
    expect(netem.stats.duplicated).toBe(1);
  });

  it('corrupt flips exactly one bit', () => {
    const netem = line({ corrupt: 1 });
    netem.push(new Uint8Array(50), 0, 0);
    const { bytes } = netem.poll(0)!;
    expect(bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)).toBe(1);
  });

  it('rate spaces packets out', () => {
    expect(transfer(line({ rate: 10_000 }), 4, 100, 0).map(({ at }) => at)).toEqual([10, 20, 30, 40]);
  });

  it('queue bounds what waits for the line', () => {
    const netem = line({ rate: 10_000, queue: 250 });
    expect(transfer(netem, 5, 100, 0)).toHaveLength(2);
    expect(netem.stats.overflowed).toBe(3);
  });

  it('ecnThreshold marks ECN-capable packets while the queue is long, and no others', () => {
    const netem = line({ rate: 10_000, ecnThreshold: 100 });
    netem.push(new Uint8Array(100), 0, 0, 2);
    netem.push(new Uint8Array(100), 0, 1, 2);
    netem.push(new Uint8Array(100), 0, 2, 0);
    expect([netem.poll(99)!.ecn, netem.poll(99)!.ecn, netem.poll(99)!.ecn]).toEqual([2, 3, 0]);
    expect(netem.stats.marked).toBe(1);
  });

  it('mtu swallows larger packets', () => {
    const netem = line({ mtu: 100 });
    expect(netem.push(new Uint8Array(101), 0, 0)).toBe('too-large');
    expect(netem.push(new Uint8Array(100), 0, 1)).toBe('sent');
  });

  it('down loses what is sent; what was in flight arrives unless flushed', () => {
    const netem = line({ delay: 10 });
    netem.push(Uint8Array.of(1), 0, 1);
    netem.set({ down: true });
    expect(netem.push(Uint8Array.of(2), 1, 2)).toBe('lost');
    expect(netem.poll(10)!.meta).toBe(1);
    netem.set({ down: false });
    netem.push(Uint8Array.of(3), 20, 3);
    netem.flush();
    expect(netem.inFlight).toBe(0);
    expect(netem.stats.lost).toBe(2);
  });

  it('set keeps what it does not name', () => {
    const netem = line({ delay: 10, loss: 0.5 });
    netem.set({ loss: 0 });
    expect(netem.options).toMatchObject({ delay: 10, loss: 0 });
  });

  it('refuses what is no probability, negative, or a rate of zero', () => {
    expect(() => line({ loss: 2 })).toThrow(RangeError);
    expect(() => line({ delay: -1 })).toThrow(RangeError);
    expect(() => line({ rate: 0 })).toThrow(RangeError);
  });
});
