export {
  type KeygenAlgorithm,
  RTCCertificate,
  type RTCCertificateLike,
  type RTCDtlsFingerprint,
} from './certificate.ts';
export type { RTCRtpCapabilities, RTCRtpCodec, RTCRtpHeaderExtensionCapability } from './codecs/capabilities.ts';
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
export { RTCTrackEvent, type RTCTrackEventInit } from './events/track-event.ts';
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
export {
  RTCDTMFSender,
  type RTCDTMFSenderEventMap,
  RTCDTMFToneChangeEvent,
} from './media/dtmf-sender.ts';
export type {
  CodecParameters,
  ExtensionParameters,
  LayerParameters,
  ReceiveAgreement,
  SendAgreement,
} from './media/negotiated.ts';
export type { MediaOptions } from './media/options.ts';
export {
  type OutgoingCounters,
  OutgoingStream,
  type StreamNames,
} from './media/outgoing/outgoing-stream.ts';
export type {
  RTCRtpCodecParameters,
  RTCRtpEncodingParameters,
  RTCRtpHeaderExtensionParameters,
  RTCRtpReceiveParameters,
  RTCRtpSendParameters,
  RTCSetParameterOptions,
} from './media/parameters/types.ts';
export {
  FORWARDING_HEADROOM,
  MediaTransport,
  type MediaTransportCounters,
  type MediaTransportOptions,
} from './media/pipeline/media-transport.ts';
export type { LocalStream, ReceivePort, RemoteStream, StreamDemand } from './media/pipeline/ports.ts';
export type { RouterCounters } from './media/pipeline/router.ts';
export type { Stages } from './media/pipeline/stages.ts';
export { RTCRtpReceiver } from './media/receiver.ts';
export type { ReceivedFrame, ReceivedPacketInfo, ReceiverCounters } from './media/receiver-core.ts';
export { RTCRtpSender } from './media/sender.ts';
export type { SenderCounters } from './media/sender-core.ts';
export {
  type BitrateReport,
  FrameSource,
  type FrameSourceInit,
  type SourceFrame,
} from './media/sources/frame-source.ts';
export { RtpSource, type RtpSourceInit } from './media/sources/rtp-source.ts';
export type { RTCRtpContributingSource, RTCRtpSynchronizationSource } from './media/sources-seen.ts';
export { MediaStream, type MediaStreamEventMap, MediaStreamTrackEvent } from './media/stream.ts';
export { MediaStreamTrack, type MediaStreamTrackEventMap } from './media/track.ts';
export {
  RTCEncodedAudioFrame,
  type RTCEncodedAudioFrameMetadata,
  RTCEncodedVideoFrame,
  type RTCEncodedVideoFrameMetadata,
} from './media/transform/encoded-frame.ts';
export type { RTCEncodedStreams } from './media/transform/encoded-streams.ts';
export type { TransformFrame } from './media/transform/frame-pipe.ts';
export { onRtcTransform } from './media/transform/port-pipe.ts';
export {
  RTCRtpScriptTransform,
  type RTCRtpScriptTransformer,
  type RTCTransformEventLike,
} from './media/transform/script-transform.ts';
export { MuxError, type MuxErrorCode } from './mux/errors.ts';
export type { ListenAddresses } from './mux/listen.ts';
export { TcpMux, type TcpMuxListenOptions } from './mux/tcp-mux.ts';
export type { AttachableMux, MuxAttachment, MuxedSocket } from './mux/types.ts';
export { type MuxableSocket, UdpMux, type UdpMuxListenOptions, type UdpMuxOptions } from './mux/udp-mux.ts';
export type { UnknownEvent } from './mux/unknown-event.ts';
export { type RTCOfferOptions, RTCPeerConnection, type RTCPeerConnectionEventMap } from './peer-connection.ts';
export { RTCSctpTransport, type RTCSctpTransportEventMap, type RTCSctpTransportState } from './sctp-transport.ts';
export {
  type RTCLocalSessionDescriptionInit,
  type RTCSdpType,
  RTCSessionDescription,
  type RTCSessionDescriptionInit,
} from './session-description.ts';
export type { StackEvent } from './stack/events.ts';
export { DataStack, type EstablishOptions, type SctpOptions, type StackCounters } from './stack/stack.ts';
export type { RTCPeerConnectionState } from './states.ts';
export type { RTCQualityLimitationReason } from './stats/quality-limitation.ts';
export { type RTCStats, RTCStatsReport } from './stats/report.ts';
export type {
  RTCAudioSourceStats,
  RTCCertificateStats,
  RTCCodecStats,
  RTCDataChannelStats,
  RTCIceCandidatePairStats,
  RTCIceCandidateStats,
  RTCInboundRtpStreamStats,
  RTCMediaSourceStats,
  RTCOutboundRtpStreamStats,
  RTCPeerConnectionStats,
  RTCRemoteInboundRtpStreamStats,
  RTCRemoteOutboundRtpStreamStats,
  RTCRtpStreamStats,
  RTCTransportStats,
  RTCVideoSourceStats,
} from './stats/types.ts';
export type { RTCRtpTransceiverInit } from './transceivers/init.ts';
export { RTCRtpTransceiver, type RTCRtpTransceiverDirection } from './transceivers/transceiver.ts';
