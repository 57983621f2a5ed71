/* signature_algorithms (RFC 5246 §7.4.1.4.1): SignatureScheme list<2..2^16-2>, 2 bytes each, best first. */
import type { Malformed } from '@kaon/wire';
import { EXTENSION_TYPE, type Extension } from './extension.ts';
import { decodeU16List, encodeU16List } from './u16-list.ts';

export function decodeSignatureAlgorithms(data: Uint8Array): readonly number[] | Malformed {
  return decodeU16List(data, 2);
}

export function encodeSignatureAlgorithms(schemes: readonly number[]): Extension {
  return { type: EXTENSION_TYPE.signatureAlgorithms, data: encodeU16List(schemes, 2) };
}
