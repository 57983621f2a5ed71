/** What is counted at the wire, by media stream; names are those of the W3C statistics. Sizes in bytes, times in ms. */
import type { Instant } from '@kaon/interface/core/v1';

/** A stream that we send, retransmissions included (RFC 4588: also those in a stream of their own). */
export interface OutboundCounters {
  readonly packetsSent: number;
  /** Payloads, without headers and padding. */
  readonly bytesSent: number;
  /** Headers and padding. */
  readonly headerBytesSent: number;
  readonly retransmittedPacketsSent: number;
  /** Payloads of retransmissions. */
  readonly retransmittedBytesSent: number;
  /** Packets with the marker: the ends of video frames, the beginnings of talkspurts. */
  readonly markersSent: number;
  /** Requests of the peer. */
  readonly nackCount: number;
  readonly pliCount: number;
  readonly firCount: number;
  /** Undefined as long as none was sent. */
  readonly lastPacketSentTimestamp: Instant | undefined;
}

/** A stream that we receive, retransmissions included. */
export interface InboundCounters {
  readonly packetsReceived: number;
  /** Payloads, without headers and padding. */
  readonly bytesReceived: number;
  /** Headers and padding. */
  readonly headerBytesReceived: number;
  /** In the stream for retransmissions; plain ones cannot be told from others. */
  readonly retransmittedPacketsReceived: number;
  readonly retransmittedBytesReceived: number;
  /** Packets with the marker: the ends of video frames, the beginnings of talkspurts. */
  readonly markersReceived: number;
  /** Requests of ours. */
  readonly nackCount: number;
  readonly pliCount: number;
  readonly firCount: number;
  readonly packetsReceivedWithEct1: number;
  readonly packetsReceivedWithCe: number;
  /** Undefined as long as none came. */
  readonly lastPacketReceivedTimestamp: Instant | undefined;
}

/** All streams of a transport. */
export interface TransportCounters {
  readonly packetsSent: number;
  /** Whole RTP packets. */
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly bytesReceived: number;
  /** Packets whose SSRC is not bound. */
  readonly unknownPacketsReceived: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Zeros. */
export function noOutbound(): Mutable<OutboundCounters> {
  return {
    packetsSent: 0,
    bytesSent: 0,
    headerBytesSent: 0,
    retransmittedPacketsSent: 0,
    retransmittedBytesSent: 0,
    markersSent: 0,
    nackCount: 0,
    pliCount: 0,
    firCount: 0,
    lastPacketSentTimestamp: undefined,
  };
}

/** Zeros. */
export function noInbound(): Mutable<InboundCounters> {
  return {
    packetsReceived: 0,
    bytesReceived: 0,
    headerBytesReceived: 0,
    retransmittedPacketsReceived: 0,
    retransmittedBytesReceived: 0,
    markersReceived: 0,
    nackCount: 0,
    pliCount: 0,
    firCount: 0,
    packetsReceivedWithEct1: 0,
    packetsReceivedWithCe: 0,
    lastPacketReceivedTimestamp: undefined,
  };
}

/** Zeros. */
export function noTransport(): Mutable<TransportCounters> {
  return { packetsSent: 0, bytesSent: 0, packetsReceived: 0, bytesReceived: 0, unknownPacketsReceived: 0 };
}
