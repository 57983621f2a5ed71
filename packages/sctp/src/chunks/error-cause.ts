import { encodeUtf8, isMalformed, MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';
import { decodeParameters, type Parameter, writeParameters } from './parameter.ts';

/** An error cause in ABORT or ERROR (RFC 9260 §3.3.10). */
export interface Cause {
  readonly code: number;
  readonly value: Uint8Array;
}

/** Cause codes (IANA "SCTP Error Cause Codes"). */
export const CAUSE = {
  InvalidStream: 1,
  MissingParameter: 2,
  StaleCookie: 3,
  OutOfResource: 4,
  UnresolvableAddress: 5,
  UnrecognizedChunk: 6,
  InvalidParameter: 7,
  UnrecognizedParameters: 8,
  NoUserData: 9,
  CookieInShutdown: 10,
  RestartWithNewAddresses: 11,
  UserInitiatedAbort: 12,
  ProtocolViolation: 13,
} as const;

/** A cause whose value is a sentence for people. */
export function textCause(code: number, text: string): Cause {
  return { code, value: encodeUtf8(text) };
}

/** Causes up to the reader's end. */
export function decodeCauses(bytes: Uint8Array): Cause[] | Malformed {
  const parameters = decodeParameters(new Reader(bytes));
  if (isMalformed(parameters)) return MALFORMED;
  return parameters.map(({ type, value }) => ({ code: type, value }));
}

export function encodeCauses(causes: readonly Cause[]): Uint8Array {
  const writer = new Writer(32);
  writeParameters(
    writer,
    causes.map(({ code, value }) => ({ type: code, value })),
  );
  return writer.finish();
}

/** Parameters behind each other, as the value of an Unrecognized Parameters cause (RFC 9260 §3.3.10.8). */
export function unrecognizedParameters(parameters: readonly Parameter[]): Cause {
  const writer = new Writer(32);
  writeParameters(writer, parameters);
  return { code: CAUSE.UnrecognizedParameters, value: writer.finish() };
}
