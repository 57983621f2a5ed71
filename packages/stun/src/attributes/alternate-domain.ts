import { isMalformed } from '@kaon/wire';
import type { AttributeCodec } from './codec.ts';
import { readText, writeText } from './text.ts';

/** ALTERNATE-DOMAIN: the domain of ALTERNATE-SERVER, for checking its certificate (RFC 8489 §14.16). */
export interface AlternateDomain {
  readonly type: 'alternate-domain';
  /** At most 255 bytes. */
  readonly domain: string;
}

export const alternateDomain: AttributeCodec<AlternateDomain> = {
  type: 'alternate-domain',
  code: 0x8003,
  decode(value) {
    const domain = readText(value, LIMIT);
    return isMalformed(domain) ? domain : { type: 'alternate-domain', domain };
  },
  encode(value, attribute) {
    writeText(value, attribute.domain, LIMIT);
  },
};

/** Bytes, by the RFC. */
const LIMIT = 255;
