import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import type { NetemOptions } from '@kaon/testing';
import { withSeed } from '@kaon/testing';
import { distance16 } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { audio, packet, video } from '../helpers.ts';
import { type End, Line } from './line.ts';

/** A call of two, audio and video both ways, for this many ms. Timestamps go on from call to call. */
class Call {
  readonly line: Line;
  #ms = 0;
  #audio = 0;
  #video = 0;

  constructor(seed: number, netem: NetemOptions) {
    this.line = new Line(seed, { netem });
    const { a, b, now } = this.line;
    for (const [from, to, base] of [
      [a, b, 100],
      [b, a, 200],
    ] as const) {
      for (const info of [audio({ ssrc: base }), video({ ssrc: base + 1, rtxSsrc: base + 2 })]) {
        from.chain.bindLocalStream(info, now);
        to.chain.bindRemoteStream(info, now);
      }
    }
  }

  talk(ms: number): void {
    this.line.run(ms, () => {
      if (this.#ms % 20 === 0) this.#send(0, { payloadType: 111, timestamp: this.#ms * 48, sequence: this.#audio++ });
      if (this.#ms % 8 === 0) {
        const frame = Math.floor(this.#video / 4);
        this.#send(1, {
          payloadType: 96,
          timestamp: frame * 2880,
          sequence: this.#video++,
          marker: this.#video % 4 === 0,
        });
      }
      this.#ms++;
    });
  }

  get sent(): { audio: number; video: number } {
    return { audio: this.#audio, video: this.#video };
  }

  #send(offset: number, each: { payloadType: number; timestamp: number; sequence: number; marker?: boolean }): void {
    const { payloadType, timestamp, sequence, marker } = each;
    for (const [end, base] of [
      [this.line.a, 100],
      [this.line.b, 200],
    ] as const) {
      const header = { ssrc: base + offset, payloadType, timestamp: timestamp % 2 ** 32 };
      end.chain.sendRtp(
        packet(60_000 + sequence, marker === undefined ? header : { ...header, marker }),
        this.line.now,
      );
    }
  }
}

/** Packets of one stream, which must be in order. */
function inOrder(end: End, ssrc: number): RtpPacketView[] {
  const packets = end.got.map(({ packet: each }) => each).filter((each) => each.ssrc === ssrc);
  for (let i = 1; i < packets.length; i++)
    expect(distance16(packets[i - 1]!.sequenceNumber, packets[i]!.sequenceNumber)).toBeGreaterThan(0);
  return packets;
}

describe('a call', () => {
  it('goes on over a line that does everything wrong', () =>
    withSeed((seed) => {
      const call = new Call(seed, { delay: 30, jitter: 15, loss: 0.03, reorder: 0.02, duplicate: 0.02 });
      call.talk(15_000);
      call.line.run(2000);
      const { a, b } = call.line;
      for (const [end, base] of [
        [b, 100],
        [a, 200],
      ] as const) {
        expect(inOrder(end, base + 1).length).toBeGreaterThan(call.sent.video * 0.995);
        expect(inOrder(end, base).length).toBeGreaterThan(call.sent.audio * 0.93);
        const { roundTripTime, inbound } = end.parts.statistics();
        expect(roundTripTime).toBeGreaterThan(0.06);
        expect(roundTripTime).toBeLessThan(0.1);
        expect(inbound.map(({ jitter }) => jitter < 0.015)).toEqual([true, true]);
        expect(end.chain.counters).toEqual({ outgoingDropped: 0, incomingDropped: 0, rtcpDropped: 0 });
      }
    }));

  it('goes on after the cable was cut for three seconds', () =>
    withSeed((seed) => {
      const call = new Call(seed, { delay: 20 });
      call.talk(2000);
      for (const line of [call.line.toA, call.line.toB]) line.set({ down: true });
      call.talk(3000);
      for (const line of [call.line.toA, call.line.toB]) line.set({ down: false });
      const before = call.line.b.got.length;
      call.talk(3000);
      call.line.run(500);
      const { b } = call.line;
      inOrder(b, 100);
      inOrder(b, 101);
      // 150 packets of audio and 375 of video were sent since; some of the lost ones come, too.
      expect(b.got.length - before).toBeGreaterThanOrEqual(520);
      expect(b.got.at(-1)!.packet.sequenceNumber).toBe((60_000 + call.sent.video - 1) & 0xffff);
    }));

  it('stands bits that flip, of which SRTP would let none through', () =>
    withSeed((seed) => {
      const call = new Call(seed, { delay: 20, loss: 0.02, corrupt: 0.3 });
      call.talk(6000);
      call.line.run(3000);
      expect(call.line.b.got.length).toBeGreaterThan(500);
      for (const end of [call.line.a, call.line.b]) expect(end.chain.counters.rtcpDropped).toBe(0);
    }));
});
