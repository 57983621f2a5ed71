/** What the cores of this package tell a `Trace`. */
import type { TraceEvent } from '@kaon/interface/trace/v1';

/** Names of the trace events of this package, with their data. */
export type StunTraceName =
  /** A request was written to a slot. `transactionId`, `retransmissions`; pii: `remote`. */
  | 'stun:request-sent'
  /** A genuine response came. `transactionId`, `class`, `code` (of an error); pii: `remote`. */
  | 'stun:response-received'
  /** The responder answered. `transactionId`, `class`, `code` (of an error); pii: `remote`. */
  | 'stun:response-queued'
  /** A datagram led to nothing. `reason`; pii: `remote`. */
  | 'stun:dropped';

/** A trace event of this package. */
export interface StunTraceEvent extends TraceEvent {
  readonly name: StunTraceName;
}
