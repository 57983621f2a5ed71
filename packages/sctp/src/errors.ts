import type { CodedError } from '@kaon/interface/core/v1';

/**
 * What `SctpError.code` says.
 *
 * Thrown at once, nothing changed: `SCTP_BAD_OPTION`, `SCTP_BAD_STREAM` (no such stream), `SCTP_EMPTY_MESSAGE`,
 * `SCTP_MESSAGE_TOO_LARGE`, `SCTP_BAD_ARGUMENT`, `SCTP_CLOSING` (write behind `shutdown`).
 *
 * In a `failed` event: `SCTP_ABORTED` (by us), `SCTP_PEER_ABORTED`, `SCTP_PEER_UNREACHABLE`, `SCTP_HANDSHAKE_FAILED`,
 * `SCTP_PROTOCOL_VIOLATION` and `SCTP_OUT_OF_RESOURCE` (the peer broke the protocol or our bounds; we aborted).
 */
export type SctpErrorCode =
  | 'SCTP_BAD_OPTION'
  | 'SCTP_BAD_ARGUMENT'
  | 'SCTP_BAD_STREAM'
  | 'SCTP_EMPTY_MESSAGE'
  | 'SCTP_MESSAGE_TOO_LARGE'
  | 'SCTP_CLOSING'
  | 'SCTP_ABORTED'
  | 'SCTP_PEER_ABORTED'
  | 'SCTP_PEER_UNREACHABLE'
  | 'SCTP_HANDSHAKE_FAILED'
  | 'SCTP_PROTOCOL_VIOLATION'
  | 'SCTP_OUT_OF_RESOURCE';

/** The one error class of this package, told apart by `code`. */
export class SctpError extends Error implements CodedError {
  override readonly name = 'SctpError';
  readonly code: SctpErrorCode;
  /** Error cause code on the wire (RFC 9260 §3.3.10), where an ABORT carried or will carry one. */
  readonly causeCode: number | undefined;

  constructor(code: SctpErrorCode, message: string, causeCode?: number) {
    super(message);
    this.code = code;
    this.causeCode = causeCode;
  }
}
