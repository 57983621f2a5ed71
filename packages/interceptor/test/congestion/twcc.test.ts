import { decodeRtcp, encodeRtcp, type TransportFeedback } from '@kaon/rtp/rtcp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FeedbackBatch } from '../../src/congestion/feedback-batch.ts';
import { FeedbackInterval } from '../../src/congestion/feedback-interval.ts';
import { ArrivalRecorder } from '../../src/congestion/twcc/arrival-recorder.ts';
import { SentHistory } from '../../src/congestion/twcc/sent-history.ts';

function all(recorder: ArrivalRecorder): TransportFeedback[] {
  const built: TransportFeedback[] = [];
  for (let each = recorder.build(1, 2); each !== undefined; each = recorder.build(1, 2)) built.push(each);
  return built;
}

/** As it comes off the wire. */
function carried(feedback: TransportFeedback): TransportFeedback {
  return (decodeRtcp(encodeRtcp([feedback])) as readonly TransportFeedback[])[0]!;
}

/** Sequence number to arrival time, or undefined for one reported as lost. */
function told(feedbacks: readonly TransportFeedback[]): Map<number, number | undefined> {
  const found = new Map<number, number | undefined>();
  for (const feedback of feedbacks) {
    const { baseSequence, referenceTime, packets } = carried(feedback);
    packets.forEach((arrival, i) => {
      const sequence = (baseSequence + i) & 0xffff;
      if (arrival !== undefined || !found.has(sequence)) {
        found.set(sequence, arrival === undefined ? undefined : referenceTime + arrival);
      }
    });
  }
  return found;
}

describe('ArrivalRecorder', () => {
  it('reports what came and what did not, and never a lost packet as received', () => {
    const recorder = new ArrivalRecorder();
    for (const [sequence, at] of [
      [10, 1000],
      [11, 1003.25],
      [14, 1010],
    ] as const) {
      recorder.add(sequence, at);
    }
    const [feedback, ...rest] = all(recorder);
    expect(rest).toEqual([]);
    expect(feedback).toMatchObject({ type: 'twcc', senderSsrc: 1, mediaSsrc: 2, baseSequence: 10, feedbackCount: 0 });
    expect([...told([feedback!])]).toEqual([
      [10, 1000],
      [11, 1003.25],
      [12, undefined],
      [13, undefined],
      [14, 1010],
    ]);
    expect(recorder.hasNews).toBe(false);
    expect(recorder.build(1, 2)).toBeUndefined();
  });

  it('begins the next feedback where the last one ended, and counts them', () => {
    const recorder = new ArrivalRecorder();
    for (let i = 0; i < 300; i++) {
      recorder.add(i, i);
      const feedback = recorder.build(1, 2)!;
      expect(feedback.baseSequence).toBe(i);
      expect(feedback.feedbackCount).toBe(i & 0xff);
      expect(feedback.packets).toHaveLength(1);
    }
  });

  it('goes back to a packet that came late', () => {
    const recorder = new ArrivalRecorder();
    recorder.add(1, 1000);
    recorder.add(3, 1010);
    expect(told(all(recorder)).get(2)).toBeUndefined();
    recorder.add(2, 1060);
    recorder.add(4, 1065);
    expect([...told(all(recorder))]).toEqual([
      [2, 1060],
      [3, 1010],
      [4, 1065],
    ]);
    expect(recorder.add(4, 1070)).toBe(false);
  });

  it('survives the wrap of sequence numbers', () => {
    const recorder = new ArrivalRecorder();
    for (let i = 65_530; i < 65_545; i++) recorder.add(i & 0xffff, i);
    const [feedback] = all(recorder);
    expect(feedback!.baseSequence).toBe(65_530);
    expect(feedback!.packets).toHaveLength(15);
    expect(told([feedback!]).get(3)).toBe(65_539);
  });

  it('splits what does not fit: many packets, and pauses longer than a delta', () => {
    const many = new ArrivalRecorder();
    for (let i = 0; i < 1500; i++) many.add(i, 1000 + i);
    const parts = all(many);
    expect(parts.map(({ packets }) => packets.length)).toEqual([400, 400, 400, 300]);
    for (const each of parts) expect(encodeRtcp([each]).length).toBeLessThan(1200);
    expect(told(parts).size).toBe(1500);

    const paused = new ArrivalRecorder();
    paused.add(1, 1000);
    paused.add(2, 60_000);
    expect(told(all(paused))).toEqual(
      new Map([
        [1, 1000],
        [2, 60_000],
      ]),
    );
  });

  it('keeps no more than its ring and starts again after a jump', () => {
    const recorder = new ArrivalRecorder();
    for (let i = 0; i < 20_000; i++) recorder.add(i & 0xffff, i);
    const feedbacks = all(recorder);
    expect(told(feedbacks).size).toBe(8192);
    recorder.add(20_000 + 17_000, 30_000);
    expect([...told(all(recorder))]).toEqual([[37_000, 30_000]]);
  });

  it('passes over long runs of losses', () => {
    const recorder = new ArrivalRecorder();
    recorder.add(0, 1000);
    all(recorder);
    recorder.add(6000, 1100);
    const feedbacks = all(recorder);
    expect(told(feedbacks).get(6000)).toBe(1100);
    expect(told(feedbacks).get(5999)).toBeUndefined();
  });

  it('reports again what the sender asks for', () => {
    const recorder = new ArrivalRecorder();
    for (let i = 0; i < 10; i++) recorder.add(i, 1000 + i);
    all(recorder);
    recorder.request(9, 3);
    expect([...told(all(recorder)).keys()]).toEqual([7, 8, 9]);
    recorder.request(500, 3);
    expect(recorder.hasNews).toBe(false);
  });

  it('says of any packets exactly which came', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 65_535 }),
        fc.array(fc.record({ lost: fc.boolean(), wait: fc.double({ min: 0, max: 9000, noNaN: true }) }), {
          maxLength: 60,
        }),
        (first, packets) => {
          const recorder = new ArrivalRecorder();
          const came = new Map<number, number>();
          let now = 1000;
          packets.forEach(({ lost, wait }, i) => {
            now += wait;
            if (lost) return;
            recorder.add((first + i) & 0xffff, now);
            came.set((first + i) & 0xffff, now);
          });
          const report = told(all(recorder));
          for (const [sequence, at] of came) expect(Math.abs(report.get(sequence)! - at)).toBeLessThanOrEqual(0.126);
          for (const [sequence, at] of report) if (at !== undefined) expect(came.has(sequence)).toBe(true);
        },
      ),
    );
  });
});

