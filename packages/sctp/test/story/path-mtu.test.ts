import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { CHUNK } from '../../src/chunks/chunk.ts';
import type { AssociationOptions } from '../../src/index.ts';
import { writeChecksum } from '../../src/packet/crc32c.ts';
import { Dice, type Link, Pair, pattern } from '../pair.ts';

const SEARCH: Partial<AssociationOptions> = { pathMtu: { search: 'on' } };

/** Two that look for larger packets, over a link that takes packets up to `takes` bytes. */
function connected(takes: number, link: Link = {}, options = SEARCH, seed = 1, optionsOfB = options): Pair {
  const pair = Pair.connected(options, { delay: 5, ...link }, seed, optionsOfB);
  pair.slot = new Slot(20_000, 64);
  const { filter } = pair.link;
  pair.link.filter = (bytes, from, now) => bytes.length <= takes && (filter?.(bytes, from, now) ?? true);
  return pair;
}

/** Sends messages from a to b until all are there, whole and in order. */
function carry(pair: Pair, count: number, size: number): void {
  const before = pair.messages('b').length;
  for (let n = 0; n < count; n++) pair.a.write(1, 53, pattern(size, n), pair.now);
  expect(pair.drive(() => pair.messages('b').length === before + count, 120_000)).toBe(true);
  for (const [n, message] of pair.messages('b').slice(before).entries())
    expect(Buffer.compare(message.data, pattern(size, n))).toBe(0);
}

const isProbe = (packet: Uint8Array): boolean => packet[12] === CHUNK.Pad;
const largest = (packets: readonly Uint8Array[]): number => Math.max(...packets.map(({ length }) => length));

describe('path MTU discovery', () => {
  it('reaches 16 KiB packets a few round trips into the first large message', () => {
    const pair = connected(20_000);
    carry(pair, 10, 200_000);
    expect(pair.a.stats()).toMatchObject({ pathMtu: 16_384, pathMtuState: 'complete', pathMtuProbesSent: 2 });
    expect(largest(pair.packets.a)).toBeGreaterThan(16_000);
    // The other side had nothing to send.
    expect(pair.b.stats()).toMatchObject({ pathMtu: 1163, pathMtuState: 'base', pathMtuProbesSent: 0 });
  });

  it('probes nothing for small messages, nor while idle', () => {
    const pair = connected(20_000);
    for (let n = 0; n < 100; n++) {
      pair.a.write(1, 53, pattern(1000, n), pair.now);
      pair.wait(20);
    }
    pair.wait(100_000);
    expect(pair.packets.a.some(isProbe)).toBe(false);
  });

  it('is off unless asked for, and stays within `max` and the limit that it was told', () => {
    const fixed = connected(20_000, {}, {});
    carry(fixed, 3, 100_000);
    expect(largest(fixed.packets.a)).toBeLessThanOrEqual(1163);
    expect(fixed.packets.a.some(isProbe)).toBe(false);
    const bounded = connected(20_000, {}, { pathMtu: { search: 'on', max: 5000 } });
    carry(bounded, 3, 100_000);
    expect(bounded.a.stats().pathMtu).toBe(5000);
    const told = connected(20_000);
    told.a.setPathMtuLimit(3001, told.now);
    carry(told, 3, 100_000);
    expect(told.a.stats().pathMtu).toBe(3000);
    expect(largest(told.packets.a)).toBe(3000);
    expect(() => told.a.setPathMtuLimit(-1, told.now)).toThrow('-1');
  });

  it('begins at `min`', () => {
    const pair = connected(20_000, {}, { maxPacketSize: 600, pathMtu: { search: 'on', min: 900, max: 900 } });
    carry(pair, 3, 100_000);
    expect(largest(pair.packets.a)).toBe(900);
  });

  it('finds what a path takes that drops everything above 4000 bytes, and loses no data over it', () => {
    const pair = connected(4000);
    const { timeouts, retransmittedChunks } = pair.a.stats();
    carry(pair, 20, 200_000);
    pair.wait(60_000);
    carry(pair, 5, 200_000);
    const stats = pair.a.stats();
    expect(stats.pathMtu).toBeGreaterThan(3500);
    expect(stats.pathMtu).toBeLessThanOrEqual(4000);
    expect(stats).toMatchObject({ timeouts, retransmittedChunks, blackHoles: 0, pathMtuState: 'complete' });
  });

  it('uses what a path takes that fragments: it cannot be told apart', () => {
    const pair = connected(20_000, { rate: 2000, queueLimit: 200_000 });
    carry(pair, 10, 200_000);
    expect(pair.a.stats().pathMtu).toBe(16_384);
  });

  it('a peer that does not say that it knows PAD is not probed', () => {
    const pair = new Pair(SEARCH, { delay: 5 });
    pair.slot = new Slot(20_000, 64);
    pair.link.filter = (bytes, from) => {
      if (from === 'b' && bytes[12] === CHUNK.InitAck) {
        // Another chunk in its place in the list of those that are supported.
        const list = bytes.findIndex((byte, at) => byte === 0x80 && bytes[at + 1] === 0x08 && bytes[at + 2] === 0);
        bytes[bytes.indexOf(CHUNK.Pad, list)] = 0xc1;
        writeChecksum(bytes, 0, bytes.length);
      }
      return true;
    };
    pair.a.connect(pair.now);
    expect(pair.drive(() => pair.b.state === 'established')).toBe(true);
    carry(pair, 5, 200_000);
    expect(pair.a.stats()).toMatchObject({ pathMtu: 1163, pathMtuState: 'disabled', pathMtuProbesSent: 0 });
    // The other way the peer did say so.
    pair.b.write(1, 53, pattern(200_000), pair.now);
    pair.wait(1000);
    expect(pair.b.stats().pathMtu).toBe(16_384);
  });

  it('a peer that never answers probes loses nothing: packets stay as they are', () => {
    const pair = connected(20_000, { filter: (bytes) => !isProbe(bytes) });
    carry(pair, 10, 200_000);
    pair.wait(10_000);
    carry(pair, 10, 200_000);
    expect(pair.a.stats()).toMatchObject({ pathMtu: 1163, pathMtuState: 'error', pathMtuProbesSent: 3, timeouts: 0 });
  });

  it('probes do not count for congestion control: the window is the same without them', () => {
    const windows = [SEARCH, {}].map((options) => {
      const pair = connected(1163, {}, options);
      for (let n = 0; n < 10; n++) pair.a.write(1, 53, pattern(50_000, n), pair.now);
      pair.wait(5000);
      const { congestionWindow, slowStartThreshold, rto } = pair.a.stats();
      return { congestionWindow, slowStartThreshold, rto };
    });
    expect(windows[0]).toEqual(windows[1]);
  });

  it('a probe never leaves while data can', () => {
    const pair = connected(20_000);
    for (let n = 0; n < 20; n++) pair.a.write(1, 53, pattern(100_000, n), pair.now);
    pair.pump();
    const first = pair.packets.a.findIndex(isProbe);
    expect(first).toBeGreaterThan(0);
    // The rest of what left at this instant is nothing.
    expect(pair.packets.a.slice(first + 1)).toEqual([]);
  });
});

