import { isMalformed } from '@kaon/wire';
import type { AttributeCodec } from './codec.ts';
import { readText, writeText } from './text.ts';

/** Bytes of UTF-8: fewer than 509 (RFC 8489 §14.3). */
export const USERNAME_LIMIT = 508;

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
    const username = readText(value, USERNAME_LIMIT);
    return isMalformed(username) ? username : { type: 'username', username };
  },
  encode(value, attribute) {
    writeText(value, attribute.username, USERNAME_LIMIT);
  },
};
