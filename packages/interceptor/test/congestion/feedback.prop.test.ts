import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import { EXTENSION_URI, encodeRtp, parseRtp } from '@kaon/rtp';
import { decodeRtcp } from '@kaon/rtp/rtcp';
import { seededRandom } from '@kaon/testing';
import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InterceptorChain } from '../../src/chain.ts';
import { congestionControl } from '../../src/congestion/index.ts';
import { inSlotOrder } from '../../src/slots.ts';

const VIDEO: StreamInfo = {
  ssrc: 1,
  kind: 'video',
  payloads: [{ payloadType: 96, mimeType: 'video/VP8', clockRate: 90_000, rtxPayloadType: 97 }],
  rtxSsrc: 2,
  feedback: [{ type: 'transport-cc' }, { type: 'ack', parameter: 'ccfb' }],
  extensions: [{ id: 5, uri: EXTENSION_URI.transportSequenceNumber }],
};

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const sequence = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 65_535 }));
const feedback = fc.oneof(
  fc.record({
    type: fc.constant('twcc'),
    senderSsrc: word,
    mediaSsrc: word,
    baseSequence: sequence,
    feedbackCount: fc.integer({ min: 0, max: 255 }),
    referenceTime: fc.integer({ min: -(2 ** 23), max: 2 ** 23 }).map((units) => units * 64),
    packets: fc.array(fc.option(fc.double({ min: -10_000, max: 10_000, noNaN: true }), { nil: undefined })),
  }),
  fc.record({
    type: fc.constant('ccfb'),
    senderSsrc: word,
    reportTimestamp: word,
    streams: fc.array(
      fc.record({
        ssrc: fc.constantFrom(1, 2, 3),
        beginSequence: sequence,
        packets: fc.array(
          fc.option(
            fc.record({ ecn: fc.integer({ min: 0, max: 3 }), arrivalOffset: fc.integer({ min: 0, max: 0x1fff }) }),
            { nil: undefined },
          ),
        ),
      }),
      { maxLength: 3 },
    ),
  }),
  fc.record({
    type: fc.constant('remb'),
    senderSsrc: word,
    bitrate: fc.double({ min: 0, max: 1e24, noNaN: true }),
    ssrcs: fc.constant([]),
  }),
);

describe('whatever a peer says', () => {
  it('nothing throws and the target stays inside its limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(feedback, fc.integer({ min: 0, max: 3000 })), { maxLength: 30 }),
        fc.integer({ min: 0, max: 1000 }),
        (said, seed) => {
          const first = (bytes: Uint8Array): Uint8Array => bytes.fill(0);
          const random = seed % 2 === 0 ? (first as never) : seededRandom(seed);
          const { placed, controller } = congestionControl({ random, minBitrate: 50_000, maxBitrate: 5_000_000 });
          const chain = new InterceptorChain(inSlotOrder(placed));
          chain.bindLocalStream(VIDEO, 0);
          let now = 0;
          let number = 0;
          for (const [packet, wait] of said) {
            for (let i = 0; i < 5; i++) {
              const extensions = [{ id: 5, data: new Uint8Array(2) }];
              const payload = new Uint8Array(500);
              const init = { payloadType: 96, sequenceNumber: number++, timestamp: 0, ssrc: 1, extensions, payload };
              chain.sendRtp(parseRtp(encodeRtp(init)), now);
            }
            while (chain.pollOutgoingRtp(now) !== undefined);
            chain.receiveRtcp([packet], now);
            now += wait;
            chain.handleTimeout(now);
            expect(controller.targetBitrate).toBeGreaterThanOrEqual(50_000);
            expect(controller.targetBitrate).toBeLessThanOrEqual(5_000_000);
            const { roundTripTime, averageLoss, inherentLoss } = controller.estimate();
            expect(roundTripTime ?? 0).toBeGreaterThanOrEqual(0);
            for (const share of [averageLoss, inherentLoss]) {
              expect(share).toBeGreaterThanOrEqual(0);
              expect(share).toBeLessThanOrEqual(1);
            }
          }
        },
      ),
    );
  });

  it('bytes that are feedback by chance do no harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 80 }), (bytes) => {
        const { placed, controller } = congestionControl({ random: seededRandom(1) });
        const chain = new InterceptorChain(inSlotOrder(placed));
        chain.bindLocalStream(VIDEO, 0);
        bytes[0] = 0x8f;
        bytes[1] = 205;
        bytes[2] = 0;
        bytes[3] = (bytes.length >> 2) - 1;
        const packets = decodeRtcp(bytes.subarray(0, bytes.length & ~3));
        if (!isMalformed(packets)) chain.receiveRtcp(packets, 1);
        expect(controller.targetBitrate).toBe(300_000);
      }),
    );
  });
});
