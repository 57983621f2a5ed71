import type { CodedError } from '@kaon/interface/core/v1';

/**
 * What `InterceptorError.code` says. All are thrown at once and change nothing.
 *
 * `INTERCEPTOR_BAD_OPTION`: an option is not what it should be. `INTERCEPTOR_BAD_STREAM`: no such stream is bound, or what
 * is known of it does not fit the call.
 */
export type InterceptorErrorCode = 'INTERCEPTOR_BAD_OPTION' | 'INTERCEPTOR_BAD_STREAM';

/** The one error class of this package, told apart by `code`. What a peer sends never throws. */
export class InterceptorError extends Error implements CodedError {
  override readonly name = 'InterceptorError';
  readonly code: InterceptorErrorCode;

  constructor(code: InterceptorErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** `value`, or `fallback` where it is undefined. Throws `INTERCEPTOR_BAD_OPTION` unless it is a number of at least `min`. */
export function numberOption(name: string, value: number | undefined, fallback: number, min = 0): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= min) return value;
  throw new InterceptorError('INTERCEPTOR_BAD_OPTION', `${name} must be a number of at least ${min}, not ${value}`);
}

/** As `numberOption`, for whole numbers. */
export function countOption(name: string, value: number | undefined, fallback: number, min = 0): number {
  const count = numberOption(name, value, fallback, min);
  if (Number.isSafeInteger(count)) return count;
  throw new InterceptorError('INTERCEPTOR_BAD_OPTION', `${name} must be a whole number, not ${value}`);
}
