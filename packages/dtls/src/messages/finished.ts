/* Finished (RFC 5246 §7.4.9): opaque verify_data[12] for all suites of this package. */
import { MALFORMED, type Malformed } from '@kaon/wire';

/** Bytes of verify_data. */
export const VERIFY_DATA_LENGTH = 12;

export interface Finished {
  readonly type: 'finished';
  readonly verifyData: Uint8Array;
}

export function decodeFinished(body: Uint8Array): Finished | Malformed {
  return body.length === VERIFY_DATA_LENGTH ? { type: 'finished', verifyData: body } : MALFORMED;
}

export function encodeFinished(message: Finished): Uint8Array {
  return message.verifyData;
}
