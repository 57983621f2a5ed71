/** What the server tells a `Trace`. */
import type { TraceEvent } from '@kaon/interface/trace/v1';

/** Names of the trace events of the server, with their data. */
export type TurnServerTraceName =
  /** A request was answered. `method`, `transactionId`, `code` (of an error); pii: `remote`. */
  'turn-server:answered';

/** A trace event of the server. */
export interface TurnServerTraceEvent extends TraceEvent {
  readonly name: TurnServerTraceName;
}
