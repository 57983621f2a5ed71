/*
 * supported_versions of a ClientHello (RFC 8446 §4.2.1): ProtocolVersion versions<2..254>, best first.
 * A peer that offers 1.3 lists its versions here and keeps 1.2 in the old field.
 */
import type { Malformed } from '@kaon/wire';
import { EXTENSION_TYPE, type Extension } from './extension.ts';
import { decodeU16List, encodeU16List } from './u16-list.ts';

export function decodeSupportedVersions(data: Uint8Array): readonly number[] | Malformed {
  return decodeU16List(data, 1);
}

export function encodeSupportedVersions(versions: readonly number[]): Extension {
  return { type: EXTENSION_TYPE.supportedVersions, data: encodeU16List(versions, 1) };
}
