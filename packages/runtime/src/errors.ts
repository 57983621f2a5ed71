/** What can go wrong in this package, by `RuntimeError.code`. */
export type RuntimeErrorCode =
  | 'RUNTIME_BAD_ADDRESS'
  | 'RUNTIME_BAD_PORT_RANGE'
  | 'RUNTIME_NO_FREE_PORT'
  | 'RUNTIME_NO_PORT_SHARING'
  | 'RUNTIME_NAME_NOT_FOUND'
  | 'RUNTIME_SOCKET_CLOSED'
  | 'RUNTIME_NO_SHARD'
  | 'RUNTIME_SHARD_FAILED'
  | 'RUNTIME_BAD_PRIVATE_KEY'
  | 'RUNTIME_BAD_SIGNATURE_SCHEME'
  | 'RUNTIME_UNSUPPORTED_CIPHER';

/** Misuse or a platform that cannot do what was asked; told apart by `code`. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly code: RuntimeErrorCode;

  /** `message` is a sentence for people; `options.cause` is what the platform reported. */
  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
