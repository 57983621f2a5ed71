import type { CodedError } from '@kaon/interface/core/v1';

/** What can go wrong. The first two are thrown; the others travel in `failed` events. */
export type TurnErrorCode =
  /** An option or argument makes no sense. */
  | 'TURN_INVALID_ARGUMENT'
  /** A method does not fit what the allocation is. */
  | 'TURN_INVALID_STATE'
  /** The server did not answer. */
  | 'TURN_TIMEOUT'
  /** The server wants credentials and got none, or refused those it got: 401 or 441 in `statusCode`. */
  | 'TURN_UNAUTHORIZED'
  /** The server refused with another error, in `statusCode`. */
  | 'TURN_ERROR_RESPONSE'
  /** The server answered with something that cannot be used. */
  | 'TURN_BAD_RESPONSE'
  /** The allocation is gone: the server knows it no longer (437), or it expired unrefreshed. */
  | 'TURN_ALLOCATION_LOST'
  /** The stream from the server has something in it that is neither STUN nor ChannelData. */
  | 'TURN_BAD_STREAM';

/** The error of this package, recognised by its `code`. */
export class TurnError extends Error implements CodedError {
  override readonly name: string = 'TurnError';
  readonly code: TurnErrorCode;
  /** The STUN error code (300 to 699) that the server sent, undefined where it sent none. */
  readonly statusCode: number | undefined;
  /** The server's reason phrase, for people. */
  readonly reason: string | undefined;

  constructor(
    code: TurnErrorCode,
    message: string,
    options: { statusCode?: number | undefined; reason?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.statusCode = options.statusCode;
    this.reason = options.reason;
  }
}
