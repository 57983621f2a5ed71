import { isMalformed, MALFORMED, type Malformed } from '@kaon/wire';
import { CHUNK, encodeChunk } from './chunk.ts';
import { type Cause, decodeCauses, encodeCauses } from './error-cause.ts';

/*
 * ABORT (RFC 9260 §3.3.7)
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 6    |  Reserved   |T|            Length             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * \                   zero or more Error Causes                   /
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** An ABORT chunk. */
export interface Abort {
  /** The T bit: the packet carries the receiver's own tag turned around, since the sender has no association. */
  readonly reflected: boolean;
  readonly causes: readonly Cause[];
}

export function decodeAbort(chunk: Uint8Array): Abort | Malformed {
  if (chunk.length < 4 || chunk[0] !== CHUNK.Abort) return MALFORMED;
  const causes = decodeCauses(chunk.subarray(4));
  return isMalformed(causes) ? MALFORMED : { reflected: (chunk[1]! & 1) === 1, causes };
}

export function encodeAbort(abort: Abort): Uint8Array {
  return encodeChunk(CHUNK.Abort, abort.reflected ? 1 : 0, encodeCauses(abort.causes));
}
