/** What the parts of a client share: settings, the way to the server, and a way to report. */
import type { Instant, Path } from '@kaon/interface/core/v1';
import type { TurnError } from '../errors.ts';
import type { TurnClientEvent } from '../events.ts';
import type { Settings } from '../options.ts';
import type { TurnTraceName } from '../trace.ts';
import type { Requests } from './requests.ts';

/** The facade, as its parts see it. */
export interface Context {
  readonly settings: Settings;
  readonly requests: Requests;
  /** The path to the server; changes when the allocation moves. */
  path: Path;
  /** Reports an event, of which a bounded number waits. */
  emit(event: TurnClientEvent): void;
  /** Reports a terminal event and stops everything. */
  end(event: TurnClientEvent): void;
  fail(error: TurnError): void;
  trace(name: TurnTraceName, now: Instant, data: { readonly [key: string]: unknown }): void;
}
