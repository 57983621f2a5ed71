import { describe, expect, it } from 'vitest';
import { Events } from '../../src/association/events.ts';
import { DATA_HEADER_SIZE, FLAG_BEGIN, FLAG_END } from '../../src/chunks/data.ts';
import { StreamTable } from '../../src/stream-table.ts';
import { Acknowledgement, STALE, UNSENT, VALID } from '../../src/tx/acknowledgement.ts';
import { Congestion } from '../../src/tx/congestion.ts';
import { ForwardPoint } from '../../src/tx/forward-point.ts';
import { OutMessage, OutStream } from '../../src/tx/out-stream.ts';
import { ABANDONED, IN_FLIGHT, LOST, Outstanding } from '../../src/tx/outstanding.ts';
import { Retransmission } from '../../src/tx/retransmission.ts';
import { Rto } from '../../src/tx/rto.ts';
import { Scheduler } from '../../src/tx/scheduler.ts';
import { SendQueue } from '../../src/tx/send-queue.ts';
import { Spurious } from '../../src/tx/spurious.ts';

const reliable = Number.POSITIVE_INFINITY;

describe('StreamTable', () => {
  it('makes state when first asked for, and keeps it', () => {
    const made: number[] = [];
    const table = new StreamTable((id) => {
      made.push(id);
      return { id };
    });
    expect(table.peek(65534)).toBeUndefined();
    expect(table.at(65534)).toBe(table.at(65534));
    table.at(0);
    const visited: number[] = [];
    table.forEach((_, id) => {
      visited.push(id);
    });
    expect(made).toEqual([65534, 0]);
    expect(visited).toEqual([0, 65534]);
    table.clear();
    expect(table.peek(0)).toBeUndefined();
  });
});

describe('Rto', () => {
  it('follows RFC 9260 §6.3.1', () => {
    const rto = new Rto(500, 10, 10_000);
    expect(rto.value).toBe(500);
    rto.measured(100);
    expect(rto.value).toBe(100 + 4 * 50);
    rto.measured(200);
    // RTTVAR = 0.75 * 50 + 0.25 * 100, SRTT = 0.875 * 100 + 0.125 * 200.
    expect(rto.value).toBe(112.5 + 4 * 62.5);
    expect(rto).toMatchObject({ smoothed: 112.5, latest: 200, smallest: 100, measurements: 2, total: 300 });
  });

  it('stays within its bounds, backs off, and comes back', () => {
    const rto = new Rto(500, 100, 1000);
    rto.measured(1);
    expect(rto.value).toBe(100);
    for (let n = 0; n < 5; n++) rto.backoff();
    expect(rto.value).toBe(1000);
    rto.progress();
    expect(rto.value).toBe(100);
  });
});

