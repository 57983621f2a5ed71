import type { CodedError } from '@kaon/interface/core/v1';

/** What can go wrong by the caller's hand; what peers send never throws. */
export type MdnsErrorCode =
  /** An option with a value that cannot work. */
  | 'MDNS_BAD_OPTION'
  /** A link without a numeric address, or a name for something that is no address of an interface. */
  | 'MDNS_BAD_ADDRESS'
  /** More names than an endpoint takes. */
  | 'MDNS_TOO_MANY_NAMES';

/** The one error class of this package. Recognise it by `code`. */
export class MdnsError extends Error implements CodedError {
  override readonly name: string = 'MdnsError';
  readonly code: MdnsErrorCode;

  constructor(code: MdnsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
