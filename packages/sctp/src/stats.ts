import type { PathMtuState } from './association/path-mtu.ts';

/** Counters and state of an association. Bytes, ms and chunks since the start. */
export interface AssociationStats {
  /** Congestion window in bytes (RFC 9260 §7.2). */
  readonly congestionWindow: number;
  readonly slowStartThreshold: number;
  /** The peer's advertised window, as it last said. */
  readonly peerReceiverWindow: number;
  /** The window that we would advertise now. */
  readonly receiverWindow: number;
  /** Undefined before the first measurement. */
  readonly smoothedRoundTripTime: number | undefined;
  readonly latestRoundTripTime: number | undefined;
  readonly totalRoundTripTime: number;
  readonly roundTripTimeMeasurements: number;
  readonly rto: number;
  /** Largest SCTP packet that the latest slot could take, in bytes: a multiple of four. */
  readonly mtu: number;
  /** Largest SCTP packet that the path is known to take, in bytes (RFC 8899); with `search` off what is set. */
  readonly pathMtu: number;
  readonly pathMtuState: PathMtuState;
  readonly pathMtuProbesSent: number;
  /** How often packets of a size that had been found did not get through any more. */
  readonly blackHoles: number;
  /** Chunks sent and not acknowledged (RTCSctpTransportStats of W3C webrtc-stats). */
  readonly unackData: number;
  readonly bytesInFlight: number;
  /** Bytes of written messages that were not sent yet. */
  readonly bytesQueued: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  /** Whole SCTP packets, headers included. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly retransmittedChunks: number;
  readonly fastRetransmits: number;
  /** T3-rtx expirations. */
  readonly timeouts: number;
  /** Tail loss probes. */
  readonly probes: number;
  /** Messages given up (RFC 3758). */
  readonly abandonedMessages: number;
  readonly duplicateChunksReceived: number;
  /** Received DATA chunks thrown away for want of room. */
  readonly droppedChunks: number;
  /** Received packets thrown away: tag, checksum, shape. */
  readonly droppedPackets: number;
  readonly heartbeatsSent: number;
  readonly outboundStreams: number;
  readonly inboundStreams: number;
  /** What both sides agreed on. */
  readonly interleaving: boolean;
  readonly zeroChecksum: boolean;
  readonly partialReliability: boolean;
  readonly reConfig: boolean;
}
