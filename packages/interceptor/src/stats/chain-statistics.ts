/** Everything that the classic stages know of the streams of a chain, as plain objects. */
import type { FecSentCounters } from '../fec/encoder.ts';
import type { FecReceivedCounters } from '../fec/recovery.ts';
import type { JitterBufferStatistics } from '../jitter-buffer/jitter-buffer.ts';
import type { ReceptionFacts, RemoteInboundFacts, RemoteOutboundFacts } from '../report/facts.ts';
import type { InboundCounters, OutboundCounters, TransportCounters } from './counters.ts';

/** A stream that we send. */
export interface OutboundStreamStatistics extends OutboundCounters, FecSentCounters {
  readonly ssrc: number;
  readonly kind: 'audio' | 'video';
  readonly mid: string | undefined;
  readonly rid: string | undefined;
  readonly rtxSsrc: number | undefined;
  readonly fecSsrc: number | undefined;
  /** What the peer says of it; undefined as long as it said nothing. */
  readonly remoteInbound: RemoteInboundFacts | undefined;
}

/** A stream that we receive. */
export interface InboundStreamStatistics extends InboundCounters, Omit<FecReceivedCounters, 'recovered'> {
  readonly ssrc: number;
  readonly kind: 'audio' | 'video';
  readonly mid: string | undefined;
  readonly rid: string | undefined;
  readonly rtxSsrc: number | undefined;
  readonly fecSsrc: number | undefined;
  /** Of the network, before anything was restored; can be negative. */
  readonly packetsLost: ReceptionFacts['packetsLost'];
  /** In seconds. */
  readonly jitter: ReceptionFacts['jitter'];
  /** Packets that were there and not used, because they came too late. */
  readonly packetsDiscarded: number;
  /** Packets restored from retransmissions and by forward error correction. */
  readonly packetsRestored: number;
  readonly packetsRecovered: number;
  /** Undefined without a jitter buffer. */
  readonly jitterBuffer: JitterBufferStatistics | undefined;
  /** What the peer says of it; undefined as long as it said nothing. */
  readonly remoteOutbound: RemoteOutboundFacts | undefined;
}

/** All streams of a chain. */
export interface ChainStatistics {
  readonly transport: TransportCounters;
  /** Last round trip time in seconds; undefined as long as none was measured. */
  readonly roundTripTime: number | undefined;
  readonly outbound: readonly OutboundStreamStatistics[];
  readonly inbound: readonly InboundStreamStatistics[];
}
