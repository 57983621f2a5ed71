/* supported_groups (RFC 8422 §5.1.1): NamedGroup named_group_list<2..2^16-1>, 2 bytes each, best first. */
import type { Malformed } from '@kaon/wire';
import { EXTENSION_TYPE, type Extension } from './extension.ts';
import { decodeU16List, encodeU16List } from './u16-list.ts';

export function decodeSupportedGroups(data: Uint8Array): readonly number[] | Malformed {
  return decodeU16List(data, 2);
}

export function encodeSupportedGroups(groups: readonly number[]): Extension {
  return { type: EXTENSION_TYPE.supportedGroups, data: encodeU16List(groups, 2) };
}
