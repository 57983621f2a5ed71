import type { Interceptor } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import type { RtcpPacket } from '@kaon/rtp/rtcp';
import { describe, expect, it } from 'vitest';
import { InterceptorChain, inSlotOrder, SLOTS } from '../src/index.ts';
import { all, audio, packet, range, video } from './helpers.ts';

/** A stage that writes down who passed. */
function spy(name: string, log: string[], more: Partial<Interceptor> = {}): Interceptor {
  return {
    interface: 'kaon:interceptor/1',
    name,
    handleOutgoingRtp: ({ sequenceNumber }) => log.push(`${name} out ${sequenceNumber}`) > 0,
    handleIncomingRtp: ({ sequenceNumber }) => log.push(`${name} in ${sequenceNumber}`) > 0,
    handleOutgoingRtcp: (packets) => void log.push(`${name} out ${packets.map(({ type }) => type)}`),
    handleIncomingRtcp: (packets) => void log.push(`${name} in ${packets.map(({ type }) => type)}`),
    ...more,
  };
}

/** A stage that keeps what is sent, and releases it when polled. */
function keeper(log: string[]): Interceptor {
  const kept: RtpPacketView[] = [];
  return spy('keeper', log, {
    handleOutgoingRtp: (each) => kept.push(each) < 0,
    handleIncomingRtp: (each) => kept.push(each) < 0,
    pollOutgoingRtp: () => kept.shift(),
    pollIncomingRtp: () => kept.shift(),
  });
}

const pli: RtcpPacket = { type: 'pli', senderSsrc: 1, mediaSsrc: 2 };

