import type { CodedError } from '@kaon/interface/core/v1';

/** What can go wrong by the caller's hand; peers' bytes never throw. */
export type RtpErrorCode =
  /** `parseRtp`, or a view that is made of bytes, was given bytes that are no RTP packet. */
  | 'RTP_MALFORMED'
  /** A field does not fit its bits: a payload type, a sequence number, a timestamp, an SSRC, too many CSRCs, padding. */
  | 'RTP_BAD_FIELD'
  /** A header extension cannot be written: its id, its length or its values do not fit, or it needs a form that is not allowed. */
  | 'RTP_BAD_EXTENSION'
  /** A frame is not one of the codec whose packetizer it was given to. */
  | 'RTP_BAD_FRAME'
  /** An option or argument makes no sense. */
  | 'RTP_BAD_OPTION'
  /** An RTCP packet cannot be written: a field or a list does not fit. */
  | 'RTP_BAD_RTCP';

/** The one error class of this package, told apart by `code`. */
export class RtpError extends Error implements CodedError {
  override readonly name = 'RtpError';
  readonly code: RtpErrorCode;

  constructor(code: RtpErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