describe('a path that changes', () => {
  it('begins to drop: all arrives, and packets are as large as they may be', () => {
    for (const interleaving of [true, false]) {
      const pair = connected(20_000, {}, { ...SEARCH, interleaving });
      carry(pair, 10, 200_000);
      expect(pair.a.stats().pathMtu).toBe(16_384);
      // Chunks of 16 KiB would never get through again: messages small enough to share packets do.
      pair.link.filter = (bytes) => bytes.length <= 2500;
      carry(pair, 2000, 1000);
      const stats = pair.a.stats();
      expect(stats.blackHoles).toBe(1);
      pair.wait(60_000);
      carry(pair, 500, 1000);
      expect(pair.a.stats().pathMtu).toBeGreaterThan(2000);
      expect(pair.a.stats().pathMtu).toBeLessThanOrEqual(2500);
    }
  });

  it('begins to drop while messages are unreliable', () => {
    const pair = connected(20_000);
    carry(pair, 10, 200_000);
    pair.link.filter = (bytes) => bytes.length <= 1500;
    for (let n = 0; n < 400; n++) {
      pair.a.write(1, 53, pattern(1000, n), pair.now, { unordered: true, maxRetransmits: 0 });
      for (let more = 0; more < 20; more++)
        pair.a.write(1, 53, pattern(1000, more), pair.now, { unordered: true, maxRetransmits: 0 });
      pair.wait(20);
    }
    expect(pair.a.stats()).toMatchObject({ pathMtu: 1163 });
    const before = pair.messages('b').length;
    for (let n = 0; n < 100; n++) {
      pair.a.write(1, 53, pattern(1000, n), pair.now, { unordered: true, maxRetransmits: 0 });
      pair.wait(20);
    }
    expect(pair.messages('b').length).toBe(before + 100);
  });

  it('is another one in the middle of a large message: it begins from the base, and chunks that left before arrive whole', () => {
    for (const interleaving of [true, false]) {
      const pair = connected(20_000, {}, { ...SEARCH, interleaving });
      carry(pair, 5, 200_000);
      for (let n = 0; n < 20; n++) pair.a.write(1, 53, pattern(200_000, n), pair.now);
      pair.wait(7);
      // What is under way is lost with the old path; the new one fragments.
      let lost = 0;
      pair.link.filter = (bytes) => bytes.length < 1500 || lost++ > 10;
      pair.a.setPathMtuLimit(1163, pair.now);
      expect(pair.a.stats()).toMatchObject({ pathMtu: 1163, pathMtuState: 'disabled' });
      const sent = pair.packets.a.length;
      expect(pair.drive(() => pair.messages('b').length === 25, 60_000)).toBe(true);
      for (const [n, message] of pair.messages('b').slice(5).entries())
        expect(Buffer.compare(message.data, pattern(200_000, n))).toBe(0);
      const after = pair.packets.a.slice(sent);
      expect(after.some(isProbe)).toBe(false);
      // Those alone are larger than the base.
      expect(after.filter(({ length }) => length > 1163).length).toBeLessThan(40);
    }
  });

  it('loses at random: that is not taken for a black hole', () => {
    const pair = connected(20_000, { loss: 0.02 }, SEARCH, 5);
    carry(pair, 60, 200_000);
    expect(pair.a.stats()).toMatchObject({ pathMtu: 16_384, blackHoles: 0 });
  });

  it('a new limit begins a new search', () => {
    const pair = connected(20_000);
    carry(pair, 5, 200_000);
    expect(pair.a.stats().pathMtu).toBe(16_384);
    pair.a.setPathMtuLimit(16_384, pair.now);
    expect(pair.a.stats()).toMatchObject({ pathMtu: 1163, pathMtuState: 'base' });
    carry(pair, 5, 200_000);
    pair.wait(50);
    expect(pair.a.stats().pathMtu).toBe(16_384);
  });
});