describe('Congestion', () => {
  it('begins with ten packets and no threshold, on either side', () => {
    const congestion = new Congestion(1000, 'newreno');
    expect(congestion).toMatchObject({ window: 10_000, slowStartThreshold: 0xffff_ffff, inSlowStart: true });
    congestion.setMtu(500);
    expect(congestion.window).toBe(5000);
    congestion.setMtu(2000);
    expect(congestion.window).toBe(5000);
  });

  it('doubles in a round trip of slow start, only when it was the limit', () => {
    const congestion = new Congestion(1000, 'newreno');
    congestion.acknowledged(10_000, 10, true, 20, 0);
    expect(congestion.window).toBe(10_000);
    congestion.limited = true;
    congestion.acknowledged(10_000, 20, true, 20, 0);
    expect(congestion.window).toBe(20_000);
    congestion.acknowledged(10_000, 20, false, 20, 0);
    expect(congestion.window).toBe(20_000);
  });

  it('halves once per loss, then grows by one packet a round trip', () => {
    const congestion = new Congestion(1000, 'newreno');
    congestion.limited = true;
    congestion.acknowledged(30_000, 40, true, 20, 0);
    congestion.lost(80);
    expect(congestion).toMatchObject({ window: 20_000, slowStartThreshold: 20_000, inFastRecovery: true });
    congestion.lost(90);
    expect(congestion.window).toBe(20_000);
    congestion.acknowledged(5000, 60, true, 20, 0);
    expect(congestion.window).toBe(20_000);
    // At the threshold it is still slow start (RFC 9260 §7.2.1), just above it congestion avoidance.
    congestion.acknowledged(1000, 80, true, 20, 0);
    expect(congestion).toMatchObject({ window: 21_000, inFastRecovery: false });
    for (let n = 0; n < 21; n++) congestion.acknowledged(1000, 81 + n, true, 20, 0);
    expect(congestion.window).toBe(22_000);
  });

  it('falls to one packet on a timeout, with a floor for the threshold, and can take a mistake back', () => {
    const congestion = new Congestion(1000, 'newreno');
    congestion.timedOut();
    expect(congestion).toMatchObject({ window: 1000, slowStartThreshold: 5000 });
    // Again, with nothing in between: the threshold stays (RFC 5681 §3.1).
    congestion.timedOut();
    expect(congestion).toMatchObject({ window: 1000, slowStartThreshold: 5000 });
    congestion.undo();
    expect(congestion).toMatchObject({ window: 10_000, slowStartThreshold: 0xffff_ffff, undos: 1 });
    congestion.undo();
    expect(congestion.undos).toBe(1);
  });

  it('forgets what it knew after idle times, but not below the first window', () => {
    const congestion = new Congestion(1000, 'newreno');
    congestion.limited = true;
    congestion.sending(1000, 100, 0);
    congestion.acknowledged(90_000, 1, true, 20, 0);
    congestion.sending(1050, 100, 0);
    const before = congestion.window;
    congestion.sending(1250, 100, 0);
    expect(congestion.window).toBe(before / 4);
    congestion.sending(100_000, 100, 0);
    expect(congestion.window).toBe(10_000);
  });
});

