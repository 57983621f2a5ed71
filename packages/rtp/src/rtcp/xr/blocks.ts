/** Blocks of extended reports (RFC 3611 §4). Numbers are unsigned and have the width of their field. */
export type XrBlock =
  | XrRunLengthBlock
  | XrPacketReceiptTimes
  | XrReceiverReferenceTime
  | XrDelaySinceLastReceiverReport
  | XrStatisticsSummary
  | XrVoipMetrics
  | XrUnknownBlock;

/** Loss RLE or Duplicate RLE (RFC 3611 §4.1, §4.2): `expandRunLengths` tells the bits. */
export interface XrRunLengthBlock {
  readonly block: 'loss-rle' | 'duplicate-rle';
  /** Only sequence numbers divisible by 2^thinning are told; 0 to 15. */
  readonly thinning: number;
  readonly ssrc: number;
  readonly beginSequence: number;
  /** One past the last sequence number. */
  readonly endSequence: number;
  /** 16 bits each, as in RFC 3611 §4.1.1 and §4.1.2; an odd number is filled up with a null chunk. */
  readonly chunks: readonly number[];
}

/** Packet Receipt Times (RFC 3611 §4.3). */
export interface XrPacketReceiptTimes {
  readonly block: 'packet-receipt-times';
  /** Only sequence numbers divisible by 2^thinning are told; 0 to 15. */
  readonly thinning: number;
  readonly ssrc: number;
  readonly beginSequence: number;
  /** One past the last sequence number. */
  readonly endSequence: number;
  /** In units of the RTP timestamp. */
  readonly receiptTimes: readonly number[];
}

/** Receiver Reference Time (RFC 3611 §4.4). */
export interface XrReceiverReferenceTime {
  readonly block: 'receiver-reference-time';
  readonly ntpSeconds: number;
  /** In 1/2^32 s. */
  readonly ntpFraction: number;
}

/** DLRR (RFC 3611 §4.5). */
export interface XrDelaySinceLastReceiverReport {
  readonly block: 'dlrr';
  readonly reports: readonly {
    /** The receiver whose reference time is answered. */
    readonly ssrc: number;
    /** Middle 32 bits of that time's NTP timestamp; 0: none came. */
    readonly lastReceiverReport: number;
    /** Since it came, in 1/65536 s. */
    readonly delaySinceLastReceiverReport: number;
  }[];
}

/** Statistics Summary (RFC 3611 §4.6). What the flags leave out is undefined, and written as zeros. */
export interface XrStatisticsSummary {
  readonly block: 'statistics-summary';
  readonly ssrc: number;
  readonly beginSequence: number;
  /** One past the last sequence number. */
  readonly endSequence: number;
  readonly lostPackets?: number | undefined;
  readonly duplicatePackets?: number | undefined;
  /** In units of the RTP timestamp. */
  readonly jitter?:
    | { readonly min: number; readonly max: number; readonly mean: number; readonly deviation: number }
    | undefined;
  /** TTL of IPv4 or hop limit of IPv6, 0 to 255. */
  readonly hops?:
    | {
        readonly family: 'IPv4' | 'IPv6';
        readonly min: number;
        readonly max: number;
        readonly mean: number;
        readonly deviation: number;
      }
    | undefined;
}

/** VoIP Metrics (RFC 3611 §4.7). Rates and densities are in 1/256, durations and delays in milliseconds. */
export interface XrVoipMetrics {
  readonly block: 'voip-metrics';
  readonly ssrc: number;
  readonly lossRate: number;
  readonly discardRate: number;
  readonly burstDensity: number;
  readonly gapDensity: number;
  readonly burstDuration: number;
  readonly gapDuration: number;
  readonly roundTripDelay: number;
  readonly endSystemDelay: number;
  /** dBm, -128 to 127; 127: not available. */
  readonly signalLevel: number;
  /** dBm, -128 to 127; 127: not available. */
  readonly noiseLevel: number;
  /** dB; 127: not available. */
  readonly residualEchoReturnLoss: number;
  readonly gmin: number;
  /** 0 to 100; 127: not available. */
  readonly rFactor: number;
  /** 0 to 100; 127: not available. */
  readonly externalRFactor: number;
  /** Ten times the score; 127: not available. */
  readonly mosListening: number;
  /** Ten times the score; 127: not available. */
  readonly mosConversational: number;
  /** Packet loss concealment and jitter buffer, bit by bit (RFC 3611 §4.7.6). */
  readonly receiverConfiguration: number;
  readonly jitterBufferNominal: number;
  readonly jitterBufferMaximum: number;
  readonly jitterBufferAbsoluteMaximum: number;
}

/** A block of another type, kept as it came. */
export interface XrUnknownBlock {
  readonly block: 'unknown';
  readonly blockType: number;
  readonly typeSpecific: number;
  /** A multiple of four bytes. */
  readonly body: Uint8Array;
}
