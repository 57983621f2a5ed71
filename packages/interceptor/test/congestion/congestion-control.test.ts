import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import { absSendTime, EXTENSION_URI, encodeRtp, parseRtp } from '@kaon/rtp';
import { restoreFromRtx } from '@kaon/rtp/payload/rtx';
import type { CongestionFeedback, TransportFeedback } from '@kaon/rtp/rtcp';
import { seededRandom } from '@kaon/testing';
import { isMalformed, readU16 } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { InterceptorChain } from '../../src/chain.ts';
import {
  type CongestionControl,
  type CongestionControlOptions,
  congestionControl,
} from '../../src/congestion/index.ts';
import { PacerStage } from '../../src/congestion/pacer/pacer-stage.ts';
import { RtxPadding } from '../../src/congestion/pacer/rtx-padding.ts';
import { inSlotOrder } from '../../src/slots.ts';

const random = seededRandom(1);
const VIDEO = 100;
const RTX = 101;
const AUDIO = 200;

function stream(over: Partial<StreamInfo> = {}): StreamInfo {
  return {
    ssrc: VIDEO,
    kind: 'video',
    payloads: [{ payloadType: 96, mimeType: 'video/VP8', clockRate: 90_000, rtxPayloadType: 97 }],
    rtxSsrc: RTX,
    feedback: [{ type: 'transport-cc' }],
    extensions: [
      { id: 3, uri: EXTENSION_URI.absSendTime },
      { id: 5, uri: EXTENSION_URI.transportSequenceNumber },
    ],
    ...over,
  };
}

function audio(): StreamInfo {
  return stream({ ssrc: AUDIO, kind: 'audio', rtxSsrc: undefined, payloads: [] });
}

interface Sent {
  readonly ssrc?: number;
  readonly sequence: number;
  readonly size?: number;
  readonly extensions?: readonly { id: number; data: Uint8Array }[];
}

const BOTH = (): { id: number; data: Uint8Array }[] => [
  { id: 3, data: new Uint8Array(3) },
  { id: 5, data: new Uint8Array(2) },
];

function rtp({ ssrc = VIDEO, sequence, size = 1000, extensions = BOTH() }: Sent): RtpPacketView {
  const payload = new Uint8Array(size).fill(sequence);
  return parseRtp(encodeRtp({ payloadType: 96, sequenceNumber: sequence, timestamp: 9, ssrc, extensions, payload }));
}

interface Made extends CongestionControl {
  readonly chain: InterceptorChain;
}

function made(options: Partial<CongestionControlOptions> = {}, streams: readonly StreamInfo[] = [stream()]): Made {
  const control = congestionControl({ random, ...options });
  const chain = new InterceptorChain(inSlotOrder(control.placed), { reducedSize: true });
  for (const each of streams) chain.bindLocalStream(each, 0);
  return { ...control, chain };
}

function polled(chain: InterceptorChain, now: number): RtpPacketView[] {
  const out: RtpPacketView[] = [];
  for (let each = chain.pollOutgoingRtp(now); each !== undefined; each = chain.pollOutgoingRtp(now)) out.push(each);
  return out;
}

const number = (packet: RtpPacketView): number => readU16(packet.bytes, packet.extensionOffset(5));

function feedbackOf(chain: InterceptorChain, now: number): RtcpPacketLike[] {
  const out: RtcpPacketLike[] = [];
  for (let each = chain.pollOutgoingRtcp(now); each !== undefined; each = chain.pollOutgoingRtcp(now))
    out.push(...each);
  return out;
}

describe('stamping', () => {
  it('numbers packets of all streams in the order in which they leave, and writes when that is', () => {
    const { chain } = made({}, [stream(), audio()]);
    chain.sendRtp(rtp({ sequence: 1 }), 500);
    chain.sendRtp(rtp({ sequence: 2 }), 500);
    chain.sendRtp(rtp({ ssrc: AUDIO, sequence: 7, size: 80 }), 500);
    const out = polled(chain, 1234.5);
    expect(out.map(({ ssrc }) => ssrc)).toEqual([AUDIO, VIDEO]);
    expect(number(out[1]!)).toBe((number(out[0]!) + 1) & 0xffff);
    const [time] = out.map(({ bytes, extensionOffset }, i) => {
      const at = extensionOffset.call(out[i]!, 3);
      return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    });
    expect(time).toBe(absSendTime(1234.5));
  });

  it('leaves alone what was not agreed on, or has no room', () => {
    const { chain, controller } = made({}, [stream({ feedback: [], extensions: [] })]);
    chain.sendRtp(rtp({ sequence: 1 }), 0);
    const [packet] = polled(chain, 0);
    expect(number(packet!)).toBe(0);
    chain.unbindLocalStream(VIDEO, 0);
    chain.sendRtp(rtp({ sequence: 2, ssrc: 999, extensions: [] }), 10);
    expect(polled(chain, 20)).toHaveLength(1);
    expect(controller.estimate().bytesInFlight).toBe(0);
  });

  it('begins where the random source says', () => {
    const first = (bytes: Uint8Array): Uint8Array => bytes.fill(0x21);
    const { chain } = made({ random: first as never });
    chain.sendRtp(rtp({ sequence: 1 }), 0);
    expect(number(polled(chain, 0)[0]!)).toBe(0x2121);
  });
});

