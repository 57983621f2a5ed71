/** What can go wrong with certificates, by `CertificateError.code`. */
export type CertificateErrorCode =
  | 'CERTIFICATE_UNSUPPORTED_ALGORITHM'
  | 'CERTIFICATE_UNSUPPORTED_HASH'
  | 'CERTIFICATE_BAD_EXPIRES'
  | 'CERTIFICATE_BAD_PEM'
  | 'CERTIFICATE_BAD_CERTIFICATE'
  | 'CERTIFICATE_BAD_PRIVATE_KEY'
  | 'CERTIFICATE_KEY_MISMATCH'
  /** Verifying: its time is over, or has not come. */
  | 'CERTIFICATE_EXPIRED'
  | 'CERTIFICATE_NOT_YET_VALID'
  /** Verifying: nobody that is trusted has signed it. */
  | 'CERTIFICATE_SELF_SIGNED'
  | 'CERTIFICATE_UNKNOWN_ISSUER'
  /** Verifying: it is for other names. */
  | 'CERTIFICATE_WRONG_NAME'
  /** Verifying: one of the chain is not made for what it is used for. */
  | 'CERTIFICATE_UNFIT';

/** A certificate that cannot be made or read; told apart by `code`. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: CertificateErrorCode;

  /** `message` is a sentence for people; `options.cause` is what the platform or the parser reported. */
  constructor(code: CertificateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
