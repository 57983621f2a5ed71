/** What others got wrong with retransmission: each a test named after the behaviour. */

import { decodeRtp } from '@kaon/rtp';
import { MALFORMED } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { InterceptorChain, NackSchedule, nackGenerator, RetransmissionBuffer, rtxUnwrap } from '../src/index.ts';
import { all, packet, range, video } from './helpers.ts';

describe('pitfalls', () => {
  it('the cache for retransmissions has a cap in packets, bytes and time', () => {
    const buffer = new RetransmissionBuffer({ maxPackets: 256, maxBytes: 100_000 });
    for (const i of range(0, 50_000)) buffer.add(i & 0xffff, new Uint8Array(1200), i);
    expect(buffer.count).toBeLessThanOrEqual(256);
    expect(buffer.capacity).toBeLessThanOrEqual(100_000);
  });

  it('there is no NACK storm after a long gap', () => {
    const stage = nackGenerator();
    stage.bindRemoteStream!(video(), 0);
    stage.handleIncomingRtp!(packet(0), 0, 0);
    for (const [i, sequence] of [300, 900, 5000, 20_000, 60_000].entries()) {
      stage.handleIncomingRtp!(packet(sequence), i * 10, 0);
      stage.handleTimeout!(i * 10 + 1000);
    }
    expect(all(() => stage.pollOutgoingRtcp!(10_000))).toEqual([]);
    expect(stage.pollTimeout!()).toBe(Number.POSITIVE_INFINITY);
  });

  it('what is asked for is paced by the round trip, not by packets that come', () => {
    const schedule = new NackSchedule({ reorderTolerance: 0 });
    schedule.receive(0, 0);
    const asked: number[] = [];
    for (const i of range(0, 1000)) {
      schedule.receive(2 + i, i / 10);
      if (schedule.next <= i / 10) schedule.due(i / 10, 50, asked);
    }
    expect(asked).toEqual([1, 1]);
  });

  it('padding larger than the packet, also inside a retransmission, reaches nobody', () => {
    const stage = rtxUnwrap();
    const chain = new InterceptorChain([stage]);
    chain.bindRemoteStream(video(), 0);
    const bytes = packet(1, { ssrc: 0x3333, payloadType: 97, payload: new Uint8Array(20) }).bytes;
    bytes[0]! |= 0x20;
    for (const count of [0, 21, 255]) {
      bytes[bytes.length - 1] = count;
      expect(decodeRtp(bytes)).toBe(MALFORMED);
    }
    for (const count of [19, 20]) {
      bytes[bytes.length - 1] = count;
      const view = decodeRtp(bytes.slice());
      if ('malformed' in view) throw new Error('it is well-formed');
      chain.receiveRtp(view, 0);
    }
    expect(chain.pollIncomingRtp(0)).toBeUndefined();
    expect(stage.counters).toEqual({ restored: 0, paddingOnly: 1, malformed: 1 });
  });
});
