/**
 * The statistics that Kaon fills (W3C webrtc-stats), with the members that a stack without codecs can know. Times are milliseconds
 * since the Unix epoch, durations are seconds, rates bit/s, unless said.
 */
import type { RTCQualityLimitationReason } from './quality-limitation.ts';
import type { RTCStats } from './report.ts';

/** A codec that a stream uses (§8.2). */
export interface RTCCodecStats extends RTCStats {
  type: 'codec';
  transportId: string;
  payloadType: number;
  mimeType: string;
  clockRate: number;
  channels?: number;
  sdpFmtpLine?: string;
}

/** What all RTP streams have (§8.1). */
export interface RTCRtpStreamStats extends RTCStats {
  ssrc: number;
  kind: 'audio' | 'video';
  transportId: string;
  /** Undefined before the first packet with media. */
  codecId?: string;
}

/** A stream that comes (§8.4). */
export interface RTCInboundRtpStreamStats extends RTCRtpStreamStats {
  type: 'inbound-rtp';
  trackIdentifier: string;
  mid: string;
  remoteId?: string;
  packetsReceived: number;
  packetsReceivedWithEct1: number;
  packetsReceivedWithCe: number;
  /** Can be negative. */
  packetsLost: number;
  jitter: number;
  packetsDiscarded: number;
  bytesReceived: number;
  headerBytesReceived: number;
  lastPacketReceivedTimestamp?: number;
  nackCount: number;
  /** With RTX alone: other retransmissions cannot be told from what is new. */
  retransmittedPacketsReceived?: number;
  retransmittedBytesReceived?: number;
  rtxSsrc?: number;
  fecPacketsReceived: number;
  fecBytesReceived: number;
  fecPacketsDiscarded: number;
  fecSsrc?: number;
  /** Without jitter buffer these are missing. */
  jitterBufferDelay?: number;
  jitterBufferTargetDelay?: number;
  jitterBufferMinimumDelay?: number;
  jitterBufferEmittedCount?: number;
  /** Milliseconds since 1900 of the peer's clock; from its first sender report on. */
  estimatedPlayoutTimestamp?: number;
  /** Of video alone, until `totalAssemblyTime`. */
  firCount?: number;
  pliCount?: number;
  framesReceived?: number;
  framesDropped?: number;
  framesPerSecond?: number;
  frameWidth?: number;
  frameHeight?: number;
  framesAssembledFromMultiplePackets?: number;
  totalAssemblyTime?: number;
  /** Of audio alone, from here on. */
  totalSamplesReceived?: number;
  totalSamplesDuration?: number;
  /** From the first packet with the header extension of RFC 6464 on. */
  audioLevel?: number;
  totalAudioEnergy?: number;
}

/** What the peer says of a stream that is sent (§8.5). `timestamp` is when it said so. */
export interface RTCRemoteInboundRtpStreamStats extends RTCRtpStreamStats {
  type: 'remote-inbound-rtp';
  localId: string;
  packetsReceived: number;
  packetsLost: number;
  jitter: number;
  /** 0 to 1. */
  fractionLost: number;
  roundTripTime?: number;
  totalRoundTripTime: number;
  roundTripTimeMeasurements: number;
}

/** A stream that is sent (§8.7). */
export interface RTCOutboundRtpStreamStats extends RTCRtpStreamStats {
  type: 'outbound-rtp';
  mid: string;
  mediaSourceId?: string;
  remoteId?: string;
  rid?: string;
  encodingIndex: number;
  packetsSent: number;
  bytesSent: number;
  headerBytesSent: number;
  retransmittedPacketsSent: number;
  retransmittedBytesSent: number;
  rtxSsrc?: number;
  /** Bit/s that the source was told to keep to. */
  targetBitrate: number;
  totalPacketSendDelay: number;
  nackCount: number;
  active: boolean;
  scalabilityMode?: string;
  /** Of video alone, from here on. */
  firCount?: number;
  pliCount?: number;
  framesSent?: number;
  framesEncoded?: number;
  keyFramesEncoded?: number;
  framesPerSecond?: number;
  frameWidth?: number;
  frameHeight?: number;
  qualityLimitationReason?: RTCQualityLimitationReason;
  qualityLimitationDurations?: Record<RTCQualityLimitationReason, number>;
}

