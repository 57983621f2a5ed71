import type { CodedError } from '@kaon/interface/core/v1';

/** What an `RTCError` is about (W3C WebRTC §11.2). */
export type RTCErrorDetailType =
  | 'data-channel-failure'
  | 'dtls-failure'
  | 'fingerprint-failure'
  | 'sctp-failure'
  | 'sdp-syntax-error'
  | 'hardware-encoder-not-available'
  | 'hardware-encoder-error';

/** First argument of `RTCError`. */
export interface RTCErrorInit {
  errorDetail: RTCErrorDetailType;
  sdpLineNumber?: number;
  sctpCauseCode?: number;
  receivedAlert?: number;
  sentAlert?: number;
}

/** An `OperationError` with what WebRTC knows more about it (W3C WebRTC §11.1). */
export class RTCError extends DOMException {
  readonly errorDetail: RTCErrorDetailType;
  /** Line of the description that could not be read, counted from 1. */
  readonly sdpLineNumber: number | null;
  /** Cause code of the SCTP ABORT (RFC 9260 §3.3.10). */
  readonly sctpCauseCode: number | null;
  /** DTLS alert that the peer sent. */
  readonly receivedAlert: number | null;
  /** DTLS alert that we sent. */
  readonly sentAlert: number | null;

  constructor(init: RTCErrorInit, message = '', options?: { readonly cause?: unknown }) {
    super(message, 'OperationError');
    this.errorDetail = init.errorDetail;
    this.sdpLineNumber = init.sdpLineNumber ?? null;
    this.sctpCauseCode = init.sctpCauseCode ?? null;
    this.receivedAlert = init.receivedAlert ?? null;
    this.sentAlert = init.sentAlert ?? null;
    if (options?.cause !== undefined) {
      Object.defineProperty(this, 'cause', {
        value: options.cause,
        configurable: true,
        enumerable: false,
        writable: true,
      });
    }
  }
}

/** Names of `DOMException`s that this package throws. */
export type ErrorName =
  | 'InvalidStateError'
  | 'InvalidAccessError'
  | 'InvalidModificationError'
  | 'NotSupportedError'
  | 'OperationError'
  | 'SyntaxError';

/** A `DOMException` under one of the standard's names. */
export function domError(name: ErrorName, message: string): DOMException {
  return new DOMException(message, name);
}

/** What every method of a closed connection says. */
export function closedError(): DOMException {
  return domError('InvalidStateError', 'the connection is closed');
}

/** A fatal outcome of a core as an `RTCError`, with the codes that were on the wire. */
export function rtcError(
  errorDetail: RTCErrorDetailType,
  error: CodedError,
  wire: { readonly receivedAlert?: number | undefined; readonly sentAlert?: number | undefined } = {},
): RTCError {
  const { causeCode } = error as CodedError & { readonly causeCode?: unknown };
  const init: RTCErrorInit = { errorDetail };
  if (typeof causeCode === 'number') init.sctpCauseCode = causeCode;
  if (wire.receivedAlert !== undefined) init.receivedAlert = wire.receivedAlert;
  if (wire.sentAlert !== undefined) init.sentAlert = wire.sentAlert;
  return new RTCError(init, error.message, { cause: error });
}
