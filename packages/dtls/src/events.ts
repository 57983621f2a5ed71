/** Life of a connection. `closed` and `failed` are terminal. */
export type ConnectionState = 'new' | 'connecting' | 'connected' | 'closed' | 'failed';

/**
 * What a `Connection` reports besides the `SecureEvent`s `connected`, `closed` and `failed`,
 * which come last of all that one call caused.
 */
export type DtlsEvent =
  /** `connection.state` has changed to `state`. */
  | { readonly type: 'state'; readonly state: ConnectionState }
  /** An alert (RFC 5246 §7.2) arrived or was queued for sending. `level` is 1 (warning) or 2 (fatal). */
  | {
      readonly type: 'alert';
      readonly direction: 'received' | 'sent';
      readonly level: number;
      readonly description: number;
    };

/** Why a record or handshake fragment was dropped. */
export type DropReason =
  /** Not a DTLS record: too short, unknown type or version, length beyond the datagram. */
  | 'garbage'
  /** An epoch that is not in use. */
  | 'epoch'
  /** Seen before, or older than the replay window. */
  | 'replay'
  /** The authentication tag is wrong. */
  | 'forged'
  /** A buffer for data that came too early, or that nobody polls, is full. */
  | 'overflow'
  /** A handshake fragment that contradicts itself or its siblings, or comes at a wrong time. */
  | 'handshake'
  /** An alert, ChangeCipherSpec or empty record that means nothing here. */
  | 'ignored';

/** Counters of a `Connection`, since its creation. */
export interface ConnectionStats {
  /** Records written, of all types. */
  readonly recordsSent: number;
  /** Records accepted: well-formed and, once keys are in use, authentic. */
  readonly recordsReceived: number;
  /** What was thrown away, by reason. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Flights sent again because the timer ran out. */
  readonly retransmissions: number;
  /** Flights sent again because the peer repeated its own. */
  readonly repetitions: number;
}

/**
 * Names of the trace events of this package:
 * `dtls:state` `{state}`, `dtls:record-dropped` `{reason}`, `dtls:alert-sent` and `dtls:alert-received` `{level, description}`,
 * `dtls:flight-sent` `{messages}` (names in order), `dtls:flight-repeated` `{cause: 'timeout' | 'peer'}`,
 * `dtls:message-received` `{message}`, `dtls:negotiated` `{cipherSuite, group, srtpProfile}`.
 */
export type TraceName =
  | 'dtls:state'
  | 'dtls:record-dropped'
  | 'dtls:alert-sent'
  | 'dtls:alert-received'
  | 'dtls:flight-sent'
  | 'dtls:flight-repeated'
  | 'dtls:message-received'
  | 'dtls:negotiated';
