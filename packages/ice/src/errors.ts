/** What can go wrong in this package; the sentence in `message` says what to do about it. */
export type IceErrorCode =
  /** A candidate line or record that cannot be read. */
  | 'ICE_BAD_CANDIDATE'
  /** A username fragment or password outside of RFC 8839 §5.4. */
  | 'ICE_BAD_CREDENTIALS'
  /** An option with a value that cannot work. */
  | 'ICE_BAD_OPTION'
  /** A local address that is no IP address and port. */
  | 'ICE_BAD_ADDRESS'
  /** A username fragment that another connection on the same shared port has. */
  | 'ICE_UFRAG_TAKEN'
  /** A shared port with as many connections as it may have. */
  | 'ICE_MUX_FULL'
  /** A frame that does not fit the framing of RFC 4571. */
  | 'ICE_FRAME_TOO_LARGE'
  /** No candidate pair worked within the patience of RFC 8863. */
  | 'ICE_NO_VALID_PAIR'
  /** The peer stopped answering; consent to send expired (RFC 7675 §5.1). */
  | 'ICE_CONSENT_EXPIRED';

/** The one error class of this package. Recognise it by `code`. */
export class IceError extends Error {
  readonly code: IceErrorCode;

  constructor(code: IceErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'IceError';
    this.code = code;
  }
}
