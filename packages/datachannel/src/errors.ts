import type { CodedError } from '@kaon/interface/core/v1';

/** What can go wrong by misuse. Peers cannot cause these. */
export type DataChannelErrorCode =
  /** An option is out of its range or contradicts another. */
  | 'DATACHANNEL_BAD_OPTION'
  /** The stream id of a negotiated channel belongs to another channel that is not closed on both sides. */
  | 'DATACHANNEL_ID_IN_USE'
  /** No more channels: `maxChannels` is reached, or no stream id of our parity is free. */
  | 'DATACHANNEL_TOO_MANY'
  /** `send` on a channel that is not open. */
  | 'DATACHANNEL_NOT_OPEN'
  /** The message is longer than the peer takes. */
  | 'DATACHANNEL_MESSAGE_TOO_LARGE'
  /** The channel's stream does not exist in the association that was set up. */
  | 'DATACHANNEL_NO_STREAM'
  /** Channels were opened after the association had ended. */
  | 'DATACHANNEL_ENDED';

/** The error class of this package, told apart by `code`. */
export class DataChannelError extends Error implements CodedError {
  override readonly name = 'DataChannelError';
  readonly code: DataChannelErrorCode;

  constructor(code: DataChannelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
