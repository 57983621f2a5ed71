/** What the client tells a `Trace`. */
import type { TraceEvent } from '@kaon/interface/trace/v1';

/** Names of the trace events of the client, with their data. */
export type TurnTraceName =
  /** A request was written to a slot. `method`, `transactionId`; pii: `remote`. */
  | 'turn:request-sent'
  /** A response came. `method`, `transactionId`, `class`, `code` (of an error). */
  | 'turn:response-received'
  /** A request got no answer. `method`, `transactionId`. */
  | 'turn:request-timed-out'
  /** A received message led to nothing. `reason`. */
  | 'turn:dropped';

/** A trace event of the client. */
export interface TurnTraceEvent extends TraceEvent {
  readonly name: TurnTraceName;
}
