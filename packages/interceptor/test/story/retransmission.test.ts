import { withSeed } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { audio, packet, range, video } from '../helpers.ts';
import { Line } from './line.ts';

/** Sends `count` packets, one each 2 ms, three to a frame. */
function send(line: Line, count: number, first = 65_000): void {
  let sent = 0;
  line.run(count * 2, (ms) => {
    if (ms % 2 !== 0) return;
    const frame = Math.floor(sent / 3);
    line.a.chain.sendRtp(packet(first + sent, { timestamp: frame * 540, marker: sent % 3 === 2 }), line.now);
    sent++;
  });
}

function bind(line: Line, info = video()): void {
  line.a.chain.bindLocalStream(info, line.now);
  line.b.chain.bindRemoteStream(info, line.now);
}

/** All `count` packets came, but for the very first and last ones, of which nobody knows when they are lost. */
function expectWhole({ b }: Line, count: number): void {
  expect(b.sequences.length).toBeGreaterThan(count - 5);
  expect(b.sequences).toEqual(expected(b.sequences.length, b.sequences[0]));
}

const expected = (count: number, first = 65_000): number[] => range(first, count).map((each) => each & 0xffff);

describe('a stream over a bad line', () => {
  it('is whole and in order at 5 % loss, by NACK and RTX', () =>
    withSeed((seed) => {
      const line = new Line(seed, { netem: { delay: 30, loss: 0.05 } });
      bind(line);
      send(line, 3000);
      line.run(2000);
      expectWhole(line, 3000);
      for (const { packet: each } of line.b.got)
        expect(each.bytes[each.payloadOffset]).toBe(each.sequenceNumber & 0xff);
      const [inbound] = line.b.parts.statistics().inbound;
      const [outbound] = line.a.parts.statistics().outbound;
      expect(inbound).toMatchObject({ packetsDiscarded: 0, jitterBuffer: { packetsLost: 0 } });
      expect(inbound!.retransmittedPacketsReceived).toBeGreaterThan(50);
      expect(inbound!.packetsRestored).toBe(inbound!.retransmittedPacketsReceived);
      expect(outbound!.retransmittedPacketsSent).toBeGreaterThanOrEqual(inbound!.retransmittedPacketsReceived);
      expect(outbound!.nackCount).toBeGreaterThan(0);
      expect(outbound!.nackCount).toBeLessThanOrEqual(inbound!.nackCount);
      expect(outbound!.packetsSent).toBe(3000 + outbound!.retransmittedPacketsSent);
      expect(outbound!.bytesSent).toBe(3000 * 100 + outbound!.retransmittedBytesSent);
    }));

  it('is whole by plain retransmissions where no RTX was agreed on', () =>
    withSeed((seed) => {
      const line = new Line(seed, { netem: { delay: 30, loss: 0.05 } });
      const { rtxSsrc: _, ...plain } = video();
      bind(line, plain);
      send(line, 2000);
      line.run(2000);
      expectWhole(line, 2000);
      expect(line.a.parts.statistics().outbound[0]!.retransmittedPacketsSent).toBeGreaterThan(50);
    }));

  it('is in order over a line that reorders and duplicates, without asking for much', () =>
    withSeed((seed) => {
      const line = new Line(seed, { netem: { delay: 20, reorder: 0.05, reorderDelay: 8, duplicate: 0.05 } });
      bind(line);
      send(line, 3000);
      line.run(1000);
      expectWhole(line, 3000);
      expect(line.b.parts.nack!.counters).toMatchObject({ requested: 0 });
      expect(line.b.parts.nack!.counters.duplicates).toBeGreaterThan(50);
    }));

  it('has gaps without NACK, which are given up soon and reported', () =>
    withSeed((seed) => {
      const line = new Line(seed, { netem: { delay: 20, loss: 0.05 }, back: { delay: 20 } });
      bind(line, { ...video(), feedback: [] });
      send(line, 3000);
      line.run(1000);
      const { sequences } = line.b;
      expect(sequences.length).toBeLessThan(2950);
      expect([...sequences].sort((a, b) => ((a - 65_000) & 0xffff) - ((b - 65_000) & 0xffff))).toEqual(sequences);
      const [inbound] = line.b.parts.statistics().inbound;
      expect(inbound!.nackCount).toBe(0);
      // Nobody knows of packets that are lost behind the last one that came.
      expect(line.toB.stats.lost - inbound!.packetsLost).toBeLessThanOrEqual(3);
      expect(3000 - sequences.length - inbound!.jitterBuffer!.packetsLost).toBeLessThanOrEqual(3);
      expect(inbound!.jitterBuffer!.framesIncomplete).toBeGreaterThan(50);
    }));

  it('survives a gap larger than the window with one key frame request and no storm', () => {
    const line = new Line(1);
    bind(line);
    send(line, 100);
    const before = line.b.rtcp.length;
    send(line, 100, 65_000 + 100 + 5000);
    line.run(60);
    const asked = line.b.rtcp.slice(before);
    expect(asked.filter(({ type }) => type === 'nack')).toEqual([]);
    expect(asked.filter(({ type }) => type === 'pli')).toHaveLength(1);
    expect(line.a.events).toContainEqual({ type: 'key-frame-request', ssrc: 0x2222, reason: 'pli' });
    expect(line.b.sequences).toEqual([...expected(100), ...expected(100, 65_000 + 5100)]);
  });

  it('is bounded in what it asks for and keeps over a line that is cut', () => {
    const line = new Line(1);
    bind(line);
    send(line, 300);
    line.toA.set({ down: true });
    line.tap = ({ sequenceNumber }) => sequenceNumber % 2 === 0;
    send(line, 3000, 65_300);
    const { counters } = line.b.parts.nack!;
    // 1500 are missing; each is asked for at most ten times, at most once in 100 ms.
    expect(counters.requested).toBeLessThanOrEqual(15_000);
    for (const each of line.b.rtcp) if (each.type === 'nack') expect(each.lost.length).toBeLessThanOrEqual(256);
    line.run(3000);
    expect(line.b.sequences.length).toBe(300 + 1500);
    expect(line.b.chain.counters).toEqual({ outgoingDropped: 0, incomingDropped: 0, rtcpDropped: 0 });
  });

  it('is not sent again more often than there are round trips, however often it is asked for', () => {
    const line = new Line(1);
    bind(line);
    send(line, 50);
    const asking = { type: 'nack', senderSsrc: 9, mediaSsrc: 0x2222, lost: [65_010, 65_011] } as const;
    for (let i = 0; i < 50; i++) line.a.chain.receiveRtcp([asking], line.now);
    expect(line.a.parts.retransmission!.counters).toMatchObject({ requested: 100, resent: 2, tooSoon: 98 });
  });

  it('says goodbye when it ends', () => {
    const line = new Line(1);
    bind(line);
    line.a.chain.bindLocalStream(audio(), line.now);
    send(line, 10);
    line.a.chain.unbindLocalStream(0x2222, line.now);
    line.a.chain.unbindLocalStream(0x1111, line.now);
    line.run(50);
    expect(line.b.events).toEqual([{ type: 'bye', ssrcs: [0x2222], reason: undefined }]);
  });
});
