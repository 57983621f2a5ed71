import { isMalformed } from '@kaon/wire';
import type { AttributeCodec } from './codec.ts';
import { readText, TEXT_LIMIT, writeText } from './text.ts';

/** THIRD-PARTY-AUTHORIZATION: the authorization server to get a token from (RFC 7635 §6.1). */
export interface ThirdPartyAuthorization {
  readonly type: 'third-party-authorization';
  /** The server's name, at most 763 bytes of UTF-8. */
  readonly serverName: string;
}

export const thirdPartyAuthorization: AttributeCodec<ThirdPartyAuthorization> = {
  type: 'third-party-authorization',
  code: 0x802e,
  decode(value) {
    const serverName = readText(value, TEXT_LIMIT);
    return isMalformed(serverName) ? serverName : { type: 'third-party-authorization', serverName };
  },
  encode(value, attribute) {
    writeText(value, attribute.serverName, TEXT_LIMIT);
  },
};
