import { seededRandom, withSeed } from '@kaon/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DelayEstimator, JitterBuffer, type JitterBufferOptions, jitterBuffer } from '../src/index.ts';
import { all, packet, range, video } from './helpers.ts';

const RATE = 90_000;
const bad = expect.objectContaining({ code: 'INTERCEPTOR_BAD_OPTION' });

/** Puts packets of 30 ms frames in at given times; what came out when. */
function play(
  buffer: JitterBuffer,
  arrivals: readonly (readonly [sequence: number, at: number])[],
): [number, number][] {
  const out: [number, number][] = [];
  const drain = (now: number): void => {
    for (const each of all(() => buffer.poll(now))) out.push([each.sequenceNumber, now]);
  };
  for (const [sequence, at] of arrivals) {
    for (let next = buffer.pollTimeout(); next <= at; next = buffer.pollTimeout()) drain(next);
    buffer.insert(packet(sequence, { timestamp: 2700 * sequence, marker: true }), RATE, at);
    drain(at);
  }
  for (let next = buffer.pollTimeout(); next !== Number.POSITIVE_INFINITY; next = buffer.pollTimeout()) drain(next);
  return out;
}

describe('DelayEstimator', () => {
  it('is 0 on an even line, and covers the jitter of an uneven one', () => {
    const even = new DelayEstimator();
    const uneven = new DelayEstimator(0.95);
    const random = seededRandom(1);
    for (const i of range(0, 500)) {
      even.arrive(i * 20, i * 20 + 50);
      even.complete(50 - even.base);
      const late = random.integer(0, 100);
      uneven.arrive(i * 20, i * 20 + late);
      uneven.complete(late - uneven.base);
    }
    expect(even.delay).toBe(0);
    expect(even.base).toBe(50);
    expect(uneven.delay).toBeGreaterThanOrEqual(80);
    expect(uneven.delay).toBeLessThanOrEqual(110);
  });

  it('forgets: a line that becomes quiet again is trusted again', () => {
    const estimator = new DelayEstimator();
    const feed = (from: number, count: number, late: (i: number) => number): void => {
      for (const i of range(from, count)) {
        estimator.arrive(i * 20, i * 20 + late(i));
        estimator.complete(late(i) - estimator.base);
      }
    };
    feed(0, 300, (i) => (i % 5) * 40);
    expect(estimator.delay).toBeGreaterThan(150);
    feed(300, 2000, () => 0);
    expect(estimator.delay).toBe(0);
  });

  it('follows a line that becomes longer, and timestamps that begin anew', () => {
    const estimator = new DelayEstimator();
    for (const i of range(0, 100)) estimator.arrive(i * 20, i * 20 + 10);
    expect(estimator.base).toBe(10);
    for (const i of range(100, 1000)) estimator.arrive(i * 20, i * 20 + 200);
    expect(estimator.base).toBe(200);
    estimator.arrive(5_000_000, 30_000);
    expect(estimator.base).toBe(30_000 - 5_000_000);
  });
});

