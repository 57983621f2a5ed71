import { isMalformed } from '@kaon/wire';
import type { AttributeCodec } from './codec.ts';
import { readText, writeText } from './text.ts';

/** USERNAME: the user name of a credential (RFC 8489 §14.3). */
export interface Username {
  readonly type: 'username';
  /** At most 508 bytes of UTF-8. In ICE: the receiver's ufrag, a colon, the sender's ufrag. */
  readonly username: string;
}

export const username: AttributeCodec<Username> = {
  type: 'username',
  code: 0x0006,
  decode(value) {
    const username = readText(value, LIMIT);
    return isMalformed(username) ? username : { type: 'username', username };
  },
  encode(value, attribute) {
    writeText(value, attribute.username, LIMIT);
  },
};

/** Bytes, by the RFC. */
const LIMIT = 508;
