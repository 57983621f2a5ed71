import type { Malformed } from '@kaon/wire';

/** What can go wrong. */
export type SdpErrorCode =
  /** Text that is no session description; `line` and `text` say where. */
  | 'SDP_SYNTAX'
  /** A description or attribute that cannot be written, since it would not be read back as it is. */
  | 'SDP_INVALID_VALUE';

/** Why and where a text is no session description; what `decodeSdp` returns, and structurally a `Malformed`. */
export interface SdpSyntaxError extends Malformed {
  /** Number of the line, from 1; one past the last when something is missing at the end. */
  readonly line: number;
  /** The line, without its end and cut to 200 characters. */
  readonly text: string;
  /** What is wrong with it, as a sentence's end. */
  readonly reason: string;
}

/** The error of this package, recognised by its `code`. */
export class SdpError extends Error {
  override readonly name: string = 'SdpError';
  readonly code: SdpErrorCode;
  /** For `SDP_SYNTAX`: the number of the bad line, from 1. */
  readonly line: number | undefined;
  /** For `SDP_SYNTAX`: the bad line, cut to 200 characters. */
  readonly text: string | undefined;

  constructor(code: SdpErrorCode, message: string, where?: { readonly line: number; readonly text: string }) {
    super(message);
    this.code = code;
    this.line = where?.line;
    this.text = where?.text;
  }
}
