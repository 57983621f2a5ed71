import type { CodedError } from '@kaon/interface/core/v1';
import { DtlsError, type DtlsErrorCode } from '../errors.ts';
import type { Protection } from '../record/protection.ts';
import type { FlightItem } from './flight.ts';
import type { HandshakeMessage } from './reassembly.ts';

/** The end of a handshake that cannot succeed. */
export interface Failure {
  /** Alert description to send. */
  readonly alert: number;
  readonly error: CodedError;
}

/** What a handshake wants done after a message. An empty step: wait for the next one. */
export interface Step {
  /** A flight to send. */
  readonly flight?: readonly FlightItem[];
  /** Whether the flight is repeated by a timer until it is answered. */
  readonly timed?: boolean;
  /** Keys of epoch 1, as soon as they are known. */
  readonly keys?: { readonly read: Protection; readonly write: Protection };
  /** The handshake is complete and the peer authenticated. */
  readonly complete?: boolean;
  /** A first ClientHello was refused with a cookie: the next message begins the handshake anew. */
  readonly restarted?: boolean;
  readonly failure?: Failure;
}

/** Nothing to do but wait. */
export const WAIT: Step = Object.freeze({});

/** A handshake of one version in one role: takes whole messages in order, and says what to do. */
export interface Handshake {
  /** Begins; a server waits. */
  start(): Step;
  /** `origin` names the address a message came from, for cookies. Never throws. */
  handle(message: HandshakeMessage, origin: string): Step;
}

/** A step that ends the handshake with this alert and error. */
export function fail(alert: number, code: DtlsErrorCode, sentence: string, cause?: unknown): Step {
  return {
    failure: { alert, error: new DtlsError(code, sentence, { alert, ...(cause === undefined ? {} : { cause }) }) },
  };
}
