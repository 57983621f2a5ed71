export {
  type KeygenAlgorithm,
  RTCCertificate,
  type RTCCertificateLike,
  type RTCDtlsFingerprint,
} from './certificate.ts';
export type { RTCConfiguration } from './configuration.ts';
export { RTCDataChannel, type RTCDataChannelEventMap, type RTCDataChannelState } from './data-channel.ts';
export type { RTCDataChannelInit } from './data-channel-init.ts';
export { RTCDtlsTransport, type RTCDtlsTransportEventMap, type RTCDtlsTransportState } from './dtls-transport.ts';
export { RTCError, type RTCErrorDetailType, type RTCErrorInit } from './errors.ts';
export {
  RTCDataChannelEvent,
  RTCErrorEvent,
  RTCPeerConnectionIceErrorEvent,
  RTCPeerConnectionIceEvent,
} from './events/events.ts';
export { RTCIceCandidate, type RTCIceCandidateInit } from './ice-candidate.ts';
export type { RTCIceServer } from './ice-servers.ts';
export {
  type RTCIceCandidatePair,
  type RTCIceParameters,
  RTCIceTransport,
  type RTCIceTransportEventMap,
} from './ice-transport.ts';
export type { RTCSignalingState } from './jsep/negotiation.ts';
export type { KaonOptions } from './kaon-options.ts';
export { type RTCOfferOptions, RTCPeerConnection, type RTCPeerConnectionEventMap } from './peer-connection.ts';
export { RTCSctpTransport, type RTCSctpTransportEventMap, type RTCSctpTransportState } from './sctp-transport.ts';
export {
  type RTCLocalSessionDescriptionInit,
  type RTCSdpType,
  RTCSessionDescription,
  type RTCSessionDescriptionInit,
} from './session-description.ts';
export type { StackEvent } from './stack/events.ts';
export { DataStack, type EstablishOptions, type StackCounters } from './stack/stack.ts';
export type { RTCPeerConnectionState } from './states.ts';
export { type RTCStats, RTCStatsReport } from './stats/report.ts';
