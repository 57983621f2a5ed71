import type { CodedError } from '@kaon/interface/core/v1';
import { encodeUtf8 } from '@kaon/wire';

/** What can go wrong by the caller's hand; peers' bytes never throw. */
export type StunErrorCode =
  /** `parseMessage` was given bytes that are no STUN message. */
  | 'STUN_MALFORMED'
  /** A message cannot be encoded: a field does not fit, or an identifier has the wrong length. */
  | 'STUN_INVALID_MESSAGE'
  /** An option or argument makes no sense. */
  | 'STUN_INVALID_ARGUMENT'
  /** Text that is no `stun:`, `stuns:`, `turn:` or `turns:` URI. */
  | 'STUN_URI_SYNTAX'
  /** A transaction got no answer in time; carried by `failed` events. */
  | 'STUN_TIMEOUT'
  /** A server answered with an error; `statusCode` has it. Carried by `failed` events. */
  | 'STUN_ERROR_RESPONSE'
  /** A server answered with something that cannot be used. Carried by `failed` events. */
  | 'STUN_BAD_RESPONSE';

/** The error of this package, recognised by its `code`. */
export class StunError extends Error implements CodedError {
  override readonly name: string = 'StunError';
  readonly code: StunErrorCode;
  /** The STUN error code (300 to 699) of an error response, undefined for any other error. */
  readonly statusCode: number | undefined;

  constructor(code: StunErrorCode, message: string, options: { statusCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.statusCode = options.statusCode;
  }
}

/** Refuses an option that would not fit its attribute, before any peer is met. */
export function checkedText(name: string, text: string, limit: number): string {
  const { length } = encodeUtf8(text);
  if (length > limit) throw new StunError('STUN_INVALID_ARGUMENT', `${name} has ${length} bytes, more than ${limit}`);
  return text;
}