describe('InterceptorChain', () => {
  it('shows outgoing packets to the last stage first, incoming ones to the first', () => {
    const log: string[] = [];
    const chain = new InterceptorChain([spy('wire', log), spy('app', log)]);
    chain.sendRtp(packet(1), 0);
    chain.receiveRtp(packet(2), 0);
    expect(log).toEqual(['app out 1', 'wire out 1', 'wire in 2', 'app in 2']);
    expect(chain.pollOutgoingRtp(0)?.sequenceNumber).toBe(1);
    expect(chain.pollIncomingRtp(0)?.sequenceNumber).toBe(2);
    expect(chain.pollOutgoingRtp(0)).toBeUndefined();
    expect(chain.pollIncomingRtp(0)).toBeUndefined();
  });

  it('lets what a stage releases go on at the next stage only', () => {
    const log: string[] = [];
    const chain = new InterceptorChain([spy('wire', log), keeper(log), spy('app', log)]);
    for (const i of range(1, 3)) chain.sendRtp(packet(i), 0);
    expect(log).toEqual(['app out 1', 'app out 2', 'app out 3']);
    expect(all(() => chain.pollOutgoingRtp(0)).map(({ sequenceNumber }) => sequenceNumber)).toEqual([1, 2, 3]);
    expect(log.slice(3)).toEqual(['wire out 1', 'wire out 2', 'wire out 3']);
    log.length = 0;
    chain.receiveRtp(packet(4), 0);
    expect(chain.pollIncomingRtp(0)?.sequenceNumber).toBe(4);
    expect(log).toEqual(['wire in 4', 'app in 4']);
  });

  it('lets a stage drop packets', () => {
    const log: string[] = [];
    const chain = new InterceptorChain([spy('wire', log), spy('deaf', log, { handleOutgoingRtp: () => false })]);
    chain.sendRtp(packet(1), 0);
    expect(chain.pollOutgoingRtp(0)).toBeUndefined();
    expect(log).toEqual([]);
  });

  it('maxQueuedPackets bounds what nobody polls: the oldest goes, and is counted', () => {
    const chain = new InterceptorChain([], { maxQueuedPackets: 10 });
    for (const i of range(0, 25)) {
      chain.sendRtp(packet(i), 0);
      chain.receiveRtp(packet(i), 0);
    }
    expect(chain.counters).toMatchObject({ outgoingDropped: 15, incomingDropped: 15 });
    expect(all(() => chain.pollOutgoingRtp(0)).map(({ sequenceNumber }) => sequenceNumber)).toEqual(range(15, 10));
    expect(all(() => chain.pollIncomingRtp(0)).map(({ sequenceNumber }) => sequenceNumber)).toEqual(range(15, 10));
  });

  it('puts a report and our name in front of feedback (RFC 3550 §6.1)', () => {
    const chain = new InterceptorChain([], { cname: 'me', ssrc: 7 });
    chain.sendRtcp(pli, 0);
    expect(chain.pollOutgoingRtcp(0)).toEqual([
      { type: 'rr', ssrc: 7, reports: [] },
      { type: 'sdes', chunks: [{ ssrc: 7, items: [{ name: 'cname', text: 'me' }] }] },
      pli,
    ]);
    expect(chain.pollOutgoingRtcp(0)).toBeUndefined();
  });

  it('reducedSize lets feedback leave alone (RFC 5506)', () => {
    const chain = new InterceptorChain([], { cname: 'me', reducedSize: true });
    chain.sendRtcp(pli, 0);
    expect(chain.pollOutgoingRtcp(0)).toEqual([pli]);
    const report: RtcpPacket = { type: 'rr', ssrc: 9, reports: [] };
    chain.sendRtcp(pli, 0);
    chain.sendRtcp(report, 0);
    expect(chain.pollOutgoingRtcp(0)?.map(({ type }) => type)).toEqual(['rr', 'sdes', 'pli']);
  });

  it('names us by the first local stream', () => {
    const chain = new InterceptorChain([], { ssrc: 7 });
    chain.bindLocalStream(audio({ ssrc: 0xabc, cname: 'alice' }), 0);
    chain.sendRtcp(pli, 0);
    expect(chain.pollOutgoingRtcp(0)?.[1]).toEqual({
      type: 'sdes',
      chunks: [{ ssrc: 0xabc, items: [{ name: 'cname', text: 'alice' }] }],
    });
    chain.unbindLocalStream(0xabc, 0);
    chain.sendRtcp(pli, 0);
    expect(chain.pollOutgoingRtcp(0)?.[0]).toEqual({ type: 'rr', ssrc: 7, reports: [] });
  });

  it('maxRtcpSize cuts datagrams, and drops what fits into none', () => {
    const chain = new InterceptorChain([], { cname: 'me', maxRtcpSize: 400 });
    const nack = (count: number): RtcpPacket => ({
      type: 'nack',
      senderSsrc: 1,
      mediaSsrc: 2,
      lost: range(0, count).map((i) => i * 20),
    });
    for (const count of [50, 50, 200, 20]) chain.sendRtcp(nack(count), 0);
    const sizes = all(() => chain.pollOutgoingRtcp(0)).map((packets) =>
      packets.flatMap((each) => (each.type === 'nack' ? [each.lost.length] : [])),
    );
    expect(sizes).toEqual([[50], [50, 20]]);
    expect(chain.counters.rtcpDropped).toBe(1);
  });

  it('gathers what stages want to send, shows it to all, and shows all what came', () => {
    const log: string[] = [];
    const wanted: RtcpPacketLike[] = [pli];
    const stages = [spy('wire', log), spy('app', log, { pollOutgoingRtcp: () => wanted.shift() })];
    const chain = new InterceptorChain(stages, { reducedSize: true });
    expect(chain.pollOutgoingRtcp(0)).toEqual([pli]);
    chain.receiveRtcp([pli], 0);
    expect(log).toEqual(['app out pli', 'wire out pli', 'wire in pli', 'app in pli']);
  });

  it('refuses RTCP that cannot be written, at once', () => {
    const chain = new InterceptorChain([]);
    expect(() => chain.sendRtcp({ type: 'nack', senderSsrc: 1, mediaSsrc: 2, lost: [] }, 0)).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_RTCP' }),
    );
    expect(chain.pollOutgoingRtcp(0)).toBeUndefined();
  });

  it('time never goes back', () => {
    const times: number[] = [];
    const stage = spy('clock', [], {
      handleOutgoingRtp: (_, now) => times.push(now) > 0,
      handleTimeout: (now) => void times.push(now),
    });
    const chain = new InterceptorChain([stage]);
    chain.sendRtp(packet(1), 50);
    chain.sendRtp(packet(2), 10);
    chain.handleTimeout(40);
    expect(times).toEqual([50, 50, 50]);
  });

  it('wakes for the earliest stage, and gives the events of all', () => {
    const event = { type: 'bye', ssrcs: [1] } as const;
    const events = [event];
    const chain = new InterceptorChain([
      spy('a', [], { pollTimeout: () => 30 }),
      spy('b', [], { pollTimeout: () => 20, pollEvent: () => events.shift() }),
      spy('c', []),
    ]);
    expect(chain.pollTimeout()).toBe(20);
    expect(chain.pollEvent()).toEqual(event);
    expect(chain.pollEvent()).toBeUndefined();
    expect(new InterceptorChain([]).pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('wakes later than now, also for a stage whose output waits to be polled', () => {
    const chain = new InterceptorChain([spy('a', [], { pollTimeout: () => 10 })]);
    expect(chain.pollTimeout()).toBe(10);
    chain.handleTimeout(50);
    expect(chain.pollTimeout()).toBe(51);
  });

  it('tells stages what is bound', () => {
    const log: string[] = [];
    const stage = spy('a', log, {
      bindLocalStream: ({ ssrc }) => void log.push(`local ${ssrc}`),
      bindRemoteStream: ({ ssrc }) => void log.push(`remote ${ssrc}`),
      unbindLocalStream: (ssrc) => void log.push(`no local ${ssrc}`),
      unbindRemoteStream: (ssrc) => void log.push(`no remote ${ssrc}`),
    });
    const chain = new InterceptorChain([stage]);
    chain.bindLocalStream(audio({ ssrc: 1 }), 0);
    chain.bindRemoteStream(video({ ssrc: 2 }), 0);
    chain.unbindLocalStream(1, 0);
    chain.unbindRemoteStream(2, 0);
    expect(log).toEqual(['local 1', 'remote 2', 'no local 1', 'no remote 2']);
  });

  it('refuses stages that are none, or that stand there twice, and options that are not numbers', () => {
    const bad = expect.objectContaining({ code: 'INTERCEPTOR_BAD_OPTION' });
    const stage = spy('a', []);
    expect(() => new InterceptorChain([stage, stage])).toThrow(bad);
    expect(() => new InterceptorChain([{ ...stage, interface: 'kaon:interceptor/2' as 'kaon:interceptor/1' }])).toThrow(
      bad,
    );
    expect(() => new InterceptorChain([], { maxQueuedPackets: 0 })).toThrow(bad);
    expect(() => new InterceptorChain([], { maxRtcpSize: 10 })).toThrow(bad);
  });
});

describe('slots', () => {
  it('order is data: each place once, with its reason', () => {
    const names = SLOTS.map(({ slot }) => slot);
    expect(new Set(names).size).toBe(names.length);
    for (const { why } of SLOTS) expect(why.length).toBeGreaterThan(20);
  });

  it('inSlotOrder sorts by place, and keeps the order inside one', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => spy(name, []));
    const placed = [
      { slot: 'nack', interceptor: a! },
      { slot: 'application', interceptor: b! },
      { slot: 'dump', interceptor: c! },
      { slot: 'nack', interceptor: d! },
    ] as const;
    expect(inSlotOrder(placed).map(({ name }) => name)).toEqual(['c', 'a', 'd', 'b']);
  });
});
