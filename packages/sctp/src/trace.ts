/** Names of the trace events of this package. */
export type TraceName =
  /** The handshake is through, or the peer restarted; `data` says what was negotiated. */
  | 'sctp:connected'
  | 'sctp:restarted'
  | 'sctp:closed'
  | 'sctp:failed'
  /** A packet was thrown away; `data.reason` says why. */
  | 'sctp:packet-dropped'
  /** A chunk was thrown away; `data.chunk` is its type, `data.reason` says why. */
  | 'sctp:chunk-dropped'
  /** T3-rtx, T1, T2 or a heartbeat ran out. */
  | 'sctp:timeout'
  /** The peer sent an ERROR chunk; `data.causes` has the codes. */
  | 'sctp:peer-error';
