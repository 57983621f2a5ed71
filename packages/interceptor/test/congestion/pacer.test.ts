import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { encodeRtp, parseRtp } from '@kaon/rtp';
import { describe, expect, it } from 'vitest';
import { Pacer } from '../../src/congestion/pacer/pacer.ts';
import { PacketQueue } from '../../src/congestion/pacer/packet-queue.ts';

function packet(sequenceNumber: number, size = 1000, ssrc = 1): RtpPacketView {
  return parseRtp(
    encodeRtp({ payloadType: 96, sequenceNumber, timestamp: 0, ssrc, payload: new Uint8Array(size - 12) }),
  );
}

/** What leaves from `from` to `to`, as [time, sequence number], when the pacer is asked whenever it wants to. */
function drain(pacer: Pacer, from: number, to: number): [number, number][] {
  const left: [number, number][] = [];
  let now = from;
  while (now <= to) {
    for (let each = pacer.next(now); each !== undefined; each = pacer.next(now)) left.push([now, each.sequenceNumber]);
    const next = pacer.pollTimeout();
    if (next === Number.POSITIVE_INFINITY) break;
    now = Math.max(next, now + 1e-6);
  }
  return left;
}

describe('Pacer', () => {
  it('spreads packets at its rate in bursts of 5 ms', () => {
    const pacer = new Pacer(8_000_000);
    for (let i = 0; i < 100; i++) pacer.push(packet(i), 'video', 0);
    const left = drain(pacer, 0, 1000);
    expect(left.map(([, sequence]) => sequence)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(left.filter(([at]) => at === 0)).toHaveLength(5);
    expect(left.at(-1)![0]).toBeGreaterThan(90);
    expect(left.at(-1)![0]).toBeLessThan(100);
  });

  it('sends audio at once, then retransmissions, then video', () => {
    const pacer = new Pacer(800_000);
    for (let i = 0; i < 4; i++) pacer.push(packet(i), 'video', 0);
    drain(pacer, 0, 0);
    pacer.push(packet(100), 'retransmission', 1);
    pacer.push(packet(200), 'audio', 1);
    expect(drain(pacer, 1, 1)).toEqual([[1, 200]]);
    expect(drain(pacer, 2, 1000).map(([, sequence]) => sequence)).toEqual([100, 1, 2, 3]);
  });

  it('tells how long each packet has waited', () => {
    const pacer = new Pacer(800_000);
    for (let i = 0; i < 3; i++) pacer.push(packet(i), 'video', 0);
    const waited: number[] = [];
    for (const now of [0, 10, 20]) {
      expect(pacer.next(now)).toBeDefined();
      waited.push(pacer.waited);
    }
    expect(waited).toEqual([0, 10, 20]);
  });

  it('sends faster than its rate what would wait longer than it may', () => {
    const pacer = new Pacer(80_000, undefined, { maxQueueTime: 500 });
    for (let i = 0; i < 100; i++) pacer.push(packet(i), 'video', 0);
    const left = drain(pacer, 0, 2000);
    expect(left).toHaveLength(100);
    expect(left.at(-1)![0]).toBeLessThan(600);
  });

  it('keeps no more than it may', () => {
    const pacer = new Pacer(80_000, undefined, { maxQueuedPackets: 10 });
    for (let i = 0; i < 15; i++) expect(pacer.push(packet(i), 'video', 0)).toBe(i < 10);
    expect(pacer.state(20)).toMatchObject({ queuedPackets: 10, queuedBytes: 10_000, dropped: 5, queueTime: 20 });
    pacer.remove(1);
    expect(pacer.state(20).queuedPackets).toBe(0);
  });

  it('sends nothing early after a pause than a burst', () => {
    const pacer = new Pacer(8_000_000);
    pacer.push(packet(0), 'video', 0);
    drain(pacer, 0, 0);
    for (let i = 0; i < 50; i++) pacer.push(packet(i), 'video', 60_000);
    expect(drain(pacer, 60_000, 60_000)).toHaveLength(5);
  });

  it('follows a new rate', () => {
    const pacer = new Pacer(800_000);
    for (let i = 0; i < 20; i++) pacer.push(packet(i), 'video', 0);
    drain(pacer, 0, 0);
    pacer.setBitrate(8_000_000, 1);
    expect(drain(pacer, 1, 1000).at(-1)![0]).toBeLessThan(40);
    expect(pacer.state(0).pacingBitrate).toBe(8_000_000);
  });

  it('sends a probe at the rate of the probe and fills it up with padding', () => {
    let made = 0;
    const pacer = new Pacer(300_000, { next: () => packet(1000 + made++) });
    pacer.probe({ id: 3, bitrate: 8_000_000, minBytes: 15_000, minPackets: 5 });
    // Nothing to begin with: a probe waits for media.
    expect(drain(pacer, 0, 100)).toEqual([]);
    for (let i = 0; i < 4; i++) pacer.push(packet(i), 'video', 100);
    const left: [number, number, number][] = [];
    for (let now = 100; now < 130; now += 0.25) {
      for (let each = pacer.next(now); each !== undefined; each = pacer.next(now)) {
        left.push([now, each.sequenceNumber, pacer.cluster]);
      }
    }
    const probe = left.filter(([, , cluster]) => cluster === 3);
    expect(probe.map(([, sequence]) => sequence).slice(0, 5)).toEqual([0, 1, 2, 3, 1000]);
    expect(probe).toHaveLength(15);
    expect(probe.at(-1)![0] - 100).toBeGreaterThanOrEqual(12);
    expect(probe.at(-1)![0] - 100).toBeLessThanOrEqual(14.5);
    expect(pacer.state(130)).toMatchObject({ paddingPackets: 11, paddingBytes: 11_000, probes: 1 });
  });

  it('sends a probe of media alone where nothing can be made, and asks for no timer while it has none', () => {
    const pacer = new Pacer(300_000);
    pacer.probe({ id: 1, bitrate: 8_000_000, minBytes: 15_000, minPackets: 5 });
    pacer.push(packet(0), 'video', 0);
    expect(drain(pacer, 0, 50)).toHaveLength(1);
    expect(pacer.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    pacer.push(packet(1), 'video', 20);
    expect(pacer.next(20)?.sequenceNumber).toBe(1);
    expect(pacer.cluster).toBe(1);
  });

  it('wants no timer while nothing waits', () => {
    expect(new Pacer(300_000).pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('PacketQueue', () => {
  it('keeps order and times while it grows, and removes a stream', () => {
    const queue = new PacketQueue();
    expect(queue.oldest).toBe(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 200; i++) queue.push(packet(i, 100, 1 + (i % 2)), i);
    expect(queue.bytes).toBe(20_000);
    expect(queue.shift()?.sequenceNumber).toBe(0);
    expect(queue.oldest).toBe(1);
    expect(queue.remove(1)).toBe(99);
    expect(queue.length).toBe(100);
    expect(queue.shift()?.sequenceNumber).toBe(1);
    expect(queue.oldest).toBe(3);
  });
});