/** What the peer says of a stream that comes (§8.8). `timestamp` is when it said so. */
export interface RTCRemoteOutboundRtpStreamStats extends RTCRtpStreamStats {
  type: 'remote-outbound-rtp';
  localId: string;
  packetsSent: number;
  bytesSent: number;
  /** Of the peer's clock. */
  remoteTimestamp: number;
  reportsSent: number;
  roundTripTime?: number;
  totalRoundTripTime: number;
  roundTripTimeMeasurements: number;
}

/** A track that is attached to senders (§8.9). */
export interface RTCMediaSourceStats extends RTCStats {
  type: 'media-source';
  trackIdentifier: string;
  kind: 'audio' | 'video';
}

/** One of audio (§8.10). */
export interface RTCAudioSourceStats extends RTCMediaSourceStats {
  kind: 'audio';
  totalSamplesDuration: number;
  audioLevel?: number;
  totalAudioEnergy?: number;
}

/** One of video (§8.11). */
export interface RTCVideoSourceStats extends RTCMediaSourceStats {
  kind: 'video';
  frames: number;
  /** From the second second on. */
  framesPerSecond?: number;
  width?: number;
  height?: number;
}

/** Channels of the connection (§8.13). */
export interface RTCPeerConnectionStats extends RTCStats {
  type: 'peer-connection';
  dataChannelsOpened: number;
  dataChannelsClosed: number;
}

/** One data channel (§8.14). */
export interface RTCDataChannelStats extends RTCStats {
  type: 'data-channel';
  label: string;
  protocol: string;
  dataChannelIdentifier?: number;
  state: 'connecting' | 'open' | 'closing' | 'closed';
  messagesSent: number;
  bytesSent: number;
  messagesReceived: number;
  bytesReceived: number;
}

/** ICE and DTLS (§8.15). */
export interface RTCTransportStats extends RTCStats {
  type: 'transport';
  packetsSent: number;
  packetsReceived: number;
  bytesSent: number;
  bytesReceived: number;
  iceRole: 'controlling' | 'controlled';
  iceLocalUsernameFragment: string;
  iceState: 'new' | 'checking' | 'connected' | 'completed' | 'disconnected' | 'failed' | 'closed';
  dtlsState: 'new' | 'connecting' | 'connected' | 'closed' | 'failed';
  dtlsRole: 'client' | 'server' | 'unknown';
  selectedCandidatePairId?: string;
  selectedCandidatePairChanges: number;
  localCertificateId?: string;
  remoteCertificateId?: string;
  tlsVersion?: string;
  dtlsCipher?: string;
  srtpCipher?: string;
  /** Feedback by RFC 8888. */
  ccfbMessagesSent: number;
  ccfbMessagesReceived: number;
}

/** A candidate of ours or of the peer (§8.16). */
export interface RTCIceCandidateStats extends RTCStats {
  type: 'local-candidate' | 'remote-candidate';
  transportId: string;
  address: string;
  port: number;
  protocol: string;
  candidateType: 'host' | 'srflx' | 'prflx' | 'relay';
  priority: number;
  foundation: string;
  relatedAddress?: string;
  relatedPort?: number;
  usernameFragment?: string;
  tcpType?: 'active' | 'passive' | 'so';
  /** How we reach the TURN server of a local relay candidate. */
  relayProtocol?: 'udp' | 'tcp' | 'tls' | 'dtls';
  url?: string;
  /** `wifi`, `ethernet` and so on, where the network tells. */
  networkType?: string;
}

/** A pair of candidates (§8.17). */
export interface RTCIceCandidatePairStats extends RTCStats {
  type: 'candidate-pair';
  transportId: string;
  localCandidateId: string;
  remoteCandidateId: string;
  state: 'frozen' | 'waiting' | 'in-progress' | 'succeeded' | 'failed';
  nominated: boolean;
  packetsSent: number;
  packetsReceived: number;
  bytesSent: number;
  bytesReceived: number;
  lastPacketSentTimestamp?: number;
  lastPacketReceivedTimestamp?: number;
  totalRoundTripTime: number;
  currentRoundTripTime?: number;
  /** Of the selected pair, where congestion control has feedback to learn from. */
  availableOutgoingBitrate?: number;
  requestsSent: number;
  requestsReceived: number;
  responsesSent: number;
  responsesReceived: number;
  consentRequestsSent: number;
}

/** A certificate (§8.18). */
export interface RTCCertificateStats extends RTCStats {
  type: 'certificate';
  fingerprint: string;
  fingerprintAlgorithm: string;
  base64Certificate: string;
  issuerCertificateId?: string;
}
