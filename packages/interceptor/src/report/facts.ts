/** What reports tell about streams, as plain objects. Times in ms of the monotonic clock unless said. */
import type { Instant } from '@kaon/interface/core/v1';

/** What the peer says of a stream that we send: "remote-inbound-rtp" of the W3C statistics. */
export interface RemoteInboundFacts {
  /** When the last report block came. */
  readonly timestamp: Instant;
  /** 0 to 1, since the report before. */
  readonly fractionLost: number;
  readonly packetsLost: number;
  /** Packets that the peer got, reckoned from the highest sequence number and the loss. */
  readonly packetsReceived: number;
  /** In seconds. */
  readonly jitter: number;
  /** In seconds; undefined as long as none was measured. */
  readonly roundTripTime: number | undefined;
  /** In seconds, over all measurements. */
  readonly totalRoundTripTime: number;
  readonly roundTripTimeMeasurements: number;
}

/** What the peer says of a stream that it sends: "remote-outbound-rtp" of the W3C statistics. */
export interface RemoteOutboundFacts {
  /** When the last sender report came. */
  readonly timestamp: Instant;
  /** Its NTP time as milliseconds since 1970 of the peer's clock. */
  readonly remoteTimestamp: number;
  /** RTP timestamp of that moment. */
  readonly rtpTimestamp: number;
  readonly packetsSent: number;
  /** Payload bytes. */
  readonly bytesSent: number;
  readonly reportsSent: number;
  /** In seconds, where the peer answers reference times (RFC 3611 §4.4, §4.5); undefined as long as it has not. */
  readonly roundTripTime: number | undefined;
  readonly totalRoundTripTime: number;
  readonly roundTripTimeMeasurements: number;
}

/** What we count of a stream that we receive, in the terms of report blocks. */
export interface ReceptionFacts {
  /** Packets that came in the stream itself, before anything was restored. */
  readonly packetsReceived: number;
  readonly packetsLost: number;
  /** In seconds. */
  readonly jitter: number;
}