describe('SentHistory', () => {
  it('finds packets by the low bits of their number, across the wrap', () => {
    const history = new SentHistory(65_530);
    const numbers = Array.from({ length: 20 }, (_, i) => history.add(100, 0, i));
    expect(numbers[0]! & 0xffff).toBe(65_530);
    for (const number of numbers) expect(history.find(number & 0xffff)).toBe(number);
    expect(history.find(65_529)).toBe(-1);
    expect(history.find(14)).toBe(-1);
    expect(new SentHistory().find(0)).toBe(-1);
  });

  it('tells each fate once, and a loss that was none', () => {
    const history = new SentHistory();
    const batch = new FeedbackBatch();
    const number = history.add(500, 9, 10);
    expect(history.bytesInFlight).toBe(500);
    expect(history.acknowledge(number, Number.NaN, 0, batch)).toBe(true);
    expect(history.bytesInFlight).toBe(0);
    history.acknowledge(number, Number.NaN, 0, batch);
    expect(batch.count).toBe(1);
    history.acknowledge(number, 77, 3, batch);
    history.acknowledge(number, 78, 3, batch);
    expect(batch.count).toBe(2);
    expect([batch.sentAt[1], batch.arrivedAt[1], batch.size[1], batch.cluster[1]]).toEqual([10, 77, 500, 9]);
    expect([batch.recovered[0], batch.recovered[1], batch.ecn[1]]).toEqual([0, 1, 3]);
    expect(history.acknowledge(number + 1, 5, 0, batch)).toBe(false);
  });

  it('counts once the bytes that lost feedback was about', () => {
    const history = new SentHistory();
    const batch = new FeedbackBatch();
    const numbers = Array.from({ length: 6 }, (_, i) => history.add(100, 0, i));
    history.acknowledge(numbers[4]!, 50, 0, batch);
    history.complete(batch);
    expect(batch.skipped).toBe(400);
    expect(history.bytesInFlight).toBe(100);
    batch.clear();
    history.acknowledge(numbers[1]!, 51, 0, batch);
    history.complete(batch);
    expect(batch.skipped).toBe(0);
    expect(batch.recovered[0]).toBe(2);
  });

  it('is bounded by count and time', () => {
    const history = new SentHistory();
    for (let i = 0; i < 100_000; i++) history.add(100, 0, i / 100);
    expect(history.length).toBe(16_384);
    expect(history.bytesInFlight).toBe(1_638_400);
    history.prune(20_000);
    expect(history.length).toBe(0);
    expect(history.bytesInFlight).toBe(0);
  });
});

describe('FeedbackBatch', () => {
  it('sorts by arrival and grows', () => {
    const batch = new FeedbackBatch();
    for (let i = 0; i < 1000; i++) batch.add(i, i % 3 === 0 ? Number.NaN : 5000 - i, 1, 0, 0, i & 3);
    batch.sort();
    expect(batch.received).toBe(666);
    const arrivals = Array.from({ length: 666 }, (_, i) => batch.arrivedAt[batch.order[i]!]!);
    expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b));
    expect(batch.ecn[999]).toBe(3);
  });

  it('sorts what comes in the worst order without looking at each pair', () => {
    const batch = new FeedbackBatch();
    const count = 16_384;
    let reads = 0;
    for (let i = 0; i < count; i++) batch.add(i, i % 5 === 0 ? Number.NaN : (count - i) >> 1, 1, 0, 0, 0);
    const arrivedAt = batch.arrivedAt;
    batch.arrivedAt = new Proxy(arrivedAt, {
      get: (target, key) => {
        reads++;
        return target[key as unknown as number];
      },
    });
    batch.sort();
    batch.arrivedAt = arrivedAt;
    const order = [...batch.order.subarray(0, batch.received)];
    expect(order).toHaveLength(count - Math.ceil(count / 5));
    expect(order).toEqual([...order].sort((a, b) => arrivedAt[a]! - arrivedAt[b]! || a - b));
    expect(reads).toBeLessThan(40 * count);
  });
});

describe('FeedbackInterval', () => {
  it('is 50 ms for fast streams and up to 250 ms for slow ones, and rests while nothing comes', () => {
    const fast = new FeedbackInterval();
    expect(fast.dueAt).toBe(Number.POSITIVE_INFINITY);
    for (let at = 0; at < 2000; at += 5) fast.arrived(1200, at);
    expect(fast.interval).toBe(50);
    expect(fast.dueAt).toBe(0);
    fast.sent(2000);
    expect(fast.dueAt).toBe(Number.POSITIVE_INFINITY);
    fast.arrived(1200, 2001);
    expect(fast.dueAt).toBe(2050);
    fast.requested(2010);
    expect(fast.dueAt).toBe(2010);
    const slow = new FeedbackInterval();
    for (let at = 0; at < 2000; at += 100) slow.arrived(100, at);
    expect(slow.interval).toBe(250);
  });
});