describe('JitterBuffer', () => {
  it('counts no samples of packets that were lost', () => {
    const buffer = new JitterBuffer('audio', { mode: 'immediate' });
    for (const sequence of [1, 2, 3, 5, 6, 8]) {
      buffer.insert(packet(sequence, { timestamp: 960 * sequence }), 48_000, sequence * 20);
      all(() => buffer.poll(sequence * 20 + 1000));
    }
    expect(buffer.statistics.jitterBufferEmittedCount).toBe(5 * 960);
  });

  it('tells how long frames of several packets took to come', () => {
    const buffer = new JitterBuffer('video', { mode: 'immediate' });
    const give = (sequence: number, frame: number, marker: boolean, at: number): void => {
      buffer.insert(packet(sequence, { timestamp: 2700 * frame, marker }), RATE, at);
      all(() => buffer.poll(at));
    };
    give(1, 1, false, 0);
    give(2, 1, true, 20);
    give(3, 2, true, 30);
    give(4, 3, false, 60);
    give(5, 3, true, 70);
    give(6, 4, true, 90);
    const { framesAssembledFromMultiplePackets, totalAssemblyTime, framesComplete } = buffer.statistics;
    expect([framesComplete, framesAssembledFromMultiplePackets]).toEqual([3, 2]);
    expect(totalAssemblyTime).toBeCloseTo(0.03, 9);
  });

  it('gives packets in order', () => {
    const buffer = new JitterBuffer('video');
    const out = play(buffer, [
      [1, 30],
      [3, 90],
      [2, 95],
      [4, 120],
    ]);
    expect(out.map(([sequence]) => sequence)).toEqual([1, 2, 3, 4]);
    expect(buffer.statistics).toMatchObject({ packetsLost: 0, packetsLate: 0 });
  });

  it('gives them at an even pace after minDelay', () => {
    const buffer = new JitterBuffer('video', { minDelay: 100 });
    const out = play(
      buffer,
      range(1, 10).map((i) => [i, i * 30 + (i % 3) * 20] as const),
    );
    // The first one is late by 20 ms already, which nobody can know.
    expect(out.slice(3).map(([, at]) => at)).toEqual(range(4, 7).map((i) => i * 30 + 100));
  });

  it('adapts to jitter, so that hardly anything is late', () =>
    withSeed((seed) => {
      const random = seededRandom(seed);
      const buffer = new JitterBuffer('audio', { reorderWait: 0 });
      const arrivals = range(1, 2000).map((i) => [i, i * 30 + random.integer(0, 80)] as const);
      const out = play(
        buffer,
        [...arrivals].sort(([, a], [, b]) => a - b),
      );
      const { packetsLate } = buffer.statistics;
      expect(buffer.targetDelay).toBeGreaterThanOrEqual(70);
      expect(buffer.targetDelay).toBeLessThanOrEqual(100);
      expect(packetsLate).toBeLessThan(40);
      // At an even pace in the end.
      const steps = out.slice(-100).map(([, at], i, list) => (i === 0 ? 30 : at - list[i - 1]![1]));
      expect(steps.filter((step) => Math.abs(step - 30) > 15).length).toBeLessThan(10);
    }));

  it('maxDelay bounds how long anything waits', () => {
    const buffer = new JitterBuffer('video', { minDelay: 50, maxDelay: 60 });
    buffer.wantedDelay = 1000;
    expect(buffer.targetDelay).toBe(60);
    buffer.setRetransmission(true, 500);
    const out = play(buffer, [
      [1, 30],
      [3, 90],
    ]);
    expect(out).toEqual([
      [1, 90],
      [3, 150],
    ]);
  });

  it('waits as long as the application wants', () => {
    const buffer = new JitterBuffer('video');
    buffer.wantedDelay = 300;
    expect(play(buffer, [[1, 30]])).toEqual([[1, 330]]);
    buffer.wantedDelay = undefined;
    expect(buffer.targetDelay).toBe(0);
    buffer.setDelayLimits(40, 500);
    expect(buffer.targetDelay).toBe(40);
  });

  it('waits for what is asked for again, longer than for what is not', () => {
    const gap = (retransmission: boolean): number => {
      const buffer = new JitterBuffer('video', { reorderWait: 25 });
      buffer.setRetransmission(retransmission, 40);
      return play(buffer, [
        [1, 30],
        [3, 90],
      ])[1]![1];
    };
    expect(gap(false)).toBe(90 + 25);
    expect(gap(true)).toBe(90 + 25 + 5.5 * 40);
  });

  it('counts what is lost, late and double', () => {
    const buffer = new JitterBuffer('video');
    play(buffer, [
      [1, 30],
      [3, 90],
    ]);
    expect(buffer.insert(packet(2, { timestamp: 5400 }), RATE, 200)).toBe('late');
    buffer.wantedDelay = 100;
    expect(buffer.insert(packet(4, { timestamp: 10_800 }), RATE, 200)).toBe('kept');
    expect(buffer.insert(packet(4, { timestamp: 10_800 }), RATE, 201)).toBe('duplicate');
    expect(buffer.statistics).toMatchObject({ packetsLost: 1, packetsLate: 1, packetsDuplicated: 1 });
  });

  it('tells whole frames from broken ones', () => {
    const buffer = new JitterBuffer('video');
    const put = (sequence: number, frame: number, marker: boolean): void => {
      buffer.insert(packet(sequence, { timestamp: frame * 3000, marker }), RATE, frame * 33);
    };
    put(1, 1, false);
    put(2, 1, true);
    put(3, 2, false);
    // 4 is missing, the end of frame 2.
    put(5, 3, true);
    put(6, 4, false);
    // 7 is missing in the midst of frame 4.
    put(8, 4, true);
    put(9, 5, true);
    all(() => buffer.poll(10_000));
    put(10, 6, true);
    all(() => buffer.poll(20_000));
    expect(buffer.statistics).toMatchObject({ framesComplete: 2, framesIncomplete: 3, packetsLost: 2 });
  });

  it('sums up delays as the W3C statistics do: per frame of video, per sample of audio', () => {
    const delay = (kind: 'audio' | 'video'): JitterBuffer['statistics'] => {
      const buffer = new JitterBuffer(kind, { minDelay: 100 });
      play(
        buffer,
        range(1, 11).map((i) => [i, i * 30] as const),
      );
      return buffer.statistics;
    };
    const frames = delay('video');
    expect(frames.jitterBufferEmittedCount).toBe(10);
    expect(frames.jitterBufferDelay).toBeCloseTo(1);
    expect(frames.jitterBufferTargetDelay).toBeCloseTo(1);
    expect(frames.jitterBufferMinimumDelay).toBe(0);
    expect(delay('audio').jitterBufferEmittedCount).toBe(10 * 2700);
  });

  it('immediate: gives what is in order at once, and what is behind a gap after reorderWait', () => {
    const buffer = new JitterBuffer('video', { mode: 'immediate', minDelay: 500, reorderWait: 15 });
    const out = play(buffer, [
      [1, 30],
      [2, 31],
      [5, 40],
      [4, 45],
    ]);
    expect(out).toEqual([
      [1, 30],
      [2, 31],
      [4, 60],
      [5, 60],
    ]);
  });

  it('takes packets before the first one, as long as nothing was given', () => {
    const buffer = new JitterBuffer('video', { minDelay: 100 });
    const out = play(buffer, [
      [10, 300],
      [9, 301],
      [8, 302],
    ]);
    expect(out.map(([sequence]) => sequence)).toEqual([8, 9, 10]);
  });

  it('goes on after a jump, and after a sender that began anew', () => {
    const buffer = new JitterBuffer('video', { minDelay: 50, maxPackets: 64 });
    const out = play(buffer, [
      [1000, 0],
      [1001, 30],
      [1200, 60],
      [10, 90],
      [11, 120],
      [12, 150],
    ]);
    expect(out.map(([sequence]) => sequence)).toEqual([1000, 1001, 1200, 11, 12]);
    expect(buffer.statistics.flushes).toBe(2);
  });

  it('a stray packet ahead makes 63 packets late, and no more', () => {
    const buffer = new JitterBuffer('video', { mode: 'immediate', reorderWait: 0 });
    const arrivals = [[1, 30], [500, 40], ...range(2, 100).map((i) => [i, 30 + i] as const)] as const;
    const out = play(buffer, [...arrivals].sort(([, a], [, b]) => a - b) as [number, number][]);
    expect(
      out
        .map(([sequence]) => sequence)
        .filter((each) => each !== 500)
        .slice(-20),
    ).toEqual(range(82, 20));
    expect(buffer.statistics.packetsLate).toBe(63);
  });

  it('a jump of the timestamps delays nothing, before or behind it', () => {
    for (const jump of [0x4000_0000, 0xc000_0000, 0x8000_0000]) {
      const buffer = new JitterBuffer('video', { minDelay: 60 });
      const out: number[] = [];
      for (let now = 0; now < 600; now++) {
        if (now % 30 === 0) {
          const timestamp = (now * 90 + (now >= 300 ? jump : 0)) >>> 0;
          buffer.insert(packet(now / 30, { timestamp, marker: true }), RATE, now);
        }
        for (const each of all(() => buffer.poll(now))) out.push(now - 30 * each.sequenceNumber);
      }
      expect(new Set(out)).toEqual(new Set([60]));
      expect(out).toHaveLength(18);
    }
  });

  it('maxPackets and maxBytes bound it', () => {
    const few = new JitterBuffer('video', { minDelay: 2000, maxPackets: 64 });
    const small = new JitterBuffer('video', { minDelay: 2000, maxBytes: 5000 });
    for (const i of range(0, 1000)) {
      few.insert(packet(i, { timestamp: 0 }), RATE, 0);
      small.insert(packet(i, { timestamp: 0 }), RATE, 0);
      expect(few.length).toBeLessThanOrEqual(128);
    }
    expect(few.statistics.flushes).toBeGreaterThan(0);
    expect(small.statistics.flushes).toBe(Math.floor(1000 / Math.ceil(5001 / 112)));
  });

  it('quantile says how many frames shall be in time', () => {
    const target = (quantile: number): number => {
      const buffer = new JitterBuffer('audio', { quantile });
      const random = seededRandom(1);
      const arrivals = range(1, 500).map((i) => [i, i * 30 + random.integer(0, 99)] as const);
      play(
        buffer,
        [...arrivals].sort(([, a], [, b]) => a - b),
      );
      return buffer.targetDelay;
    };
    expect(target(0.5)).toBeLessThan(target(0.95));
    expect(target(1)).toBeLessThanOrEqual(120);
  });

  it('gives every packet once and in order, whatever comes', () => {
    const arrival = fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 40 }));
    const options = fc.constantFrom<JitterBufferOptions>({}, { mode: 'immediate' }, { maxPackets: 64, minDelay: 50 });
    fc.assert(
      fc.property(options, fc.array(arrival, { maxLength: 300 }), (each, steps) => {
        const buffer = new JitterBuffer('video', each);
        let now = 0;
        const order = steps.map(([sequence, step]) => {
          now += step;
          return [1000 + sequence, now] as const;
        });
        const out = play(buffer, order).map(([sequence]) => sequence);
        expect(out.length).toBeLessThanOrEqual(order.length);
        expect(buffer.length).toBe(0);
        if (each.maxPackets === undefined) expect(out).toEqual([...new Set(out)].sort((a, b) => a - b));
      }),
    );
  });

  it('refuses options that are not what they should be', () => {
    const wrong: JitterBufferOptions[] = [
      { mode: 'slow' as 'adaptive' },
      { maxPackets: 100 },
      { quantile: 1.1 },
      { minDelay: -1 },
      { maxDelay: Number.NaN },
      { maxBytes: 0 },
      { reorderWait: -1 },
    ];
    for (const options of wrong) expect(() => jitterBuffer(options)).toThrow(bad);
  });
});

