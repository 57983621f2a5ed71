/** Dictionaries of W3C WebRTC §5.2 and §5.3. */
import type { RTCRtpCodec } from '../../codecs/capabilities.ts';

/** Weight of an encoding or a channel (W3C WebRTC Priority §3.1). */
export type RTCPriorityType = 'very-low' | 'low' | 'medium' | 'high';

/** A codec that was negotiated. */
export interface RTCRtpCodecParameters extends RTCRtpCodec {
  payloadType: number;
}

/** A header extension that was negotiated. */
export interface RTCRtpHeaderExtensionParameters {
  uri: string;
  id: number;
  encrypted?: boolean;
}

/** What is said of RTCP. */
export interface RTCRtcpParameters {
  cname?: string;
  reducedSize?: boolean;
}

/** What both directions have. */
export interface RTCRtpParameters {
  headerExtensions: RTCRtpHeaderExtensionParameters[];
  rtcp: RTCRtcpParameters;
  codecs: RTCRtpCodecParameters[];
}

/** One encoding of a sender. */
export interface RTCRtpEncodingParameters {
  rid?: string;
  /** Whether it is sent. Default true. */
  active?: boolean;
  /** bit/s at most. */
  maxBitrate?: number;
  /** Frames per second at most. Video only. */
  maxFramerate?: number;
  /** By how much width and height are to be divided; at least 1. Video only. What the source makes of it is its business. */
  scaleResolutionDownBy?: number;
  priority?: RTCPriorityType;
  networkPriority?: RTCPriorityType;
  /** W3C WebRTC-SVC. The source is told. */
  scalabilityMode?: string;
  /** One of those negotiated, instead of the first. */
  codec?: RTCRtpCodec;
}

/** Parameters of a sender. */
export interface RTCRtpSendParameters extends RTCRtpParameters {
  transactionId: string;
  encodings: RTCRtpEncodingParameters[];
  degradationPreference?: 'balanced' | 'maintain-framerate' | 'maintain-resolution';
}

/** Parameters of a receiver. */
export type RTCRtpReceiveParameters = RTCRtpParameters;

/** Second argument of `setParameters`. */
export interface RTCSetParameterOptions {
  /** One for each encoding, when given. */
  encodingOptions?: { keyFrame?: boolean }[];
}
