import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import { seededRandom } from '@kaon/testing';
import { interceptorConformance } from '@kaon/testing/conformance';
import { describe, it } from 'vitest';
import {
  fecEncoder,
  fecRecovery,
  jitterBuffer,
  keyFrameRequester,
  nackGenerator,
  nackResponder,
  packetDump,
  reports,
  rtxUnwrap,
  statistics,
} from '../src/index.ts';

const framework = { describe, it };
const wallClock = (): number => 1_767_225_600_000;

interceptorConformance(framework, 'nackGenerator', () => nackGenerator());
interceptorConformance(framework, 'nackResponder', (seed) => nackResponder({ random: seededRandom(seed) }));
interceptorConformance(framework, 'rtxUnwrap', () => rtxUnwrap());
interceptorConformance(framework, 'reports', (seed) => reports({ wallClock, random: seededRandom(seed) }));
interceptorConformance(framework, 'keyFrameRequester', () => keyFrameRequester({ startsKeyFrame: () => true }));
interceptorConformance(framework, 'jitterBuffer', () => jitterBuffer());
interceptorConformance(framework, 'jitterBuffer, immediate', () => jitterBuffer({ mode: 'immediate' }));
interceptorConformance(framework, 'statistics', () => statistics());
interceptorConformance(framework, 'packetDump', () => packetDump({ wallClock, write: () => undefined }));
interceptorConformance(framework, 'fecEncoder', (seed) => fecEncoder({ random: seededRandom(seed), rate: 0.3 }));
interceptorConformance(framework, 'fecRecovery', () => fecRecovery());

const inRed: StreamInfo = {
  ssrc: 0x2222,
  kind: 'video',
  payloads: [{ payloadType: 96, mimeType: 'video/VP8', clockRate: 90_000 }],
  fec: { scheme: 'ulpfec', payloadType: 98, redPayloadType: 99 },
  feedback: [{ type: 'nack' }],
  extensions: [],
};
const options = { streams: [inRed] };
interceptorConformance(
  framework,
  'fecEncoder, ULPFEC',
  (seed) => fecEncoder({ random: seededRandom(seed), rate: 0.3 }),
  options,
);
interceptorConformance(framework, 'fecRecovery, ULPFEC', () => fecRecovery(), options);
