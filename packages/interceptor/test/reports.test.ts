import { ntpMiddle32 } from '@kaon/rtp';
import type { RtcpPacket } from '@kaon/rtp/rtcp';
import { seededRandom, withSeed } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { Reception, reports } from '../src/index.ts';
import { all, audio, packet, range, video } from './helpers.ts';
import { Line } from './story/line.ts';

const EPOCH = 1_767_225_600_000;
const wallClock = (): number => EPOCH;

describe('Reception', () => {
  it('counts loss as RFC 3550 §A.3 does', () => {
    const reception = new Reception(90_000);
    for (const i of range(0, 100)) if (i % 4 !== 1) reception.receive((65_500 + i) & 0xffff, i * 3000, i * 33);
    expect(reception.report()).toMatchObject({
      fractionLost: 64,
      cumulativeLost: 25,
      highestSequence: 65_500 + 99,
    });
    // Nothing new: nothing lost either.
    expect(reception.report()).toMatchObject({ fractionLost: 0, cumulativeLost: 25 });
    for (const i of range(0, 10)) reception.receive(63 + i + 1, 0, 4000);
    expect(reception.report()).toMatchObject({ fractionLost: 0, cumulativeLost: 25, highestSequence: 65_609 });
  });

  it('duplicates make loss negative, in 24 bits', () => {
    const reception = new Reception(90_000);
    for (let i = 0; i < 10; i++) reception.receive(5, 0, i);
    expect(reception.report()).toMatchObject({ fractionLost: 0, cumulativeLost: -9 });
  });

  it('measures jitter in units of the timestamp (RFC 3550 §A.8)', () => {
    const even = new Reception(8000);
    const uneven = new Reception(8000);
    for (const i of range(0, 1000)) {
      even.receive(i, i * 160, i * 20);
      uneven.receive(i, i * 160, i * 20 + (i % 2) * 10);
    }
    expect(even.jitter).toBe(0);
    // Each step is 10 ms off, 80 units.
    expect(Math.round(uneven.jitter)).toBe(80);
  });

  it('does not take a jump of the timestamp for jitter, nor a single stray packet for a new sender', () => {
    const reception = new Reception(8000);
    for (const i of range(0, 10)) reception.receive(i, i * 160, i * 20);
    reception.receive(10, 0x8000_0000, 200);
    reception.receive(40_000, 0, 220);
    expect(reception.jitter).toBe(0);
    expect(reception.report().highestSequence).toBe(10);
    for (const i of range(0, 5)) reception.receive(30_000 + i, i * 160, 240 + i * 20);
    expect(reception.report()).toMatchObject({ highestSequence: 30_004, cumulativeLost: 0 });
  });
});

