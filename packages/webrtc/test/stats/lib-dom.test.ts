import { expect, it } from 'vitest';
import * as kaon from '../../src/index.ts';

/** Compiles only when our object can stand where one of lib.dom is wanted; `tsc -p tsconfig.tests.json` is the test. */
function fits<T>(_value: T): void {}

it('statistics fit the types of lib.dom', async () => {
  fits<RTCStatsReport>({} as kaon.RTCStatsReport);
  fits<RTCInboundRtpStreamStats>({} as kaon.RTCInboundRtpStreamStats);
  fits<RTCReceivedRtpStreamStats>({} as kaon.RTCRemoteInboundRtpStreamStats);
  fits<RTCOutboundRtpStreamStats>({} as kaon.RTCOutboundRtpStreamStats);
  fits<RTCSentRtpStreamStats>({} as kaon.RTCRemoteOutboundRtpStreamStats);
  fits<RTCTransportStats>({} as kaon.RTCTransportStats);
  fits<RTCIceCandidatePairStats>({} as kaon.RTCIceCandidatePairStats);
  fits<RTCStats>({} as kaon.RTCCodecStats);
  fits<RTCStats>({} as kaon.RTCAudioSourceStats);
  fits<RTCStats>({} as kaon.RTCVideoSourceStats);
  fits<RTCStats>({} as kaon.RTCIceCandidateStats);
  fits<RTCStats>({} as kaon.RTCCertificateStats);
  fits<RTCStats>({} as kaon.RTCDataChannelStats);
  fits<RTCStats>({} as kaon.RTCPeerConnectionStats);
  const connection: RTCPeerConnection = new kaon.RTCPeerConnection();
  const report: RTCStatsReport = await connection.getStats();
  connection.close();
  expect(report.has('P')).toBe(true);
});
