import { isMalformed } from '@kaon/wire';
import type { AttributeCodec } from './codec.ts';
import { readText, TEXT_LIMIT, writeText } from './text.ts';

/** REALM: where a long-term credential is valid (RFC 8489 §14.9). */
export interface Realm {
  readonly type: 'realm';
  /** At most 763 bytes of UTF-8, without quotation marks. */
  readonly realm: string;
}

export const realm: AttributeCodec<Realm> = {
  type: 'realm',
  code: 0x0014,
  decode(value) {
    const realm = readText(value, TEXT_LIMIT);
    return isMalformed(realm) ? realm : { type: 'realm', realm };
  },
  encode(value, attribute) {
    writeText(value, attribute.realm, TEXT_LIMIT);
  },
};