describe('reports', () => {
  it('a stream that goes on after a hold goes on with its counts (RFC 3550 §6.4.1)', () => {
    const stage = reports({ wallClock });
    const sent = (now: number): unknown => {
      stage.handleTimeout!(now);
      return (all(() => stage.pollOutgoingRtcp!(now)) as RtcpPacket[]).find(({ type }) => type === 'sr');
    };
    stage.bindLocalStream!(video(), 0);
    for (const sequence of [1, 2, 3]) stage.handleOutgoingRtp!(packet(sequence), 10);
    expect(sent(1000)).toMatchObject({ packetCount: 3, octetCount: 300 });
    stage.unbindLocalStream!(0x2222, 1500);
    expect(sent(3000)).toBeUndefined();
    stage.bindLocalStream!(video(), 4000);
    stage.handleOutgoingRtp!(packet(4), 4010);
    expect(sent(6000)).toMatchObject({ packetCount: 4, octetCount: 400 });
  });

  it('sender reports carry the RTP timestamp on from the last frame', () => {
    const stage = reports({ wallClock });
    stage.bindLocalStream!(video(), 0);
    stage.handleOutgoingRtp!(packet(1, { timestamp: 9000, paddingLength: 4 }), 400);
    stage.handleOutgoingRtp!(packet(2, { timestamp: 9000 }), 410);
    expect(stage.pollTimeout!()).toBe(500);
    stage.handleTimeout!(500);
    expect(all(() => stage.pollOutgoingRtcp!(500))).toEqual([
      {
        type: 'sr',
        ssrc: 0x2222,
        ntpSeconds: EPOCH / 1000 + 2_208_988_800,
        // The wall clock was asked first at 500 ms.
        ntpFraction: 0,
        rtpTimestamp: 9000 + 100 * 90,
        packetCount: 2,
        octetCount: 200,
        reports: [],
      },
    ]);
  });

  it('videoInterval and audioInterval: a second and five', () => {
    const times = (options: { videoInterval?: number; audioInterval?: number }): number[][] => {
      const stage = reports({ wallClock, ...options });
      stage.bindRemoteStream!(video(), 0);
      stage.bindRemoteStream!(audio(), 0);
      const [ofVideo, ofAudio]: [number[], number[]] = [[], []];
      for (let now = 0; now <= 10_000; now += 100) {
        stage.handleIncomingRtp!(packet(now / 100), now, 0);
        stage.handleIncomingRtp!(packet(now / 100, { ssrc: 0x1111, payloadType: 111 }), now, 0);
        stage.handleTimeout!(now);
        for (const each of all(() => stage.pollOutgoingRtcp!(now)) as RtcpPacket[])
          if (each.type === 'rr') (each.reports[0]!.ssrc === 0x2222 ? ofVideo : ofAudio).push(now);
      }
      return [ofVideo, ofAudio];
    };
    expect(times({})).toEqual([range(0, 10).map((i) => 500 + 1000 * i), [2500, 7500]]);
    expect(times({ videoInterval: 4000, audioInterval: 6000 })).toEqual([
      [2000, 6000, 10_000],
      [3000, 9000],
    ]);
  });

  it('random spreads intervals over half to one and a half', () =>
    withSeed((seed) => {
      const stage = reports({ wallClock, random: seededRandom(seed) });
      stage.bindRemoteStream!(video(), 0);
      const steps: number[] = [];
      for (let now = stage.pollTimeout!(), i = 0; i < 200; i++) {
        stage.handleTimeout!(now);
        steps.push(stage.pollTimeout!() - now);
        now = stage.pollTimeout!();
      }
      expect(Math.min(...steps)).toBeGreaterThanOrEqual(500);
      expect(Math.max(...steps)).toBeLessThanOrEqual(1500);
      expect(new Set(steps).size).toBeGreaterThan(100);
    }));

  it('reports on more than 31 streams in several packets, in the name of the first sender', () => {
    const stage = reports({ wallClock, ssrc: 5 });
    for (const i of range(0, 40)) {
      stage.bindRemoteStream!(video({ ssrc: 1000 + i }), 0);
      stage.handleIncomingRtp!(packet(1, { ssrc: 1000 + i }), 0, 0);
    }
    stage.handleTimeout!(500);
    const packets = all(() => stage.pollOutgoingRtcp!(500)) as RtcpPacket[];
    expect(packets.map((each) => (each.type === 'rr' ? [each.ssrc, each.reports.length] : []))).toEqual([
      [5, 31],
      [5, 9],
    ]);
  });

  it('measures the round trip on the side of the sender, and tells what the peer says', () => {
    const line = new Line(1, { netem: { delay: 40, loss: 0.1 }, back: { delay: 60 } });
    const info = video({ feedback: [] });
    line.a.chain.bindLocalStream(info, line.now);
    line.b.chain.bindRemoteStream(info, line.now);
    let sequence = 0;
    line.run(10_000, (ms) => {
      if (ms % 10 === 0) line.a.chain.sendRtp(packet(sequence++, { timestamp: ms * 90 }), line.now);
    });
    const { remoteInbound } = line.a.parts.statistics().outbound[0]!;
    expect(remoteInbound!.roundTripTime).toBeCloseTo(0.1, 2);
    expect(remoteInbound!.totalRoundTripTime / remoteInbound!.roundTripTimeMeasurements).toBeCloseTo(0.1, 2);
    expect(remoteInbound!.packetsLost).toBeGreaterThan(50);
    expect(remoteInbound!.packetsReceived + remoteInbound!.packetsLost).toBeLessThanOrEqual(1000);
    expect(remoteInbound!.fractionLost).toBeGreaterThan(0);
    expect(remoteInbound!.fractionLost).toBeLessThan(0.3);
    expect(line.a.parts.reports.roundTripTime).toBeCloseTo(100, 0);
    const { remoteOutbound, packetsLost } = line.b.parts.statistics().inbound[0]!;
    expect(remoteOutbound!.reportsSent).toBeGreaterThan(5);
    expect(remoteOutbound!.packetsSent).toBeGreaterThan(800);
    expect(remoteOutbound!.bytesSent).toBe(remoteOutbound!.packetsSent * 100);
    expect(Math.abs(remoteOutbound!.remoteTimestamp - (EPOCH + remoteOutbound!.timestamp - 40))).toBeLessThan(2);
    // A loss shows as soon as the next packet comes.
    expect(Math.abs(packetsLost - line.toB.stats.lost)).toBeLessThanOrEqual(3);
  });

  it('referenceTimes, or rrtr feedback, let a receiver measure the round trip (RFC 3611 §4.4, §4.5)', () => {
    const trip = (options: { asks: boolean; feedback: boolean }): number | undefined => {
      const reporting = options.asks ? { referenceTimes: true } : {};
      const line = new Line(1, { netem: { delay: 25 }, b: { reports: reporting } });
      const info = video({ feedback: options.feedback ? [{ type: 'rrtr' }] : [] });
      line.a.chain.bindLocalStream(info, line.now);
      line.b.chain.bindRemoteStream(info, line.now);
      let sequence = 0;
      line.run(5000, (ms) => {
        if (ms % 10 === 0) line.a.chain.sendRtp(packet(sequence++, { timestamp: ms * 90 }), line.now);
      });
      const { remoteOutbound } = line.b.parts.statistics().inbound[0]!;
      expect(remoteOutbound!.roundTripTimeMeasurements > 0).toBe(options.asks || options.feedback);
      return remoteOutbound!.roundTripTime;
    };
    expect(trip({ asks: false, feedback: false })).toBeUndefined();
    expect(trip({ asks: true, feedback: false })).toBeCloseTo(0.05, 2);
    expect(trip({ asks: false, feedback: true })).toBeCloseTo(0.05, 2);
  });

  it('believes no round trip that cannot be', () => {
    const stage = reports({ wallClock });
    stage.bindLocalStream!(video(), 0);
    stage.handleOutgoingRtp!(packet(1), 0);
    const block = { ssrc: 0x2222, fractionLost: 0, cumulativeLost: 0, highestSequence: 1, jitter: 0 };
    const from = (lastSenderReport: number, delaySinceLastSenderReport: number): number | undefined => {
      const report = { ...block, lastSenderReport, delaySinceLastSenderReport };
      stage.handleIncomingRtcp!([{ type: 'rr', ssrc: 9, reports: [report] } as never], 1000);
      return stage.roundTripTime;
    };
    const sent = ntpMiddle32(EPOCH);
    expect(from(0, 0)).toBeUndefined();
    expect(from(sent, 0x7000_0000)).toBeUndefined();
    expect(from((sent + 0x10_0000) >>> 0, 0)).toBeUndefined();
    expect(from((sent - 65_536) >>> 0, 32_768)).toBeCloseTo(500, 0);
  });

  it('tells of a goodbye for streams that are bound', () => {
    const stage = reports({ wallClock });
    stage.bindRemoteStream!(video(), 0);
    const bye = (...ssrcs: number[]): void =>
      stage.handleIncomingRtcp!([{ type: 'bye', ssrcs, reason: 'enough' } as never], 0);
    bye(1, 2);
    expect(stage.pollEvent!()).toBeUndefined();
    bye(1, 0x2222);
    expect(stage.pollEvent!()).toEqual({ type: 'bye', ssrcs: [0x2222], reason: 'enough' });
  });

  it('refuses intervals that are none', () => {
    const bad = expect.objectContaining({ code: 'INTERCEPTOR_BAD_OPTION' });
    expect(() => reports({ wallClock, audioInterval: 0 })).toThrow(bad);
    expect(() => reports({ wallClock, videoInterval: Number.NaN })).toThrow(bad);
  });
});