describe('feedback', () => {
  it('tells of arrivals every 50 ms, with our SSRC, and wants no timer when nothing comes', () => {
    const { chain } = made({ ssrc: 77 }, []);
    expect(chain.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    chain.bindRemoteStream(stream(), 0);
    const sent = rtp({ sequence: 1, extensions: [{ id: 5, data: Uint8Array.of(0, 9) }] });
    chain.receiveRtp(sent, 1000);
    const [first] = feedbackOf(chain, 1000).filter(({ type }) => type === 'twcc');
    expect(first).toMatchObject({ senderSsrc: 77, mediaSsrc: VIDEO, baseSequence: 9 });
    expect(chain.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    chain.receiveRtp(rtp({ sequence: 2, extensions: [{ id: 5, data: Uint8Array.of(0, 10) }] }), 1001);
    expect(chain.pollTimeout()).toBe(1050);
    expect(feedbackOf(chain, 1049)).toEqual([]);
    expect(feedbackOf(chain, 1050)[0]).toMatchObject({ type: 'twcc', baseSequence: 10 });
    chain.bindLocalStream(stream({ ssrc: 5 }), 1060);
    chain.receiveRtp(rtp({ sequence: 3, extensions: [{ id: 5, data: Uint8Array.of(0, 11) }] }), 2000);
    expect(feedbackOf(chain, 2000)[0]).toMatchObject({ senderSsrc: 5 });
    chain.unbindRemoteStream(VIDEO, 2000);
    chain.receiveRtp(rtp({ sequence: 4, extensions: [{ id: 5, data: Uint8Array.of(0, 12) }] }), 3000);
    expect(feedbackOf(chain, 4000)).toEqual([]);
  });

  it('of version 2 comes when the sender asks for it', () => {
    const { chain } = made({}, []);
    chain.bindRemoteStream(stream({ extensions: [{ id: 5, uri: EXTENSION_URI.transportSequenceNumberV2 }] }), 0);
    for (let i = 0; i < 5; i++) {
      chain.receiveRtp(rtp({ sequence: i, extensions: [{ id: 5, data: Uint8Array.of(0, i) }] }), i);
    }
    expect(feedbackOf(chain, 1000)).toEqual([]);
    chain.receiveRtp(rtp({ sequence: 5, extensions: [{ id: 5, data: Uint8Array.of(0, 5, 0x80, 3) }] }), 1000);
    const [feedback] = feedbackOf(chain, 1000) as TransportFeedback[];
    expect(feedback).toMatchObject({ type: 'twcc' });
    expect(feedback!.baseSequence + feedback!.packets.length).toBe(6);
  });

  it('of RFC 8888 has the ECN codepoint of each packet, and comes instead of TWCC', () => {
    const { chain } = made({}, []);
    chain.bindRemoteStream(stream({ feedback: [{ type: 'ack', parameter: 'ccfb' }, { type: 'transport-cc' }] }), 0);
    chain.receiveRtp(rtp({ sequence: 1 }), 1000, 1);
    chain.receiveRtp(rtp({ sequence: 3 }), 1000, 3);
    const feedback = feedbackOf(chain, 1050);
    expect(feedback.map(({ type }) => type)).toEqual(['ccfb']);
    expect((feedback[0] as CongestionFeedback).streams[0]!.packets.map((each) => each?.ecn)).toEqual([1, undefined, 3]);
  });

  it('about packets that never left changes nothing and throws nothing', () => {
    const { chain, controller } = made();
    const before = controller.targetBitrate;
    const lies: RtcpPacketLike[] = [
      {
        type: 'twcc',
        senderSsrc: 1,
        mediaSsrc: 1,
        baseSequence: 5,
        feedbackCount: 0,
        referenceTime: -64,
        packets: [0, 1],
      },
      {
        type: 'twcc',
        senderSsrc: 1,
        mediaSsrc: 1,
        baseSequence: 5,
        feedbackCount: 0,
        referenceTime: 2 ** 29,
        packets: [9],
      },
      {
        type: 'ccfb',
        senderSsrc: 1,
        reportTimestamp: 7,
        streams: [{ ssrc: VIDEO, beginSequence: 1, packets: [{ ecn: 3, arrivalOffset: 0x1fff }, undefined] }],
      },
      { type: 'rr', ssrc: 1, reports: [] },
      { type: 'unknown' },
    ] as RtcpPacketLike[];
    chain.receiveRtcp(lies, 10);
    expect(controller.targetBitrate).toBe(before);
    expect(chain.pollEvent()).toBeUndefined();
  });

  it('moves the target, which is told as an event once', () => {
    const { chain, controller } = made();
    chain.receiveRtcp([{ type: 'remb', senderSsrc: 1, bitrate: 123_000, ssrcs: [VIDEO] } as RtcpPacketLike], 10);
    expect(controller.targetBitrate).toBe(123_000);
    expect(chain.pollEvent()).toEqual({ type: 'bandwidth-estimate', bitrate: 123_000 });
    expect(chain.pollEvent()).toBeUndefined();
  });

  it('of receiver reports alone tells loss and round-trip time', () => {
    const { chain, controller } = made({ pacing: false });
    const sr = {
      type: 'sr',
      ssrc: VIDEO,
      ntpSeconds: 5,
      ntpFraction: 0,
      rtpTimestamp: 0,
      packetCount: 0,
      octetCount: 0,
      reports: [],
    };
    const block = { ssrc: VIDEO, fractionLost: 26, cumulativeLost: 0, highestSequence: 0, jitter: 0 };
    for (let i = 0; i < 5; i++) {
      const now = 1000 * i;
      for (const stage of chain.stages)
        stage.handleOutgoingRtcp?.([{ ...sr, ntpSeconds: 5 + i } as RtcpPacketLike], now);
      for (let j = 0; j < 40; j++) chain.sendRtp(rtp({ sequence: 40 * i + j }), now + j);
      polled(chain, now + 40);
      const reports = [{ ...block, lastSenderReport: (5 + i) << 16, delaySinceLastSenderReport: 65_536 / 2 }];
      chain.receiveRtcp([{ type: 'rr', ssrc: 1, reports } as RtcpPacketLike], now + 580);
    }
    expect(controller.roundTripTime).toBeCloseTo(80);
    expect(controller.estimate().averageLoss).toBeCloseTo(0.1, 1);
    expect(controller.targetBitrate).toBeGreaterThan(300_000);
  });
});

describe('options', () => {
  it('say where the target begins and how far it goes', () => {
    expect(made().controller.targetBitrate).toBe(300_000);
    expect(made({ startBitrate: 2_000_000 }).controller.targetBitrate).toBe(2_000_000);
    expect(made({ maxBitrate: 200_000 }).controller.targetBitrate).toBe(200_000);
    const { chain, controller } = made({ minBitrate: 250_000 });
    chain.receiveRtcp([{ type: 'remb', senderSsrc: 1, bitrate: 1000, ssrcs: [] } as RtcpPacketLike], 1);
    expect(controller.targetBitrate).toBe(250_000);
  });

  it('are checked', () => {
    for (const bad of [
      { minBitrate: 0 },
      { maxBitrate: 10_000 },
      { startBitrate: Number.NaN },
      { pacingFactor: 0.5 },
      { maxQueueTime: 0 },
      { maxQueuedPackets: 0 },
      { random: undefined as never },
    ]) {
      expect(() => congestionControl({ random, ...bad })).toThrow(
        expect.objectContaining({ code: 'INTERCEPTOR_BAD_OPTION' }),
      );
    }
  });

  it('switch pacing off: packets leave at once and there is no pacer', () => {
    const { chain, placed, stages, controller } = made({ pacing: false });
    expect(placed.map(({ slot }) => slot)).toEqual(['transport-feedback']);
    expect(stages).toHaveLength(1);
    for (let i = 0; i < 50; i++) chain.sendRtp(rtp({ sequence: i }), 0);
    expect(polled(chain, 0)).toHaveLength(50);
    expect(controller.pacer(0)).toBeUndefined();
  });

  it('set the pacing rate', () => {
    const { chain, controller } = made({ pacingFactor: 4 });
    chain.sendRtp(rtp({ sequence: 1 }), 0);
    polled(chain, 0);
    expect(controller.pacer(0)?.pacingBitrate).toBe(1_200_000);
  });

  it('bound the queue of the pacer by time and count', () => {
    const { chain, controller } = made({ maxQueuedPackets: 20, maxQueueTime: 100, probing: false });
    for (let i = 0; i < 30; i++) chain.sendRtp(rtp({ sequence: i }), 0);
    expect(controller.pacer(0)).toMatchObject({ queuedPackets: 20, dropped: 10 });
    let left = 0;
    for (let now = 0; now <= 110; now++) left += polled(chain, now).length;
    expect(left).toBe(20);
  });

  it('switch probing off', () => {
    for (const probing of [true, false]) {
      const { chain, controller } = made({ probing });
      for (let now = 0; now < 200; now += 5) {
        if (now % 35 === 0) chain.sendRtp(rtp({ sequence: now }), now);
        polled(chain, now);
      }
      expect(controller.pacer(200)!.probes > 0).toBe(probing);
      expect(controller.pacer(200)!.paddingPackets > 0).toBe(probing);
    }
  });
});

describe('the controller', () => {
  it('changes limits, and begins anew where it is told to', () => {
    const { chain, controller } = made();
    controller.setBitrateLimits({ max: 150_000 }, 0);
    expect(controller.targetBitrate).toBe(150_000);
    controller.setBitrateLimits({ max: 5_000_000, start: 1_000_000 }, 0);
    expect(controller.targetBitrate).toBe(1_000_000);
    controller.setBitrateLimits({ min: 2_000_000 }, 0);
    expect(controller.targetBitrate).toBe(2_000_000);
    expect(() => controller.setBitrateLimits({ min: 9_000_000 }, 0)).toThrow(BAD_OPTION);
    controller.setBitrateLimits({ min: 30_000 }, 0);
    controller.restart(0);
    expect(controller.targetBitrate).toBe(300_000);
    expect(chain.pollEvent()).toBeUndefined();
  });

  it('wants no timer when nothing was sent for a while', () => {
    const { chain } = made({ pacing: false });
    chain.sendRtp(rtp({ sequence: 1 }), 0);
    polled(chain, 0);
    expect(chain.pollTimeout()).toBe(25);
    for (let now = 25; now < 6000; now += 25) chain.handleTimeout(now);
    expect(chain.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('drops what waits of a stream that ended, with its retransmissions and repair', () => {
    const FEC = 102;
    const protectedStream = stream({ fec: { scheme: 'flexfec-03', payloadType: 98, ssrc: FEC } });
    const { chain, controller } = made({ probing: false }, [protectedStream]);
    for (let i = 0; i < 60; i++) for (const ssrc of [VIDEO, RTX, FEC]) chain.sendRtp(rtp({ ssrc, sequence: i }), 0);
    expect(controller.pacer(0)?.queuedPackets).toBe(180);
    chain.unbindLocalStream(VIDEO, 0);
    expect(controller.pacer(0)?.queuedPackets).toBe(0);
    expect(polled(chain, 0)).toEqual([]);
  });

  it('drops what waits of a stream that ended', () => {
    const { chain, controller } = made({ probing: false });
    for (let i = 0; i < 20; i++) chain.sendRtp(rtp({ sequence: i }), 0);
    chain.unbindLocalStream(VIDEO, 0);
    expect(controller.pacer(0)?.queuedPackets).toBe(0);
    expect(controller.estimate().applicationLimited).toBe(false);
  });
});

const BAD_OPTION = expect.objectContaining({ code: 'INTERCEPTOR_BAD_OPTION' });

describe('RtxPadding', () => {
  it('sends packets once more that left lately, each a retransmission that can be restored', () => {
    const padding = new RtxPadding(random);
    padding.bind(stream());
    for (let i = 0; i < 12; i++) {
      const packet = rtp({ sequence: i });
      padding.leaving(packet);
      // What is sent is encrypted in place.
      packet.bytes.fill(0);
    }
    const numbers: number[] = [];
    const restored = new Set<number>();
    for (let i = 0; i < 8; i++) {
      const made = padding.next()!;
      padding.leaving(made);
      expect(made.ssrc).toBe(RTX);
      expect(made.payloadType).toBe(97);
      numbers.push(made.sequenceNumber);
      const original = restoreFromRtx(made, { ssrc: VIDEO, payloadType: 96 });
      if (isMalformed(original)) throw new Error('malformed');
      expect(original.payload).toEqual(new Uint8Array(1000).fill(original.sequenceNumber));
      restored.add(original.sequenceNumber);
    }
    expect([...restored].sort((a, b) => a - b)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0]! + i) & 0xffff));
  });

  it('numbers real retransmissions behind what was put between them', () => {
    const padding = new RtxPadding(random);
    padding.bind(stream());
    padding.leaving(rtp({ sequence: 1 }));
    const sent: number[] = [];
    for (const given of [65_535, 0, 1]) {
      const real = rtp({ ssrc: RTX, sequence: given });
      padding.leaving(real);
      sent.push(real.sequenceNumber);
      const made = padding.next()!;
      padding.leaving(made);
      sent.push(made.sequenceNumber);
    }
    expect(sent).toEqual(sent.map((_, i) => (sent[0]! + i) & 0xffff));
  });

  it('numbers go on when the stream was unbound in between, as by a hold', () => {
    const padding = new RtxPadding(random);
    padding.bind(stream());
    padding.leaving(rtp({ sequence: 1 }));
    const before = padding.next()!.sequenceNumber;
    padding.unbind(stream().ssrc);
    padding.unbind(stream().ssrc);
    padding.bind(stream());
    expect(padding.next()!.sequenceNumber).toBe((before + 1) & 0xffff);
    padding.bind(stream({ rtxSsrc: undefined }));
    padding.bind(stream());
    expect(padding.next()!.sequenceNumber).toBe((before + 2) & 0xffff);
  });

  it('is padding alone before anything was sent, and nothing where there is no retransmission', () => {
    const padding = new RtxPadding(random);
    expect(padding.next()).toBeUndefined();
    padding.bind(stream({ rtxSsrc: undefined }));
    expect(padding.next()).toBeUndefined();
    padding.bind(stream({ mid: 'v', extensions: [{ id: 4, uri: EXTENSION_URI.mid }, ...stream().extensions] }));
    const made = padding.next()!;
    expect(made.payloadEnd).toBe(made.payloadOffset);
    expect(made.bytes.length - made.payloadEnd).toBe(224);
    expect(made.extensionLength(5)).toBe(2);
    expect(made.extensionLength(3)).toBe(3);
    expect(made.bytes[made.extensionOffset(4)]).toBe('v'.charCodeAt(0));
    padding.unbind(VIDEO);
    expect(padding.next()).toBeUndefined();
  });

  it('renames the layer of a stream to the layer that is repaired', () => {
    const extensions = [
      { id: 6, uri: EXTENSION_URI.rid },
      { id: 7, uri: EXTENSION_URI.repairedRid },
    ];
    const padding = new RtxPadding(random);
    padding.bind(stream({ rid: 'hi', extensions }));
    expect(padding.next()!.extensionLength(7)).toBe(2);
    padding.leaving(rtp({ sequence: 1, extensions: [{ id: 6, data: Uint8Array.of(104, 105) }] }));
    const made = padding.next()!;
    expect(made.extensionOffset(6)).toBe(-1);
    expect([...made.bytes.subarray(made.extensionOffset(7), made.extensionOffset(7) + 2)]).toEqual([104, 105]);
  });
});

describe('PacerStage', () => {
  it('has the name and the version of a stage', () => {
    const { placed } = made();
    const stage = placed[1]!.interceptor;
    expect(stage).toBeInstanceOf(PacerStage);
    expect(stage).toMatchObject({ interface: 'kaon:interceptor/1', name: 'pacer' });
  });
});

describe('send delay', () => {
  it('sums up how long the packets of a stream wait, retransmissions with it', () => {
    const { chain, controller } = made({ startBitrate: 300_000, probing: false }, [stream(), audio()]);
    chain.sendRtp(rtp({ sequence: 1 }), 0);
    polled(chain, 0);
    chain.sendRtp(rtp({ ssrc: RTX, sequence: 1 }), 0);
    chain.sendRtp(rtp({ sequence: 2 }), 0);
    chain.sendRtp(rtp({ ssrc: AUDIO, sequence: 1, size: 80 }), 0);
    for (let now = 1; now <= 100; now++) polled(chain, now);
    const waited = controller.sendDelay(VIDEO);
    expect(waited).toBeGreaterThan(15);
    expect(waited).toBeLessThan(100);
    expect(controller.sendDelay(AUDIO)).toBe(1);
    chain.unbindLocalStream(VIDEO, 100);
    expect(controller.sendDelay(VIDEO)).toBe(0);
    expect(made({ pacing: false }).controller.sendDelay(VIDEO)).toBe(0);
  });
});
