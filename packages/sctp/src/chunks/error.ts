import { isMalformed, MALFORMED, type Malformed } from '@kaon/wire';
import { CHUNK, encodeChunk } from './chunk.ts';
import { type Cause, decodeCauses, encodeCauses } from './error-cause.ts';

/*
 * ERROR (RFC 9260 §3.3.10)
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 9    |  Chunk Flags  |            Length             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * \                   one or more Error Causes                    /
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** The causes of an ERROR chunk. */
export function decodeError(chunk: Uint8Array): readonly Cause[] | Malformed {
  if (chunk.length < 4 || chunk[0] !== CHUNK.Error) return MALFORMED;
  const causes = decodeCauses(chunk.subarray(4));
  return isMalformed(causes) ? MALFORMED : causes;
}

export function encodeError(causes: readonly Cause[]): Uint8Array {
  return encodeChunk(CHUNK.Error, 0, encodeCauses(causes));
}
