import { describe, expect, it } from 'vitest';
import { CHUNK } from '../../src/chunks/chunk.ts';
import { Pair, pattern } from '../pair.ts';

describe.each([true, false])('partial reliability, interleaving %s', (interleaving) => {
  it('maxRetransmits 0 sends each chunk once; what is lost stays lost, the rest arrives in order', () => {
    const pair = Pair.connected({ interleaving }, { delay: 10, loss: 0.1 }, 5);
    pair.packets.a.length = 0;
    for (let n = 0; n < 500; n++) {
      pair.a.write(1, 53, pattern(2000, n), pair.now, { maxRetransmits: 0 });
      pair.wait(1);
    }
    pair.a.write(2, 53, pattern(10), pair.now);
    pair.drive(() => pair.messages('b').some((message) => message.stream === 2), 60_000);
    pair.wait(5000);
    const stats = pair.a.stats();
    expect(stats.retransmittedChunks).toBeLessThanOrEqual(1);
    const seen = pair.messages('b').filter((message) => message.stream === 1);
    expect(seen.length).toBeGreaterThan(300);
    // Some that were given up had arrived: only their SACK was lost.
    expect(seen.length).toBeGreaterThanOrEqual(500 - stats.abandonedMessages);
    expect(stats.unackData).toBe(0);
    let n = -1;
    for (const message of seen) {
      do n++;
      while (n < 500 && !same(message.data, pattern(2000, n)));
      expect(n).toBeLessThan(500);
    }
  });

  it('maxRetransmits 3 gives up after three', () => {
    const pair = Pair.connected({ interleaving, maxRetransmissions: 100 }, { delay: 5 });
    pair.link.filter = (bytes) => bytes[12] !== CHUNK.Data && bytes[12] !== CHUNK.IData;
    pair.a.write(1, 51, pattern(10), pair.now, { maxRetransmits: 3 });
    pair.drive(() => pair.a.stats().abandonedMessages === 1, 60_000);
    expect(pair.a.stats().retransmittedChunks).toBe(3);
    pair.drive(() => pair.a.stats().unackData === 0, 60_000);
    delete pair.link.filter;
    pair.a.write(1, 51, pattern(11), pair.now);
    pair.drive(() => pair.messages('b').length === 1);
    expect(pair.messages('b')[0]!.data.length).toBe(11);
  });

  it('maxPacketLifeTime drops what was never sent, and a message cut in the middle', () => {
    const pair = Pair.connected({ interleaving }, { delay: 5, rate: 50 });
    // 200 KB at 50 KB/s: the first takes four seconds, the second never begins.
    pair.a.write(1, 51, pattern(200_000), pair.now, { maxPacketLifeTime: 1000 });
    pair.a.write(1, 51, pattern(100_000), pair.now, { maxPacketLifeTime: 500 });
    pair.wait(1100);
    pair.a.write(1, 51, pattern(30), pair.now);
    pair.drive(() => pair.messages('b').length === 1, 60_000);
    expect(pair.messages('b')[0]!.data).toEqual(pattern(30));
    expect(pair.a.stats().abandonedMessages).toBe(2);
    expect(pair.a.bufferedAmount(1)).toBe(0);
    pair.drive(() => pair.a.stats().unackData === 0);
    // Nothing is left of the half message.
    expect(pair.b.stats().receiverWindow).toBe(4 * 1024 * 1024);
  });

  it('unordered messages go around a gap that never closes', () => {
    const pair = Pair.connected({ interleaving }, { delay: 10, loss: 0.2 }, 11);
    for (let n = 0; n < 200; n++) {
      pair.a.write(1, 53, pattern(3000, n), pair.now, { unordered: true, maxRetransmits: 1 });
      pair.wait(2);
    }
    pair.link.loss = 0;
    pair.wait(5000);
    expect(pair.messages('b').length).toBeGreaterThanOrEqual(200 - pair.a.stats().abandonedMessages);
    expect(pair.a.stats()).toMatchObject({ unackData: 0, bytesInFlight: 0 });
    expect(pair.b.stats().receiverWindow).toBe(4 * 1024 * 1024);
  });

  function same(a: Uint8Array, b: Uint8Array): boolean {
    return Buffer.compare(a, b) === 0;
  }
});
