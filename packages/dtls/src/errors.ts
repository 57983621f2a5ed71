import type { CodedError } from '@kaon/interface/core/v1';

/** Why something went wrong. The first group is thrown at the caller, the second travels in `failed` events. */
export type DtlsErrorCode =
  /** An option is missing, unknown or out of range. */
  | 'DTLS_BAD_OPTION'
  /** `seal` or `exportKeyingMaterial` before `connected` or after the end. */
  | 'DTLS_NOT_CONNECTED'
  /** The slot has not the room in front of or behind the plaintext that `seal` needs, or the plaintext is above 2^14 bytes. */
  | 'DTLS_NO_ROOM'
  /** A private key cannot be read, or is of a kind that is not supported. */
  | 'DTLS_BAD_KEY'
  /** The portable crypto provider does not sign with RSA; a runtime's provider does. */
  | 'DTLS_RSA_SIGNING_UNSUPPORTED'
  /** The peer ended the handshake or the connection with a fatal alert; see `alert`. */
  | 'DTLS_ALERT_RECEIVED'
  /** The handshake did not complete in time. */
  | 'DTLS_HANDSHAKE_TIMEOUT'
  /** The peer cannot do DTLS 1.2. */
  | 'DTLS_PROTOCOL_VERSION'
  /** No cipher suite, group, or signature scheme in common. */
  | 'DTLS_NOTHING_IN_COMMON'
  /** The peer does not do extended master secret (RFC 7627), which is required. */
  | 'DTLS_NO_EXTENDED_MASTER_SECRET'
  /** A handshake message that does not decode. */
  | 'DTLS_BAD_MESSAGE'
  /** A handshake message that contradicts what was negotiated. */
  | 'DTLS_ILLEGAL_PARAMETER'
  /** A handshake message at a point where it must not come. */
  | 'DTLS_UNEXPECTED_MESSAGE'
  /** The peer sent no certificate. */
  | 'DTLS_NO_CERTIFICATE'
  /** The peer's certificate cannot be read. */
  | 'DTLS_BAD_CERTIFICATE'
  /** `verifyPeer` threw instead of answering; see `cause`. */
  | 'DTLS_CERTIFICATE_REJECTED'
  /** The peer did not prove that it has the certificate's private key. */
  | 'DTLS_BAD_SIGNATURE'
  /** The peer's Finished message does not match the handshake as seen here. */
  | 'DTLS_BAD_FINISHED'
  /** The local signer threw; see `cause`. */
  | 'DTLS_SIGNING_FAILED'
  /** All 2^48 record sequence numbers of the epoch are used up. */
  | 'DTLS_SEQUENCE_EXHAUSTED';

/** The one error class of this package; tell errors apart by `code`. */
export class DtlsError extends Error implements CodedError {
  override readonly name: string = 'DtlsError';
  readonly code: DtlsErrorCode;
  /** The TLS alert description (RFC 5246 §7.2) sent or received with this error, if any. */
  readonly alert: number | undefined;

  /** `message` is a sentence for people; `details.cause` the error below this one. */
  constructor(code: DtlsErrorCode, message: string, details: { alert?: number; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.alert = details.alert;
  }
}
