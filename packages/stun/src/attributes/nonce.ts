import { isMalformed } from '@kaon/wire';
import type { AttributeCodec } from './codec.ts';
import { readText, TEXT_LIMIT, writeText } from './text.ts';

/** NONCE: what the server wants to see again (RFC 8489 §14.10). */
export interface Nonce {
  readonly type: 'nonce';
  /** At most 763 bytes of UTF-8, without quotation marks. `nonceFeatures` reads what a server may say in it. */
  readonly nonce: string;
}

export const nonce: AttributeCodec<Nonce> = {
  type: 'nonce',
  code: 0x0015,
  decode(value) {
    const nonce = readText(value, TEXT_LIMIT);
    return isMalformed(nonce) ? nonce : { type: 'nonce', nonce };
  },
  encode(value, attribute) {
    writeText(value, attribute.nonce, TEXT_LIMIT);
  },
};
