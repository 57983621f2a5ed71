import { describe, expect, it } from 'vitest';
import { Pair, pattern } from '../pair.ts';

describe('pace', () => {
  it('grows as slow start says: twice as much each round trip of 50 ms', () => {
    const pair = Pair.connected({}, { delay: 25 });
    pair.keep = false;
    for (let n = 0; n < 40; n++) pair.a.write(1, 53, pattern(100_000), pair.now);
    const perRound: number[] = [];
    let before = pair.a.stats().bytesSent;
    pair.pump();
    for (let round = 0; round < 7; round++) {
      perRound.push(pair.a.stats().bytesSent - before);
      before = pair.a.stats().bytesSent;
      pair.wait(50);
    }
    expect(perRound[0]).toBeGreaterThan(10_000);
    // The first window leaves at once, the later ones are spread: the second is half a round trip behind.
    for (let round = 2; round < 7; round++) {
      expect(perRound[round]! / perRound[round - 1]!).toBeGreaterThan(1.8);
      expect(perRound[round]! / perRound[round - 1]!).toBeLessThan(2.2);
    }
  });

  it('fills a link of 1 MB/s with a short queue to nine tenths', () => {
    const pair = Pair.connected({}, { delay: 10, rate: 1000, queueLimit: 40_000 });
    pair.keep = false;
    const start = pair.now;
    for (let n = 0; n < 50; n++) pair.a.write(1, 53, pattern(100_000), pair.now);
    pair.drive(() => pair.messages('b').length === 50);
    expect(5_000_000 / (pair.now - start)).toBeGreaterThan(900);
  });

  it('shares a narrow link by priority', () => {
    const pair = Pair.connected({}, { delay: 5, rate: 200, queueLimit: 20_000 });
    pair.a.setPriority(1, 128);
    pair.a.setPriority(2, 1024);
    for (let n = 0; n < 300; n++) {
      pair.a.write(1, 53, pattern(5000), pair.now);
      pair.a.write(2, 53, pattern(5000), pair.now);
    }
    pair.drive(() => pair.messages('b').length >= 270);
    const high = pair.messages('b').filter((message) => message.stream === 2).length;
    expect(high / pair.messages('b').length).toBeGreaterThan(0.8);
    expect(high).toBeLessThan(pair.messages('b').length);
  });

  it('does not mistake reordering for loss for long', () => {
    const pair = Pair.connected({}, { delay: 10, reordering: 0.3, reorderingDelay: 8 }, 42);
    pair.keep = false;
    const start = pair.now;
    for (let n = 0; n < 50; n++) pair.a.write(1, 53, pattern(100_000), pair.now);
    pair.drive(() => pair.messages('b').length === 50);
    expect(pair.now - start).toBeLessThan(2000);
    expect(pair.a.stats().timeouts).toBe(0);
  });

  it('a receiver that pauses again and again loses nothing and is not probed to death', () => {
    const pair = Pair.connected({}, { delay: 5, loss: 0.01 }, 8, { receiveWindow: 100_000 });
    for (let n = 0; n < 100; n++) pair.a.write(1, 53, pattern(20_000, n), pair.now);
    for (let round = 0; round < 10; round++) {
      pair.deaf.add('b');
      const before = pair.a.stats().packetsSent;
      pair.wait(20_000);
      expect(pair.a.stats().packetsSent - before).toBeLessThan(250);
      pair.deaf.clear();
      pair.wait(30);
    }
    pair.drive(() => pair.messages('b').length === 100, 120_000);
    for (const [n, message] of pair.messages('b').entries()) {
      expect(Buffer.compare(message.data, pattern(20_000, n))).toBe(0);
    }
    expect(pair.a.state).toBe('established');
  });

  it('a window that opens again is told at once', () => {
    const pair = Pair.connected({}, { delay: 5 }, 8, { receiveWindow: 100_000 });
    for (let n = 0; n < 20; n++) pair.a.write(1, 53, pattern(20_000, n), pair.now);
    pair.deaf.add('b');
    pair.wait(60_000);
    pair.deaf.clear();
    const start = pair.now;
    pair.drive(() => pair.messages('b').length === 20);
    expect(pair.now - start).toBeLessThan(200);
  });

  it('many streams at once all get through', () => {
    for (const interleaving of [true, false]) {
      const pair = Pair.connected({ interleaving }, { delay: 5, loss: 0.02 }, 4);
      for (let id = 0; id < 500; id++) pair.a.write(id * 131, 53, pattern(3000, id), pair.now);
      pair.drive(() => pair.messages('b').length === 500, 60_000);
      expect(new Set(pair.messages('b').map((message) => message.stream)).size).toBe(500);
    }
  });

  it('more streams with big messages than the peer has room for do not lock up', () => {
    const pair = Pair.connected({}, { delay: 5 }, 4, { receiveWindow: 300_000 });
    for (let id = 0; id < 50; id++) pair.a.write(id, 53, pattern(100_000, id), pair.now);
    pair.drive(() => pair.messages('b').length === 50, 120_000);
    expect(pair.messages('b')).toHaveLength(50);
    expect(pair.b.state).toBe('established');
  });
});
