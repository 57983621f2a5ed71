import { type CongestionFeedback, decodeRtcp, encodeRtcp } from '@kaon/rtp/rtcp';
import { describe, expect, it } from 'vitest';
import { ReportBuilder } from '../../src/congestion/ccfb/report-builder.ts';
import { SentIndex } from '../../src/congestion/ccfb/sent-index.ts';
import { StreamArrivals } from '../../src/congestion/ccfb/stream-arrivals.ts';

describe('StreamArrivals', () => {
  it('reports packets with their ECN codepoint and how long ago they came', () => {
    const stream = new StreamArrivals(5);
    stream.add(65_535, 1, 1000);
    stream.add(1, 3, 1500);
    expect(stream.build(100, 2000)).toEqual({
      ssrc: 5,
      beginSequence: 65_535,
      packets: [{ ecn: 1, arrivalOffset: 1024 }, undefined, { ecn: 3, arrivalOffset: 512 }],
    });
    expect(stream.build(100, 2000)).toBeUndefined();
  });

  it('reports CE when one of two copies has it', () => {
    const stream = new StreamArrivals(5);
    stream.add(1, 1, 0);
    stream.add(1, 3, 10);
    stream.add(1, 0, 20);
    expect(stream.build(10, 100)?.packets[0]?.ecn).toBe(3);
  });

  it('goes back for late packets, is bounded and begins anew after a jump', () => {
    const stream = new StreamArrivals(5);
    stream.add(1, 0, 0);
    stream.add(3, 0, 1);
    stream.build(10, 5);
    stream.add(2, 0, 6);
    expect(stream.build(10, 10)).toMatchObject({ beginSequence: 2 });
    for (let i = 4; i < 10_000; i++) stream.add(i, 0, i);
    expect(stream.build(20_000, 10_000)?.packets).toHaveLength(4096);
    expect(stream.add(100, 0, 10_001)).toBe(false);
    stream.add(30_000, 0, 10_002);
    expect(stream.build(20_000, 10_003)?.packets).toHaveLength(1);
  });

  it('says when a packet came too long ago to tell', () => {
    const stream = new StreamArrivals(5);
    stream.add(1, 0, 0);
    expect(stream.build(10, 60_000)?.packets[0]?.arrivalOffset).toBe(0x1ffe);
  });
});

describe('ReportBuilder', () => {
  it('reports all streams together and splits what does not fit a datagram', () => {
    const reports = new ReportBuilder();
    reports.bind(1);
    reports.bind(2);
    for (let i = 0; i < 600; i++) reports.add(1 + (i % 2), i >> 1, 2, 1000 + i);
    expect(reports.add(3, 0, 0, 0)).toBe(false);
    const built: CongestionFeedback[] = [];
    for (let each = reports.build(9, 2000); each !== undefined; each = reports.build(9, 2000)) built.push(each);
    expect(built.length).toBe(2);
    const told = built.flatMap((each) => (decodeRtcp(encodeRtcp([each])) as readonly CongestionFeedback[])[0]!.streams);
    expect(told.reduce((sum, { packets }) => sum + packets.length, 0)).toBe(600);
    for (const each of built) expect(encodeRtcp([each]).length).toBeLessThan(1200);
    expect(built[0]!.reportTimestamp).toBe(2 * 65_536);
    reports.add(1, 1000, 0, 2000);
    expect(reports.hasNews).toBe(true);
    reports.unbind(1);
    expect(reports.hasNews).toBe(false);
  });
});

describe('SentIndex', () => {
  it('finds the latest packets of a stream only', () => {
    const index = new SentIndex();
    for (let i = 0; i < 10_000; i++) index.add(i, 70_000 + i);
    expect(index.find(9999)).toBe(79_999);
    expect(index.find(10)).toBe(-1);
    expect(index.find(20_000)).toBe(-1);
  });
});