describe('jitterBuffer', () => {
  it('has a buffer for each bound stream, and leaves others alone', () => {
    const stage = jitterBuffer({ minDelay: 50 });
    stage.bindRemoteStream!(video(), 0);
    expect(stage.handleIncomingRtp!(packet(1), 0, 0)).toBe(false);
    expect(stage.handleIncomingRtp!(packet(1, { ssrc: 9 }), 0, 0)).toBe(true);
    expect(stage.pollTimeout!()).toBe(50);
    stage.handleTimeout!(50);
    expect(stage.pollTimeout!()).toBe(Number.POSITIVE_INFINITY);
    expect(stage.pollIncomingRtp!(50)?.sequenceNumber).toBe(1);
    expect(stage.targetDelay(0x2222)).toBe(50);
    stage.setWantedDelay(0x2222, 70);
    expect(stage.targetDelay(0x2222)).toBe(70);
    stage.setDelayLimits(0x2222, 80, 90);
    expect(stage.targetDelay(0x2222)).toBe(80);
    expect(stage.statistics(0x2222)).toMatchObject({ packetsLost: 0 });
    stage.unbindRemoteStream!(0x2222, 0);
    expect([stage.statistics(0x2222), stage.targetDelay(0x2222)]).toEqual([undefined, undefined]);
  });

  it('roundTripTime says how long gaps are waited for', () => {
    const stage = jitterBuffer({ roundTripTime: () => 40, reorderWait: 10 });
    stage.bindRemoteStream!(video(), 0);
    for (const each of [1, 3]) stage.handleIncomingRtp!(packet(each), 100, 0);
    expect(stage.pollIncomingRtp!(100)?.sequenceNumber).toBe(1);
    expect(stage.pollTimeout!()).toBe(100 + 10 + 5.5 * 40);
  });

  it('immediate lets late packets pass', () => {
    const stage = jitterBuffer({ mode: 'immediate' });
    stage.bindRemoteStream!(video(), 0);
    stage.handleIncomingRtp!(packet(5), 0, 0);
    stage.pollIncomingRtp!(0);
    expect(stage.handleIncomingRtp!(packet(4), 1, 0)).toBe(true);
  });
});

describe('a telephone event in a stream of audio', () => {
  it('delays nothing that comes behind it, although its packets have one timestamp', () => {
    const buffer = new JitterBuffer('audio');
    let sequence = 0;
    const step = (timestamp: number, at: number): void => {
      buffer.insert(packet(sequence++, { timestamp }), 8000, at);
      while (buffer.poll(at) !== undefined);
    };
    for (let i = 0; i < 20; i++) step(160 * i, 20 * i);
    // 400 ms of a tone every second or so.
    for (let tone = 0; tone < 5; tone++) {
      const start = 20 * sequence;
      for (let i = 0; i < 20; i++) step(8 * start, 20 * sequence);
      for (let i = 0; i < 20; i++) step(8 * 20 * sequence, 20 * sequence);
    }
    expect(buffer.targetDelay).toBe(0);
    expect(buffer.length).toBe(0);
  });
});
