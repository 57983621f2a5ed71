import { RtpPacket } from '@kaon/rtp';
import { writeRtx } from '@kaon/rtp/payload/rtx';
import type { RtcpPacket } from '@kaon/rtp/rtcp';
import { describe, expect, it } from 'vitest';
import { type KeyFrameRequesterOptions, keyFrameRequester, rtxUnwrap } from '../src/index.ts';
import { all, packet, range, video } from './helpers.ts';

const make = (
  options: KeyFrameRequesterOptions = {},
  feedback = video().feedback,
): ReturnType<typeof keyFrameRequester> => {
  const stage = keyFrameRequester(options);
  stage.bindRemoteStream!(video({ feedback }), 0);
  return stage;
};
const polled = (stage: ReturnType<typeof keyFrameRequester>, now = 0): RtcpPacket[] =>
  all(() => stage.pollOutgoingRtcp!(now)) as RtcpPacket[];
const fir = [{ type: 'ccm', parameter: 'fir' }];
const pli = [{ type: 'nack', parameter: 'pli' }];

describe('keyFrameRequester', () => {
  it('asks by what was agreed on; prefer chooses where both were', () => {
    const types = (options: KeyFrameRequesterOptions, feedback: typeof pli): string[] => {
      const stage = make({ ssrc: 5, ...options }, feedback);
      stage.requestKeyFrame(0x2222, 0);
      return polled(stage).map(({ type }) => type);
    };
    expect(types({}, [...pli, ...fir])).toEqual(['pli']);
    expect(types({ prefer: 'fir' }, [...pli, ...fir])).toEqual(['fir']);
    expect(types({ prefer: 'fir' }, pli)).toEqual(['pli']);
    expect(types({}, fir)).toEqual(['fir']);
    const neither = make({}, []);
    expect(neither.requestKeyFrame(0x2222, 0)).toBe(false);
    expect(neither.requestKeyFrame(1, 0)).toBe(false);
    expect(polled(neither)).toEqual([]);
  });

  it('names us and the stream', () => {
    const stage = make({ ssrc: 5 });
    stage.requestKeyFrame(0x2222, 0);
    expect(polled(stage)).toEqual([{ type: 'pli', senderSsrc: 5, mediaSsrc: 0x2222 }]);
    expect(stage.sent(0x2222)).toEqual({ pliCount: 1, firCount: 0 });
  });

  it('minInterval is the least time between two, and what is asked in between is not forgotten', () => {
    const stage = make({ minInterval: 500, startsKeyFrame: () => true });
    stage.requestKeyFrame(0x2222, 0);
    stage.handleIncomingRtp!(packet(1), 10, 0);
    expect(stage.isPending(0x2222)).toBe(false);
    stage.requestKeyFrame(0x2222, 20);
    expect(polled(stage)).toHaveLength(1);
    expect(stage.pollTimeout!()).toBe(500);
    stage.handleTimeout!(500);
    expect(polled(stage)).toHaveLength(1);
  });

  it('repeats until a key frame came, after two round trips, maxTries times', () => {
    const stage = make({ minInterval: 100, maxTries: 3, roundTripTime: () => 200 });
    stage.requestKeyFrame(0x2222, 0);
    const times: number[] = [];
    for (let now = stage.pollTimeout!(); now !== Number.POSITIVE_INFINITY; now = stage.pollTimeout!()) {
      stage.handleTimeout!(now);
      if (polled(stage, now).length > 0) times.push(now);
    }
    expect(times).toEqual([400, 800]);
    expect(stage.isPending(0x2222)).toBe(false);
  });

  it('startsKeyFrame, or keyFrameReceived, ends it', () => {
    const stage = make({
      startsKeyFrame: (mimeType, { sequenceNumber }) => mimeType === 'video/VP8' && sequenceNumber === 7,
    });
    stage.requestKeyFrame(0x2222, 0);
    for (const each of [5, 6]) stage.handleIncomingRtp!(packet(each), 0, 0);
    expect(stage.isPending(0x2222)).toBe(true);
    stage.handleIncomingRtp!(packet(7), 0, 0);
    expect(stage.isPending(0x2222)).toBe(false);
    stage.requestKeyFrame(0x2222, 1000);
    stage.keyFrameReceived(0x2222);
    expect(stage.pollTimeout!()).toBe(Number.POSITIVE_INFINITY);
  });

  it('a FIR that repeats another keeps its number, a new one counts on (RFC 5104 §4.3.1.2)', () => {
    const stage = make({ minInterval: 100, roundTripTime: () => 1 }, fir);
    const numbers = (now: number): number[] =>
      polled(stage, now).flatMap((each) =>
        each.type === 'fir' ? each.entries.map(({ sequenceNumber }) => sequenceNumber) : [],
      );
    stage.requestKeyFrame(0x2222, 0);
    stage.handleTimeout!(100);
    expect(numbers(100)).toEqual([0, 0]);
    stage.keyFrameReceived(0x2222);
    stage.requestKeyFrame(0x2222, 300);
    expect(numbers(300)).toEqual([1]);
  });

  it('tells of requests for our streams; a repeated FIR is one', () => {
    const stage = make();
    stage.bindLocalStream!(video({ ssrc: 0xaaaa }), 0);
    let now = 0;
    const receive = (packet: RtcpPacket): unknown => {
      now += 1000;
      stage.handleIncomingRtcp!([packet], now);
      return stage.pollEvent!();
    };
    const request = (sequenceNumber: number, senderSsrc = 1): RtcpPacket => ({
      type: 'fir',
      senderSsrc,
      entries: [{ ssrc: 0xaaaa, sequenceNumber }],
    });
    const event = { type: 'key-frame-request', ssrc: 0xaaaa };
    expect(receive({ type: 'pli', senderSsrc: 1, mediaSsrc: 0xaaaa })).toEqual({ ...event, reason: 'pli' });
    expect(receive({ type: 'pli', senderSsrc: 1, mediaSsrc: 0xbbbb })).toBeUndefined();
    expect(receive(request(3))).toEqual({ ...event, reason: 'fir' });
    expect(receive(request(3))).toBeUndefined();
    expect(receive(request(3, 2))).toEqual({ ...event, reason: 'fir' });
    expect(receive(request(4))).toEqual({ ...event, reason: 'fir' });
  });

  it('tells once what nobody has taken yet', () => {
    const stage = make();
    stage.bindLocalStream!(video({ ssrc: 0xaaaa }), 0);
    for (let i = 0; i < 100; i++)
      stage.handleIncomingRtcp!([{ type: 'pli', senderSsrc: 1, mediaSsrc: 0xaaaa } as never], i);
    expect(all(() => stage.pollEvent!())).toHaveLength(1);
  });

  it('tells of a storm of requests once per minInterval, and of the last one at its end', () => {
    for (const minInterval of [300, 1000]) {
      const stage = make({ minInterval });
      stage.bindLocalStream!(video({ ssrc: 0xaaaa }), 0);
      const told: number[] = [];
      for (let now = 0; now < 5000; now++) {
        stage.handleTimeout!(now);
        if (now < 1500)
          stage.handleIncomingRtcp!(
            [{ type: 'fir', senderSsrc: now, entries: [{ ssrc: 0xaaaa, sequenceNumber: now & 0xff }] } as never],
            now,
          );
        for (const _ of all(() => stage.pollEvent!())) told.push(now);
      }
      expect(told).toEqual(range(0, Math.ceil(1500 / minInterval) + 1).map((i) => i * minInterval));
      expect(stage.pollTimeout!()).toBe(Number.POSITIVE_INFINITY);
      stage.handleIncomingRtcp!([{ type: 'pli', senderSsrc: 1, mediaSsrc: 0xaaaa } as never], 5000);
      stage.handleIncomingRtcp!([{ type: 'pli', senderSsrc: 1, mediaSsrc: 0xaaaa } as never], 5001);
      stage.unbindLocalStream!(0xaaaa, 5001);
      expect(stage.pollTimeout!()).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('refuses options that are not what they should be', () => {
    const bad = expect.objectContaining({ code: 'INTERCEPTOR_BAD_OPTION' });
    expect(() => keyFrameRequester({ minInterval: 0 })).toThrow(bad);
    expect(() => keyFrameRequester({ maxTries: 0 })).toThrow(bad);
  });
});

describe('rtxUnwrap', () => {
  const rtx = (payloadType: number, original = packet(10)): RtpPacket => {
    const bytes = new Uint8Array(original.bytes.length + 2);
    writeRtx(original, { ssrc: 0x3333, payloadType, sequenceNumber: 1 }, bytes, 0);
    return new RtpPacket(bytes);
  };

  it('restores packets of the media stream', () => {
    const stage = rtxUnwrap();
    stage.bindRemoteStream!(video(), 0);
    expect(stage.handleIncomingRtp!(rtx(97), 0, 0)).toBe(false);
    expect(stage.pollIncomingRtp!(0)!.bytes).toEqual(packet(10).bytes);
    expect(stage.restored(0x2222)).toBe(1);
    expect(stage.handleIncomingRtp!(packet(11), 0, 0)).toBe(true);
  });

  it('drops and counts padding alone, and what was not agreed on', () => {
    const stage = rtxUnwrap();
    stage.bindRemoteStream!(video(), 0);
    stage.handleIncomingRtp!(packet(1, { ssrc: 0x3333, payloadType: 97, payload: new Uint8Array(0) }), 0, 0);
    stage.handleIncomingRtp!(packet(2, { ssrc: 0x3333, payloadType: 97, payload: new Uint8Array(1) }), 0, 0);
    stage.handleIncomingRtp!(rtx(99), 0, 0);
    expect(stage.pollIncomingRtp!(0)).toBeUndefined();
    expect(stage.counters).toEqual({ restored: 0, paddingOnly: 1, malformed: 2 });
  });

  it('knows a retransmission stream that is told later', () => {
    const stage = rtxUnwrap();
    stage.bindRemoteStream!(video({ rtxSsrc: undefined }), 0);
    expect(stage.handleIncomingRtp!(rtx(97), 0, 0)).toBe(true);
    stage.bindRemoteStream!(video(), 0);
    expect(stage.handleIncomingRtp!(rtx(97), 0, 0)).toBe(false);
    stage.unbindRemoteStream!(0x2222, 0);
    expect(stage.handleIncomingRtp!(rtx(97), 0, 0)).toBe(true);
  });
});
