/** What can go wrong with a shared port. */
export type MuxErrorCode =
  /** The port is closed: by `close`, or because the platform closed its last socket. */
  | 'MUX_CLOSED'
  /** There is no address to listen on, or none that a candidate can be made of. */
  | 'MUX_NO_ADDRESS'
  /** A username fragment without the prefix that the port asks for. */
  | 'MUX_BAD_FRAGMENT'
  /** The platform has no TCP listeners. */
  | 'MUX_NO_TCP';

/** An error of `UdpMux` and `TcpMux`. Recognise it by `code`. */
export class MuxError extends Error {
  readonly code: MuxErrorCode;

  constructor(code: MuxErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'MuxError';
    this.code = code;
  }
}