describe('Scheduler', () => {
  const serve = (scheduler: Scheduler, times: number, bytes = 1000): number[] => {
    const served: number[] = [];
    for (let n = 0; n < times; n++) {
      const stream = scheduler.first() as OutStream;
      served.push(stream.id);
      scheduler.charge(stream, bytes);
    }
    return served;
  };
  const streams = (...priorities: number[]): OutStream[] =>
    priorities.map((priority, id) => Object.assign(new OutStream(id), { priority }));

  it('takes turns among equals', () => {
    const scheduler = new Scheduler();
    for (const stream of streams(256, 256, 256)) scheduler.add(stream);
    expect(serve(scheduler, 9)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  it('shares by weight', () => {
    const scheduler = new Scheduler();
    for (const stream of streams(128, 256, 512, 1024)) scheduler.add(stream);
    const served = serve(scheduler, 1500);
    expect([0, 1, 2, 3].map((id) => served.filter((one) => one === id).length)).toEqual([100, 200, 400, 800]);
  });

  it('gives a newcomer its share, not what it did not ask for before', () => {
    const scheduler = new Scheduler();
    const [a, b] = streams(256, 256) as [OutStream, OutStream];
    scheduler.add(a);
    serve(scheduler, 100);
    scheduler.add(b);
    const served = serve(scheduler, 20);
    expect(served.filter((id) => id === 1)).toHaveLength(10);
    scheduler.remove(a);
    scheduler.remove(a);
    expect(serve(scheduler, 2)).toEqual([1, 1]);
    scheduler.remove(b);
    expect(scheduler.first()).toBeUndefined();
  });

  it('keeps its order with a thousand streams coming and going', () => {
    const scheduler = new Scheduler();
    const many = streams(...Array.from({ length: 1000 }, () => 256));
    for (const stream of many) scheduler.add(stream);
    for (const stream of many) if (stream.id % 3 === 0) scheduler.remove(stream);
    const served = serve(scheduler, 666);
    expect(new Set(served).size).toBe(666);
    expect(served).toEqual([...served].sort((x, y) => x - y));
  });
});

describe('SendQueue', () => {
  const write = (queue: SendQueue, stream: number, size: number, options = {}): boolean =>
    queue.write(stream, 50, new Uint8Array(size), 0, options);

  it('sends a message to its end before another when chunks cannot be interleaved', () => {
    const queue = new SendQueue(new Events(), 1e6);
    write(queue, 1, 3000);
    write(queue, 2, 10);
    const first = queue.next(0)!;
    queue.sent(first, 1000);
    expect(queue.next(0)).toBe(first);
    queue.sent(first, 2000);
    expect(queue.next(0)!.stream.id).toBe(2);
  });

  it('alternates between messages when it may', () => {
    const queue = new SendQueue(new Events(), 1e6);
    queue.interleaving = true;
    write(queue, 1, 3000);
    write(queue, 2, 3000);
    const order: number[] = [];
    for (let message = queue.next(0); message !== undefined; message = queue.next(0)) {
      order.push(message.stream.id);
      queue.sent(message, 1000);
    }
    expect(order).toEqual([1, 2, 1, 2, 1, 2]);
    expect(queue.isEmpty).toBe(true);
  });

  it('refuses above its limit and says when there is room again', () => {
    const events = new Events();
    const queue = new SendQueue(events, 1000);
    expect(write(queue, 1, 5000)).toBe(true);
    expect(write(queue, 1, 600)).toBe(false);
    expect(queue.bufferedAmount(1)).toBe(5000);
    const message = queue.next(0)!;
    queue.sent(message, 4500);
    expect(events.shift()).toBeUndefined();
    queue.sent(message, 100);
    expect(events.shift()).toEqual({ type: 'writable' });
    expect(write(queue, 1, 600)).toBe(true);
  });

  it('reports a low buffer once, when it falls through the threshold', () => {
    const events = new Events();
    const queue = new SendQueue(events, 1e6);
    queue.stream(3).lowThreshold = 100;
    write(queue, 3, 100);
    queue.sent(queue.next(0)!, 100);
    expect(events.shift()).toBeUndefined();
    write(queue, 3, 300);
    queue.sent(queue.next(0)!, 200);
    expect(events.shift()).toEqual({ type: 'buffered-amount-low', stream: 3 });
    queue.sent(queue.next(0)!, 100);
    expect(events.shift()).toBeUndefined();
  });

  it('drops messages whose time is over before they begin', () => {
    const queue = new SendQueue(new Events(), 1e6);
    write(queue, 1, 10, { maxPacketLifeTime: 5 });
    write(queue, 1, 20);
    expect(queue.next(5)!.data.length).toBe(20);
    expect(queue).toMatchObject({ expired: 1, bytes: 20 });
  });
});

/** A window with `count` chunks of 1000 bytes from TSN 1 on, sent at times 0, 1, 2, ... */
function window(count: number, options: { maxRetransmits?: number; initialTsn?: number; fragments?: number } = {}) {
  const events = new Events();
  const queue = new SendQueue(events, 1e9);
  const o = new Outstanding(options.initialTsn ?? 1, DATA_HEADER_SIZE);
  const forward = new ForwardPoint(o, false);
  const retransmission = new Retransmission(o, queue, forward, true);
  const congestion = new Congestion(1000, 'newreno');
  const rto = new Rto(500, 100, 10_000);
  const acknowledgement = new Acknowledgement(o, congestion, rto, retransmission);
  const stream = new OutStream(7);
  const messages: OutMessage[] = [];
  const perMessage = options.fragments ?? 1;
  for (let n = 0; n < count; n++) {
    if (n % perMessage === 0) {
      const data = new Uint8Array(1000 * perMessage);
      const message = new OutMessage(stream, 50, data, false, options.maxRetransmits ?? reliable, reliable);
      message.number = stream.nextOrdered++;
      message.firstTsn = o.next;
      messages.push(message);
    }
    const message = messages.at(-1)!;
    const flags = (n % perMessage === 0 ? FLAG_BEGIN : 0) | (n % perMessage === perMessage - 1 ? FLAG_END : 0);
    message.lastTsn = o.add(message, message.sent, 1000, n % perMessage, flags, n);
    message.sent += 1000;
  }
  const sack = (cumulative: number, gaps: [number, number][], now: number, duplicates: number[] = []): number => {
    const bytes = new Uint8Array(16 + 4 * (gaps.length + duplicates.length));
    const view = new DataView(bytes.buffer);
    view.setUint32(4, cumulative);
    view.setUint16(12, gaps.length);
    view.setUint16(14, duplicates.length);
    for (const [n, [start, end]] of gaps.entries()) {
      view.setUint16(16 + 4 * n, start);
      view.setUint16(18 + 4 * n, end);
    }
    for (const [n, tsn] of duplicates.entries()) view.setUint32(16 + 4 * gaps.length + 4 * n, tsn);
    return acknowledgement.handle(bytes, 0, now);
  };
  return { o, forward, retransmission, congestion, rto, acknowledgement, messages, sack, queue };
}

describe('Acknowledgement', () => {
  it('frees what is acknowledged and measures the round trip', () => {
    const { o, sack, rto } = window(4);
    expect(sack(2, [], 51)).toBe(VALID);
    expect(o).toMatchObject({ cumulative: 2, size: 2, flight: 2 * 1016, payload: 2000 });
    expect(rto.latest).toBe(50);
  });

  it('ignores an old SACK and one for TSNs never sent', () => {
    const { o, sack } = window(4);
    sack(3, [], 10);
    expect(sack(2, [], 11)).toBe(STALE);
    expect(sack(5, [], 11)).toBe(UNSENT);
    expect(sack(0x7000_0000, [], 11)).toBe(UNSENT);
    expect(o).toMatchObject({ cumulative: 3, size: 1 });
  });

  it('does not believe gap blocks out of order or beyond what was sent', () => {
    const { o, sack } = window(6);
    sack(1, [[3, 2]], 10);
    sack(1, [[2, 60]], 10);
    sack(1, [[0, 1]], 10);
    expect(o.flight).toBe(5 * 1016);
  });

  it('counts a chunk as lost after three misses, once, and halves the window once', () => {
    const { o, sack, congestion, acknowledgement } = window(10);
    sack(0, [[2, 2]], 5);
    sack(0, [[2, 3]], 5);
    expect(o.lost).toBe(0);
    sack(0, [[2, 4]], 5);
    expect(o.state[1]).toBe(LOST);
    expect(o.firstLost()).toBe(1);
    expect(congestion.window).toBe(5000);
    o.resent(1, 7);
    sack(0, [[2, 5]], 7);
    sack(0, [[2, 6]], 7);
    sack(0, [[2, 7]], 7);
    expect(o.lost).toBe(0);
    expect(acknowledgement.fastRetransmits).toBe(1);
  });

  it('does not count a miss for SACKs that bring nothing new', () => {
    const { o, sack } = window(10);
    for (let n = 0; n < 10; n++) sack(0, [[2, 2]], 5);
    expect(o.lost).toBe(0);
  });

  it('finds a retransmission lost when later data arrived a round trip after it', () => {
    const { o, sack, rto, messages } = window(10);
    rto.measured(20);
    for (const end of [2, 3, 4]) sack(0, [[2, end]], 20);
    o.resent(1, 21);
    o.add(messages[0]!, 0, 1000, 0, FLAG_BEGIN | FLAG_END, 25);
    sack(0, [[2, 11]], 60);
    expect(o.state[1]).toBe(LOST);
  });

  it('takes back in flight what the peer reneges', () => {
    const { o, sack } = window(6);
    sack(0, [[2, 3]], 5);
    expect(o).toMatchObject({ flight: 4 * 1016, gapBytes: 2 * 1016 });
    sack(0, [[2, 2]], 5);
    expect(o).toMatchObject({ flight: 5 * 1016, gapBytes: 1016 });
    sack(0, [], 5);
    expect(o.gapBytes).toBe(0);
    expect(o.flight).toBe(6 * 1016);
  });

  it('takes the reduction back when every retransmission proves a duplicate', () => {
    const { o, sack, congestion, acknowledgement } = window(10);
    for (const end of [2, 3, 4]) sack(0, [[2, end]], 5);
    o.resent(1, 6);
    acknowledgement.spurious.resent(1);
    expect(congestion.window).toBe(5000);
    sack(4, [], 8);
    sack(4, [], 9, [1]);
    expect(congestion.window).toBe(10_000);
  });

  it('takes it back at once when the original arrives too soon to be the answer to the retransmission', () => {
    const { o, sack, congestion, acknowledgement } = window(10);
    for (const end of [2, 3, 4]) sack(0, [[2, end]], 20);
    o.resent(1, 21);
    acknowledgement.spurious.resent(1);
    expect(congestion.window).toBe(5000);
    sack(4, [], 22);
    expect(congestion.window).toBe(10_000);
    expect(acknowledgement.rack.reorderingSeen).toBe(true);
  });

  it('works across the wrap of TSNs', () => {
    const { o, sack } = window(300, { initialTsn: 0xffff_ff80 });
    expect(sack(0xffff_ffff, [[2, 100]], 400)).toBe(VALID);
    expect(o.size).toBe(172);
    expect(sack(171, [], 401)).toBe(VALID);
    expect(o).toMatchObject({ isEmpty: true, flight: 0, payload: 0 });
  });
});

describe('Spurious', () => {
  it('needs all retransmissions of the episode back, and not too many', () => {
    const view = (tsns: number[]): Uint8Array => {
      const bytes = new Uint8Array(4 * tsns.length);
      for (const [n, tsn] of tsns.entries()) new DataView(bytes.buffer).setUint32(4 * n, tsn);
      return bytes;
    };
    const spurious = new Spurious();
    spurious.resent(5);
    spurious.resent(6);
    expect(spurious.handleDuplicates(view([5, 5, 9]), 0, 3)).toBe(false);
    expect(spurious.handleDuplicates(view([6]), 0, 1)).toBe(true);
    for (let n = 0; n < 2048; n++) spurious.resent(n);
    const all = Array.from({ length: 2049 }, (_, n) => n);
    expect(spurious.handleDuplicates(view(all), 0, 2049)).toBe(true);
    for (let n = 0; n < 2049; n++) spurious.resent(n);
    expect(spurious.handleDuplicates(view(all), 0, 2049)).toBe(false);
    spurious.begin(false);
    expect(spurious.handleDuplicates(view(all), 0, 2049)).toBe(false);
    spurious.resent(7);
    expect(spurious.handleOriginal(8)).toBe(false);
    expect(spurious.handleOriginal(7)).toBe(true);
    spurious.begin(true);
    spurious.resent(7);
    expect(spurious.handleOriginal(7)).toBe(false);
  });
});

describe('giving up messages', () => {
  it('abandons every fragment and skips them in one FORWARD TSN', () => {
    const { o, forward, retransmission } = window(6, { maxRetransmits: 0, fragments: 3 });
    retransmission.lose(2, 10);
    expect([1, 2, 3, 4].map((tsn) => o.state[tsn])).toEqual([ABANDONED, ABANDONED, ABANDONED, IN_FLIGHT]);
    expect(o.flight).toBe(3 * 1016);
    expect(forward).toMatchObject({ due: true, isPending: true, point: 3 });
    const buffer = new Uint8Array(100);
    const end = forward.write(buffer, 0, 100, 10);
    expect(Buffer.from(buffer.subarray(0, end)).toString('hex')).toBe('c000000c0000000300070000');
    expect(forward.due).toBe(false);
    retransmission.lose(5, 10);
    const again = forward.write(buffer, 0, 100, 10);
    expect(Buffer.from(buffer.subarray(0, again)).toString('hex')).toBe('c000000c0000000600070001');
  });

  it('goes only as far as there is room for streams', () => {
    const { forward, retransmission } = window(1, { maxRetransmits: 0 });
    retransmission.lose(1, 10);
    const buffer = new Uint8Array(100);
    expect(forward.write(buffer, 0, 8, 10)).toBe(8);
    expect(new DataView(buffer.buffer).getUint32(4)).toBe(0);
  });

  it('sends again what may be, and reminds the peer once per interval', () => {
    const { o, forward, retransmission } = window(2, { maxRetransmits: 1 });
    retransmission.lose(1, 10);
    expect(o.state[1]).toBe(LOST);
    o.resent(1, 11);
    retransmission.lose(1, 12);
    expect(o.state[1]).toBe(ABANDONED);
    forward.write(new Uint8Array(100), 0, 100, 20);
    forward.remind(25, 10);
    expect(forward.due).toBe(false);
    forward.remind(30, 10);
    expect(forward.due).toBe(true);
  });
});
