/** Tracing: what a core did and why, in the manner of qlog. Absent, it costs a branch. */
import type { Instant } from '../core/v1.ts';

/** One thing that happened. */
export interface TraceEvent {
  readonly time: Instant;
  /** `package:what`, from a documented union per package: `ice:check-sent`, `sctp:chunk-dropped`. */
  readonly name: string;
  readonly data?: {
    readonly [key: string]: unknown;
    /** Addresses, ufrags and anything else personal; adapters strip it unless asked. Secrets never appear at all. */
    readonly pii?: { readonly [key: string]: unknown } | undefined;
  };
}

/** Receives trace events. Must not throw and must not call back into the core. */
export type Trace = (event: TraceEvent) => void;