describe('hostile answers', () => {
  it('HEARTBEAT ACKs that nobody asked for, of any content, enlarge nothing', () => {
    const dice = new Dice(7);
    const pair = connected(1163);
    pair.a.write(1, 53, pattern(100_000), pair.now);
    pair.wait(100);
    const template = pair.packets.b.find((bytes) => bytes[12] === CHUNK.Sack)!;
    for (let n = 0; n < 500; n++) {
      const info = new Uint8Array(8);
      dice.fill(info);
      const size = 1200 + Math.floor(dice.next() * 60_000);
      const forged = Uint8Array.of(...template.subarray(0, 12), 5, 0, 0, 16, 0, 1, 0, 12, ...info);
      // As if it carried the size that it vouches for.
      forged.set([size >> 8, size & 0xff], 20);
      forged.fill(0, 8, 12);
      pair.a.handlePacket(forged, pair.now);
      pair.wait(20);
    }
    expect(pair.a.stats().pathMtu).toBe(1163);
    expect(pair.a.state).toBe('established');
  });

  it('PAD chunks of any length are skipped, and what is behind them is read', () => {
    const pair = connected(20_000);
    const tag = pair.packets.a.at(-1)!.subarray(0, 12).slice();
    for (const length of [4, 8, 1000, 65_532]) {
      const before = pair.packets.b.length;
      const packet = new Uint8Array(12 + length + 16);
      packet.set(tag);
      packet.fill(0, 8, 12);
      packet.set([CHUNK.Pad, 0, length >> 8, length & 0xff], 12);
      packet.set([CHUNK.Heartbeat, 0, 0, 16, 0, 1, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8], 12 + length);
      pair.b.handlePacket(packet, pair.now);
      pair.pump();
      expect(pair.packets.b.slice(before).map((bytes) => bytes[12])).toEqual([CHUNK.HeartbeatAck]);
    }
    // Longer than its packet.
    const before = pair.packets.b.length;
    const cut = Uint8Array.of(
      ...tag,
      CHUNK.Pad,
      0,
      255,
      0,
      CHUNK.Heartbeat,
      0,
      0,
      16,
      0,
      1,
      0,
      12,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
    );
    cut.fill(0, 8, 12);
    pair.b.handlePacket(cut, pair.now);
    pair.pump();
    expect(pair.packets.b.length).toBe(before);
    expect(pair.b.state).toBe('established');
  });
});
