/**
 * What stands between RTP streams and the wire: a flat chain of stages, each of which sees every packet of both directions
 * that reaches it. Stages are cores: told the time, drained by `poll*`, and never thrown at by what a peer sends.
 */
import type { EcnCodepoint, Instant } from '../core/v1.ts';
import type { RtcpPacketLike, RtpPacketView } from '../rtp/v1.ts';

/** One payload type of a stream. */
export interface StreamPayload {
  readonly payloadType: number;
  /** `video/VP8`. */
  readonly mimeType: string;
  /** Hz. */
  readonly clockRate: number;
  /** Payload type of its retransmissions (RFC 4588). */
  readonly rtxPayloadType?: number | undefined;
}

/** What was agreed on for one SSRC. */
export interface StreamInfo {
  readonly ssrc: number;
  readonly kind: 'audio' | 'video';
  readonly mid?: string | undefined;
  readonly rid?: string | undefined;
  readonly cname?: string | undefined;
  /** Media payload types, the preferred one first. */
  readonly payloads: readonly StreamPayload[];
  /** SSRC of the retransmission stream (RFC 4588). */
  readonly rtxSsrc?: number | undefined;
  /** Forward error correction: in a stream of its own (`flexfec-03`) or inside RED of this one (`ulpfec`). */
  readonly fec?:
    | {
        readonly scheme: 'flexfec-03' | 'ulpfec';
        readonly payloadType: number;
        readonly ssrc?: number | undefined;
        readonly redPayloadType?: number | undefined;
      }
    | undefined;
  /** Feedback agreed on: `nack`, `nack pli`, `ccm fir`, `transport-cc`, `goog-remb`, `ack ccfb`. */
  readonly feedback: readonly { readonly type: string; readonly parameter?: string | undefined }[];
  /** Header extensions agreed on. */
  readonly extensions: readonly { readonly id: number; readonly uri: string }[];
}

/** What a stage reports. Unknown types must be ignored. */
export type InterceptorEvent =
  /** The peer needs a key frame of a stream of ours (PLI or FIR). */
  | { readonly type: 'key-frame-request'; readonly ssrc: number; readonly reason: 'pli' | 'fir' }
  /** What the network to the peer carries, in bit/s, over all streams. */
  | { readonly type: 'bandwidth-estimate'; readonly bitrate: number }
  /** The peer left streams (RTCP BYE). */
  | { readonly type: 'bye'; readonly ssrcs: readonly number[]; readonly reason?: string | undefined }
  | { readonly type: `other:${string}` };

/**
 * One stage. Every method is optional: a stage has those that it needs.
 *
 * - `handleOutgoingRtp` and `handleIncomingRtp` answer whether the packet goes on. A stage that answers false keeps it or drops
 *   it; what it releases or makes comes by `pollOutgoingRtp` and `pollIncomingRtp` and goes on at the next stage.
 * - A packet may be changed in place, not resized. Its bytes belong to the chain from when they are handed in.
 */
export interface Interceptor {
  readonly interface: 'kaon:interceptor/1';
  /** For traces and statistics. */
  readonly name: string;
  /** A stream that we send begins, or what was agreed on for it changed. */
  bindLocalStream?(stream: StreamInfo, now: Instant): void;
  unbindLocalStream?(ssrc: number, now: Instant): void;
  /** A stream that we receive begins, or what was agreed on for it changed. */
  bindRemoteStream?(stream: StreamInfo, now: Instant): void;
  unbindRemoteStream?(ssrc: number, now: Instant): void;
  handleOutgoingRtp?(packet: RtpPacketView, now: Instant): boolean;
  handleIncomingRtp?(packet: RtpPacketView, now: Instant, ecn: EcnCodepoint): boolean;
  /** RTCP packets that leave in one datagram. */
  handleOutgoingRtcp?(packets: readonly RtcpPacketLike[], now: Instant): void;
  /** RTCP packets that came in one datagram. */
  handleIncomingRtcp?(packets: readonly RtcpPacketLike[], now: Instant): void;
  pollOutgoingRtp?(now: Instant): RtpPacketView | undefined;
  pollIncomingRtp?(now: Instant): RtpPacketView | undefined;
  /** An RTCP packet that wants to leave; what several stages give shares a datagram. */
  pollOutgoingRtcp?(now: Instant): RtcpPacketLike | undefined;
  pollEvent?(): InterceptorEvent | undefined;
  handleTimeout?(now: Instant): void;
  pollTimeout?(): Instant;
}
