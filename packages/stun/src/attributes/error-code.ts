/**
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |           Reserved, should be 0         |Class|     Number    |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |      Reason Phrase (variable)                                ..
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { isMalformed, MALFORMED, type Reader, type Writer } from '@kaon/wire';
import type { AttributeCodec } from './codec.ts';
import { readText, TEXT_LIMIT, writeText } from './text.ts';

/** ERROR-CODE: why a request was refused (RFC 8489 §14.8). */
export interface ErrorCode {
  readonly type: 'error-code';
  /** 300 to 699; `ERROR` has the known ones by name. */
  readonly code: number;
  /** For people; at most 763 bytes of UTF-8. What is no UTF-8 is read as U+FFFD. */
  readonly reason: string;
}

export const errorCode: AttributeCodec<ErrorCode> = {
  type: 'error-code',
  code: 0x0009,
  decode(value) {
    value.skip(2);
    const code = readErrorNumber(value);
    const reason = readText(value, TEXT_LIMIT);
    return code === undefined || isMalformed(reason) ? MALFORMED : { type: 'error-code', code, reason };
  },
  encode(value, attribute) {
    value.u16(0);
    writeErrorNumber(value, attribute.code);
    writeText(value, attribute.reason, TEXT_LIMIT);
  },
};

/** The last five bits of one byte and the next: class and number. Undefined outside 300 to 699. */
export function readErrorNumber(value: Reader): number | undefined {
  const hundreds = value.u8() & 7;
  const number = value.u8();
  return hundreds < 3 || hundreds > 6 || number > 99 ? undefined : hundreds * 100 + number;
}

export function writeErrorNumber(value: Writer, code: number): void {
  if (!Number.isInteger(code) || code < 300 || code > 699) throw new RangeError(`${code} is not a STUN error code`);
  value.u8(Math.floor(code / 100)).u8(code % 100);
}

/** The error codes of the IANA registry "STUN Error Codes". */
export const ERROR: {
  readonly TryAlternate: 300;
  readonly BadRequest: 400;
  readonly Unauthenticated: 401;
  readonly Forbidden: 403;
  readonly MobilityForbidden: 405;
  readonly UnknownAttribute: 420;
  readonly AllocationMismatch: 437;
  readonly StaleNonce: 438;
  readonly AddressFamilyNotSupported: 440;
  readonly WrongCredentials: 441;
  readonly UnsupportedTransportProtocol: 442;
  readonly PeerAddressFamilyMismatch: 443;
  readonly ConnectionAlreadyExists: 446;
  readonly ConnectionTimeoutOrFailure: 447;
  readonly AllocationQuotaReached: 486;
  readonly RoleConflict: 487;
  readonly ServerError: 500;
  readonly InsufficientCapacity: 508;
} = {
  TryAlternate: 300,
  BadRequest: 400,
  Unauthenticated: 401,
  Forbidden: 403,
  MobilityForbidden: 405,
  UnknownAttribute: 420,
  AllocationMismatch: 437,
  StaleNonce: 438,
  AddressFamilyNotSupported: 440,
  WrongCredentials: 441,
  UnsupportedTransportProtocol: 442,
  PeerAddressFamilyMismatch: 443,
  ConnectionAlreadyExists: 446,
  ConnectionTimeoutOrFailure: 447,
  AllocationQuotaReached: 486,
  RoleConflict: 487,
  ServerError: 500,
  InsufficientCapacity: 508,
};
