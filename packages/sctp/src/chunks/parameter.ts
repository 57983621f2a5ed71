import { MALFORMED, type Malformed, type Reader, type Writer } from '@kaon/wire';
import { padded } from './chunk.ts';

/*
 * RFC 9260 §3.2.1; error causes (§3.3.10) have the same shape.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |        Parameter Type         |       Parameter Length        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * \                        Parameter Value                        /
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** A parameter or error cause: its type and the bytes behind its length. */
export interface Parameter {
  readonly type: number;
  readonly value: Uint8Array;
}

/** Parameter types (IANA "SCTP Chunk Parameter Types"). */
export const PARAMETER = {
  HeartbeatInfo: 1,
  StateCookie: 7,
  UnrecognizedParameter: 8,
  OutgoingReset: 13,
  IncomingReset: 14,
  SsnTsnReset: 15,
  ReConfigResponse: 16,
  AddOutgoingStreams: 17,
  AddIncomingStreams: 18,
  ZeroChecksumAcceptable: 0x8001,
  SupportedExtensions: 0x8008,
  ForwardTsnSupported: 0xc000,
} as const;

/** All parameters up to the reader's end; the last one's padding may be missing (RFC 9260 §3.2.1). */
export function decodeParameters(reader: Reader): Parameter[] | Malformed {
  const parameters: Parameter[] = [];
  while (reader.remaining > 0) {
    const type = reader.u16();
    const length = reader.u16();
    if (length < 4) return MALFORMED;
    const value = reader.view(length - 4);
    reader.skip(Math.min(padded(length) - length, reader.remaining));
    if (reader.failed) return MALFORMED;
    parameters.push({ type, value });
  }
  return reader.failed ? MALFORMED : parameters;
}

/**
 * Writes parameters with padding between them; that of the last one does not count for the length of the chunk around
 * it (RFC 9260 §3.2). Throws RangeError when a value does not fit 16 bits of length.
 */
export function writeParameters(writer: Writer, parameters: readonly Parameter[]): void {
  let missing = 0;
  for (const { type, value } of parameters) {
    const length = value.length + 4;
    writer.zeros(missing).u16(type).u16(length).bytes(value);
    missing = padded(length) - length;
  }
}

/** The value of the first parameter of a type, or undefined. */
export function parameterValue(parameters: readonly Parameter[], type: number): Uint8Array | undefined {
  for (const parameter of parameters) if (parameter.type === type) return parameter.value;
  return undefined;
}
